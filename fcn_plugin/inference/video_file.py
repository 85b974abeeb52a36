"""Videos: files with all that they hold beside their pictures. Needs PyAV, of the extra ``video``."""

import array
import contextlib
import itertools
import os
from collections.abc import Callable, Container, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from fcn_plugin.errors import InputError
from fcn_plugin.files import cannot_be_written, whole_file

try:
    import av
except ImportError as error:
    raise InputError("Videos need PyAV; install it by: pip install av") from error

from av.codec.context import Flags
from av.stream import Disposition

from fcn_plugin.inference.video_colours import VideoColours

# By FFmpeg's names of codecs: what encodes a stream again, at a quality that hardly shows.
_ENCODERS = {
    "h264": ("libx264", {"crf": "16"}),
    "hevc": ("libx265", {"crf": "18", "x265-params": "log-level=error"}),
    "vp9": ("libvpx-vp9", {"crf": "20", "b": "0", "row-mt": "1"}),
    "av1": ("libsvtav1", {"crf": "20"}),
}
# The new file says these of itself.
_OF_THE_FILE = {"major_brand", "minor_version", "compatible_brands", "encoder", "ENCODER"}

# By FFmpeg's names of the containers that it writes:
_REORDERING = {"mp4", "ipod", "mov", "3gp", "3g2", "matroska", "webm"}
"""Those that keep times of frames that are stored in another order than shown; others shift or mix them."""
# By its names of those that it reads:
_FROM_ANY_TIME = {"mpeg", "mpegts"}
"""Those whose clock stands anywhere when they begin."""
_CLOCK = 2**33 / 90000
"""After so many seconds it starts again."""

_FEWEST_TO_REORDER = 3
"""Of fewer frames x265 gives times of decoding that it never set, which no container takes."""
_THREADS = Path("/proc/self/task")
"""Where Linux lists those of this process."""
_ALPHA = "alpha_mode"
"""What the metadata of a stream with alpha has in WebM and MKV."""
_BESIDE_FRAMES = {
    "MASTERING_DISPLAY_METADATA": "HDR metadata",
    "CONTENT_LIGHT_LEVEL": "HDR metadata",
    "DYNAMIC_HDR_PLUS": "HDR metadata",
    "DOVI_METADATA": "HDR metadata",
    "A53_CC": "closed captions",
    "SPHERICAL": "360° metadata",
    "STEREO3D": "3D metadata",
}
"""By PyAV's names of what frames are accompanied by, and encoders are not handed: what to call it."""


