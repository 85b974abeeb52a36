"""Packaging; the one list of what the plugin depends on."""

import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent

VIDEO = ["av>=17.1.0"]  # the first that writes a video's rotation
EXPORT = ["onnx>=1.19.0", "onnxruntime>=1.23.0", "onnxscript>=0.7.0"]

setup(
    name="fcn_plugin",
    version=re.search(r'__version__ = "(.+)"', (here / "fcn_plugin/__init__.py").read_text())[1],
    description="FCN, the feature catcher network for motion deblurring, as a plugin for MMEngine",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.10",
    packages=find_packages(include=["fcn_plugin", "fcn_plugin.*"]),
    package_data={"fcn_plugin.inference": ["examples/*", "weights/*"]},
    # The lower bounds have been run: tools/check_oldest.py, docs/oldest_versions.txt.
    install_requires=[
        "torch>=2.6.0",  # torch.load is safe by default from 2.6 on
        "mmengine>=0.10.7",
        "numpy>=1.23.5",
        "opencv-python>=4.6.0.66",
        "lmdb>=1.3.0",
        "addict>=2.4.0",
        "pillow>=9.2.0",
        "rich>=13.8.0",  # before, an error under a progress bar could leave the process hanging
        "filelock>=3.12.0",
        "matplotlib>=3.10.9",
        "PyYAML>=6.0.3",
        "safetensors>=0.4.0",
    ],
    entry_points={"console_scripts": ["fcn-deblur=fcn_plugin.inference.command:main"]},
    extras_require={
        # MMCV is needed for its transforms, and mmcv and mmcv-lite own the same folder: installing the
        # latter over the former breaks it. So only those who have no MMCV ask for it, by this extra.
        "standalone": ["mmcv-lite>=2.1.0"],
        "test": [
            "pytest>=8.0.0",
            "pytest-xdist>=3.8.0",
            "hypothesis>=6.100.0",
            "scikit-image>=0.19.3",
            "tensorboard>=2.12.0",
            *EXPORT,
            *VIDEO,
        ],
        "export": EXPORT,
        "web": ["gradio>=6.0.0"],
        "video": VIDEO,
        "tensorboard": ["tensorboard>=2.12.0"],
        # LPIPS, NIQE and other metrics (docs/metrics.md). Its own requirements are many, torchvision and
        # opencv-python-headless among them, so it stands alone.
        "metrics": ["pyiqa>=0.1.16"],
        # Measured beside this package's metrics where it is installed (tools/benchmark_metrics.py).
        "benchmark": ["torchmetrics>=1.9.0"],
        # Networks of other papers (docs/peers.md). Not among the tests' packages: they bring torchvision,
        # which fails beside a torch of another build.
        "peers": ["spandrel>=0.4.2", "spandrel_extra_arches>=0.2.0"],
    },
)
