"""docs/comparison.md shows the figures that are in benchmarks."""

import json

from fcn_plugin.benchmark.training.page import comparison_page

from ..conftest import PROJECT


def test_the_page_is_that_of_the_figures():
    results = {
        path.stem: json.loads(path.read_text())
        for path in sorted((PROJECT / "benchmarks").glob("comparison_*.json"))
    }
    page = (PROJECT / "docs/comparison.md").read_text(encoding="utf-8")
    assert page == comparison_page(results, {name: f"{name}.svg" for name in results}), (
        "run python tools/compare.py with --report"
    )
    for name in results:
        for kind in ("png", "svg"):
            assert (PROJECT / f"docs/{name}.{kind}").stat().st_size > 0
