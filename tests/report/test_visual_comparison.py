"""Figure 6: pictures read, places chosen, and what the figure and the page show of them."""

import base64
import dataclasses
import io
import json
import re

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import psnr
from fcn_plugin.report.visual_comparison import (
    Crop,
    Scene,
    choose_crops,
    open_images,
    parse_crop,
    parse_places,
    read_scenes,
)
from fcn_plugin.report.visual_figure import DPI, GAP, draw_scenes
from fcn_plugin.report.visual_page import scenes_page

SIZE = (60, 90)
GOOD, BAD = "good </script>", "bad"


@pytest.fixture
def places(tmp_path):
    """Three pictures of two sequences, in the layout of GoPro, and restored by two methods."""
    generator = np.random.default_rng(0)
    for key in ("one/1", "one/2", "two/1"):
        sharp = generator.integers(0, 256, (*SIZE, 3), np.uint8)
        blurry = cv2.blur(sharp, (5, 5))
        good = blurry.copy()
        good[20:44, 30:60] = sharp[20:44, 30:60]
        sequence, name = key.split("/")
        files = {f"test/{sequence}/sharp/{name}": sharp, f"test/{sequence}/blur/{name}": blurry}
        files |= {f"good/{key}": good, f"bad/{key}": cv2.blur(blurry, (3, 3))}
        for path, image in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(f"{tmp_path / path}.png", image[..., ::-1])
    methods = [f"{BAD}={tmp_path / 'bad'}", f"{GOOD}={tmp_path / 'good'}"]
    return parse_places(str(tmp_path / "test/*/blur/*"), methods, str(tmp_path / "test/*/sharp/*"))


def read(path):
    return cv2.imread(str(path))[..., ::-1]


def score(image, reference):
    return psnr(*(torch.from_numpy(array.copy()).permute(2, 0, 1) for array in (image, reference))).item()


def test_pictures_of_one_key_come_together(places, tmp_path):
    first, last = read_scenes(places, pictures=2)
    assert (first.key, last.key) == ("one/1", "two/1")
    assert [*first.images] == ["blurry", BAD, GOOD, "sharp"]
    np.testing.assert_array_equal(last.images[GOOD], read(tmp_path / "good/two/1.png"))
    np.testing.assert_array_equal(last.images["blurry"], read(tmp_path / "test/two/blur/1.png"))
    assert [*first.psnr] == ["blurry", BAD, GOOD]
    assert first.psnr[GOOD] == score(first.images[GOOD], first.images["sharp"]) > first.psnr["blurry"]
    assert [scene.key for scene in read_scenes(places, ["one/2"])] == ["one/2"]
    assert len(read_scenes(places, pictures=9)) == 3


def test_crops_are_where_there_is_detail_and_apart():
    image = np.full((90, 160, 3), 90, np.uint8)
    image[:45] = 250  # a wall, and the edge of another
    texture = np.random.default_rng(0).integers(0, 256, (90, 50, 3), np.uint8)
    image[:, 100:150] = texture
    crops = choose_crops(image, 3)
    assert len(crops) == 3
    for crop in crops:
        assert crop.x > 100 - crop.width // 2
    tops = sorted(crop.y for crop in crops)
    assert tops[0] < 20
    assert tops[2] > 55


def test_one_detail_alone_does_not_send_crops_to_walls():
    image = np.full((90, 160, 3), 90, np.uint8)
    image[40:70, 60:100:2] = 250
    for crop in choose_crops(image, 2):
        assert crop.of(image).std() > 30


@pytest.mark.parametrize("number", [1, 7, 9, 20])
def test_there_are_as_many_crops_as_asked_for(number):
    image = np.random.default_rng(0).integers(0, 256, (180, 320, 3), np.uint8)
    crops = choose_crops(image, number)
    assert len(crops) == number
    images = dict.fromkeys(("blurry", "FCN", "sharp"), image)
    scene = Scene("one", images, {"blurry": 30.0, "FCN": 31.0}, crops)
    whole, *cells = draw_scenes([scene]).axes
    assert len(whole.patches) == number
    assert len(cells) == 3 * number
    looks = [(patch.get_edgecolor(), patch.get_linestyle()) for patch in whole.patches]
    assert len(set(looks)) == number
    (shown,) = json.loads(re.search(r"^const scenes = (.*);$", scenes_page([scene]), re.MULTILINE)[1])
    assert [tuple(crop.values())[:4] for crop in shown["crops"]] == [*crops]
    assert len({crop["look"] for crop in shown["crops"]}) == number


