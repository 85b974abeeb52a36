"""Results files and model cards on disk."""

import json
from pathlib import Path

import pytest

GOPRO = "dataset=GoPro, split=test, blur=linear, storage=lmdb, 1111 pairs"
HIDE = "dataset=HIDE, split=test, subsets=['test-close-ups', 'test-long-shot'], storage=lmdb, 2025 pairs"


@pytest.fixture
def write_results(tmp_path):
    """Writes a results file as ``tools/test.py`` does, with fields changed or, where None, left out."""

    def write(name: str = "run", **fields) -> Path:
        content = {
            "config": "configs/fcn_gopro.py",
            "checkpoint": "best.pth",
            "sha256": "a" * 64,
            "parameters": 20145092,
            "device": "cuda:0",
            "dtype": "float32",
            "inference": "whole image",
            "datasets": [GOPRO, HIDE],
            "metrics": {
                "GoPro/PSNR": 31.5,
                "GoPro/PSNR-blurry": 25.64,
                "GoPro/SSIM-matlab": 0.95,
                "GoPro/SSIM-per-channel": 0.93,
                "HIDE/PSNR": 29.5,
                "HIDE/PSNR-blurry": 24.0,
                "HIDE/SSIM-matlab": 0.93,
            },
        } | fields
        path = tmp_path / "work_dirs" / name / "results.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
        return path

    return write
