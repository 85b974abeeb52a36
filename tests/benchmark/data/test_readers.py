import shutil

import pytest

from fcn_plugin.benchmark.data.measure import check_equal
from fcn_plugin.benchmark.data.readers import READERS, PairFolder, open_reader, train_transforms
from fcn_plugin.datasets.transforms import PairedRandomCrop
from fcn_plugin.errors import InputError

from ...conftest import write_pairs


@pytest.fixture
def folder(tmp_path):
    write_pairs(tmp_path / "pairs", 3)
    folder = PairFolder(tmp_path / "pairs", tmp_path / "lmdbs")
    folder.write_lmdbs(lambda _: None)
    return folder


@pytest.mark.parametrize("transforms", [[], train_transforms(16)])
def test_all_readers_give_the_same_pixels(folder, transforms):
    datasets = {reader: open_reader(reader, [folder, folder], transforms) for reader in READERS}
    assert {len(dataset) for dataset in datasets.values()} == {6}
    assert len({dataset[4]["data_samples"].key for dataset in datasets.values()}) == 1
    check_equal(datasets)


def test_other_pixels_are_noticed(folder):
    datasets = {
        "a": open_reader("a", [folder], train_transforms(16)),
        "d": open_reader("d", [folder], [PairedRandomCrop(16)]),
    }
    with pytest.raises(RuntimeError, match="readers 'a' and 'd' give different pixels of pair"):
        check_equal(datasets)


def test_a_sharp_image_in_place_of_another_is_noticed(folder):
    datasets = {reader: open_reader(reader, [folder], []) for reader in "ad"}
    shutil.copy(folder.source / "sharp/000.png", folder.source / "sharp/001.png")
    with pytest.raises(RuntimeError, match="different pixels of pair 1"):
        check_equal(datasets)


def test_other_files_than_png_are_refused(folder):
    (folder.source / "blur/000.jpg").touch()
    with pytest.raises(InputError, match=r"000\.jpg is no PNG file"):
        folder.write_lmdbs(print)
