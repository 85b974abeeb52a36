"""A file backend of MMEngine's whose files appear whole or not at all."""

import os

from mmengine.fileio import LocalBackend, register_backend

from fcn_plugin.files import write_atomically


class AtomicLocalBackend(LocalBackend):
    """`LocalBackend` that writes beside, syncs and renames; ``backend_args=dict(backend='atomic')``."""

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        write_atomically(filepath, obj)

    def put_text(self, obj: str, filepath: str | os.PathLike, encoding: str = "utf-8") -> None:
        write_atomically(filepath, obj.encode(encoding))


register_backend("atomic", AtomicLocalBackend, force=True)
