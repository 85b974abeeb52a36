import pickle

import lmdb
import pytest

from fcn_plugin.datasets.storage.lmdb_map import LMDBMap
from fcn_plugin.datasets.storage.lmdb_values import LMDBValues
from fcn_plugin.errors import InputError

CONTENT = {"a": b"small", "größe": b"large" * 5000, "z/z": b""}


@pytest.fixture
def path(tmp_path):
    with (
        lmdb.open(str(tmp_path), map_size=1 << 24) as environment,
        environment.begin(write=True) as transaction,
    ):
        for key, value in CONTENT.items():
            transaction.put(key.encode(), value)
    return tmp_path


@pytest.fixture(params=[LMDBMap, LMDBValues])
def kind(request):
    return request.param


def test_values_come_back(path, kind):
    for values in (kind(path), pickle.loads(pickle.dumps(kind(path)))):
        assert len(values) == 3
        for key, content in CONTENT.items():
            with values.value(key) as value:
                assert value.tobytes() == content
                assert not value.flags.writeable


def test_absent_value_is_none(path, kind):
    with kind(path).value("b") as value:
        assert value is None


def test_missing_file_is_refused(tmp_path, kind):
    with pytest.raises(InputError, match=r"has no data\.mdb; build it again"):
        kind(tmp_path)


def test_what_is_no_lmdb_is_refused(path, kind):
    (path / "data.mdb").write_bytes(b"nothing" * 1000)
    with pytest.raises(InputError, match="build it again"):
        kind(path)


def test_damaged_tree_is_told(path):
    content = bytearray((path / "data.mdb").read_bytes())
    leaf = content.index(b"z/z") // 4096 * 4096
    content[leaf : leaf + 4096] = bytes(4096)
    (path / "data.mdb").write_bytes(content)
    with (
        pytest.raises(InputError, match=r"'a' cannot be found in .*; build it again"),
        LMDBValues(path).value("a"),
    ):
        pass
