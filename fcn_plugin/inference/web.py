"""The web page: drop a photograph, compare it with the restored one, download that."""

import contextlib
import math
import os
import socket
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from fcn_plugin.errors import InputError
from fcn_plugin.files import write_atomically
from fcn_plugin.inference.deblurrer import Deblurrer
from fcn_plugin.inference.image_file import DAMAGED, READABLE, read_image, turn_upright
from fcn_plugin.inference.image_formats import encode_by_pillow
from fcn_plugin.inference.images import to_uint8

try:
    import gradio as gr
except ModuleNotFoundError as error:
    raise InputError(
        f"the web page needs {error.name}, which is not installed: run `pip install gradio`"
    ) from error

EXAMPLES = Path(__file__).parent / "examples"
MINUTES_KEPT = 60
"""How long photographs and results lie on the server at most."""
# Level 1 takes a tenth of the time of level 9, and a little more space.
PNG_COMPRESSION = 1
NO_UPLOAD = "Upload the photograph itself, not its address."

ABOUT = """\
# Deblur a photograph

Drop a photograph of up to {megapixels:g} megapixels and {megabytes:g} MB. Drag the line to compare; scroll or
pinch to zoom. Photographs stay on the computer that serves this page, for {minutes} minutes at most.
"""
# A page of readable width, and predictions of their own shape instead of squares, large enough on a phone.
STYLE = """
.gradio-container { max-width: 1280px !important; margin: auto !important; }
#stages .thumbnail-lg { aspect-ratio: auto; }
@media (max-width: 640px) { #stages .grid-container { grid-template-columns: 1fr; } }
"""


class Limits(NamedTuple):
    """What the page refuses.

    Attributes:
        megapixels: Photographs of more are not even decoded.
        megabytes: Files of more are not taken.
        waiting: So many may wait for their turn.
    """

    megapixels: float = 16
    megabytes: float = 32
    waiting: int = 20


LIMITS = Limits()


class Photograph(NamedTuple):
    """A photograph, and what its PNG files need.

    Attributes:
        rgb: float32 (H, W, 3), RGB in [0, 1], upright.
        channels: Of colour in the file, 1 or 3.
        icc_profile: Of colours in so many channels, where the file has one.
    """

    rgb: np.ndarray
    channels: int
    icc_profile: bytes | None


def read_photograph(path: Path, megapixels: float) -> Photograph:
    """Reads an uploaded file, after a look at the size that its header states.

    Raises `InputError` when it is no photograph or has more than ``megapixels``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=READABLE) as header:
                width, height = header.size
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{path} has far more than the {megapixels:g} megapixels allowed here: scale it down or cut it"
        ) from error
    except DAMAGED as error:
        raise InputError(
            f"{path} is no photograph that can be read here: use JPEG, PNG, TIFF, WebP, AVIF or BMP"
        ) from error
    if width * height > megapixels * 1e6:
        raise InputError(
            f"{path} has {width}×{height} pixels, more than the {megapixels:g} megapixels allowed here: "
            "scale it down or cut it"
        )
    image = read_image(path)
    return Photograph(turn_upright(image.rgb, image.orientation), image.pixels.shape[2], image.colour_profile)


class Restoration:
    """What happens to an upload: from gradio's value of one component to those of others."""

    def __init__(self, deblur: Deblurrer, limits: Limits, folder: Path):
        self.deblur = deblur
        self.limits = limits
        self.folder = folder

    def compare(self, upload: dict[str, Any] | None) -> Iterator[tuple]:
        """The pair before and after, the file to download, what is to be said, and no stages.

        First nothing: what is refused must not leave the results of another photograph.
        """
        yield None, gr.DownloadButton(value=None, interactive=False), "", None
        if upload is None:
            return
        path = self._file_of(upload)
        with _errors_on_the_page(path):
            photograph = read_photograph(path, self.limits.megapixels)
            start = time.perf_counter()
            restored = self.deblur.restore(photograph.rgb)
            seconds = time.perf_counter() - start
            before = self._write(f"{path.stem}.png", photograph)
            after = self._write(f"{path.stem}_deblurred.png", photograph._replace(rgb=restored))
        height, width = restored.shape[:2]
        said = f"{width} × {height} pixels, restored in {seconds:.1f} s"
        yield (before, after), gr.DownloadButton(value=after, interactive=True), said, None

    def stages(self, upload: dict[str, Any] | None) -> list[tuple[np.ndarray, str]]:
        """Every stage's prediction, and its name."""
        if upload is None:
            raise gr.Error("Drop a photograph first.", print_exception=False)
        path = self._file_of(upload)
        with _errors_on_the_page(path):
            photograph = read_photograph(path, self.limits.megapixels)
            predictions = self.deblur.stages(photograph.rgb)
        names = [f"Stage {number}" for number in range(len(predictions))]
        names[-1] += ", the answer"
        return [(to_uint8(image), name) for image, name in zip(predictions, names, strict=True)]

    def _file_of(self, upload: dict[str, Any]) -> Path:
        """Where an upload or an example lies.

        Of values that a caller of the API does not mark as files, gradio does not look where they lie.
        """
        path = Path(upload["path"] or "").resolve()
        if not any(path.is_relative_to(folder.resolve()) for folder in (self.folder, EXAMPLES)):
            raise gr.Error(NO_UPLOAD, print_exception=False)
        return path

    def _write(self, name: str, photograph: Photograph) -> str:
        """Writes it as PNG, grey in one channel, since that is what profiles of grey are for."""
        rgb = photograph.rgb
        pixels = to_uint8(rgb.mean(axis=2) if photograph.channels == 1 else rgb.copy())
        options = {"icc_profile": photograph.icc_profile, "compress_level": PNG_COMPRESSION}
        path = self.folder / uuid.uuid4().hex / name
        try:
            write_atomically(path, encode_by_pillow(pixels, "PNG", options))
        except InputError as error:  # names the server's folders
            raise InputError(
                f"{name} cannot be kept, because the server's disk is full or takes no files: tell its owner"
            ) from error
        return str(path)


