"""What all figures have in common."""

import io

import matplotlib
from matplotlib.figure import Figure

# Okabe and Ito's colours, which people tell apart who see colours differently; less the yellow, too pale for
# hollow markers on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """A figure as a file's content, ``png`` or ``svg``; the same figure gives the same bytes."""
    content = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "fcn_plugin"}):
        figure.savefig(content, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return content.getvalue()
