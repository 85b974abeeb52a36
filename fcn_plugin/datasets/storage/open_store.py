"""From what a config says to a store."""

import os
from collections.abc import Mapping

from fcn_plugin.datasets.storage.folder_store import FolderStore
from fcn_plugin.datasets.storage.image_store import ImageStore
from fcn_plugin.datasets.storage.lmdb_store import LMDBStore
from fcn_plugin.registry import TASK_UTILS


def open_store(source: str | os.PathLike | Mapping | ImageStore) -> ImageStore:
    """Opens a path, as an LMDB if it ends in ``.lmdb``; builds a config; passes a store on.

    Raises:
        InputError: There are no images to be had from ``source``.
    """
    if isinstance(source, Mapping):
        return TASK_UTILS.build(dict(source))
    if isinstance(source, str | os.PathLike):
        path = os.path.normpath(source)  # configs name it from where they lie, by way of `..`
        return LMDBStore(path) if path.endswith(".lmdb") else FolderStore(path)
    return source
