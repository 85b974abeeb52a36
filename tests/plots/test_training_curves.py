import re

from fcn_plugin.plots.training_curves import draw_training_curves


def run_of(network, psnrs, images_per_second):
    """A run as `gather` returns it, as far as plots go: a validation a minute."""
    curve = [
        {"seconds": 60.0 * minute, "images": 60 * minute * images_per_second, "pairs/PSNR": psnr}
        for minute, psnr in enumerate(psnrs, start=1)
    ]
    return {
        "network": network,
        "budget": {"seconds": 60.0 * len(psnrs), "clock": "processor", "validations": len(psnrs)},
        "record": {"curve": curve},
        "metrics": {"pairs/PSNR": psnrs[-1], "pairs/PSNR-blurry": 24.0},
    }


def test_networks_are_drawn_and_named_in_both_panels(tmp_path):
    runs = [
        run_of("FCN", [25, 26, 27], 10),
        run_of("FCN", [25, 26, 26.9], 10),
        run_of("NAFNet", [24, 28], 30),
    ]
    png, svg = draw_training_curves(runs, tmp_path / "plot")
    assert png.read_bytes().startswith(b"\x89PNG")
    texts = re.findall(r">([^<>]+)</text>", svg.read_text())
    for text, times in (
        ("FCN", 2),
        ("NAFNet", 2),
        ("blurry", 2),
        ("minutes of training (processor time)", 1),
    ):
        assert [found.strip() for found in texts].count(text) == times, text
    assert "thousands of images seen" in texts
