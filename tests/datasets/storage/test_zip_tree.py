import pickle
import struct
import zipfile

import numpy as np
import pytest
from torch.utils.data import DataLoader

from fcn_plugin.datasets import PairedImageDataset
from fcn_plugin.datasets.storage import FolderStore
from fcn_plugin.datasets.storage.zip_tree import ZipTree
from fcn_plugin.errors import InputError

NAMES = ["GOPR1/blur/000001.png", "GOPR1/sharp/000001.png", "GOPR2/blur/000001.png"]


@pytest.fixture
def folder(tmp_path, write_images):
    write_images(tmp_path / "files", *NAMES)
    return tmp_path / "files"


@pytest.fixture(params=[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def archive(folder, write_zip, request):
    return write_zip(folder.parent / "files.zip", folder, compression=request.param)


def members_data(archive, name):
    """Where the compressed bytes of a member begin, and how many there are."""
    with zipfile.ZipFile(archive) as opened:
        member = opened.getinfo(name)
        header = archive.read_bytes()[member.header_offset :][:30]
        return member.header_offset + 30 + sum(struct.unpack("<HH", header[26:])), member.compress_size


def overwrite(archive, position, content):
    with archive.open("r+b") as file:
        file.seek(position)
        file.write(content)


def set_in_headers(archive, local_offset, central_offset, content):
    """Changes a field of every member, in both of its headers."""
    whole = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\3\4", local_offset), (b"PK\1\2", central_offset)):
        start = whole.find(signature)
        while start >= 0:
            whole[start + offset : start + offset + len(content)] = content
            start = whole.find(signature, start + 4)
    archive.write_bytes(whole)


def mean_of_input(results):
    return results["img"].mean()


@pytest.mark.parametrize("patterns", [["**/*"], ["*/blur/*"], ["GOPR1/sharp/*", "GOPR2/*/*"], ["*/blur/0*"]])
def test_reads_what_the_folder_holds(folder, archive, patterns):
    unpacked, packed = FolderStore(folder, patterns), FolderStore(archive, patterns)
    keys = unpacked.keys()
    assert packed.keys() == keys
    for key in keys:
        np.testing.assert_array_equal(packed.read(key), unpacked.read(key))
        assert packed.size(key) == unpacked.size(key) == (24, 32)
    assert packed.location == unpacked.location.replace(str(folder), str(archive))


def test_hidden_files_are_left_out(folder, write_images, write_zip):
    write_images(folder, "__MACOSX/GOPR1/._1.png", ".hidden.png", ".git/a.png")
    (folder / ".DS_Store").touch()
    tree = ZipTree([write_zip(folder.parent / "files.zip", folder)])
    assert tree.entries() == ["GOPR1/", "GOPR2/"]
    assert sorted(tree.find("**/*")) == NAMES


def test_trees_of_its_folders(archive, folder):
    tree = ZipTree([archive])
    below = tree.below("GOPR1")
    assert below.entries() == ["blur/", "sharp/"]
    assert list(below.find("blur/*")) == ["blur/000001.png"]
    assert below.place("blur/000001.png") == f"{archive}/GOPR1/blur/000001.png"
    with below.open("blur/000001.png") as file:
        assert file.read() == (folder / "GOPR1/blur/000001.png").read_bytes()
    assert tree.entries() == ["GOPR1/", "GOPR2/"]


def test_several_archives_are_one_tree(folder, write_zip):
    archives = [write_zip(folder.parent / f"{name}.zip", folder / name, name) for name in ("GOPR1", "GOPR2")]
    store = FolderStore(ZipTree(archives, "both"), ["*/blur/*"])
    assert store.keys() == ["GOPR1/000001", "GOPR2/000001"]
    assert store.location == "both/*/blur/*"
    np.testing.assert_array_equal(store.read("GOPR2/000001"), FolderStore(folder).read("GOPR2/blur/000001"))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_works_in_data_loader_workers(folder, write_zip, method):
    inputs = FolderStore(write_zip(folder.parent / "files.zip", folder), ["*/blur/*"])
    dataset = PairedImageDataset(inputs, inputs, "Mine", pipeline=[mean_of_input])
    expected = list(dataset)  # opens the archive here before the workers do
    loader = DataLoader(dataset, batch_size=None, num_workers=1, multiprocessing_context=method)
    assert list(loader) == expected


def test_pickling_leaves_the_archive_behind(archive):
    store = FolderStore(archive)
    expected = store.read(store.keys()[0])
    copy = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(copy.read(copy.keys()[0]), expected)


def test_sizes_come_from_the_headers_alone(tmp_path, write_images, write_zip):
    write_images(tmp_path / "files", "a.png", height=300, width=400)
    archive = write_zip(tmp_path / "files.zip", tmp_path / "files")
    start, size = members_data(archive, "a.png")
    overwrite(archive, start + size // 2, b"\0" * (size // 2))
    store = FolderStore(archive)
    assert store.size("a") == (300, 400)
    with pytest.raises(InputError, match=r"files\.zip/a\.png is damaged \(.*\); download .*files\.zip again"):
        store.read("a")


def test_a_wrong_checksum_is_refused(archive):
    start, size = members_data(archive, NAMES[0])
    with archive.open("rb") as file:
        file.seek(start + size - 9)
        byte = file.read(1)[0]
    overwrite(archive, start + size - 9, bytes([byte ^ 1]))
    store = FolderStore(archive)
    message = r"files\.zip/GOPR1/blur/000001\.png is damaged \((Bad CRC-32|Error -3).*\); download .* again"
    with pytest.raises(InputError, match=message):
        store.read("GOPR1/blur/000001")
    store.read("GOPR1/sharp/000001")


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_a_cut_off_archive_is_refused(archive, part):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(
        InputError, match=r"files\.zip is cut off or no zip archive \(.*\); download it again"
    ):
        ZipTree([archive])


def test_an_encrypted_archive_is_refused(archive):
    set_in_headers(archive, 6, 8, b"\1")
    store = FolderStore(archive)
    for ask in (store.read, store.size):
        with pytest.raises(InputError, match=r"000001\.png is encrypted; unpack .*files\.zip and name"):
            ask("GOPR1/blur/000001")


def test_an_unknown_compression_is_refused(archive):
    set_in_headers(archive, 8, 10, struct.pack("<H", 9))  # Deflate64, of Windows' Explorer
    store = FolderStore(archive)
    with pytest.raises(
        InputError, match=r"packed in a way that Python cannot read \(.*\); unpack .* and name"
    ):
        store.read("GOPR1/blur/000001")


def test_a_name_that_is_there_twice_is_refused(archive, folder, write_zip):
    other = write_zip(folder.parent / "other.zip", folder)
    with pytest.raises(
        InputError, match=r"'GOPR1/blur/000001\.png' is there twice in .*files.* and in .*other"
    ):
        FolderStore(ZipTree([archive, other]))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(NAMES[0], b"another")
    with pytest.raises(InputError, match=r"'GOPR1/blur/000001\.png' is there twice in .*files\.zip; remove"):
        FolderStore(archive)
    assert FolderStore(archive, ["*/sharp/*"]).keys() == ["GOPR1/000001"]


def test_two_files_of_one_key_are_refused(archive):
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("GOPR1/blur/000001.jpg", b"another")
    with pytest.raises(
        InputError, match=r"000001\.png and .*000001\.jpg have the same key 'GOPR1/blur/000001'"
    ):
        FolderStore(archive)


def test_an_unknown_name_is_no_such_file(archive):
    with pytest.raises(FileNotFoundError, match=r"files\.zip/list\.txt"), ZipTree([archive]).open("list.txt"):
        pass
