import importlib
import itertools
import os
import re
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fcn_plugin import Deblurrer
from fcn_plugin.errors import InputError
from fcn_plugin.inference.command import main
from fcn_plugin.inference.ledger import LEDGER
from fcn_plugin.inference.tasks import VIDEO_SUFFIXES, find_tasks

av = pytest.importorskip("av")

from fcn_plugin.inference.video_colours import VideoColours  # noqa: E402  needs PyAV
from fcn_plugin.inference.video_file import VideoFile, priorities_kept  # noqa: E402

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


IN_ORDER = {"x265-params": "log-level=none:bframes=0"}


def make_clip(
    path: Path,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    colourspace: int = BT709,
    colour_range: int = LIMITED,
    times: list[int] | None = None,
    time_base: Fraction = 1 / NTSC,
    sound: str | None = "aac",
    sound_format: str | None = None,
    rotation: int = 0,
    frames: int = FRAMES,
    options: dict[str, str] | None = None,
    begins: int = 0,
) -> Path:
    """A clip of moving colours, with a sine to hear; its clock shows ``begins`` seconds when it begins."""
    with av.open(str(path), "w", container_options={"output_ts_offset": str(begins)}) as writer:
        writer.metadata["title"] = "A clip"
        video = writer.add_stream(codec, rate=NTSC, options=options or {"crf": "8"})
        encoder = video.codec_context
        encoder.height, encoder.width, encoder.pix_fmt = HEIGHT, WIDTH, pixel_format
        encoder.time_base, encoder.sample_aspect_ratio = time_base, Fraction(4, 3)
        encoder.colorspace, encoder.color_range = colourspace, colour_range
        if rotation:
            video.set_display_rotation(rotation)
        with priorities_kept():
            encoder.open()
        if sound:
            audio = writer.add_stream(sound, rate=48000, bit_rate=128_000)
            if sound_format:
                audio.codec_context.format = sound_format
        for number, time in enumerate(times or range(frames)):
            rgb = av.VideoFrame.from_ndarray((picture(number) * 255).round().astype(np.uint8))
            frame = rgb.reformat(
                format=pixel_format,
                dst_colorspace={BT601: 5}.get(colourspace, colourspace),
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


def samples_of(path: Path) -> tuple[list[float | None], np.ndarray]:
    """When each part of the sound begins, in seconds, and (channels, samples) in [-1, 1]."""
    with av.open(str(path)) as reader:
        frames = list(reader.decode(audio=0))
        resampler = av.AudioResampler("dblp", frames[0].layout)
        parts = [part.to_ndarray() for frame in frames for part in resampler.resample(frame)]
        return [frame.time for frame in frames], np.concatenate(parts, axis=1).clip(-1, 1)


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
        ("clip.avi", {"sound": "mp2", "options": {"bf": "0"}}),
        ("turned.mov", {"rotation": 90}),
        ("full.mp4", {"colourspace": BT601, "colour_range": FULL}),
        (
            "ten.mp4",
            {
                "codec": "libx265",
                "pixel_format": "yuv420p10le",
                "colourspace": BT2020,
                "options": {"x265-params": "log-level=none"},
            },
        ),
        ("free.webm", {"codec": "libvpx-vp9", "sound": "libopus"}),
        (
            "varying.mp4",
            {"times": [0, 1000, 4000, 4500, 9000, 9001, 20000], "time_base": Fraction(1, 30000)},
        ),
    ],
)
def test_everything_but_the_pictures_stays(tmp_path, out, name, options):
    clip = make_clip(tmp_path / name, **options)
    video = VideoFile(clip)
    shown = []
    video.write(out / name, unchanged, lambda: shown.append(1))
    before, after = facts(clip), facts(out / name)
    # AVI counts the last packet of sound, or does not.
    assert after.pop("length") == pytest.approx(before.pop("length"), abs=10_000)
    assert after == before
    assert len(shown) == len(before["times"])
    assert sound_of(out / name) == sound_of(clip)
    assert os.listdir(out) == [name]
    difference = VideoFile(out / name).frame(3) - video.frame(3)
    assert np.abs(difference.mean(axis=(0, 1))).max() < 1.5 / 255
    assert np.sqrt((difference**2).mean()) < 4 / 255


