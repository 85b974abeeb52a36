"""What a `Deblurrer` takes, and what it refuses in a sentence."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_plugin.errors import InputError
from fcn_plugin.inference.images import as_rgb


@pytest.mark.parametrize(
    "image",
    [
        np.full((2, 3), 51, np.uint8),
        np.full((2, 3, 1), 51, np.uint8),
        np.full((2, 3, 4), 51, np.uint8),
        np.full((2, 3, 3), 13107, np.uint16),
        np.full((2, 3, 3), 13107, ">u2"),
        np.full((2, 3, 3), 0.2),
        np.full((2, 3, 3), 0.2, ">f4"),
        np.full((2, 3, 3), 0.2, np.float16),
        np.ma.masked_less(np.full((2, 3, 3), 51, np.uint8), 60),
        np.broadcast_to(np.uint8(51), (2, 3, 3)),  # which can be read alone
        torch.full((1, 2, 3), 0.2, dtype=torch.bfloat16),
        torch.full((3, 2, 3), 51, dtype=torch.uint8),
        torch.full((3, 2, 3), -0.2j).conj().imag,  # which NumPy has no view of
        Image.new("L", (3, 2), 51),
        Image.new("RGBA", (3, 2), (51, 51, 51, 7)),
        Image.new("RGB", (3, 2), (51, 51, 51)).quantize(2),
        Image.new("RGB", (3, 2), (51, 51, 51)).convert("YCbCr"),
        Image.fromarray(np.full((2, 3), 13107, np.uint16)),
        Image.new("YCbCr", (3, 2), (51, 128, 128)),
    ],
)
def test_everything_becomes_rgb_in_0_to_1(image):
    rgb = as_rgb(image)
    assert rgb.dtype == np.float32
    assert rgb.shape == (2, 3, 3)
    np.testing.assert_allclose(rgb, 0.2, atol=1e-3)


def test_views_are_read_as_they_look(photograph):
    for view in (photograph[::-1], photograph[:, ::-2], photograph[..., ::-1], photograph.swapaxes(0, 1)):
        np.testing.assert_array_equal(as_rgb(view), as_rgb(view.copy()))


def test_files_and_pil_images_are_turned_upright(tmp_path):
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:, :3] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # a viewer turns it by a quarter, clockwise
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path, exif=exif)
    from_file = as_rgb(path)
    assert from_file.shape == (6, 4, 3)
    assert from_file[:3].min() == 1
    np.testing.assert_array_equal(from_file, as_rgb(Image.open(path)))


def test_16_bits_of_which_white_is_0_are_no_negative_in_pil_either(tmp_path):
    grey = np.linspace(0, 65535, 24).astype(np.uint16).reshape(4, 6)
    path = tmp_path / "photo.tif"
    Image.fromarray(65535 - grey).save(path, tiffinfo={262: 0})
    opened = Image.open(path)
    assert opened.mode == "I;16"
    np.testing.assert_array_equal(as_rgb(opened), as_rgb(grey))
    np.testing.assert_array_equal(as_rgb(path), as_rgb(grey))


def write_truncated(path):
    Image.effect_noise((64, 64), 50).convert("RGB").save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-700])


def write_animation(path):
    frames = [Image.new("L", (8, 8), shade) for shade in (0, 255)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_text("no image"), "not a readable image"),
        (write_truncated, "truncated or damaged"),
        (lambda path: Image.new("CMYK", (8, 8)).save(path, "JPEG"), "CMYK"),
        (write_animation, "animation"),
    ],
)
def test_files_that_are_no_photographs_are_refused(tmp_path, write, sentence):
    path = tmp_path / "photo"
    write(path)
    with pytest.raises(InputError, match=rf"photo.*{sentence}"):
        as_rgb(path)


def test_a_truncated_pil_image_is_refused(tmp_path):
    path = tmp_path / "photo.jpg"
    write_truncated(path)
    with pytest.raises(InputError, match=r"photo\.jpg is closed, truncated or damaged"):
        as_rgb(Image.open(path))
    with pytest.raises(InputError, match="the PIL image is closed, truncated or damaged"):
        as_rgb(Image.open(io.BytesIO(path.read_bytes())))


def test_a_pil_image_that_was_closed_is_refused(tmp_path, photograph):
    path = tmp_path / "photo.jpg"
    Image.fromarray(photograph).save(path)
    with Image.open(path) as unread, Image.open(path) as read:
        read.load()
    read.close()  # a block closes the file alone
    for image in (unread, read):
        with pytest.raises(InputError, match=r"photo\.jpg is closed.*hand it over while it is open"):
            as_rgb(image)


def test_a_pil_image_with_exif_data_that_are_none(tmp_path, photograph):
    path = tmp_path / "photo.png"
    Image.fromarray(photograph).save(path, exif=b"Exif\0\0these are no EXIF data")
    np.testing.assert_array_equal(as_rgb(Image.open(path)), as_rgb(photograph))


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (torch.full((3, 4, 4), float("nan")), "NaN or infinite"),
        (np.full((4, 4, 3), 255.0), r"lie in \[0, 1\], not in \[255, 255\]"),
        (np.full((4, 4, 3), 255.0, ">f8"), r"lie in \[0, 1\], not in \[255, 255\]"),
        (np.zeros((4, 4, 3), np.int64), "not int64"),
        (np.zeros((4, 4, 3), bool), "not bool"),
        (np.zeros((4, 4, 3), object), "not object"),
        (np.zeros((4, 4, 3), complex), "not complex128"),
        (np.zeros((4, 4, 3), "u1,u1"), "not "),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (np.zeros((3, 4, 4), np.uint8)[None], r"shape \(1, 3, 4, 4\)"),
        (np.zeros((4, 4, 5), np.uint8), r"shape \(4, 4, 5\)"),
        (np.zeros((4, 4, 0), np.uint8), r"shape \(4, 4, 0\)"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\)"),
        (torch.zeros(4, 4, 3), r"give \(3, height, width\)"),
        (torch.zeros(3, 4, 4, dtype=torch.int64), "not torch.int64"),
        (torch.zeros(3, 4, 4, dtype=torch.complex64).conj(), "not torch.complex64"),
        (torch.zeros(3, 4, 4).to_sparse(), "sparse"),
        (torch.nested.nested_tensor([torch.zeros(4, 4)] * 3), "nested"),
        (torch.zeros(3, 4, 4, device="meta"), "has no values"),
        (Image.new("RGB", (0, 4)), r"shape \(4, 0, 3\)"),
        ("a\0b.jpg", "cannot be the name of a file"),
        (b"photo.jpg", "^an object of type bytes is no image"),
        (None, "^an object of type NoneType is no image"),
        (Image.new("F", (4, 4), 0.5), "PIL image of mode F is not taken"),
        (Image.new("I", (4, 4), 40000), "PIL image of mode I is not taken"),
        (Image.new("CMYK", (4, 4)), "PIL image of mode CMYK is not taken"),
    ],
)
def test_arrays_that_are_no_images_are_refused(image, sentence):
    with pytest.raises(InputError, match=sentence):
        as_rgb(image)
