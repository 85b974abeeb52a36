"""From measured figures, as JSON, to a page that people read."""

from typing import Any

from fcn_plugin.markdown import circumstances, figures, table

from .scorers import ALL_THREE, SKIMAGE, SKIMAGE_GAUSSIAN

HEAD = """\
# What PSNR and SSIM cost

Written by `python tools/benchmark_metrics.py`. All scored the same pair of images, in turns: a figure is the
median of all rounds, in ms for one pair, with the lowest and the highest in brackets. SSIM per-channel was
first checked to be what scikit-image makes of it, to 1e-6. Processor time, of all threads of the process,
leaves out what else runs on the machine. [metrics.md](metrics.md) says what the protocols are.
"""


def metrics_page(result: dict[str, Any]) -> str:
    """Lays out what `compare` returned as Markdown."""
    machine = result["machine"]
    height, width = result["size"]
    lines = [
        HEAD,
        f"- {circumstances(machine)}.",
        *([f"- {machine['gpu']}."] if "gpu" in machine else []),
        f"- One pair of {height}×{width} RGB, {result['dtype']}; {result['rounds']} rounds.",
    ]
    for device, threads, batch in dict.fromkeys(_place(row) for row in result["rows"]):
        rows = [row for row in result["rows"] if _place(row) == (device, threads, batch)]
        lines += ["", *(_on_processor(rows, threads) if device == "cpu" else _on_gpu(rows, batch))]
    return "\n".join([*lines, ""])


def _place(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["device"], row["threads"], row["batch"]


def _on_processor(rows: list[dict[str, Any]], threads: int) -> list[str]:
    (all_three,) = (row["of_skimage"] for row in rows if row["scorer"] == ALL_THREE)
    return [
        f"## On a processor, {threads} thread{'s' if threads > 1 else ''}",
        "",
        f"PSNR and both SSIMs together take {figures(all_three[SKIMAGE])} times the processor time of "
        f"scikit-image's default SSIM, {figures(all_three[SKIMAGE_GAUSSIAN])} times that of its SSIM "
        "per-channel.",
        "",
        *table(
            ["", "processor, ms", "wall clock, ms", "× scikit-image's default"],
            (
                [
                    row["scorer"],
                    figures(row["processor_ms"]),
                    figures(row["wall_ms"]),
                    figures(row["of_skimage"][SKIMAGE]),
                ]
                for row in rows
            ),
        ),
    ]


def _on_gpu(rows: list[dict[str, Any]], batch: int) -> list[str]:
    return [
        f"## On a GPU, {batch} pair{'s' if batch > 1 else ''} at a time",
        "",
        *table(["", "wall clock, ms"], ([row["scorer"], figures(row["wall_ms"])] for row in rows)),
    ]