@pytest.mark.parametrize(
    ("name", "options", "sound"),
    [
        ("one.mpg", {"codec": "mpeg1video", "sound": "mp2", "options": {"bf": "2"}}, "mp2"),
        ("two.mpeg", {"codec": "mpeg2video", "sound": "mp2", "options": {"bf": "2"}, "begins": 600}, "mp2"),
        ("film.vob", {"codec": "mpeg2video", "sound": "ac3", "options": {"bf": "2"}, "begins": 90000}, "ac3"),
        ("pcm.vob", {"codec": "mpeg2video", "sound": "pcm_dvd", "options": {}}, "flac"),
        (
            "deep.vob",
            {"codec": "mpeg2video", "sound": "pcm_dvd", "sound_format": "s32", "options": {}},
            "flac",
        ),
        ("new.wmv", {"codec": "wmv2", "sound": "wmav2", "options": {}}, "flac"),
        ("old.asf", {"codec": "msmpeg4", "sound": "wmav1", "options": {}}, "flac"),
        (
            "varying.wmv",
            {
                "codec": "wmv2",
                "sound": "mp3",
                "options": {},
                "times": [0, 33, 133, 150, 300, 301, 667],
                "time_base": Fraction(1, 1000),
            },
            "mp3",
        ),
    ],
)
def test_containers_that_lose_times_become_mkv(tmp_path, out, name, options, sound):
    clip = make_clip(tmp_path / name, **options)
    (task,) = find_tasks([clip], out).tasks
    assert task.target.name == f"{clip.stem}.mkv"
    shown = []
    missing = VideoFile(clip).write(task.target, unchanged, lambda: shown.append(1))
    assert missing < 0.1
    before, after = facts(clip), facts(task.target)
    assert after["format"] == "matroska,webm"
    assert after["streams"] == [("video", "h264"), ("audio", sound)]
    assert len(shown) == len(before["times"]) == len(options.get("times", range(FRAMES)))
    for fact in ("title", "aspect", "pixels"):
        assert after[fact] == before[fact], fact
    (heard, samples), (heard_after, samples_after) = samples_of(clip), samples_of(task.target)
    assert np.abs(samples_after - samples).max() <= (2**-15 if "wma" in options["sound"] else 0)
    # MPEG's clocks stand anywhere when they begin, and MKV counts milliseconds from the beginning.
    with av.open(str(clip)) as reader:
        start = reader.start_time / 1e6 if reader.format.name == "mpeg" else 0
    assert start == pytest.approx(options.get("begins", start), abs=1)
    times = [float(time) - start for time in before["times"]]
    assert list(map(float, after["times"])) == pytest.approx(times, abs=1e-3)
    assert heard_after[0] == pytest.approx(heard[0] - start, abs=1e-3)
    assert 0 < heard_after[0] + samples.shape[1] / 48000 - heard_after[-1] < 0.1
    assert after["length"] / 1e6 == pytest.approx(max(times) + 1 / float(NTSC), abs=0.1)
    difference = VideoFile(task.target).frame(3) - VideoFile(clip).frame(3)
    assert np.abs(difference.mean(axis=(0, 1))).max() < 1.5 / 255
    assert np.sqrt((difference**2).mean()) < 4 / 255


