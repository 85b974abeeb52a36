import cv2
import numpy as np
import pytest

from fcn_plugin.datasets.storage.image_codec import decode_rgb, encode_png
from fcn_plugin.errors import InputError


def encoded(image, extension=".png"):
    return cv2.imencode(extension, image)[1].tobytes()


def test_png_round_trip_is_exact(make_image):
    image = make_image()
    np.testing.assert_array_equal(decode_rgb(encode_png(image), "a.png"), image)


def test_channels_are_red_green_blue():
    red_in_bgr = np.full((2, 3, 3), (0, 0, 255), np.uint8)
    np.testing.assert_array_equal(decode_rgb(encoded(red_in_bgr), "a.png")[0, 0], (255, 0, 0))


def test_decoded_image_refuses_to_be_written_into(make_image):
    with pytest.raises(ValueError, match="read-only"):
        decode_rgb(encode_png(make_image()), "a.png")[0] = 0


def test_eight_bit_grey_becomes_three_equal_channels(make_image):
    grey = make_image()[..., 0]
    np.testing.assert_array_equal(decode_rgb(encoded(grey), "a.png"), np.stack([grey] * 3, axis=2))


@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("kept", [0, 20, 300])
def test_truncated_file_is_refused(make_image, extension, kept):
    with pytest.raises(
        InputError,
        match=r"a\.png is not a readable image \(truncated or damaged\)",
    ):
        decode_rgb(encoded(make_image(64, 64), extension)[:kept], "a.png")


def test_what_is_no_image_is_refused():
    with pytest.raises(InputError, match=r"a\.png is not a readable image"):
        decode_rgb(b"<html>not found</html>", "a.png")


def test_sixteen_bits_are_refused(make_image):
    with pytest.raises(InputError, match=r"a\.png holds uint16 values; convert it to 8-bit RGB"):
        decode_rgb(encoded(make_image().astype(np.uint16) * 257), "a.png")


def test_transparency_is_refused(make_image):
    image = make_image()
    with pytest.raises(InputError, match=r"a\.png has an alpha channel; convert it to 8-bit RGB"):
        decode_rgb(encoded(np.dstack([image, image[..., 0]])), "a.png")