def test_crops_do_not_overlap_and_stay_inside_whatever_the_size():
    generator = np.random.default_rng(0)
    for height, width in [(1, 1), (5, 200), (200, 5), (24, 24), (50, 170)]:
        image = generator.integers(0, 256, (height, width, 3), np.uint8)
        covered = np.zeros((height, width), int)
        crops = choose_crops(image, 5)
        for crop in crops:
            assert crop.of(image).shape[:2] == (crop.height, crop.width)
            covered[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] += 1
        assert 1 <= len(crops) <= 5
        assert covered.max() == 1


def test_the_figure_has_each_crop_under_its_method(places):
    (scene,) = read_scenes(places, ["one/1"], crops=[Crop(30, 20, 24, 18), Crop(0, 0, 30, 20)])
    whole, *cells = draw_scenes([scene]).axes
    np.testing.assert_array_equal(whole.images[0].get_array(), scene.images["blurry"])
    assert len(whole.patches) == 2
    assert [axes.get_title() for axes in cells[::2]] == [*scene.images]
    for axes, image in zip(cells[::2], scene.images.values(), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image[20:38, 30:54])
    captions = [axes.xaxis.label for axes in cells[1::2]]
    assert [label.get_text() for label in captions[:3]] == [
        f"{value:.2f} dB" for value in scene.psnr.values()
    ]
    assert [label.get_weight() for label in captions[:3]] == ["normal", "normal", "bold"]


def test_long_names_do_not_run_into_each_other(places):
    (scene,) = read_scenes(places, ["one/1"], crops=[Crop(0, 0, 30, 20)])
    images = {f"{name} with a name that is a good deal longer": image for name, image in scene.images.items()}
    images["blurry"] = scene.images["blurry"]
    figure = draw_scenes([dataclasses.replace(scene, images=images, key="a/long/key/" * 5)])
    for axes in figure.axes:
        assert axes.title.get_window_extent().width <= axes.get_window_extent().width + GAP * DPI


def test_the_page_holds_every_picture_without_loss_and_nothing_from_elsewhere(places):
    scenes = read_scenes(places, ["one/1", "two/1"])
    page = scenes_page(scenes)
    assert "://" not in page
    assert page.count("</script>") == 1
    held = json.loads(re.search(r"^const scenes = (.*);$", page, re.MULTILINE)[1])
    assert [scene["key"] for scene in held] == ["one/1", "two/1"]
    for scene, shown in zip(scenes, held, strict=True):
        assert [image["name"] for image in shown["images"]] == [*scene.images]
        for image in shown["images"]:
            content = base64.b64decode(image["source"].removeprefix("data:image/webp;base64,"))
            pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
            np.testing.assert_array_equal(pixels, scene.images[image["name"]])
            value = scene.psnr.get(image["name"])
            assert image["psnr"] == ("" if value is None else f"{value:.2f} dB")
        assert [tuple(crop.values())[:4] for crop in shown["crops"]] == [*scene.crops]


def test_mistakes_are_named(places, tmp_path):
    with pytest.raises(InputError, match=r"no picture has one name .* 'one/blur/1'.*: a pattern may help"):
        read_scenes({**places, "blurry": str(tmp_path / "test")})
    with pytest.raises(InputError, match=r"has no image 'one/9'; its keys look like"):
        read_scenes(places, ["one/9"])
    with pytest.raises(InputError, match=r"a pattern must end in a star"):
        open_images(f"{tmp_path}/test/*/blur/*.png")
    with pytest.raises(InputError, match=r"There are no images"):
        open_images(f"{tmp_path}/test/*/blurry/*")
    with pytest.raises(InputError, match=r"the crop 80 0 20 20 does not lie in 'one/1', 90×60"):
        read_scenes(places, ["one/1"], crops=[Crop(80, 0, 20, 20)])
    with pytest.raises(
        InputError, match=r"'one/1', 90×60, has room for \d crops .* not for 99: ask for fewer"
    ):
        read_scenes(places, ["one/1"], crops_each=99)
    with pytest.raises(InputError, match=r"1,2,3: a crop is X,Y,WIDTH,HEIGHT"):
        parse_crop("1,2,3")
    for word in ("folder", "=folder", "sharp=folder"):
        with pytest.raises(InputError, match=f"{word}: name each method once"):
            parse_places("a", [word], "b")
    with pytest.raises(InputError, match="FCN=b: name each method once"):
        parse_places("a", ["FCN=a", "FCN=b"], "b")
    assert parse_places("a", ["FCN=lr=1/images"], "b")["FCN"] == "lr=1/images"
    cv2.imwrite(str(tmp_path / "bad/one/1.png"), np.zeros((30, 90, 3), np.uint8))
    with pytest.raises(InputError, match=r"bad: 'one/1' is 90×30 pixels but its sharp image 90×60"):
        read_scenes(places, ["one/1"])
