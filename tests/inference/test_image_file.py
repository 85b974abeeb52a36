import io
import os
import re
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, TiffImagePlugin

from fcn_plugin.errors import InputError
from fcn_plugin.inference.image_file import IMAGE_SUFFIXES, count_pixels, read_image, turn_upright

SIZE = (23, 31)  # height and width
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SAVE_OPTIONS = {".jpg": {"quality": 90}, ".png": {}, ".tif": {}, ".bmp": {}, ".webp": {"lossless": True}}


def picture(channels: int = 3, kind: type = np.uint8) -> np.ndarray:
    """A smooth picture, (height, width) or (height, width, channels)."""
    coarse = np.random.default_rng(channels).random((5, 6, channels), np.float32)
    smooth = cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_LINEAR).reshape(*SIZE, channels)
    pixels = (smooth * np.iinfo(kind).max).round().astype(kind)
    return pixels[..., 0] if channels == 1 else pixels


def exif(orientation: int = 6) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "Maker of cameras"
    tags.get_ifd(0x8769)[0x829A] = TiffImagePlugin.IFDRational(1, 60)  # exposure time
    tags.get_ifd(0x8769)[0x927C] = b"the maker's notes"
    tags.get_ifd(0x8825)[1] = "N"  # of the equator
    return tags


def pillow(path) -> Image.Image:
    # Not by its path, for then Pillow turns some TIFF files upright and not others.
    return Image.open(io.BytesIO(path.read_bytes()))


def facts(path) -> dict:
    """What Pillow finds beside the pixels."""
    image = pillow(path)
    tags = image.getexif()
    return {
        "format": image.format,
        "mode": image.mode,
        "orientation": tags.get(0x0112),
        "maker": tags.get(0x010F),
        "exif": dict(tags.get_ifd(0x8769)),
        "gps": dict(tags.get_ifd(0x8825)),
        "profile": image.info.get("icc_profile"),
        "resolution": tuple(round(float(value)) for value in image.info.get("dpi", ())),
        "text": dict(getattr(image, "text", {})),
    }


def write_unchanged(path):
    """Reads a file and writes it as it is, elsewhere; returns where."""
    image = read_image(path)
    written = path.parent / "out" / path.name
    image.write(written, image.rgb)
    return written


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", SAVE_OPTIONS)
def test_a_format_keeps_pixels_alpha_grey_and_metadata(tmp_path, suffix, channels):
    if (suffix == ".jpg" and channels in (2, 4)) or (suffix == ".bmp" and channels == 2):
        pytest.skip("the format has no such alpha")
    path = tmp_path / f"photo{suffix}"
    metadata = {} if suffix == ".bmp" else {"exif": exif(), "icc_profile": PROFILE}
    Image.fromarray(picture(channels)).save(path, dpi=(300, 300), **metadata, **SAVE_OPTIONS[suffix])

    image = read_image(path)
    assert image.rgb.shape == (*SIZE, 3)
    assert image.rgb.dtype == np.float32
    assert image.grey == (channels < 3)
    # Pillow turns TIFF files by itself.
    upright = pillow(path) if suffix == ".tif" else ImageOps.exif_transpose(pillow(path))
    np.testing.assert_array_equal(
        (turn_upright(image.rgb, image.orientation) * 255).round(), np.array(upright.convert("RGB"))
    )

    written = write_unchanged(path)
    assert facts(written) == facts(path)
    assert facts(written)["orientation"] == (6 if metadata else None)
    if suffix != ".jpg":
        np.testing.assert_array_equal(np.array(pillow(written)), np.array(pillow(path)))


