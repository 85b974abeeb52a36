"""All readers measured side by side in one run."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fcn_plugin.benchmark.turns import one_thread, summary
from fcn_plugin.machine import machine_facts

from .bounds import bounds
from .cold import cold_passes
from .measure import Turns, build_loader, check_equal, cycle, loader_rates, rates
from .readers import ENCODINGS, READERS, SIDES, PairFolder, open_reader, train_transforms

# What readers are put behind a loader, and how it makes batches.
LOADED = (
    ("b", "mmengine.pseudo_collate"),
    ("c", "fcn_plugin.collate_pairs"),
    ("d", "mmengine.pseudo_collate"),
    ("d", "fcn_plugin.collate_pairs"),
)


def compare(
    folders: Sequence[PairFolder],
    crop: int,
    turns: Turns,
    cold_rounds: int,
    workers: Sequence[int],
    batches: Sequence[int],
    report: Callable[[str], None],
) -> dict[str, Any]:
    """Measures all `READERS` and `BOUNDS` on the same pairs; returns the figures as JSON's types.

    Raises:
        InputError: An image cannot be used, or is smaller than the crop.
    """
    for folder in folders:
        folder.write_lmdbs(report)
    transforms = {"crops": train_transforms(crop), "whole": []}
    opened = {
        (reader, images): partial(open_reader, reader, folders, transforms[images])
        for reader in READERS
        for images in transforms
    }
    report("from a cold page cache ...")
    cold = cold_passes(opened, [file for folder in folders for file in folder.files()], cold_rounds)
    with one_thread():
        datasets = {way: open_dataset() for way, open_dataset in opened.items()}
        report("do all readers give the same pixels? ...")
        for images in transforms:
            check_equal({reader: datasets[reader, images] for reader in READERS})
        report("on one core ...")
        candidates = {way: cycle(dataset) for way, dataset in datasets.items()}
        alone = bounds(folders, crop, max(batches))
        measured = rates({**candidates, **alone}, turns)
        measured["convert"] = [max(batches) * rate for rate in measured["convert"]]
        report("through a loader ...")
        loaders = {
            (reader, collate, count, batch): partial(
                build_loader, datasets[reader, "crops"], count, batch, collate
            )
            for reader, collate in LOADED
            for count in workers
            for batch in batches
        }
        loaded = loader_rates(loaders, turns)
        facts = machine_facts("cpu")
    return {
        "machine": {**facts, "cores": len(os.sched_getaffinity(0))},
        "data": _describe(folders),
        "crop": crop,
        "turns": turns._asdict(),
        "cold_rounds": cold_rounds,
        "one_core": [
            {
                "reader": reader,
                "images": images,
                "pairs_per_s": summary(measured[reader, images]),
                "times_b": summary(_ratios(measured[reader, images], measured["b", images])),
            }
            for reader, images in opened
        ],
        "bounds": {name: summary(measured[name]) for name in alone},
        "loader": [
            {
                "reader": reader,
                "collate": collate,
                "workers": count,
                "batch": batch,
                "pairs_per_s": summary(values),
            }
            for (reader, collate, count, batch), values in loaded.items()
        ],
        "cold": [
            {
                "reader": reader,
                "images": images,
                "pairs_per_s": summary([one.pairs_per_s for one in passes]),
                "bytes_from_disk": summary([one.bytes_from_disk for one in passes]),
            }
            for (reader, images), passes in cold.items()
        ],
    }


def _ratios(values: Sequence[float], to: Sequence[float]) -> list[float]:
    return [value / other for value, other in zip(values, to, strict=True)]


def _describe(folders: Sequence[PairFolder]) -> dict[str, Any]:
    pairs = [(folder.stores("d")[0], key) for folder in folders for key in folder.pair_keys()]
    files = {
        encoding: [folder.lmdb(reader, side) / "data.mdb" for folder in folders for side in SIDES]
        for reader, encoding in ENCODINGS.items()
    }
    return {
        # Where they lie on this machine is nobody's business.
        "folders": ["/".join(folder.source.absolute().parts[-3:]) for folder in folders],
        "pairs": len(pairs),
        "sizes": sorted({store.size(key) for store, key in pairs}),
        "bytes_per_image": {
            encoding: sum(path.stat().st_size for path in paths) / (len(pairs) * len(SIDES))
            for encoding, paths in files.items()
        },
    }
