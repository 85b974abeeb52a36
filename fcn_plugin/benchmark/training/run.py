"""One run of a comparison, in a process of its own: ``python -m fcn_plugin.benchmark.training.run``."""

import argparse
import json
from pathlib import Path

import torch

from fcn_plugin.benchmark.cost import COST_SIZE, cost_of
from fcn_plugin.benchmark.way import build_model
from fcn_plugin.engine.hooks.run_facts_hook import training_facts
from fcn_plugin.engine.launch import load_config, train
from fcn_plugin.engine.precision import precision_of
from fcn_plugin.errors import one_sentence_errors
from fcn_plugin.files import write_atomically
from fcn_plugin.machine import machine_facts


def train_and_record(config_file: str, work_dir: str) -> None:
    """Trains, or goes on, and writes ``results.json`` when the time is spent.

    It holds what was trained (``training``, ``learning_rate``, ``optimizer``, ``precision``, ``seed``), what
    the network takes (``costs``, for one image of ``cost_size``), the ``budget``, what the loop put on
    ``record``, where (``machine``), and the last ``metrics``.

    Raises `InputError` for any input that cannot be used.
    """
    config = load_config(config_file, work_dir=work_dir)
    runner = train(config, resume=True)
    loop = runner.train_loop
    budget = {"seconds": loop.seconds, "clock": loop.clock.kind, "validations": loop.validations}
    last = loop.record["curve"][-1]
    results = {
        "training": training_facts(runner),
        "learning_rate": runner.optim_wrapper.param_groups[0]["initial_lr"],
        "optimizer": config.optim_wrapper.optimizer.type,
        "precision": precision_of(runner.model, runner.optim_wrapper.optim_context(runner.model)),
        "seed": runner.seed,
        "budget": budget,
        "machine": machine_facts("cuda" if torch.cuda.is_available() else "cpu"),
        "costs": cost_of(build_model(config).network, COST_SIZE)._asdict(),
        "cost_size": COST_SIZE,
        "record": loop.record,
        "metrics": {name: value for name, value in last.items() if "/" in name},
    }
    write_atomically(Path(work_dir, "results.json"), json.dumps(results, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    parser.add_argument("work_dir")
    arguments = parser.parse_args()
    with one_sentence_errors():
        train_and_record(arguments.config, arguments.work_dir)


if __name__ == "__main__":
    main()