def build_page(deblur: Deblurrer, limits: Limits = LIMITS) -> gr.Blocks:
    """The page, not yet served."""
    gr.set_static_paths([EXAMPLES])  # copies of them would be deleted with the users' photographs
    with gr.Blocks(
        title="Deblur", analytics_enabled=False, delete_cache=(60, 60 * (MINUTES_KEPT - 1))
    ) as page:
        restoration = Restoration(deblur, limits, Path(page.GRADIO_CACHE))
        gr.Markdown(ABOUT.format(minutes=MINUTES_KEPT, **limits._asdict()))
        with gr.Row():
            with gr.Column(scale=1, min_width=320):
                photo = gr.Image(label="Photograph", sources=["upload", "clipboard"], height=320)
                gr.Examples([[str(path)] for path in sorted(EXAMPLES.glob("*.jpg"))], photo, label="Examples")
            with gr.Column(scale=2, min_width=320):
                slider = gr.ImageSlider(label="Before and after", max_height=640, buttons=["fullscreen"])
                said = gr.Markdown()
                download = gr.DownloadButton("Download the result", variant="primary", interactive=False)
        with gr.Accordion("Stage by stage", open=False):
            show_stages = gr.Button("Show the predictions")
            gallery = gr.Gallery(
                show_label=False, elem_id="stages", columns=2, height="max-content", format="png"
            )
        gr.Markdown(_describe(deblur))

        _refuse_addresses(photo)
        # Not preprocessed: gradio would decode the photograph before its size is looked at.
        one_at_a_time = {"preprocess": False, "concurrency_limit": 1, "concurrency_id": "network"}
        results = [slider, download, said, gallery]
        photo.change(
            restoration.compare,
            photo,
            results,
            api_name="restore",
            show_progress_on=slider,
            **one_at_a_time,
        )
        show_stages.click(restoration.stages, photo, gallery, api_name="stages", **one_at_a_time)
    return page.queue(max_size=limits.waiting)


@contextlib.contextmanager
def open_page(
    deblur: Deblurrer, host: str = "127.0.0.1", port: int | None = None, limits: Limits = LIMITS
) -> Iterator[str]:
    """Serves the page and yields its address; when the block ends, so does all that was uploaded.

    Without a ``port`` it is the first free one from 7860 on.

    Raises `InputError` when the port is taken or the host is not of this computer.
    """
    with tempfile.TemporaryDirectory(prefix="fcn-deblur-") as folder, _uploads_in(folder):
        page = build_page(deblur, limits)
        try:
            _check_address(host, port)
            _, address, _ = page.launch(
                server_name=f"[{host}]" if ":" in host else host,
                server_port=port,
                share=False,
                prevent_thread_lock=True,
                quiet=True,
                max_file_size=math.ceil(limits.megabytes * 1e6),
                footer_links=[],
                enable_monitoring=False,
                ssr_mode=False,
                theme=gr.themes.Default(
                    font=gr.themes.Font("system-ui"), font_mono=gr.themes.Font("monospace")
                ),
                css=STYLE,
            )
        except (OSError, OverflowError, UnicodeError) as error:
            where = host if port is None else f"{host}:{port}"
            raise InputError(
                f"{where} cannot be listened on ({getattr(error, 'strerror', None) or error}): give another "
                "--port or --host"
            ) from error
        try:
            yield address
        finally:
            page.close(verbose=False)


def serve(deblur: Deblurrer, host: str, port: int | None, limits: Limits) -> None:
    """Serves the page, see `open_page`, until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt), open_page(deblur, host, port, limits) as address:
        print(f"{address} (Ctrl-C ends it)", flush=True)
        threading.Event().wait()


def _check_address(host: str, port: int | None) -> None:
    """Listens there for a moment; gradio would try what it cannot listen on a hundred times, aloud."""
    family = socket.getaddrinfo(host, port)[0][0]
    socket.create_server((host, port or 0), family=family).close()


@contextlib.contextmanager
def _uploads_in(folder: str) -> Iterator[None]:
    """Gives gradio a folder other than the one that all programs and users share."""
    before = os.environ.get("GRADIO_TEMP_DIR")
    os.environ["GRADIO_TEMP_DIR"] = folder
    try:
        yield
    finally:
        del os.environ["GRADIO_TEMP_DIR"]
        if before is not None:
            os.environ["GRADIO_TEMP_DIR"] = before


@contextlib.contextmanager
def _errors_on_the_page(path: Path) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        sentence = str(error).replace(str(path), path.name)  # folders of the server are nobody's business
        raise gr.Error(sentence, duration=None, print_exception=False) from error


def _refuse_addresses(component: gr.Image) -> None:
    """Takes files alone: for those who call its API, gradio would fetch addresses, whatever the size."""
    take_file = component.async_move_resource_to_block_cache

    async def refuse_addresses(path: str | None) -> str | None:
        if path is not None and not Path(path).is_absolute():
            raise gr.Error(NO_UPLOAD, print_exception=False)
        return await take_file(path)

    component.async_move_resource_to_block_cache = refuse_addresses


def _describe(deblur: Deblurrer) -> str:
    facts = {
        "weights": f"{deblur.description['name']}, sha256 {deblur.description['sha256'][:12]}…",
        "mode": deblur.mode,
        "device": str(deblur.device),
        "precision": str(deblur.dtype).removeprefix("torch."),
    }
    return " · ".join(f"{name} {value}" for name, value in facts.items())
