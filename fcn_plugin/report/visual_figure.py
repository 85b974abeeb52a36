"""Figure 6 of the paper: crops of the same places by every method, beside the whole blurry picture."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fcn_plugin.evaluation.metric_names import BLURRY
from fcn_plugin.plots.style import line_looks

from .visual_comparison import Crop, Scene

CELL = 1.7  # inches across, of a crop
WIDEST = 7.0  # of the whole picture
GAP = 0.06
CAPTION = 0.24  # of a line of text
DPI = 200


def draw_scenes(scenes: Sequence[Scene]) -> Figure:
    """Draws a row of pictures per scene: the blurry one with the crops marked, then a column per method.

    Under each column stands the PSNR of the whole picture, the best in bold.
    """
    layouts = [_Layout(scene) for scene in scenes]
    width = max(layout.width for layout in layouts)
    height = sum(layout.height for layout in layouts)
    figure = Figure((width, height), dpi=DPI, facecolor="white")
    top = 0.0
    for layout in layouts:
        layout.draw(figure, top)
        top += layout.height
    return figure


class _Layout:
    """Where the parts of a scene go, in inches from the figure's upper left corner."""

    def __init__(self, scene: Scene):
        self.scene = scene
        self.cells = [CELL * crop.height / crop.width for crop in scene.crops]  # heights
        block = sum(self.cells) + GAP * (len(self.cells) - 1)
        picture = scene.images[BLURRY]
        shape = picture.shape[1] / picture.shape[0]
        height = min(block, WIDEST / shape)
        self.picture = (height * shape, height)
        self.width = GAP + self.picture[0] + (CELL + GAP) * len(scene.images) + GAP
        self.height = CAPTION + block + 1.5 * CAPTION

    def draw(self, figure: Figure, top: float) -> None:
        top += CAPTION
        whole = self._axes(figure, GAP, top, *self.picture)
        whole.imshow(self.scene.images[BLURRY])
        _title(whole, self.scene.key, 8)
        for crop, look in zip(self.scene.crops, line_looks(), strict=False):
            whole.add_patch(_frame(crop, look))
        best = max(self.scene.psnr.values())
        for column, (name, image) in enumerate(self.scene.images.items()):
            left = GAP + self.picture[0] + GAP + column * (CELL + GAP)
            y = top
            for crop, look, height in zip(self.scene.crops, line_looks(), self.cells, strict=False):
                axes = self._axes(figure, left, y, CELL, height)
                axes.imshow(crop.of(image), interpolation="nearest")
                _edge(axes, look)
                if y == top:
                    _title(axes, name, 9)
                y += height + GAP
            value = self.scene.psnr.get(name)
            if value is not None:
                axes.set_xlabel(
                    f"{value:.2f} dB", fontsize=9, labelpad=3, weight="bold" if value == best else "normal"
                )

    def _axes(self, figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
        total_width, total_height = figure.get_size_inches()
        bottom = total_height - top - height
        axes = figure.add_axes(
            (left / total_width, bottom / total_height, width / total_width, height / total_height)
        )
        axes.set(xticks=[], yticks=[])
        return axes


def _title(axes: Axes, text: str, size: float) -> None:
    """Writes a title no wider than its axes, in smaller print where it must be."""
    title = axes.set_title(text, fontsize=size, pad=4)
    share = axes.get_window_extent().width / title.get_window_extent().width
    if share < 1:
        title.set_fontsize(0.9 * share * size)  # letters are whole pixels wide, so small print is wider


def _frame(crop: Crop, look: tuple[str, str]) -> Rectangle:
    style, colour = look
    return Rectangle(
        (crop.x - 0.5, crop.y - 0.5),
        crop.width,
        crop.height,
        fill=False,
        edgecolor=colour,
        linestyle=style,
        linewidth=1.6,
    )


def _edge(axes: Axes, look: tuple[str, str]) -> None:
    style, colour = look
    for spine in axes.spines.values():
        spine.set(edgecolor=colour, linestyle=style, linewidth=1.6)
