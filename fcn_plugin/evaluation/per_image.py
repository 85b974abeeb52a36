"""The scores of every single image, as a table that spreadsheets and pandas read."""

import csv
import io
from collections.abc import Sequence

from fcn_plugin.errors import InputError

from .image_metric import ImageMetric


def per_image_csv(metrics: Sequence[ImageMetric]) -> str:
    """Joins what metrics have just averaged: one line per image with its dataset, its key and all its scores.

    Scores have the names that they have in the table of results, with a metric's ``prefix`` where it has one,
    and all their digits.

    Raises:
        InputError: If two images share dataset and key, which means that a set was tested twice, or two sets
            under one name; their means would mix.
    """
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for records in zip(*(metric.records for metric in metrics), strict=True):
        name = records[0]["dataset"] or "", records[0]["key"]
        if name in rows:
            raise InputError(
                f"Two of the images tested are {'/'.join(filter(None, name))}: the test sets overlap or "
                "share a name, so their scores were averaged together; test them one after the other."
            )
        rows[name] = {
            f"{metric.prefix}/{score}" if metric.prefix else score: value
            for metric, record in zip(metrics, records, strict=True)
            for score, value in record["scores"].items()
        }
    scores = dict.fromkeys(score for row in rows.values() for score in row)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["dataset", "key", *scores])
    table.writerows([*name, *(row.get(score, "") for score in scores)] for name, row in rows.items())
    return text.getvalue()
