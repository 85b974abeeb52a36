import re

from fcn_plugin.plots.ratio_curves import RatioHistory, draw_ratio_curves, ratio_history


def test_a_history_is_read_from_scalars():
    training = [{"step": step, "loss": 1.0, "ratio_0": 0.1 * step, "ratio_1": 0.2} for step in (1, 2)]
    validations = [{"step": 1, "pairs/PSNR": 25.0}, {"step": 2, "pairs/SSIM-matlab": 0.9, "pairs/PSNR": 26.0}]
    history = ratio_history(training, validations)
    assert history == RatioHistory([1, 2], [[0.1, 0.2], [0.2, 0.2]], 26.0)
    assert ratio_history(training, []).psnr is None
    assert ratio_history([{"step": 1, "loss": 1.0}], validations) is None


def test_every_variant_has_a_panel_with_its_stages_and_its_psnr(tmp_path):
    seeds = [RatioHistory([1, 2], [[0.5, 0.4], [0.5, 0.5], [0.5, 0.6]], psnr) for psnr in (25.0, 26.0)]
    histories = {f"mode {number}": seeds for number in range(4)} | {"one seed": seeds[:1]}
    png, svg = draw_ratio_curves(histories, tmp_path / "ratios")
    assert png.read_bytes().startswith(b"\x89PNG")
    texts = [text.strip() for text in re.findall(r">([^<>]+)</", svg.read_text())]
    assert {*histories} <= set(texts)
    assert [texts.count(f"stage {stage}") for stage in (0, 1, 2, 3)] == [5, 5, 5, 0]
    assert texts.count("25.50 ± 0.71 dB") == 4
    assert texts.count("25.00 dB") == 1
