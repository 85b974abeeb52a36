import pytest

from fcn_plugin.benchmark.training.page import comparison_page

MACHINE = {
    "device": "a processor",
    "threads": 1,
    "versions": {"torch": "2.13.0"},
    "commit": "c0ffee",
    "date": "d",
}


def run_of(network, psnr, seed=0):
    return {
        "network": network,
        "training": f"dataset=pairs, 8 pairs, 300 s, seed {seed}",
        "learning_rate": 0.002,
        "optimizer": "Adam",
        "precision": "float32",
        "seed": seed,
        "budget": {"seconds": 300.0, "clock": "processor", "validations": 10},
        "machine": MACHINE,
        "costs": {"parameters": 314886, "macs": 7207656192},
        "cost_size": [256, 256],
        "record": {"seconds": 300.0, "images": 600, "peak_memory_bytes": 2**29},
        "metrics": {"pairs/PSNR": psnr, "pairs/PSNR-blurry": 24.0, "pairs/SSIM-matlab": 0.9},
    }


def page(*runs, **more):
    result = {"configs": ["configs/comparison/small.py"], "runs": runs, **more}
    return comparison_page({"comparison_small": result}, {"comparison_small": "plot.svg"})


def test_networks_are_ranked_by_what_they_reached_whoever_they_are():
    text = page(run_of("FCN", 25.0), run_of("NAFNet", 26.5), run_of("Restormer", 23.0))
    assert "## small" in text
    assert "](plot.svg)" in text
    assert text.endswith(
        "- widths and rates: configs/comparison/small.py\n"
        "- data and batches: dataset=pairs, 8 pairs, 300 s\n"
        "- optimizer: Adam\n"
        "- precision: float32\n"
        "- device: a processor, 1 threads on the CPU\n"
        "- commit: c0ffee, d\n"
        "- versions: torch 2.13.0\n"
    )
    assert (
        "After 5 minutes of processor time NAFNet has 26.50 dB, FCN 25.00 dB (-1.50), Restormer 23.00 dB "
        "(-3.50). The blurry images have 24.00 dB. Restormer stayed below the blurry images in pairs/PSNR. "
        "There is one seed, 0: "
    ) in text
    rows = [line for line in text.splitlines() if "0.31" in line]
    assert [row.split(" | ")[0] for row in rows] == ["| NAFNet", "| FCN", "| Restormer"]
    assert rows[0] == "| NAFNet | 0 | 0.31 | 7.21 | 0.002 | 600 | 2.00 | 512 | 26.50 | 0.9000 |"


def test_a_note_stands_below_the_words():
    text = page(run_of("FCN", 25.0), note="The machine was busy.")
    assert "of how far another would be off.\nThe machine was busy.\n" in text


def test_seeds_are_averaged():
    text = page(
        *(run_of(name, psnr + seed, seed) for seed in (0, 1) for name, psnr in (("A", 25), ("B", 24)))
    )
    assert "A has 25.50 dB, B 24.50 dB (-1.00)" in text
    assert "Figures are means over the seeds 0, 1 ± their standard deviation." in text
    assert "25.50 ± 0.71" in text


def test_nothing_is_claimed_that_the_figures_do_not_bear():
    """Other seeds, times, commits and optimizers are told of, with whose they are."""
    other = {**run_of("B", 24.0, seed=1), "optimizer": "AdamW", "machine": {**MACHINE, "commit": "decaf"}}
    other["budget"] = {**other["budget"], "seconds": 600.0}
    text = page(run_of("A", 25.0), run_of("A", 26.0, seed=1), other)
    assert "After training A has 25.50 dB, B 24.00 dB (-1.50)." in text
    assert (
        "They had not the same time: 5 minutes of processor time (A); 10 minutes of processor time (B)."
        in text
    )
    assert "The runs differ in optimizer, commit, as told below. They have not the same seeds: " in text
    assert "\n- optimizer: Adam (A); AdamW (B)\n" in text
    assert "\n- commit: c0ffee, d (A); decaf, d (B)\n" in text
    assert "| A | 0, 1 |" in text
    assert "| B | 1 |" in text
    assert "same" not in page(run_of("A", 25.0), run_of("B", 24.0))


@pytest.mark.parametrize(("memory", "cell"), [(2**29, "| 512 |"), (None, "|  |")])
def test_memory_that_is_not_known_is_left_out(memory, cell):
    run = run_of("FCN", 25.0)
    run["record"]["peak_memory_bytes"] = memory
    assert cell in page(run)
