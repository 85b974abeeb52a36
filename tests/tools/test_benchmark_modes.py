from fcn_plugin.inference.weights_file import write_weights
from tools import benchmark_modes

from ..inference.conftest import random_fcn


def test_the_page_says_what_was_measured_and_what_each_mode_is(pairs, tmp_path):
    weights, page = tmp_path / "weights.pth", tmp_path / "page.md"
    write_weights(weights, random_fcn(), {"training": {"crop_size": [24, 24]}})
    folder = pairs / "test"
    words = [weights, "--input", folder / "blur", "--target", folder / "sharp", "--name", "our pairs"]
    benchmark_modes.main([*map(str, words), "--images", "2", "--device", "cpu", "--page", str(page)])
    text = page.read_text()
    assert "on our pairs, 2 pairs of 32×40." in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert rows[0][1:5] == ["PSNR (dB)", "against blurry", "SSIM-matlab", "against blurry"]
    assert [row[0] for row in rows[1:]] == ["| global", "| local (the default)", "| windows"]
    for column, digits in ((1, 0.0015), (3, 0.00015)):
        blurry = [float(row[column]) - float(row[column + 1]) for row in rows[1:]]
        assert max(blurry) - min(blurry) < digits
    assert 0 < float(rows[1][3]) < 1
    assert all(f"- `{way}`: " in text for way in benchmark_modes.WAYS)