@pytest.mark.parametrize(
    ("colourspace", "colour_range"), [(BT601, LIMITED), (BT709, LIMITED), (BT709, FULL), (BT601, FULL)]
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


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["12:30.mp4", "concat:a.mp4"])
def test_names_that_mean_other_things_to_ffmpeg(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    make_clip(Path("a.mp4"), frames=2)
    make_clip(Path("clip.mp4"), frames=5).rename(name)
    video = VideoFile(name)
    assert video.frames == 5
    video.write(f"out:{name}", unchanged)
    assert sorted(os.listdir()) == sorted(["a.mp4", name, f"out:{name}"])
    assert VideoFile(f"out:{name}").frames == 5


def test_restored_frames_are_written(tmp_path, out):
    clip = make_clip(tmp_path / "clip.mp4")
    video = VideoFile(clip)
    video.write(out / "clip.mp4", lambda rgb: 1 - rgb)
    written = VideoFile(out / "clip.mp4").frame(5)
    assert np.sqrt(((1 - video.frame(5) - written) ** 2).mean()) < 4 / 255


@pytest.mark.parametrize("colour_range", [LIMITED, FULL])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p10le"])
def test_colours_survive_the_way_to_rgb_and_back(pixel_format, colour_range):
    codes = av.VideoFrame.from_ndarray((picture(0) * 255).round().astype(np.uint8)).reformat(
        format=pixel_format, dst_colorspace=BT709, dst_color_range=colour_range
    )
    codes.colorspace, codes.color_range = BT709, colour_range
    colours = VideoColours(codes)
    rgb = colours.to_rgb(codes)
    again = colours.to_rgb(colours.from_rgb(rgb, pixel_format))
    assert np.abs((again - rgb).mean(axis=(0, 1))).max() < 0.3 / 255
    assert np.abs(again - rgb).max() < 4 / 255


def test_codecs_that_are_not_written_become_h264_and_odd_sizes_keep_all_pixels(tmp_path, out):
    clip = tmp_path / "clip.avi"
    with av.open(str(clip), "w") as writer:
        video = writer.add_stream("mjpeg", rate=25)
        video.width, video.height, video.pix_fmt = 33, 21, "yuvj420p"
        for _ in range(3):
            rgb = av.VideoFrame.from_ndarray(np.full((21, 33, 3), 128, np.uint8))
            writer.mux(video.encode(rgb.reformat(format="yuvj420p")))
        writer.mux(video.encode())
    VideoFile(clip).write(out / "clip.avi", unchanged)
    assert facts(out / "clip.avi")["streams"] == [("video", "h264")]
    assert VideoFile(out / "clip.avi").frame(1).shape == (21, 33, 3)


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("clip.webm", "libvpx-vp9", "yuv420p"),
        ("clip.mkv", "libsvtav1", "yuv420p10le"),
        ("clip.mp4", "libx264", "yuv444p"),
    ],
)
def test_odd_sizes_keep_their_pixel_format(tmp_path, out, name, codec, pixel_format):
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    clip = tmp_path / name
    with av.open(str(clip), "w") as writer:
        video = writer.add_stream(codec, rate=25, options={"crf": "8"})
        video.width, video.height, video.pix_fmt = 67, 49, pixel_format
        with priorities_kept():
            video.codec_context.open()
        for number in range(3):
            rgb = cv2.resize(picture(number), (67, 49))
            frame = av.VideoFrame.from_ndarray((rgb * 255).round().astype(np.uint8))
            writer.mux(video.encode(frame.reformat(format=pixel_format)))
        writer.mux(video.encode())
    VideoFile(clip).write(out / name, unchanged)
    assert facts(out / name)["pixels"] == pixel_format
    difference = VideoFile(out / name).frame(1) - VideoFile(clip).frame(1)
    assert difference.shape == (49, 67, 3)
    assert np.sqrt((difference**2).mean()) < 4 / 255


def test_subtitles_and_chapters_stay_and_cover_pictures_are_told_of(tmp_path, out):
    made = make_clip(tmp_path / "made.mkv")
    clip = tmp_path / "clip.mkv"
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:00,300\nHello\n")
    chapters = [
        {"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000), "metadata": {"title": "First"}}
    ]
    with av.open(str(made)) as reader, av.open(str(words)) as text, av.open(str(clip), "w") as writer:
        writer.set_chapters(chapters)
        writer.add_attachment("cover.txt", "text/plain", b"a cover")
        outputs = {
            stream: writer.add_stream_from_template(stream, opaque=True)
            for source in (reader, text)
            for stream in source.streams
        }
        for packet in itertools.chain(reader.demux(), text.demux()):
            if packet.size:
                packet.stream = outputs[packet.stream]
                writer.mux(packet)
    video = VideoFile(clip)
    assert video.left_out == {"attachment"}
    video.write(out / "clip.mkv", unchanged)
    with av.open(str(out / "clip.mkv")) as reader:
        assert reader.chapters()[0]["metadata"] == {"title": "First"}
        (packet,) = [packet for packet in reader.demux(subtitles=0) if packet.size]
        assert bytes(packet) == b"Hello"


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [("clip.mov", "png", "rgba"), ("clip.webm", "libvpx-vp9", "yuva420p")],
)
def test_alpha_is_told_of(tmp_path, out, name, codec, pixel_format):
    clip = make_clip(tmp_path / name, codec, pixel_format, sound=None, frames=3, options={})
    video = VideoFile(clip)
    assert video.left_out == {"alpha"}
    video.write(out / name, unchanged)
    assert VideoFile(out / name).left_out == set()


