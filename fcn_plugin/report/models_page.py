"""From model cards to a page that people read."""

from collections.abc import Iterable

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
    lines = [HEAD, "| config | network | parameters (M) | GMACs | trained on | recipe | weights |"]
    lines += ["|---|---|--:|--:|---|---|---|", *map(_row, configured)]
    lines += ["", "## Results", "", result_tables(comparison_rows(cards, card_rows(cards)), "###")]
    lines += ["## Data and licences", "", "| what | licence |", "|---|---|"]
    datasets = dict.fromkeys(dataset for card in configured for dataset in card.training_data)
    for dataset in datasets:
        lines.append(f"| {_link(dataset.name, dataset.url)}, trained on | {dataset.licence} |")
    for collection in dict.fromkeys(card.collection for card in configured):
        paper = _link(collection.paper, collection.url)
        lines.append(
            f"| {collection.name}, the network ({paper}) | {collection.licence or 'that of this project'} |"
        )
    for card in configured:
        if card.weights is not None:
            lines.append(f"| `{card.weights.file}`, weights of {card.name} | {card.weights.licence} |")
    return "\n".join([*lines, ""])


def _row(card: ModelCard) -> str:
    weights = NO_WEIGHTS
    if card.weights is not None:
        weights = f"`{card.weights.file}`, sha256 `{card.weights.sha256}`"
    cells = [
        f"[{card.name}](../{card.config})",
        card.collection.name,
        f"{card.parameters / 1e6:.2f}",
        f"{card.macs / 1e9:.1f}",
        ", ".join(dataset.name for dataset in card.training_data),
        str(card.recipe),
        weights,
    ]
    return f"| {' | '.join(cells)} |"


def _link(text: str, url: str | None) -> str:
    return text if url is None else f"[{text}]({url})"
