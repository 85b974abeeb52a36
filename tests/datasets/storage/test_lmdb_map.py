import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcn_plugin.datasets.storage.lmdb_map import LMDBMap
from fcn_plugin.errors import InputError


def assert_found_as_by_lmdb(path, environment):
    values = LMDBMap(path)
    with environment.begin() as transaction:
        for key, expected in transaction.cursor():
            with values.value(key.decode()) as value:
                assert value.tobytes() == expected
    assert len(values) == environment.stat()["entries"]


KEYS = st.text("abc/-0é", min_size=1, max_size=60)
WRITES = st.lists(st.dictionaries(KEYS, st.none() | st.integers(0, 20000), max_size=40), max_size=4)


@settings(max_examples=30, deadline=None)
@given(WRITES, st.integers(0, 255))
def test_finds_what_lmdb_finds(tmp_path_factory, writes, byte):
    """Whatever was put, replaced and deleted (None), in however many transactions."""
    path = tmp_path_factory.mktemp("property")
    with lmdb.open(str(path), map_size=1 << 26, sync=False) as environment:
        for write in writes:
            with environment.begin(write=True) as transaction:
                for number, (key, length) in enumerate(write.items()):
                    if length is None:
                        transaction.delete(key.encode())
                    else:
                        transaction.put(key.encode(), bytes([(byte + number) % 256]) * length)
        assert_found_as_by_lmdb(path, environment)


def test_finds_thousands_of_keys_in_a_deep_tree(tmp_path):
    with lmdb.open(str(tmp_path), map_size=1 << 26, sync=False) as environment:
        with environment.begin(write=True) as transaction:
            for number in np.random.default_rng(0).permutation(5000).tolist():
                transaction.put(f"{'x' * 400}{number}".encode(), str(number).encode())
        assert environment.stat()["depth"] > 3
        assert_found_as_by_lmdb(tmp_path, environment)


@pytest.mark.parametrize("length", [0, 100, 3 * 4096])
def test_file_cut_short_is_refused(tmp_path, length):
    with lmdb.open(str(tmp_path)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"a", b"large" * 5000)
    with (tmp_path / "data.mdb").open("r+b") as file:
        file.truncate(length)
    with pytest.raises(InputError, match=r"data\.mdb is cut short; build it again"):
        LMDBMap(tmp_path)


def test_other_format_is_refused(tmp_path):
    with lmdb.open(str(tmp_path)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"a", b"b")
    content = bytearray((tmp_path / "data.mdb").read_bytes())
    content[content.index(0xBEEFC0DE.to_bytes(4, "little")) + 4] = 3
    (tmp_path / "data.mdb").write_bytes(content)
    with pytest.raises(InputError, match=r"data\.mdb is not of LMDB's format 1; build it again"):
        LMDBMap(tmp_path)


@pytest.mark.parametrize("damage", ["zeros", "noise", "loop"])
def test_damaged_tree_is_refused(tmp_path, damage):
    with lmdb.open(str(tmp_path)) as environment, environment.begin(write=True) as transaction:
        for number in range(300):
            transaction.put(f"{number:0100}".encode(), b"small")
    content = np.fromfile(tmp_path / "data.mdb", np.uint8).reshape(-1, 4096)
    (branch,) = np.flatnonzero(content[:, 10] == 1)  # a page's flags
    if damage == "loop":
        # The first node's page number, which its place at the page's end tells: the branch itself.
        (node,) = content[branch, 16:18].view("u2")
        content[branch, node : node + 4].view("u4")[:] = branch
    else:
        content[branch] = 0 if damage == "zeros" else np.random.default_rng(0).integers(0, 256, 4096)
    content.tofile(tmp_path / "data.mdb")
    with pytest.raises(
        InputError, match=r"data\.mdb is damaged where it says what lies where; build it again"
    ):
        LMDBMap(tmp_path)
