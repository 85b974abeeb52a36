import pytest

from fcn_plugin.datasets.storage.file_tree import is_hidden, pattern_expression


@pytest.mark.parametrize(
    ("pattern", "name", "parts"),
    [
        ("*/sharp/*", "GOPR1/sharp/1.png", ("GOPR1", "1.png")),
        ("*/gt/gt_*", "scene001/gt/gt_12.png", ("scene001", "12.png")),
        ("**/*", "a/b/c.png", ("a/b", "c.png")),
        ("**/*", "c.png", (None, "c.png")),
    ],
)
def test_stars_stand_for_parts(pattern, name, parts):
    assert pattern_expression(pattern).fullmatch(name).groups() == parts


@pytest.mark.parametrize(
    ("pattern", "name"), [("*/*", "a/b/c.png"), ("*/gt/gt_*", "scene/gt/gt.png"), ("a.b/*", "aab/c.png")]
)
def test_other_names_do_not_match(pattern, name):
    assert pattern_expression(pattern).fullmatch(name) is None


@pytest.mark.parametrize(
    ("name", "hidden"),
    [(".DS_Store", True), ("a/._b.png", True), ("__MACOSX/a/b.png", True), ("a/b.c.png", False)],
)
def test_hidden_files(name, hidden):
    assert is_hidden(name) is hidden
