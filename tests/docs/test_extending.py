"""Every example of docs/extending.md trains and tests a network, by the command that the page gives."""

import json
import re

import pytest

from ..conftest import PROJECT, write_pairs
from ..tools.test_command_lines import run

PAGE = (PROJECT / "docs" / "extending.md").read_text(encoding="utf-8")
COMMAND = re.search(r"^```sh\n(.*?)\n```$", PAGE, re.MULTILINE)[1]
FILES = dict(re.findall(r"^`(\w+\.py)`[^\n]*:\n\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))

TINY = {
    "model.network.width": "4",
    "model.network.pyramid_widths": "4,6,8",
    "train_dataloader.batch_size": "2",
    "train_dataloader.dataset.times": "1",
    "train_dataloader.dataset.dataset.pipeline.0.size": "16",
    "train_cfg.max_epochs": "1",
    "train_cfg.val_interval": "1",
}
PAIRS = {
    f"{dataset}.{side}": f"pairs/{kind}"
    for dataset in ("train_dataloader.dataset.dataset", "val_dataloader.dataset", "test_dataloader.dataset")
    for side, kind in (("input", "blur"), ("target", "sharp"))
}
"""In place of the demo's pairs, which are more than are needed here."""

RESULTS = {
    "tripod.py": ("tripod", {"PSNR", "SSIM-matlab", "SSIM-per-channel"}),
    "with_squeeze_excitation.py": ("demo", {"PSNR", "SSIM-matlab", "SSIM-per-channel"}),
    "with_spectrum_loss.py": ("demo", {"PSNR", "SSIM-matlab", "SSIM-per-channel"}),
    "with_blur_effect.py": ("demo", {"PSNR", "BlurEffect"}),
}
"""For each config of the page, the dataset that it is tested on and by which scores."""


def test_every_example_is_run():
    assert {name for name, content in FILES.items() if "_base_" in content} == set(RESULTS)
    assert PAGE.count("```python") == len(FILES)


@pytest.mark.parametrize("config", RESULTS)
def test_an_example_trains_and_tests(config, tmp_path):
    folder = tmp_path / "mine"  # beside the checkout, as the page has it
    folder.mkdir()
    (tmp_path / "fcn_plugin").symlink_to(PROJECT)
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    if config == "tripod.py":
        take_photographs(folder)
        options = TINY
    else:
        write_pairs(folder / "pairs", 2)
        options = TINY | PAIRS

    words = [COMMAND.replace("CONFIG", config), "--cfg-options", *map("=".join, options.items())]
    result = run(["bash", "-c", " ".join(words)], folder)
    assert result.returncode == 0, result.stderr
    (results,) = folder.glob("work_dirs/*/results.json")
    dataset, scores = RESULTS[config]
    assert json.loads(results.read_text())["metrics"].keys() == {
        f"{dataset}/{score}{suffix}" for score in scores for suffix in ("", "-blurry")
    }


def take_photographs(folder):
    """Two scenes to train on and one to test on, as the page names the files."""
    for split, scenes in (("train", ("door", "tree")), ("test", ("lamp",))):
        for scene in scenes:
            place = folder / "pictures" / split / scene
            write_pairs(place, 2)
            for kind, taken in (("blur", "handheld"), ("sharp", "tripod")):
                for image in (place / kind).iterdir():
                    image.rename(place / f"{taken}_{image.name}")
                (place / kind).rmdir()
