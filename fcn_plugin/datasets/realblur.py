"""RealBlur (Rim et al., ECCV 2020)."""

import os
from typing import ClassVar

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.published_dataset import PublishedDataset, check_choice
from fcn_plugin.registry import DATASETS

# The release's folders, spelt as it spells them.
RELEASED_AS = {
    "J": "RealBlur-J_ECC_IMCORR_centroid_itensity_ref",
    "R": "RealBlur-R_BM3D_ECC_IMCORR_centroid_itensity_ref",
}


@DATASETS.register_module()
class RealBlurDataset(PublishedDataset):
    """RealBlur: blur by a real shake of the camera, 3758 training and 980 test pairs of up to about 773×680.

    Args:
        data_root: The folder that holds the release, its two folders of scenes and its list files.
        subset: ``'J'``, the camera's JPEG images, or ``'R'``, made from its raw ones.
        split: ``'train'`` or ``'test'``, which the list files tell apart.
        storage: ``'folder'`` (or archive), ``'lmdb'`` or ``'auto'``, which prefers LMDBs.
        kwargs: Of ``PairedImageDataset``, such as ``pipeline``.

    Raises:
        InputError: The dataset or its list file is not there, or it has unpaired images.
    """

    NAME = "RealBlur"
    LAYOUTS = (
        Layout("RealBlur_{subset}/{split}/blur.lmdb", "RealBlur_{subset}/{split}/sharp.lmdb"),
        Layout(  # the official release
            "{folder}/*/blur/blur_*",
            "{folder}/*/gt/gt_*",
            listed_in="RealBlur_{subset}_{split}_list.txt",
        ),
        Layout(
            "{split}/RealBlur_{subset}/input/*", "{split}/RealBlur_{subset}/target/*"
        ),  # MPRNet, Restormer
        Layout("RealBlur_{subset}/{split}/input/*", "RealBlur_{subset}/{split}/target/*"),
    )
    PAIRS: ClassVar = {"split": {"train": 3758, "test": 980}}
    SIZE = None
    BLUR = "as recorded"
    HOW_TO_GET_IT = "download RealBlur.tar.gz from https://github.com/rimchang/RealBlur, unpack it"

    def __init__(
        self, data_root: str | os.PathLike, subset: str, split: str, storage: str = "auto", **kwargs
    ) -> None:
        check_choice("subset", subset, tuple(RELEASED_AS))
        check_choice("split", split, ("train", "test"))
        names = {"folder": RELEASED_AS[subset]}
        super().__init__(data_root, storage, {"subset": subset, "split": split}, names, **kwargs)
