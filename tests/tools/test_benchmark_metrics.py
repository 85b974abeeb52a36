import json

import pytest
import torch

from fcn_plugin.benchmark.metrics.scorers import ALL_THREE, SKIMAGE, SKIMAGE_GAUSSIAN
from tools import benchmark_metrics

from ..conftest import write_pairs


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark_metrics")
    write_pairs(folder / "pairs", 1)
    words = ["--pairs", folder / "pairs", "--size", "24", "36", "--rounds", "2", "--batch", "2"]
    words += ["--out", folder / "metrics.json", "--page", folder / "page.md"]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        benchmark_metrics.main([str(word) for word in words])
    finally:
        torch.set_num_threads(threads)
    return folder


def test_every_scorer_is_measured_beside_scikit_image(measured):
    result = json.loads((measured / "metrics.json").read_text())
    assert result["size"] == [24, 36]
    on_processor = [row for row in result["rows"] if row["device"] == "cpu"]
    names = [row["scorer"] for row in on_processor]
    assert names == [*names[: len(names) // 2]] * 2  # on one thread, then on many
    assert {ALL_THREE, SKIMAGE, SKIMAGE_GAUSSIAN} < set(names)
    assert on_processor[0]["threads"] == 1
    for row in on_processor:
        for times in (row["wall_ms"], row["processor_ms"]):
            assert 0 < times["lowest"] <= times["median"] <= times["highest"]
        assert (row["of_skimage"][SKIMAGE]["median"] == 1) == (row["scorer"] == SKIMAGE)
    assert "scikit-image" in result["machine"]["versions"]


def test_the_page_is_written_from_the_figures(measured):
    page = (measured / "page.md").read_text()
    assert page.count("## On a processor, 1 thread\n") == 1
    assert "24×36 RGB, uint8; 2 rounds" in page
    benchmark_metrics.main(
        ["--report", "--out", str(measured / "metrics.json"), "--page", str(measured / "again.md")]
    )
    assert (measured / "again.md").read_text() == page