def test_hdr_metadata_are_told_of(tmp_path, weights, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    display = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    make_clip(
        Path("clip.mkv"),
        codec="libx265",
        pixel_format="yuv420p10le",
        colourspace=BT2020,
        options={"x265-params": f"{IN_ORDER['x265-params']}:{display}:max-cll=1000,400"},
        sound=None,
        frames=2,
    )
    with pytest.raises(SystemExit):
        main(["clip.mkv", "-o", "out", "--weights", str(weights), "--device", "cpu"])
    shown = capsys.readouterr()
    assert shown.out.startswith("out: 1 restored"), shown.err
    assert "note: clip.mkv also holds what is left out: HDR metadata.\n" in shown.err
    assert VideoFile("out/clip.mkv").left_out == set()


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="only Linux tells")
def test_av1_takes_no_priority_over_other_programs(tmp_path, out):
    clip = make_clip(tmp_path / "clip.mp4", "libsvtav1", sound=None, frames=2, options={})
    policies = {os.sched_getscheduler(0)}

    def note_policies(rgb):
        policies.update(os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task"))
        return rgb

    VideoFile(clip).write(out / "clip.mp4", note_policies)
    assert len(policies) == 1


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="only Linux tells")
def test_priorities_are_kept_by_an_encoder_that_does_not_open():
    policy = os.sched_getscheduler(0)

    def open_encoder():
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        raise av.ArgumentError(22, "Invalid argument")

    with pytest.raises(av.ArgumentError), priorities_kept():
        open_encoder()
    assert os.sched_getscheduler(0) == policy


@pytest.mark.parametrize(("frames", "reordered"), [(1, False), (2, False), (3, True)])
def test_too_few_frames_are_not_reordered(tmp_path, out, frames, reordered):
    clip = make_clip(tmp_path / "clip.mp4", "libx265", sound=None, frames=frames, options=IN_ORDER)
    VideoFile(clip).write(out / "clip.mp4", unchanged)
    with av.open(str(out / "clip.mp4")) as reader:
        assert sum(1 for _ in reader.decode(video=0)) == frames
        assert reader.streams.video[0].codec_context.has_b_frames == reordered


def in_front(clip: Path) -> Path:
    """The clip with its index before its frames, as on the web."""
    path = clip.with_name("front.mp4")
    with av.open(str(clip)) as reader:
        options = {"movflags": "faststart"}
        with av.open(str(path), "w", container_options=options) as writer:
            outputs = [writer.add_stream_from_template(stream, opaque=True) for stream in reader.streams]
            for packet in reader.demux():
                if packet.size:
                    packet.stream = outputs[packet.stream.index]
                    writer.mux(packet)
    return path


