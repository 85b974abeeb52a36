"""What a figure must say of the machine and the versions that it was measured with."""

import platform
import shutil
import subprocess
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from fcn_plugin.project import PROJECT

PACKAGES = (
    "torch",
    "mmengine",
    "mmcv",
    "mmcv-lite",
    "numpy",
    "opencv-python",
    "lmdb",
    "spandrel",
    "triton",
    "scikit-image",
    "torchmetrics",
)


def machine_facts(device: str) -> dict[str, Any]:
    """Device, thread count, versions, commit and date, as JSON's types."""
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else _processor(),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), **_versions()},
        "commit": commit_of(PROJECT),
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if torch.version.cuda:
        found |= {"cuda": torch.version.cuda, "cudnn": str(torch.backends.cudnn.version())}
    return found


def commit_of(checkout: Path) -> str:
    """A checkout's commit, with ``-dirty`` where tracked files differ from it; ``"unknown"`` without one.

    Figures and pages, which measurements themselves write, count for nothing: no other measurement depends on
    them.
    """
    if shutil.which("git") is None:
        return "unknown"
    git = ["git", "-C", str(checkout)]
    head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    if head.returncode:
        return "unknown"
    sources = [":/", ":(top,exclude)benchmarks", ":(top,exclude)docs"]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", *sources]).returncode
    return f"{head.stdout.strip()}{'-dirty' if changed else ''}"
