import torch

from tools import benchmark_restoring

from ..inference.conftest import random_fcn


def test_every_way_is_measured_in_a_process_of_its_own(tmp_path, capsys):
    weights = tmp_path / "weights.pth"
    torch.save(random_fcn().state_dict(), weights)
    threads = torch.get_num_threads()
    words = ["--weights", weights, "--heights", 24, "--widths", 36, "--page", tmp_path / "page.md"]
    try:
        benchmark_restoring.main([str(word) for word in words])
    finally:
        torch.set_num_threads(threads)
    page = (tmp_path / "page.md").read_text()
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| 24×36")]
    assert [row[1] for row in rows] == ["", "`--compare`"]
    for row in rows:
        # A process that has imported PyTorch holds more than 50 MB.
        assert 0.05 < float(row[4].removesuffix(" |")) < 4
    assert "weights.pth, float32; " in page
    assert "1 threads" in page
