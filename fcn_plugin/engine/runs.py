"""Many runs, each in processes of its own, that go on where they were stopped."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any, NamedTuple

from fcn_plugin.errors import InputError
from fcn_plugin.files import read_json, write_atomically
from fcn_plugin.project import PROJECT

from .launch import load_config

DEVICE_VARIABLE = "CUDA_VISIBLE_DEVICES"
THREADS_VARIABLE = "OMP_NUM_THREADS"


class Run(NamedTuple):
    """One training of a variant."""

    variant: str
    seed: int
    folder: Path

    def __str__(self) -> str:
        return f"{self.variant}, seed {self.seed}"

    @property
    def config(self) -> Path:
        """The variant's config with everything resolved; not in the folder, where the Runner puts a copy."""
        return self.folder.parent / f"{self.folder.name}.json"

    @property
    def results(self) -> Path:
        """Written at the very end, so a run that has it is done."""
        return self.folder / "results.json"

    @property
    def machine(self) -> Path:
        """What it was trained on, and with which versions."""
        return self.folder / "machine.json"


Command = tuple[str, Sequence[Any]]
"""The name of its log, and what Python is to run: a file and its words, or ``-m`` and a module."""


def plan_run(
    config: str, variant: str, seed: int, work_dir: Path, options: Mapping[str, Any] | None = None
) -> Run:
    """Writes the config of a run to ``work_dir``.

    ``options`` are as ``--cfg-options`` takes them. The run's folder has a name that shells need no quotes
    for; ``work_dir`` may be moved later.

    Raises `InputError` when another run, which has begun, is in the way.
    """
    run = Run(variant, seed, work_dir / _folder_name(variant, seed))
    settings = {**(options or {}), "randomness.seed": seed}
    text = json.dumps(_without_folder(load_config(config, settings).to_dict()), indent=2)
    if run.folder.exists() and run.config.exists():
        begun = read_json(run.config, f"remove it, and {run.folder} with it if nothing in there is of use")
        if _without_folder(begun) != json.loads(text):
            raise InputError(
                f"{run.config} is of another run: give the --cfg-options that it had, or choose another "
                "--work-dir"
            )
    write_atomically(run.config, text)
    return run


def find_runs(variants: Iterable[str], work_dir: Path) -> list[Run]:
    """The runs of these variants that were ever planned in ``work_dir``, by variant and seed."""
    found = []
    for variant in variants:
        stem = _folder_name(variant, "")
        seeds = (path.stem.removeprefix(stem) for path in work_dir.glob(f"{stem}*.json"))
        numbers = sorted(int(seed) for seed in seeds if seed.isdecimal())
        found += [Run(variant, number, work_dir / f"{stem}{number}") for number in numbers]
    return found


def metrics_of(run: Run) -> dict[str, float]:
    """What a finished run has measured, by ``DATASET/METRIC``.

    Raises `InputError` when its results are damaged.
    """
    remedy = "remove it and run the same command again, which measures anew"
    results = read_json(run.results, remedy)
    if not isinstance(results, dict) or not isinstance(results.get("metrics"), dict):
        raise InputError(f"{run.results}: tells no metrics; {remedy}")
    return results["metrics"]


def execute(
    runs: Iterable[Run],
    commands: Callable[[Run], Iterator[Command]],
    devices: Sequence[str | None],
    report: Callable[[str], None],
    threads: int | None = None,
) -> None:
    """Runs what is not done yet, one process per device at a time.

    A device is a GPU's number, or None for whatever the process finds. ``commands`` gives a run's commands,
    each when the one before is done; the last is to write ``run.results`` with ``metrics``. ``threads`` are
    those of each process on the CPU, PyTorch's choice if None.

    Raises `InputError` naming the log when a run fails; no other is started then, and those under way are
    finished first. Anything else that ends the caller's waiting, such as Ctrl-C, ends them too.
    """
    failed, ended = Event(), Event()
    free: Queue[str | None] = Queue()
    for device in devices:
        free.put(device)

    def execute_one(run: Run) -> None:
        device = free.get()
        try:
            if failed.is_set():
                return
            report(f"{run} starts" + (f" on GPU {device}" if device is not None else ""))
            for log, words in commands(run):
                _run_python(run, log, words, _environment(device, threads), ended)
            report(f"{run} is done: {metrics_of(run)}")
        except BaseException:
            failed.set()
            raise
        finally:
            free.put(device)

    open_runs = [run for run in runs if not run.results.exists()]
    with ThreadPoolExecutor(len(devices)) as pool:
        try:
            for done in [pool.submit(execute_one, run) for run in open_runs]:
                done.result()
        except BaseException as error:
            if not isinstance(error, InputError):
                ended.set()
            pool.shutdown(cancel_futures=True)
            raise


def tool(name: str, *words: Any) -> list[Any]:
    """The words of a command that runs ``tools/NAME``."""
    return [PROJECT / "tools" / name, *words]


def _folder_name(variant: str, seed: int | str) -> str:
    return re.sub(r"[^\w.+-]+", "_", f"{variant} seed {seed}")


def _environment(device: str | None, threads: int | None) -> dict[str, str]:
    chosen = {DEVICE_VARIABLE: device, THREADS_VARIABLE: None if threads is None else str(threads)}
    return {**os.environ, **{name: value for name, value in chosen.items() if value is not None}}


def _without_folder(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "work_dir"}


def _run_python(
    run: Run, log: str, words: Sequence[Any], environment: Mapping[str, str], ended: Event
) -> None:
    run.folder.mkdir(exist_ok=True)
    path = run.folder / f"{log}.log"
    with path.open("a") as output:
        command = [sys.executable, *map(str, words)]
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        while process.poll() is None:
            if ended.wait(0.1):
                process.terminate()
                process.wait()
    if process.returncode:
        raise InputError(f"{run} failed: see {path}, mend the cause and run the same command again")
