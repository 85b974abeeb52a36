"""docs/ablation.md shows the tables that are in benchmarks/ablation."""

import json
import re

import pytest

from fcn_plugin.engine.ablation import ablation_table

from ..conftest import PROJECT

PAGE = (PROJECT / "docs" / "ablation.md").read_text(encoding="utf-8")
FIGURES = sorted((PROJECT / "benchmarks" / "ablation").glob("*.json"))


@pytest.mark.parametrize("figures", FIGURES, ids=lambda path: path.stem)
def test_the_table_is_that_of_the_figures(figures):
    table = re.search(rf"<!-- {figures.stem} -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)[1]
    assert table == ablation_table(json.loads(figures.read_text())["rows"])
