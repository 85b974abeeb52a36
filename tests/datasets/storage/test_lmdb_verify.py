import lmdb
import pytest

from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, verify_lmdb, write_lmdbs
from fcn_plugin.datasets.storage.encodings import ENCODINGS
from fcn_plugin.errors import InputError


@pytest.fixture(params=ENCODINGS)
def path(tmp_path, write_images, request):
    write_images(tmp_path / "images", *(f"{number}.png" for number in range(5)))
    store = FolderStore(tmp_path / "images")
    write_lmdbs([LMDBPlan(tmp_path / "a.lmdb", store, store.keys(), {})], workers=0, encoding=request.param)
    return tmp_path / "a.lmdb"


def change(path, act):
    with lmdb.open(str(path), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        act(transaction)


def test_whole_lmdb_has_no_flaws(path):
    assert verify_lmdb(path) == []


def test_lists_everything_that_is_broken(path):
    def damage(transaction):
        value = bytearray(transaction.get(b"1"))
        value[-20] ^= 1  # one bit
        transaction.put(b"1", bytes(value))
        transaction.delete(b"3")

    change(path, damage)
    assert verify_lmdb(path) == [f"'1' in {path} is not what was written", f"'3' in {path} is missing"]


def test_image_without_checksum_is_listed(path):
    checksums = (path / "checksums.txt").read_text().splitlines(keepends=True)
    (path / "checksums.txt").write_text("".join(checksums[:-1]))
    assert verify_lmdb(path) == [f"'4' in {path} has no checksum"]


def test_lmdb_of_another_program_is_refused(path):
    (path / "checksums.txt").unlink()
    with pytest.raises(
        InputError, match=r"a\.lmdb has no checksums\.txt to compare with, which only tools/prep"
    ):
        verify_lmdb(path)


def test_unreadable_checksums_are_refused(path):
    (path / "checksums.txt").write_text("12345678 0\n1234567 1\n")
    with pytest.raises(
        InputError, match=r"Line 2 of .*checksums\.txt should read `CRC32 KEY`, not '1234567 1'"
    ):
        verify_lmdb(path)


def test_lmdb_cut_short_is_refused(path):
    with (path / "data.mdb").open("r+b") as file:
        file.truncate((path / "data.mdb").stat().st_size - 4096)
    with pytest.raises(InputError, match=r"data\.mdb is cut short"):
        verify_lmdb(path)


def test_what_is_no_lmdb_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.lmdb does not exist"):
        verify_lmdb(tmp_path / "nowhere.lmdb")


def test_square_brackets_in_a_folders_name_are_shown(tmp_path, write_images, capsys):
    write_images(tmp_path / "images", "1.png")
    store = FolderStore(tmp_path / "images")
    path = tmp_path / "[red].lmdb"
    write_lmdbs([LMDBPlan(path, store, store.keys(), {})], workers=0)
    verify_lmdb(path)
    shown = capsys.readouterr().err
    assert "Verifying [red].lmdb" in shown
    assert shown.count("[red].lmdb") == 2