class VideoFile:
    """A video, and what to write the restored one with.

    Args:
        path: Any container and codec that FFmpeg reads.

    Attributes:
        frames: How many there are, as the file says or its length suggests; 0 where it says nothing.
        size: Height and width in pixels, as stored.
        left_out: What `write` leaves out, by kind: tracks (cover pictures are ``video``, others ``data`` or
            ``attachment``), ``alpha``, and what accompanies the first frame, such as ``HDR metadata``.

    Raises:
        InputError: There is no such file, it has no pictures, they cannot be decoded, or are interlaced.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        with self._opened() as reader:
            video = self._video_of(reader)
            self._rate = video.guessed_rate or video.average_rate or Fraction(25)
            first = next(self._frames_of(reader), None)
            if first is None:
                raise InputError(f"{path} holds no pictures; copy or download it again.")
            if first.interlaced_frame:
                raise InputError(f"{path} is interlaced; deinterlace it first, by ffmpeg -vf bwdif say.")
            self.size = first.height, first.width
            self.frames = video.frames or round((reader.duration or 0) / av.time_base * self._rate)
            self._colours = VideoColours(first)
            matrix = first.side_data.get("DISPLAYMATRIX")
            self._matrix = None if matrix is None else array.array("i", bytes(matrix))
            self.left_out = {
                stream.type for stream in reader.streams if stream is not video and not _is_kept(stream)
            }
            # WebM's alpha is beside the pictures, and FFmpeg's own decoders pass over it.
            if _ALPHA in video.metadata or any(part.is_alpha for part in first.format.components):
                self.left_out.add("alpha")
            self.left_out |= {kind for name, kind in _BESIDE_FRAMES.items() if first.side_data.get(name)}

    def write(
        self,
        path: str | os.PathLike,
        restore: Callable[[np.ndarray], np.ndarray],
        on_frame: Callable[[], object] = lambda: None,
        when_whole: Callable[[Path], object] = lambda beside: None,
    ) -> float | None:
        """Writes the restored video, holding a few frames at a time.

        Frames keep their times, so that varying frame rates stay, and are restored as stored: a rotation
        stays metadata. Sound and subtitles are copied as they are. Chapters, metadata, aspect ratio, colour
        spaces and pixel formats stay too. H.264, HEVC, VP9 and AV1 stay what they are; other codecs become
        H.264, or VP9 in WebM. Sound that MKV cannot hold becomes FLAC there. In MKV, times that count from
        anywhere (MPEG's) count from the beginning.

        Args:
            path: The file, which appears whole or not at all. Its suffix says what container it is, which
                must be one that keeps the times of H.264's frames; `fcn_plugin.inference.tasks` names them.
            restore: Takes and returns float32 (height, width, 3), RGB in [0, 1].
            on_frame: Called after each frame.
            when_whole: As `fcn_plugin.files.whole_file` has it.

        Returns:
            How many seconds before the end that the file states it ends, 0 or more; None where it states
            none. In MKV, WebM, MXF, WMV and ASF nothing else tells of a file that was cut off.

        Raises:
            InputError: The video is truncated or damaged, or cannot be written. What `restore` raises goes
                through.
        """
        try:
            with (
                whole_file(path, when_whole) as beside,
                self._opened() as reader,
                av.open(
                    _url_of(beside), "w", container_options=_container_options(beside, _beginning(reader))
                ) as writer,
            ):
                outputs = self._add_streams(path, writer, reader)
                encoders = {
                    index: output for index, output in outputs.items() if output.codec_context.is_encoder
                }
                end = 0.0
                for index, unit in self._units_of(reader, encoders):
                    end = max(end, float(((unit.pts or 0) + (unit.duration or 0)) * unit.time_base))
                    if isinstance(unit, av.Packet):
                        unit.stream = outputs[index]
                        writer.mux(unit)
                    elif isinstance(unit, av.AudioFrame):
                        writer.mux(encoders[index].encode(unit))
                    else:
                        writer.mux(encoders[index].encode(self._restored(unit, encoders[index], restore)))
                        on_frame()
                for encoder in encoders.values():
                    writer.mux(encoder.encode())
                if reader.duration is None:
                    return None
                return max(reader.duration / av.time_base - end, 0.0)
        except (av.FFmpegError, OSError) as error:
            raise cannot_be_written(path, error) from error

    def frame(self, number: int) -> np.ndarray:
        """A frame, or the last where there are fewer, (height, width, 3), RGB, float32 in [0, 1], upright."""
        with self._opened() as reader:
            for frame in itertools.islice(self._frames_of(reader), number + 1):
                shown = frame
            return np.rot90(self._colours.to_rgb(shown), round(shown.rotation / 90))

    def _restored(
        self, frame: av.VideoFrame, encoder: av.VideoStream, restore: Callable[[np.ndarray], np.ndarray]
    ) -> av.VideoFrame:
        rgb = restore(self._colours.to_rgb(frame))
        restored = self._colours.from_rgb(rgb, encoder.codec_context.pix_fmt)
        restored.pts, restored.time_base, restored.duration = frame.pts, frame.time_base, frame.duration
        return restored

    def _add_streams(
        self,
        path: str | os.PathLike,
        writer: av.container.OutputContainer,
        reader: av.container.InputContainer,
    ) -> dict[int, av.stream.Stream]:
        """Makes the streams of the new file, and all of its metadata; by their numbers in the old one."""
        video, outputs = self._video_of(reader), {}
        try:
            for stream in reader.streams:
                if stream is video:
                    outputs[stream.index] = self._add_encoder(writer, stream)
                elif _is_kept(stream):
                    outputs[stream.index] = _add_beside(writer, stream)
        except ValueError as error:
            raise InputError(
                f"{path} cannot hold what {self.path} holds ({error}); convert that to MP4 or MKV."
            ) from error
        for index, output in outputs.items():
            output.metadata.update(
                {key: value for key, value in reader.streams[index].metadata.items() if key != _ALPHA}
            )
            output.disposition = reader.streams[index].disposition
        writer.metadata.update(
            {key: value for key, value in reader.metadata.items() if key not in _OF_THE_FILE}
        )
        writer.set_chapters(reader.chapters())
        return outputs

    def _add_encoder(self, writer: av.container.OutputContainer, video: av.VideoStream) -> av.VideoStream:
        codec = video.codec_context.codec.canonical_name
        if codec not in _ENCODERS:
            codec = "vp9" if writer.format.name == "webm" else "h264"
        name, options = _ENCODERS[codec]
        output = writer.add_stream(name, rate=self._rate, options=options)
        encoder = output.codec_context
        if writer.format.name not in _REORDERING or 0 < self.frames < _FEWEST_TO_REORDER:
            encoder.max_b_frames = 0
        encoder.height, encoder.width = self.size
        encoder.time_base = video.time_base
        encoder.flags |= Flags.frame_duration  # or the last frame's is lost
        if video.sample_aspect_ratio:
            encoder.sample_aspect_ratio = video.sample_aspect_ratio
        if codec == "hevc" and writer.format.name in ("mp4", "mov"):
            encoder.codec_tag = "hvc1"  # the only one that Apple's players know
        self._colours.set_up(encoder)
        output.set_display_matrix(self._matrix)
        with priorities_kept():
            encoder.open()
        return output

    def _units_of(
        self, reader: av.container.InputContainer, decoded: Container[int]
    ) -> Iterator[tuple[int, av.VideoFrame | av.AudioFrame | av.Packet]]:
        """The number of a stream and a frame of it, where it is among ``decoded``, or else a packet.

        They are those of the video and of the streams that are written beside it, in the order of the file.
        """
        video = self._video_of(reader)
        streams = [stream for stream in reader.streams if stream is video or _is_kept(stream)]
        number, shown, heard_until = 0, 0.0, {}
        with self._one_sentence():
            for packet in reader.demux(streams):
                index = packet.stream.index
                if packet.is_corrupt:
                    raise InputError(
                        f"{self.path} is cut off after {number} frames; copy or download it again."
                    )
                if index not in decoded:
                    if packet.size:  # the last is an empty one
                        yield index, packet
                elif index == video.index:
                    for frame in packet.decode():
                        if frame.pts is None or reader.format.name == "avi":  # whose frames are numbered only
                            frame.pts = round(number / self._rate / frame.time_base)
                        # Where an MPEG clock goes back, FFmpeg takes it for having started again.
                        if number and not 0 <= frame.time - shown < _CLOCK / 2:
                            raise InputError(
                                f"{self.path} goes back in time after {number} frames, as where videos were "
                                "joined; convert it to MP4 or MKV, by ffmpeg say."
                            )
                        number, shown = number + 1, frame.time
                        yield index, frame
                else:
                    for heard in packet.decode():
                        if heard.pts is None:  # as of what the decoder keeps until the end
                            heard.pts, heard.time_base = heard_until.get(index, (0, packet.time_base))
                        length = round(heard.samples / heard.sample_rate / heard.time_base)
                        heard_until[index] = heard.pts + length, heard.time_base
                        yield index, heard

    def _frames_of(self, reader: av.container.InputContainer) -> Iterator[av.VideoFrame]:
        units = self._units_of(reader, {self._video_of(reader).index})
        return (unit for _, unit in units if isinstance(unit, av.VideoFrame))

    def _video_of(self, reader: av.container.InputContainer) -> av.VideoStream:
        for video in reader.streams.video:
            if not video.disposition & Disposition.attached_pic:
                video.thread_type = "AUTO"
                return video
        raise InputError(f"{self.path} holds no pictures; copy or download it again.")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[av.container.InputContainer]:
        with self._one_sentence():
            reader = av.open(_url_of(self.path))
        with reader:
            yield reader

    @contextlib.contextmanager
    def _one_sentence(self) -> Iterator[None]:
        try:
            yield
        except av.FFmpegError as error:
            raise InputError(
                f"{self.path} is not a readable video ({error.strerror}); convert it, or copy it again."
            ) from error


@contextlib.contextmanager
def priorities_kept() -> Iterator[None]:
    """Leaves every thread with the policy that the caller is scheduled by.

    For root SVT-AV1 gives its threads, and the one that opens it, the highest priority of real time: the
    network would run on at that, and nothing else on the computer would.
    """
    if not _THREADS.exists():
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        for thread in map(int, os.listdir(_THREADS)):
            with contextlib.suppress(ProcessLookupError):  # it has ended
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, parameters)


def _url_of(path: Path) -> str:
    """What FFmpeg opens the file of that name by, be it one that means another to it: ``concat:a.mp4``."""
    return f"file:{path}"


def _beginning(reader: av.container.InputContainer) -> int:
    """What a clock that stands anywhere when it begins stands at then, in microseconds; 0 for others."""
    return (reader.start_time or 0) if reader.format.name in _FROM_ANY_TIME else 0


def _is_kept(stream: av.stream.Stream) -> bool:
    # FFmpeg has no codec context for kinds of sound that it does not know, and cannot write them.
    return stream.type in ("audio", "subtitle") and stream.codec_context is not None


def _add_beside(writer: av.container.OutputContainer, stream: av.stream.Stream) -> av.stream.Stream:
    """Makes the stream that sound or subtitles go to, be it as FLAC."""
    try:
        return writer.add_stream_from_template(stream, opaque=True)
    except ValueError:
        if stream.type != "audio" or writer.format.name != "matroska":
            raise
    output = writer.add_stream("flac", rate=stream.codec_context.sample_rate)
    output.codec_context.layout = stream.codec_context.layout
    # Sound of floating point is lossy already; 16 bits are below what that has lost.
    deep = stream.codec_context.format.name.startswith("s32")
    output.codec_context.format = "s32" if deep else "s16"
    return output


def _container_options(path: Path, beginning: int) -> dict[str, str]:
    suffix = path.suffix.lower()
    if suffix == ".mkv":  # whose length counts from 0
        return {"output_ts_offset": f"{-beginning}us"}
    if suffix in (".mp4", ".m4v", ".mov"):  # which leave out metadata that FFmpeg does not know
        return {"movflags": "use_metadata_tags"}
    return {}
