import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from fcn_plugin.inference import comparison
from fcn_plugin.inference.comparison import compare_images, write_comparison

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def flat(value: float, height: int = 20, width: int = 30) -> np.ndarray:
    return np.full((height, width, 3), round(255 * value), np.uint8)


def test_two_images_side_by_side(tmp_path):
    write_comparison(tmp_path / "c.jpg", flat(0.2), flat(0.6))
    picture = np.array(Image.open(tmp_path / "c.jpg"))
    assert picture.shape == (20, 62, 3)
    assert abs(picture[:, :30].mean() - 51) < 2
    assert abs(picture[:, 32:].mean() - 153) < 2


@pytest.mark.parametrize(
    ("size", "shape"), [((4, 60), (10, 60, 3)), ((50, 20), (50, 42, 3)), ((2, 200), (3, 100, 3))]
)
def test_what_jpeg_cannot_hold(tmp_path, monkeypatch, size, shape):
    monkeypatch.setattr(comparison, "LONGEST_SIDE", 100)
    write_comparison(tmp_path / "c.jpg", flat(0.2, *size), flat(0.6, *size))
    assert np.array(Image.open(tmp_path / "c.jpg")).shape == shape


def test_16_bits_and_grey_are_shown_in_8_bits(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 30), 51 * 257, np.uint16))
    cv2.imwrite(str(tmp_path / "b.png"), np.full((20, 30, 3), 153 * 257, np.uint16))
    compare_images(tmp_path / "c.jpg", tmp_path / "a.png", tmp_path / "b.png")
    picture = np.array(Image.open(tmp_path / "c.jpg"))
    assert picture.shape == (20, 62, 3)
    assert abs(picture[:, :30].mean() - 51) < 2
    assert abs(picture[:, 32:].mean() - 153) < 2


def test_files_are_shown_upright_with_their_profile(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, value in (("a.png", 51), ("b.png", 153)):
        Image.new("RGB", (30, 20), (value, 0, 0)).save(tmp_path / name, exif=exif, icc_profile=PROFILE)
    compare_images(tmp_path / "c.jpg", tmp_path / "a.png", tmp_path / "b.png")
    picture = Image.open(tmp_path / "c.jpg")
    assert picture.size == (42, 30)
    assert picture.info["icc_profile"] == PROFILE
    assert abs(np.array(picture)[:, :20, 0].mean() - 51) < 2