def test_bmp_keeps_alpha(tmp_path):
    path, pixels = tmp_path / "photo.bmp", picture(4)
    masks = (mask.to_bytes(4, "little") for mask in (0xFF, 0xFF00, 0xFF0000, 0xFF000000))
    header = [124, SIZE[1], SIZE[0], 1 + (32 << 16), 3, pixels.nbytes, 11811, 11811, 0, 0]  # 300 dpi
    header = b"".join(number.to_bytes(4, "little") for number in header) + b"".join(masks) + bytes(68)
    file = b"BM" + (138 + pixels.nbytes).to_bytes(4, "little") + bytes(4) + (138).to_bytes(4, "little")
    path.write_bytes(file + header + pixels[::-1].tobytes())
    assert pillow(path).mode == "RGBA"
    written = write_unchanged(path)
    assert facts(written) == facts(path)
    np.testing.assert_array_equal(np.array(pillow(written)), pixels)
    np.testing.assert_array_equal(read_image(written).alpha, pixels[..., 3])
    bgra = cv2.imread(str(written), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(bgra[..., [2, 1, 0]], pixels[..., :3])


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_stay_16_bits(tmp_path, suffix, channels):
    path = tmp_path / f"photo{suffix}"
    pixels = picture(channels, np.uint16)
    assert len(np.unique(pixels & 255)) > 100
    assert cv2.imwrite(str(path), pixels)
    image = read_image(path)
    rgb = np.dstack([pixels] * 3) if channels == 1 else pixels[..., 2::-1]
    np.testing.assert_array_equal((image.rgb * 65535).round(), rgb)
    written = write_unchanged(path)
    np.testing.assert_array_equal(cv2.imread(str(written), cv2.IMREAD_UNCHANGED), pixels)


def test_16_bit_png_keeps_metadata(tmp_path):
    path = tmp_path / "photo.png"
    _, pixels = cv2.imencode(".png", picture(3, np.uint16))
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    bare = io.BytesIO()
    Image.new("RGB", (1, 1)).save(bare, "PNG", exif=exif(), icc_profile=PROFILE, dpi=(300, 300), pnginfo=text)
    pixel_data = bare.getvalue().index(b"IDAT") - 4
    # The metadata of the one and the pixels of the other.
    path.write_bytes(pixels.tobytes()[:33] + bare.getvalue()[33:pixel_data] + pixels.tobytes()[33:])
    assert facts(path)["orientation"] == 6
    written = write_unchanged(path)
    assert facts(written) == facts(path)
    np.testing.assert_array_equal(
        cv2.imread(str(written), cv2.IMREAD_UNCHANGED), cv2.imdecode(pixels, cv2.IMREAD_UNCHANGED)
    )


def write_16_bit_tiff(path, pixels, more_tags) -> None:
    """RGB, with whatever there is beside it, or else grey; uncompressed."""
    height, width, channels = np.atleast_3d(pixels).shape
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[0x8769] = tags.tagtype[0x8825] = 4
    tags[256], tags[257], tags[258], tags[259] = width, height, (16,) * channels, 1
    tags[262], tags[273], tags[277], tags[278] = 2 if channels > 2 else 1, 0, channels, height
    tags[279] = pixels.nbytes
    for tag, value in more_tags.items():
        tags[tag] = value
    file = io.BytesIO()
    tags.save(file)
    path.write_bytes(file.getvalue() + pixels.tobytes())


def test_16_bit_tiff_keeps_metadata_and_the_way_its_pixels_lie(tmp_path):
    path, pixels = tmp_path / "photo.tif", picture(3, np.uint16)
    tags = {34675: PROFILE, 282: 300, 283: 300, 296: 2}
    for directory in (0x8769, 0x8825):
        tags[directory] = exif().get_ifd(directory)
    write_16_bit_tiff(path, pixels, {**exif(), **tags})
    assert facts(path)["maker"] == "Maker of cameras"
    np.testing.assert_array_equal((read_image(path).rgb * 65535).round(), pixels)
    written = write_unchanged(path)
    assert facts(written) == facts(path)
    np.testing.assert_array_equal((read_image(written).rgb * 65535).round(), pixels)


@pytest.mark.skipif(
    (b"II", 0, (1,), 1, (16,), ()) not in TiffImagePlugin.OPEN_INFO, reason="this Pillow has no mode for it"
)
def test_16_bit_tiff_whose_white_is_0(tmp_path):
    path, pixels = tmp_path / "photo.tif", picture(1, np.uint16)
    write_16_bit_tiff(path, 65535 - pixels, {262: 0})
    np.testing.assert_array_equal(read_image(path).pixels[..., 0], pixels)
    written = write_unchanged(path)
    assert pillow(written).tag_v2[262] == 1
    np.testing.assert_array_equal(cv2.imread(str(written), cv2.IMREAD_UNCHANGED), pixels)


def test_16_bit_tiff_whose_colours_are_multiplied_by_alpha(tmp_path):
    path, pixels = tmp_path / "photo.tif", picture(4, np.uint16)
    pixels[0, 0, 3] = 0
    multiplied = pixels.astype(np.float64)
    multiplied[..., :3] *= pixels[..., 3:] / 65535
    write_16_bit_tiff(path, multiplied.round().astype(np.uint16), {338: 1})
    written = write_unchanged(path)
    assert pillow(written).tag_v2[338] == (2,)
    again = read_image(written)
    np.testing.assert_array_equal(again.alpha, pixels[..., 3])
    seen = again.pixels * (again.alpha[..., None] / 65535)
    np.testing.assert_allclose(seen, multiplied[..., :3], atol=1)


def test_16_bit_tiff_with_a_channel_that_is_not_said_to_be_alpha(tmp_path):
    path, pixels = tmp_path / "photo.tif", picture(4, np.uint16)
    write_16_bit_tiff(path, pixels, {338: 0})
    assert read_image(path).alpha is None
    written = cv2.imread(str(write_unchanged(path)), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, pixels[..., 2::-1])


def test_warnings_of_opencv_are_kept_from_standard_error(tmp_path, capfd):
    path, pixels = tmp_path / "photo.tif", picture(4, np.uint16)
    write_16_bit_tiff(path, pixels, {})
    logging = getattr(cv2.utils, "logging", cv2)
    level = logging.getLogLevel()
    np.testing.assert_array_equal(read_image(path).alpha, pixels[..., 3])
    assert capfd.readouterr().err == ""
    assert logging.getLogLevel() == level > 0


def test_16_bit_grey_with_alpha(tmp_path):
    pixels = picture(2, np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    _, grey = cv2.imencode(".png", pixels[..., 0])
    grey = bytearray(grey.tobytes())
    start, end = grey.index(b"IDAT"), grey.index(b"IEND")
    data = zlib.compress(rows)
    grey[25] = 4  # the colour type of grey with alpha
    grey[29:33] = zlib.crc32(grey[12:29]).to_bytes(4, "big")
    chunk = b"IDAT" + data
    grey[start - 4 : end - 4] = len(data).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    path = tmp_path / "photo.png"
    path.write_bytes(grey)
    image = read_image(path)
    assert image.grey
    np.testing.assert_array_equal(image.alpha, pixels[..., 1])
    written = read_image(write_unchanged(path))
    np.testing.assert_array_equal(written.rgb, image.rgb)
    np.testing.assert_array_equal(written.alpha, image.alpha)


def test_16_bit_grey_of_which_one_is_transparent(tmp_path):
    path, pixels = tmp_path / "photo.png", picture(1, np.uint16)
    _, content = cv2.imencode(".png", pixels)
    content = content.tobytes()
    chunk = b"tRNS" + int(pixels[3, 4]).to_bytes(2, "big")
    data = content.index(b"IDAT") - 4
    chunk = b"\0\0\0\2" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    path.write_bytes(content[:data] + chunk + content[data:])
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, np.dstack([pixels] * 3))
    np.testing.assert_array_equal(image.alpha, (pixels != pixels[3, 4]) * 65535)
    assert image.alpha.dtype == np.uint16
    np.testing.assert_array_equal(read_image(write_unchanged(path)).alpha, image.alpha)


def test_png_with_bytes_after_its_end(tmp_path):
    path = tmp_path / "photo.png"
    save(path)
    path.write_bytes(path.read_bytes() + b"more")
    np.testing.assert_array_equal(np.array(pillow(write_unchanged(path))), picture())


def test_thumbnails_are_no_pages(tmp_path):
    path, small = tmp_path / "photo.tif", Image.new("RGB", (8, 6))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    Image.fromarray(picture()).save(path, save_all=True, append_images=[small])
    assert pillow(path).n_frames == 2
    assert read_image(path).left_out == 1
    written = write_unchanged(path)
    assert pillow(written).n_frames == 1
    np.testing.assert_array_equal(np.array(pillow(written)), picture())


def test_a_thumbnail_before_the_photograph_is_no_photograph(tmp_path):
    path, photograph = tmp_path / "photo.tif", Image.fromarray(picture())
    photograph.encoderinfo = {"tiffinfo": {254: 0}}
    Image.new("RGB", (8, 6)).save(path, save_all=True, append_images=[photograph], tiffinfo={254: 1})
    with pytest.raises(InputError, match=r"photo\.tif holds 2 pages; save each as a file of its own"):
        read_image(path)


@pytest.mark.parametrize(
    ("mode", "options", "written_mode"),
    [
        ("P", {}, "RGB"),
        ("P", {"transparency": 3}, "RGBA"),
        ("1", {}, "L"),
        ("RGB", {"transparency": (0, 0, 0)}, "RGBA"),
        ("L", {"transparency": 7}, "LA"),
    ],
)
def test_other_kinds_of_png(tmp_path, mode, options, written_mode):
    path = tmp_path / "photo.png"
    Image.fromarray(picture()).convert(mode).save(path, **options)
    written = pillow(write_unchanged(path))
    assert written.mode == written_mode
    np.testing.assert_array_equal(np.array(written), np.array(pillow(path).convert(written_mode)))


def test_grey_stays_grey_in_rgb_files_too(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(picture(1)).convert("RGB").save(path)
    image = read_image(path)
    tinted = image.rgb * np.float32([1, 0.9, 0.8])
    image.write(path, tinted)
    written = np.array(pillow(path))
    assert written.shape == (*SIZE, 3)
    np.testing.assert_array_equal(written, np.dstack([(tinted.mean(axis=2) * 255).round()] * 3))


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_keeps_subsampling_and_more_of_its_metadata(tmp_path, subsampling):
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture()).save(path, quality=98, subsampling=subsampling, progressive=True)
    content, xmp, segments = path.read_bytes(), b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>", b""
    for marker, data in ((b"\xff\xe1", xmp), (b"\xff\xfe", b"Hello")):
        segments += marker + (len(data) + 2).to_bytes(2, "big") + data
    path.write_bytes(content[:20] + segments + content[20:])
    written = pillow(write_unchanged(path))
    assert written.layer == pillow(path).layer
    assert written.info["progressive"]
    assert ("COM", b"Hello") in written.applist
    assert ("APP1", xmp) in written.applist
    assert np.abs(np.int16(written) - np.int16(pillow(path))).mean() < 4


GARBAGE = b"Exif\0\0these are no EXIF data"


def add_exif(path, data) -> None:
    """Puts a segment into a JPEG file without one."""
    content = path.read_bytes()
    segment = b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data
    path.write_bytes(content[:20] + segment + content[20:])


@pytest.mark.parametrize("options", [{}, {"dpi": (300, 300)}])
def test_jpeg_with_exif_data_that_are_none(tmp_path, options):
    path = tmp_path / "photo.jpg"
    save(path, **options)
    add_exif(path, GARBAGE)
    image = read_image(path)
    assert image.orientation == 1
    np.testing.assert_array_equal(image.pixels, np.array(pillow(path)))
    written = write_unchanged(path)
    assert "exif" not in pillow(written).info
    assert read_image(written).orientation == 1


def test_other_formats_with_exif_data_that_are_none(tmp_path):
    for suffix in (".png", ".webp"):
        path = tmp_path / f"photo{suffix}"
        save(path, exif=GARBAGE)
        assert pillow(path).info["exif"].endswith(b"these are no EXIF data")
        assert read_image(path).orientation == 1
        assert "exif" not in pillow(write_unchanged(path)).info


def test_an_orientation_that_is_none(tmp_path):
    path = tmp_path / "photo.jpg"
    save(path)
    text = b"\x12\x01\2\0\2\0\0\0a\0\0\0"
    add_exif(path, b"Exif\0\0II\x2a\0\x08\0\0\0\1\0" + text + b"\0\0\0\0")
    assert pillow(path).getexif()[0x0112] == "a"
    assert read_image(path).orientation == 1


def test_the_photograph_of_a_file_with_several_pictures(tmp_path):
    if "MPO" not in Image.SAVE_ALL:
        pytest.skip("this Pillow reads, but does not write such files")
    path, depth = tmp_path / "photo.jpg", Image.new("L", (8, 8))
    Image.fromarray(picture()).save(path, "MPO", save_all=True, append_images=[depth])
    assert pillow(path).n_frames == 2
    assert read_image(path).left_out == 1
    written = pillow(write_unchanged(path))
    assert written.format == "JPEG"
    assert written.size == SIZE[::-1]


needs_avif = pytest.mark.skipif(".avif" not in IMAGE_SUFFIXES, reason="this Pillow has no AVIF")


@needs_avif
@pytest.mark.parametrize(
    ("channels", "subsampling"), [(1, "4:0:0"), (3, "4:4:4"), (3, "4:2:2"), (3, "4:2:0"), (4, "4:4:4")]
)
def test_avif_keeps_pixels_alpha_and_metadata(tmp_path, channels, subsampling):
    path, pixels = tmp_path / "photo.avif", picture(channels)
    metadata = {"exif": exif(), "icc_profile": PROFILE, "xmp": b"<x:xmpmeta/>"}
    Image.fromarray(pixels).save(path, quality=95, subsampling=subsampling, **metadata)
    written = write_unchanged(path)
    assert facts(written) == facts(path)
    assert facts(written)["orientation"] == 6
    assert pillow(written).info["xmp"] == metadata["xmp"]
    assert configuration(written) == configuration(path)
    difference = np.array(pillow(written), np.int16) - np.array(pillow(path))
    assert np.abs(difference).mean() < 4


def configuration(path) -> bytes:
    """Of the AV1 decoder: bits, and how often chroma is sampled."""
    content = path.read_bytes()
    place = content.index(b"av1C")
    return content[place + 6 : place + 7]


@needs_avif
def test_avif_keeps_a_colour_space_that_is_no_profile(tmp_path):
    path = tmp_path / "photo.avif"
    Image.fromarray(picture()).save(path, quality=95)
    display_p3 = b"colrnclx" + bytes([0, 12, 0, 13])  # primaries and transfer function as H.273 numbers them
    content = path.read_bytes()
    place = content.index(b"colrnclx")
    path.write_bytes(content[:place] + display_p3 + content[place + len(display_p3) :])
    assert display_p3 in write_unchanged(path).read_bytes()


@needs_avif
def test_avif_of_more_than_8_bits_is_refused(tmp_path):
    av = pytest.importorskip("av")
    from fcn_plugin.inference.video_file import priorities_kept

    path = tmp_path / "photo.avif"
    with av.open(str(path), "w") as writer:
        stream = writer.add_stream("libsvtav1", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        with priorities_kept():
            stream.codec_context.open()
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
        writer.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        writer.mux(stream.encode())
    with pytest.raises(InputError, match=r"photo\.avif holds 10-bit values of the kind RGB; convert it"):
        read_image(path)


@needs_avif
@pytest.mark.parametrize("damaged", [b"iloc", b"mdat"])
def test_a_damaged_avif_is_refused(tmp_path, damaged):
    path = tmp_path / "photo.avif"
    save(path)
    content = path.read_bytes()
    # Where the pixels are said to be, which Pillow reads when it opens the file, or the pixels themselves.
    place = content.index(damaged) + (4 if damaged == b"mdat" else 0)
    path.write_bytes(content[:place] + b"\xff" * 8 + content[place + 8 :])
    assert count_pixels(path) == (SIZE[0] * SIZE[1] if damaged == b"mdat" else 0)
    with pytest.raises(InputError, match=r"photo\.avif is truncated or damaged; copy or download it again"):
        read_image(path)


@pytest.mark.parametrize("orientation", range(9))
def test_turning_upright(orientation):
    image = Image.fromarray(picture())
    image.getexif()[0x0112] = orientation
    upright = np.array(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(turn_upright(picture(), orientation), upright)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000)])
