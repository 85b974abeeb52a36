import zlib

import lmdb
import pytest

from fcn_plugin.datasets.storage.encoder_pool import EncodedImage
from fcn_plugin.datasets.storage.lmdb_layout import ImageSize, read_checksums, read_meta_info
from fcn_plugin.datasets.storage.partial_lmdb import TRANSACTION_BYTES, PartialLMDB

KEYS = ["a", "c/d", "b", "größe"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.lmdb").mkdir()
    return tmp_path / "a.lmdb"


def open_partial(folder, keys=KEYS, encoding="raw", info=None, source="somewhere"):
    return PartialLMDB(folder, keys, encoding, info or {"blur": "linear"}, source, expected_bytes=1000)


def encoded(key, length=12):
    content = key.encode()[-1:] * length
    return EncodedImage(key, content, ImageSize(2, length // 6), zlib.crc32(content))


def write(folder, *keys):
    with open_partial(folder) as partial:
        partial.write(map(encoded, keys))


def values(folder):
    with lmdb.open(str(folder), readonly=True) as environment, environment.begin() as transaction:
        return {key.decode(): value for key, value in transaction.cursor()}


def test_a_later_run_writes_what_is_missing(folder):
    write(folder, "b", "a")
    with open_partial(folder) as partial:
        assert partial.missing == ["c/d", "größe"]
        partial.write(map(encoded, partial.missing))
        assert partial.missing == []
        assert partial.finish() == 4 * 12
    assert values(folder) == {key: encoded(key).content for key in KEYS}
    assert list(read_meta_info(folder)) == list(read_checksums(folder)) == KEYS


@pytest.mark.parametrize(
    "other",
    [{"keys": KEYS[:-1]}, {"encoding": "png"}, {"info": {"blur": "gamma"}}, {"source": "elsewhere"}],
    ids=lambda other: next(iter(other)),
)
def test_another_plan_begins_anew(folder, other):
    write(folder, *KEYS)
    with open_partial(folder, **other) as partial:
        assert partial.missing == other.get("keys", KEYS)
    assert values(folder) == {}


def test_images_before_an_error_are_kept(folder):
    def images():
        yield encoded("a")
        yield encoded("b")
        raise KeyboardInterrupt

    with open_partial(folder) as partial, pytest.raises(KeyboardInterrupt):
        partial.write(images())
    with open_partial(folder) as partial:
        assert partial.missing == ["c/d", "größe"]


def test_a_transaction_is_on_disk_before_the_next_images_are_taken(folder):
    def images():
        yield encoded("a", TRANSACTION_BYTES // 2)
        yield encoded("b", TRANSACTION_BYTES // 2)
        # What a kill would leave now; `a` and `b` fill a transaction.
        assert len(record.read_text().splitlines()) == 2
        yield encoded("c/d")

    record = folder.with_name("written.txt")
    with open_partial(folder) as partial:
        partial.write(images())


def test_whatever_is_doubtful_is_written_again(folder):
    write(folder, *KEYS)
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"a", b"damaged")
        transaction.delete(b"b")
    record = folder.with_name("written.txt")
    record.write_bytes(record.read_bytes()[:-2])  # killed in the middle of a line, and of an ö
    with open_partial(folder) as partial:
        assert partial.missing == ["a", "b", "größe"]


def test_lmdb_that_cannot_be_opened_is_begun_anew(folder):
    write(folder, *KEYS)
    (folder / "data.mdb").write_bytes(b"nothing" * 1000)
    with open_partial(folder) as partial:
        assert partial.missing == KEYS


def test_nothing_to_write_is_no_transaction(folder):
    write(folder)
    assert values(folder) == {}
