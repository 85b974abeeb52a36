"""What benchmarks leave behind: figures for programs, a page for people."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown

from fcn_plugin.files import read_json, write_atomically


def publish(result: dict[str, Any] | None, out: Path, page: Path, layout: Callable[[dict], str]) -> None:
    """Writes a result to ``out`` as JSON, or reads it there where it is None, and lays it out as ``page``.

    The page is printed too.
    """
    if result is not None:
        write_atomically(out, json.dumps(result, indent=2) + "\n")
        print(f"figures      {out}")
    content = layout(read_json(out, "leave out --report, which measures it anew"))
    write_atomically(page, content)
    print(f"page         {page}")
    Console().print(Markdown(content))