def test_a_video_that_is_cut_off_is_not_written_in_part(tmp_path, out):
    front = in_front(make_clip(tmp_path / "clip.mp4", frames=40))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(front.read_bytes()[: front.stat().st_size * 3 // 4])
    video = VideoFile(cut)
    with pytest.raises(InputError, match=r"cut\.mp4 is cut off after \d+ frames; copy or download it again"):
        video.write(out / "cut.mp4", unchanged)
    assert os.listdir(out) == []


def test_program_streams_that_are_cut_off_or_joined(tmp_path, out):
    clip = make_clip(tmp_path / "clip.mpg", "mpeg2video", sound=None, frames=40, options={"qmax": "2"})
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) * 3 // 4])
    with pytest.raises(InputError, match=r"clip\.mpg is cut off after \d+ frames; copy or download it again"):
        VideoFile(clip).write(out / "clip.mkv", unchanged)
    later = make_clip(tmp_path / "later.mpg", "mpeg2video", sound=None, options={}, begins=600).read_bytes()
    for joined, frames in ((content + content, 40), (later + content, FRAMES)):
        clip.write_bytes(joined)
        with pytest.raises(
            InputError, match=rf"clip\.mpg goes back in time after {frames} frames, .*; convert it to"
        ):
            VideoFile(clip).write(out / "clip.mkv", unchanged)
    assert os.listdir(out) == []


@pytest.mark.parametrize("suffix", [".mkv", ".mxf"])
def test_a_video_that_ends_early_without_a_word_is_told_of(tmp_path, weights, monkeypatch, capsys, suffix):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Deblurrer, "restore", lambda self, image: image)
    whole, cut = Path(f"whole{suffix}"), Path(f"cut{suffix}")
    content = make_clip(whole, sound=None, frames=90).read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    with pytest.raises(SystemExit):
        main([whole.name, cut.name, "-o", "out", "--weights", str(weights), "--device", "cpu"])
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert len(notes) == 1
    assert re.match(
        rf"note: cut\{suffix} ends [12] s before the end that it states; if it was cut off", notes[0]
    )


