import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")

from fcn_plugin.inference.video_file import VideoFile  # noqa: E402  needs PyAV

HEIGHT, WIDTH = 48, 64
FRAMES = 12
NTSC = Fraction(30000, 1001)
SAMPLES = 1024  # of sound in a packet
# FFmpeg's numbers.
BT709, BT601, BT2020, LIMITED, FULL = 1, 6, 9, 1, 2


def picture(number: int) -> np.ndarray:
    """Smooth colours that move, (height, width, 3), RGB, float64 in [0, 1]."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    phases = np.array([0.0, 2.0, 4.0]) + number / 5
    return 0.5 + 0.3 * np.sin((rows / 15 + columns / 20)[..., None] + phases)


def make_clip(
    path: Path,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    colourspace: int = BT709,
    colour_range: int = LIMITED,
    times: list[int] | None = None,
    time_base: Fraction = 1 / NTSC,
    sound: str | None = "aac",
    rotation: int = 0,
    frames: int = FRAMES,
    options: dict[str, str] | None = None,
) -> Path:
    """A clip of moving colours, with a sine to hear."""
    with av.open(str(path), "w") as writer:
        writer.metadata["title"] = "A clip"
        video = writer.add_stream(codec, rate=NTSC, options=options or {"crf": "8"})
        encoder = video.codec_context
        encoder.height, encoder.width, encoder.pix_fmt = HEIGHT, WIDTH, pixel_format
        encoder.time_base, encoder.sample_aspect_ratio = time_base, Fraction(4, 3)
        encoder.colorspace, encoder.color_range = colourspace, colour_range
        if rotation:
            video.set_display_rotation(rotation)
        if sound:
            audio = writer.add_stream(sound, rate=48000)
        for number, time in enumerate(times or range(frames)):
            rgb = av.VideoFrame.from_ndarray((picture(number) * 255).round().astype(np.uint8))
            frame = rgb.reformat(
                format=pixel_format,
                dst_colorspace={BT601: "ITU601", BT709: "ITU709", BT2020: "BT2020"}[colourspace],
                dst_color_range=colour_range,
                interpolation="LANCZOS",
            )
            frame.pts, frame.time_base = time, time_base
            writer.mux(video.encode(frame))
        writer.mux(video.encode())
        if sound:
            seconds = float((times[-1] if times else frames) * time_base)
            for start in range(0, int(seconds * 48000), SAMPLES):
                sine = np.sin(np.arange(start, start + SAMPLES) * 440 * 2 * np.pi / 48000)
                heard = av.AudioFrame.from_ndarray(np.float32([sine, sine]), format="fltp", layout="stereo")
                heard.sample_rate, heard.pts = 48000, start
                writer.mux(audio.encode(heard))
            writer.mux(audio.encode())
    return path


def facts(path: Path) -> dict:
    """What another reader finds beside the pictures."""
    with av.open(str(path)) as reader:
        video = reader.streams.video[0]
        found = {
            "format": reader.format.name,
            "title": reader.metadata.get("title"),
            "length": reader.duration,
            "streams": [
                (stream.type, stream.codec_context.codec.canonical_name) for stream in reader.streams
            ],
            "rate": video.average_rate,
            "aspect": video.sample_aspect_ratio,
            "pixels": video.codec_context.pix_fmt.replace("yuvj", "yuv"),
            "colours": (int(video.codec_context.colorspace), int(video.codec_context.color_range)),
        }
        frames = list(reader.decode(video))
        found["times"] = [frame.pts * frame.time_base for frame in frames]
        found["durations"] = [frame.duration * frame.time_base for frame in frames]
        found["rotation"] = frames[0].rotation
    return found


def sound_of(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as reader:
        packets = [packet for packet in reader.demux(audio=0) if packet.size]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in packets]


def unchanged(rgb: np.ndarray) -> np.ndarray:
    return rgb


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clip.mp4", {}),
        ("clip.mkv", {}),
        ("turned.mov", {"rotation": 90}),
        ("full.mp4", {"colourspace": BT601, "colour_range": FULL}),
        ("ten.mp4", {"codec": "libx265", "pixel_format": "yuv420p10le", "colourspace": BT2020}),
        ("free.webm", {"codec": "libvpx-vp9", "sound": "libopus"}),
        (
            "varying.mp4",
            {"times": [0, 1000, 4000, 4500, 9000, 9001, 20000], "time_base": Fraction(1, 30000)},
        ),
    ],
)
def test_everything_but_the_pictures_stays(tmp_path, out, name, options):
    clip = make_clip(
        tmp_path / name,
        **{"options": {"x265-params": "log-level=none"}, **options} if "ten" in name else options,
    )
    video = VideoFile(clip)
    shown = []
    video.write(out / name, unchanged, lambda: shown.append(1))
    before, after = facts(clip), facts(out / name)
    assert after == before
    assert len(shown) == len(before["times"])
    assert sound_of(out / name) == sound_of(clip)
    assert os.listdir(out) == [name]
    difference = VideoFile(out / name).frame(3) - video.frame(3)
    assert np.abs(difference.mean(axis=(0, 1))).max() < 1.5 / 255
    assert np.sqrt((difference**2).mean()) < 4 / 255


@pytest.mark.parametrize(
    ("colourspace", "colour_range"), [(BT601, LIMITED), (BT709, LIMITED), (BT709, FULL), (BT2020, FULL)]
)
def test_colours_are_those_of_the_pictures(tmp_path, colourspace, colour_range):
    clip = make_clip(
        tmp_path / "clip.mkv",
        pixel_format="yuv444p",
        colourspace=colourspace,
        colour_range=colour_range,
        options={"crf": "0"},
        sound=None,
    )
    rgb = VideoFile(clip).frame(3)
    assert rgb.dtype == np.float32
    assert np.abs(rgb - picture(3)).max() < 3 / 255


def test_restored_frames_are_written(tmp_path, out):
    clip = make_clip(tmp_path / "clip.mp4")
    video = VideoFile(clip)
    video.write(out / "clip.mp4", lambda rgb: 1 - rgb)
    written = VideoFile(out / "clip.mp4").frame(5)
    assert np.sqrt(((1 - video.frame(5) - written) ** 2).mean()) < 4 / 255