@pytest.mark.parametrize("suffix", SAVE_OPTIONS)
def test_extreme_sizes(tmp_path, suffix, size):
    path = tmp_path / f"photo{suffix}"
    Image.new("RGB", size, (10, 200, 30)).save(path, **SAVE_OPTIONS[suffix])
    assert pillow(write_unchanged(path)).size == size


def save(path, mode="RGB", **options):
    Image.fromarray(picture()).convert(mode).save(path, **options)


def save_animation(path, **options):
    first, second = Image.fromarray(picture()), Image.fromarray(255 - picture())
    first.save(path, save_all=True, append_images=[second], **options)


def save_part(path):
    save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BAD_FILES = {
    "empty.jpg": (lambda path: path.write_bytes(b""), r"is empty \(0 bytes\); copy or download it again"),
    "text.jpg": (lambda path: path.write_text("Hello"), "is not a readable image .*; convert it"),
    "phone.heic": (
        lambda path: path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        "is HEIC, which is not read here; convert it to JPEG or PNG",
    ),
    "truncated.jpg": (save_part, "is truncated or damaged; copy or download it again"),
    "truncated.png": (save_part, "is truncated or damaged; copy or download it again"),
    "truncated.tif": (save_part, "is truncated or damaged|is not a readable image"),
    "truncated.webp": (save_part, "is truncated or damaged|is not a readable image"),
    "truncated.bmp": (save_part, "is truncated or damaged; copy or download it again"),
    "inks.jpg": (lambda path: save(path, "CMYK"), "is in CMYK, .*; convert it to RGB"),
    "inks.tif": (lambda path: save(path, "CMYK"), "is in CMYK, .*; convert it to RGB"),
    "lab.tif": (
        lambda path: Image.new("LAB", (9, 9)).save(path),
        "holds 8-bit values of the kind LAB; convert it",
    ),
    "float.tif": (lambda path: save(path, "F"), "holds 32-bit values of the kind F; convert it"),
    "grey_alpha.tif": (
        lambda path: write_16_bit_tiff(path, picture(2, np.uint16), {338: 2}),
        r"is a TIFF of a kind that cannot be read here \(16 \+ 16 bits for each pixel, photometric "
        r"interpretation 1\); convert it to PNG",
    ),
    "still.gif": (save, "is a GIF, .*; convert it to PNG"),
    "moving.gif": (save_animation, "is a GIF, .* animation, to MP4"),
    "moving.webp": (save_animation, "holds an animation; convert it to MP4"),
    "moving.png": (save_animation, "holds an animation; convert it to MP4"),
    "pages.tif": (save_animation, "holds 2 pages; save each as a file"),
    "folder.jpg": (lambda path: path.mkdir(), r"cannot be read \(Is a directory\); check the path"),
    "missing.jpg": (lambda path: None, r"cannot be read \(No such file or directory\); check the path"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_in_a_sentence(tmp_path, name):
    make, message = BAD_FILES[name]
    path = tmp_path / name
    make(path)
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))} ({message}).*\.$"):
        read_image(path)


def test_decompression_bomb(tmp_path, monkeypatch):
    path = tmp_path / "photo.png"
    save(path)
    pixels = SIZE[0] * SIZE[1]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels // 2 + 1)  # Pillow would warn
    assert read_image(path).rgb.shape == (*SIZE, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels // 2 - 1)
    with pytest.raises(InputError, match=r"photo\.png has more than \d+ megapixels; cut it into parts"):
        read_image(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_colours_are_not_written(tmp_path, value):
    path = tmp_path / "photo.png"
    save(path)
    image = read_image(path)
    restored = image.rgb
    restored[3, 4, 1] = value
    with pytest.raises(InputError, match=r"photo\.png was restored to values that are NaN or infinite"):
        image.write(tmp_path / "out.png", restored)
    assert os.listdir(tmp_path) == ["photo.png"]


def test_a_place_that_cannot_be_written_to(tmp_path):
    path = tmp_path / "photo.png"
    save(path)
    image = read_image(path)
    with pytest.raises(InputError, match=r"photo\.png/out\.png cannot be written \(.*\); check the path"):
        image.write(path / "out.png", image.rgb)
