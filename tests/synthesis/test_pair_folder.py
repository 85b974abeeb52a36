import re

import cv2
import numpy as np
import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import pair_folder
from fcn_plugin.synthesis.pair_folder import Pair, write_pairs


def make_pairs(count, height=32, width=40):
    generator = np.random.default_rng(0)
    for number in range(count):
        sharp = generator.integers(0, 256, (height, width, 3), np.uint8)
        yield Pair(f"{number:02}", cv2.blur(sharp, (3, 3)), sharp)


def test_pairs_are_written_with_a_page_and_a_readme(tmp_path):
    out = tmp_path / "made"
    assert write_pairs(out, make_pairs(3), "# How\n") == 3
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "README.md", "blur/00.png", "blur/01.png", "blur/02.png", "samples.html", "samples.png",
        "sharp/00.png", "sharp/01.png", "sharp/02.png",
    ]  # fmt: skip
    assert (out / "README.md").read_text() == "# How\n"
    page = (out / "samples.html").read_text(encoding="utf-8")
    for pair in make_pairs(3):
        for kind, image in (("blur", pair.blurry), ("sharp", pair.sharp)):
            assert np.array_equal(cv2.imread(str(out / kind / f"{pair.name}.png"))[..., ::-1], image)
            assert f'src="{kind}/{pair.name}.png"' in page
        assert f"{pair.name}: {cv2.PSNR(pair.blurry, pair.sharp):.2f} dB" in page


def test_page_and_sheet_show_some_of_many(tmp_path, monkeypatch):
    monkeypatch.setattr(pair_folder, "PAIRS_ON_PAGE", 4)
    monkeypatch.setattr(pair_folder, "PAIRS_ON_SHEET", 3)
    write_pairs(tmp_path / "made", make_pairs(9), "")
    page = (tmp_path / "made" / "samples.html").read_text(encoding="utf-8")
    assert re.findall("blur/([0-9]+)", page) == ["00", "02", "04", "06"]
    sheet = cv2.imread(str(tmp_path / "made" / "samples.png"))
    height, gap = pair_folder.SHEET_HEIGHT, pair_folder._GAP
    width = 40 * height // 32
    assert sheet.shape == (2 * (height + gap), 2 * (2 * width + gap), 3)
    *_, last = (pair for pair in make_pairs(5))  # the third of the four on the page is number 4
    shown = sheet[height + gap : 2 * height + gap, width : 2 * width, ::-1]
    assert np.array_equal(shown, cv2.resize(last.sharp, None, fx=height / 32, fy=height / 32))


def test_images_of_several_shapes_share_a_sheet(tmp_path):
    pairs = [*make_pairs(1), *(pair._replace(name="wide") for pair in make_pairs(1, 20, 60))]
    assert write_pairs(tmp_path / "made", pairs, "") == 2
    assert (
        cv2.imread(str(tmp_path / "made" / "samples.png")).shape[0]
        == pair_folder.SHEET_HEIGHT + pair_folder._GAP
    )


def test_an_error_midway_leaves_nothing(tmp_path):
    def broken():
        yield from make_pairs(2)
        raise InputError("the third photograph is damaged")

    with pytest.raises(InputError, match="damaged"):
        write_pairs(tmp_path / "made", broken(), "")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_replaced_on_demand_alone(tmp_path):
    write_pairs(tmp_path / "made", make_pairs(2), "")
    with pytest.raises(InputError, match="made is there already"):
        write_pairs(tmp_path / "made", make_pairs(1), "")
    write_pairs(tmp_path / "made", make_pairs(1), "", overwrite=True)
    assert len(list((tmp_path / "made" / "blur").iterdir())) == 1


def test_no_pairs_are_an_error(tmp_path):
    with pytest.raises(InputError, match="There are no pairs to write"):
        write_pairs(tmp_path / "made", [], "")
    assert not (tmp_path / "made").exists()
