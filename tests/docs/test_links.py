"""Whatever the pages link to, or show, is there."""

import re
from pathlib import Path

import pytest

from ..conftest import PROJECT

PAGES = sorted([PROJECT / "README.md", *PROJECT.glob("docs/*.md"), *PROJECT.glob("data/**/README.md")])
LINK = re.compile(r"""\]\(([^()\s]+)(?:\s+"[^"]*")?\)|(?:src|href)="([^"]+)\"""")


def broken_links(page: Path) -> list[str]:
    """The links of a page, to files and to headings of this project, that lead nowhere."""
    return [link for link in local_links(page) if not leads_somewhere(page, link)]


def local_links(page: Path) -> list[str]:
    links = (inline or html for inline, html in LINK.findall(prose(page)))
    return [link for link in links if "://" not in link and not link.startswith("mailto:")]


def leads_somewhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in addresses, as GitHub makes it of them."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(page, code=True), re.MULTILINE)
    found = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {name if found.index(name) == index else f"{name}-1" for index, name in enumerate(found)}


def prose(page: Path, code: bool = False) -> str:
    """A page without blocks of code and, unless ``code``, without code in its sentences."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return text if code else re.sub(r"`[^`\n]+`", "code", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_link_leads_somewhere(page):
    assert not broken_links(page)


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    headings = ["# What is `measured`, and how", "```sh\n# no heading\n```", "## Twice", "## Twice"]
    (tmp_path / "other.md").write_text("\n\n".join(headings))
    good = "[a](other.md) [b](other.md#what-is-measured-and-how) [c](#here) ![d](other.md#twice-1)"
    bad = '[f](none.md) [g](other.md#no-heading) [h](#there) ![i](none.png) <img src="none.svg">'
    page = tmp_path / "page.md"
    page.write_text(f"# Here\n\n{good}\n{bad}\n`[code](no.link)` [j](https://example.org/none)\n")
    assert broken_links(page) == ["none.md", "other.md#no-heading", "#there", "none.png", "none.svg"]
