"""From model cards to a page that people read."""

from collections.abc import Iterable, Iterator, Sequence

from fcn_plugin.markdown import table

from .comparison import card_rows, comparison_rows
from .model_cards import ModelCard
from .table1 import result_tables

HEAD = """\
# Models

Written by `python tools/report.py cards` from the model cards: the `metafile.yml` files that
`model-index.yml` names. Parameters and multiply-accumulates (MACs, of convolutions and matrix products, for
one 256×256 image) are counted from the configs; tests count them again.
"""
NO_WEIGHTS = "none yet: train it"


def models_page(cards: Iterable[ModelCard]) -> str:
    """Lays the cards out as Markdown."""
    cards = list(cards)
    configured = [card for card in cards if card.config is not None]
    head = ["config", "network", "parameters (M)", "GMACs", "trained on", "recipe", "weights"]
    lines = [HEAD, *table(head, map(_row, configured), "llrrlll")]
    lines += ["", "## Results", "", result_tables(comparison_rows(cards, card_rows(cards)), "###")]
    lines += ["## Data and licences", "", *table(["what", "licence"], _licences(configured), "ll")]
    return "\n".join([*lines, ""])


def _licences(cards: Sequence[ModelCard]) -> Iterator[list[str]]:
    for dataset in dict.fromkeys(dataset for card in cards for dataset in card.training_data):
        yield [f"{_link(dataset.name, dataset.url)}, trained on", dataset.licence]
    for collection in dict.fromkeys(card.collection for card in cards):
        paper = _link(collection.paper, collection.url)
        yield [f"{collection.name}, the network ({paper})", collection.licence or "that of this project"]
    for card in cards:
        if card.weights is not None:
            yield [f"`{card.weights.file}`, weights of {card.name}", card.weights.licence]


def _row(card: ModelCard) -> list[str]:
    weights = NO_WEIGHTS
    if card.weights is not None:
        weights = f"`{card.weights.file}`, sha256 `{card.weights.sha256}`"
    return [
        f"[{card.name}](../{card.config})",
        card.collection.name,
        f"{card.parameters / 1e6:.2f}",
        f"{card.macs / 1e9:.1f}",
        ", ".join(dataset.name for dataset in card.training_data),
        str(card.recipe),
        weights,
    ]


def _link(text: str, url: str | None) -> str:
    return text if url is None else f"[{text}]({url})"
