"""What a run has logged, read back."""

import json
from pathlib import Path
from typing import Any


def read_scalars(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The scalars that MMEngine's `LocalVisBackend` has written into a run's folder.

    Returns those of training, by iteration (``step``), and those of validations, in turn. Of a run that was
    resumed, what it did again counts, and a line that was cut off in the middle does not.
    """
    training: dict[int, dict[str, Any]] = {}
    validations: dict[int, dict[str, Any]] = {}
    for path in sorted(folder.glob("*/vis_data/scalars.json")):  # folders are named by the time they began
        entries = [
            json.loads(line)
            for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
            if line.endswith("\n")
        ]
        for found, kind in ((training, True), (validations, False)):
            news = {entry["step"]: entry for entry in entries if ("iter" in entry) == kind}
            for step in [step for step in found if step >= min(news, default=step + 1)]:
                del found[step]
            found.update(news)
    return list(training.values()), list(validations.values())