def test_a_video_that_no_longer_states_its_length_is_told_of(tmp_path, weights, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Deblurrer, "restore", lambda self, image: image)
    content = make_clip(Path("whole.wmv"), "wmv2", sound=None, options={}).read_bytes()
    Path("cut.wmv").write_bytes(content[: len(content) // 2])
    with pytest.raises(SystemExit):
        main(["whole.wmv", "cut.wmv", "-o", "out", "--weights", str(weights), "--device", "cpu"])
    told = capsys.readouterr().err
    assert "note: cut.wmv does not state how long it is; if it was cut off, copy or download it" in told
    assert "whole.wmv does not state" not in told


def save_sound(path):
    with av.open(str(path), "w") as writer:
        audio = writer.add_stream("aac", rate=48000)
        silence = av.AudioFrame.from_ndarray(
            np.zeros((2, SAMPLES), np.float32), format="fltp", layout="stereo"
        )
        silence.sample_rate, silence.pts = 48000, 0
        writer.mux(audio.encode(silence))
        writer.mux(audio.encode())


BAD_FILES = {
    "empty.mp4": (lambda path: path.touch(), "is not a readable video"),
    "text.mp4": (lambda path: path.write_text("Hello"), "is not a readable video"),
    "missing.mp4": (lambda path: None, r"is not a readable video \(No such file or directory\)"),
    "sound.mp4": (save_sound, "holds no pictures; copy"),
    "old.mkv": (
        lambda path: make_clip(path, options={"x264-params": "interlaced=1"}),
        "is interlaced; deinterlace it first",
    ),
    "camcorder.mpg": (
        lambda path: make_clip(path, "mpeg2video", sound=None, options={"flags": "+ildct+ilme"}),
        "is interlaced; deinterlace it first",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_in_a_sentence(tmp_path, name):
    make, message = BAD_FILES[name]
    make(tmp_path / name)
    with pytest.raises(InputError, match=rf"^{tmp_path}/{name} {message}"):
        VideoFile(tmp_path / name)


def test_what_the_container_cannot_hold(tmp_path, out):
    clip = make_clip(tmp_path / "clip.mkv", codec="libvpx-vp9", sound=None).rename(tmp_path / "clip.3gp")
    with pytest.raises(InputError, match=r"out/clip\.3gp cannot hold what .*/clip\.3gp holds .*; convert"):
        VideoFile(clip).write(out / "clip.3gp", lambda rgb: rgb)
    assert os.listdir(out) == []


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_frames_keep_their_times_in_every_container(tmp_path, out, suffix):
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    clip = make_clip(tmp_path / "clip.mp4", codec, sound=None, options={"bf": "0"})
    before = facts(clip)["times"]
    clip = clip.rename(tmp_path / f"clip{suffix}")
    (task,) = find_tasks([clip], out).tasks
    VideoFile(clip).write(task.target, unchanged)
    if suffix == ".avi":  # packets are numbered, and decoders that wait tell the number of the one after
        with av.open(str(task.target)) as reader:
            after = [packet.dts * packet.time_base for packet in reader.demux(video=0) if packet.size]
    else:
        after = facts(task.target)["times"]
    assert list(map(float, after)) == pytest.approx(list(map(float, before)), abs=1e-3)


def test_an_error_in_the_middle_leaves_nothing(tmp_path, out):
    video = VideoFile(make_clip(tmp_path / "clip.mp4"))
    frames = []

    def fail(rgb):
        frames.append(rgb)
        if len(frames) == 5:
            raise InputError("no")
        return rgb

    with pytest.raises(InputError, match=r"^no$"):
        video.write(out / "clip.mp4", fail)
    assert os.listdir(out) == []


@pytest.mark.skipif(os.name != "posix", reason="only POSIX limits the size of files")
def test_a_full_disk(tmp_path, out):
    import resource

    video = VideoFile(make_clip(tmp_path / "clip.mp4", frames=60))
    noise = np.random.default_rng(0)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        # To the process, a file that may not grow is what a full disk is.
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, unlimited[1]))
        with pytest.raises(
            InputError, match=r"out/clip\.mp4 cannot be written \(File too large; .*; make room"
        ):
            video.write(out / "clip.mp4", lambda rgb: noise.random(rgb.shape, np.float32))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert os.listdir(out) == []


def test_the_command_restores_videos(tmp_path, weights, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_clip(Path("in.mp4"))
    for counts in ("1 restored, 0 skipped", "0 restored, 1 skipped"):
        with pytest.raises(SystemExit) as exited:
            main(["in.mp4", "-o", "out", "--weights", str(weights), "--compare", "--device", "cpu"])
        assert exited.value.code == 0
        assert counts in capsys.readouterr().out
    before, after = facts(Path("in.mp4")), facts(Path("out/in.mp4"))
    assert after == before
    assert sound_of(Path("out/in.mp4")) == sound_of(Path("in.mp4"))
    frame = VideoFile("in.mp4").frame(5)
    restored = Deblurrer(weights, device="cpu").restore(frame)
    written = VideoFile("out/in.mp4").frame(5)
    assert np.sqrt(((written - restored) ** 2).mean()) < np.sqrt(((written - frame) ** 2).mean()) / 2
    assert Image.open("out/in.mp4.compare.jpg").size == (2 * WIDTH + 2, HEIGHT)


def test_the_command_makes_mkv_of_wmv(tmp_path, weights, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    make_clip(Path("in/Clip.WMV"), "wmv2", sound="wmav2", options={})
    note = "note: in/Clip.WMV becomes out/Clip.mkv, for WMV would not keep the times of its frames.\n"
    for counts, notes in (("1 restored, 0 skipped", 1), ("0 restored, 1 skipped", 0)):
        with pytest.raises(SystemExit) as exited:
            main(["in", "-o", "out", "--weights", str(weights), "--compare", "--device", "cpu"])
        shown = capsys.readouterr()
        assert exited.value.code == 0, shown.err
        assert counts in shown.out
        assert shown.err.count(note) == shown.err.count("note: ") == notes
    assert sorted(os.listdir("out")) == [LEDGER, "Clip.mkv", "Clip.mkv.compare.jpg"]
    assert Image.open("out/Clip.mkv.compare.jpg").size == (2 * WIDTH + 2, HEIGHT)
    make_clip(Path("in/Clip.WMV"), "wmv2", sound=None, options={})
    with pytest.raises(SystemExit) as exited:
        main(["in", "-o", "out", "--weights", str(weights), "--device", "cpu"])
    assert exited.value.code == 1
    assert "error: out/Clip.mkv is there already, but was not made of in/Clip.WMV as it is now" in (
        capsys.readouterr().err
    )


def test_without_pyav(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "fcn_plugin.inference.video_file")
    with pytest.raises(InputError, match="Videos need PyAV; install it by: pip install av"):
        importlib.import_module("fcn_plugin.inference.video_file")
