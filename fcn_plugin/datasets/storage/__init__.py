"""Where images are read from: folders, zip archives and LMDBs behind one interface."""

from fcn_plugin.datasets.storage.file_tree import FileTree
from fcn_plugin.datasets.storage.folder_store import FolderStore
from fcn_plugin.datasets.storage.image_store import ImageStore
from fcn_plugin.datasets.storage.lmdb_store import LMDBStore
from fcn_plugin.datasets.storage.lmdb_verify import verify_lmdb
from fcn_plugin.datasets.storage.lmdb_writer import LMDBPlan, write_lmdbs
from fcn_plugin.datasets.storage.open_store import open_store
from fcn_plugin.datasets.storage.open_tree import open_tree, trees_at
from fcn_plugin.datasets.storage.read_ahead import read_ahead

__all__ = [
    "FileTree",
    "FolderStore",
    "ImageStore",
    "LMDBPlan",
    "LMDBStore",
    "open_store",
    "open_tree",
    "read_ahead",
    "trees_at",
    "verify_lmdb",
    "write_lmdbs",
]
