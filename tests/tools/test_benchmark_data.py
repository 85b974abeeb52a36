import json

import pytest

from tools import benchmark_data

from ..conftest import write_pairs


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark_data")
    write_pairs(folder / "pairs", 3)
    words = ["--pairs", folder / "pairs", "--crop", "16", "--rounds", "2", "--seconds", "0.005"]
    words += ["--cold-rounds", "1", "--workers", "0", "1", "--batch", "1", "2"]
    words += ["--out", folder / "data.json", "--page", folder / "page.md"]
    benchmark_data.main([str(word) for word in words])
    return folder


def test_every_reader_is_measured_in_every_way(measured):
    result = json.loads((measured / "data.json").read_text())
    ways = [(reader, images) for reader in "abcd" for images in ("crops", "whole")]
    assert [(row["reader"], row["images"]) for row in result["one_core"]] == ways
    assert [(row["reader"], row["images"]) for row in result["cold"]] == ways
    loaders = [(row["reader"], row["workers"], row["batch"]) for row in result["loader"]]
    assert loaders == [
        (reader, workers, batch) for reader in "bcdd" for workers in (0, 1) for batch in (1, 2)
    ]
    for row in [*result["one_core"], *result["loader"], *result["cold"]]:
        assert (
            0 < row["pairs_per_s"]["lowest"] <= row["pairs_per_s"]["median"] <= row["pairs_per_s"]["highest"]
        )
    assert all(row["times_b"]["median"] == 1 for row in result["one_core"] if row["reader"] == "b")
    assert result["data"]["pairs"] == 3
    assert result["data"]["sizes"] == [[32, 40]]
    assert str(measured) not in json.dumps(result)
    assert result["machine"]["threads"] == 1


def test_the_page_is_written_from_the_figures(measured):
    page = (measured / "page.md").read_text()
    for section in ("On one core", "What bounds it", "Through a loader", "From a cold page cache"):
        assert page.count(f"## {section}") == 1
    benchmark_data.main(
        ["--report", "--out", str(measured / "data.json"), "--page", str(measured / "again.md")]
    )
    assert (measured / "again.md").read_text() == page


def test_pairs_must_be_named(capsys):
    with pytest.raises(SystemExit):
        benchmark_data.main([])
    assert "name folders of pairs" in capsys.readouterr().err
