#!/usr/bin/env python
"""Measures what networks cost: parameters, multiply-accumulates, time and memory, side by side in one run.

    python tools/benchmark.py configs/fcn_gopro.py configs/peers/*.py --modes inference --size 256 256
    python tools/benchmark.py configs/fcn_gopro.py --device cuda --modes training --batch 16 \\
        --precisions tf32 amp-bfloat16 --layouts contiguous channels_last --compile eager default

Every combination of the options is checked against plain float32 before it is timed. The figures go to
--out as JSON, and docs/benchmarks.md is written anew from all JSON files beside it.
"""

import argparse
from pathlib import Path

from fcn_plugin.benchmark.choices import COMPILE, LAYOUTS, MODES, PRECISIONS
from fcn_plugin.command_line import ConfigOptions, at_least, positive
from fcn_plugin.errors import InputError, one_sentence_errors
from fcn_plugin.project import PROJECT

FIGURES = PROJECT / "benchmarks/networks"


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("configs", nargs="*", default=["configs/fcn_gopro.py"], help="whose networks to measure")
    add("--device", default="cpu", choices=("cpu", "cuda"))
    add("--modes", nargs="+", default=["inference"], choices=MODES)
    size = {"nargs": 2, "type": at_least(1), "metavar": ("HEIGHT", "WIDTH")}
    add("--size", **size, default=[256, 256], help="of the images")
    add("--batch", type=at_least(1), default=1, help="images per call (%(default)s)")
    add("--precisions", nargs="+", default=["float32"], choices=PRECISIONS)
    add("--layouts", nargs="+", default=["channels_last"], choices=LAYOUTS)
    add("--compile", nargs="+", default=["eager"], choices=COMPILE, help="eager, or modes of torch.compile")
    add(
        "--checkpointing",
        nargs="+",
        default=["no"],
        choices=("no", "yes"),
        help="of activations, in training",
    )
    add("--check-size", **size, help="of the check, 1 image (--size)")
    add("--reference-device", choices=("cpu", "cuda"), help="where float32 is computed (--device)")
    add("--rounds", type=at_least(1), default=5, help="turns that each combination gets (%(default)s)")
    add("--seconds", type=positive, default=1.0, help="length of a turn, one call at least (%(default)s)")
    add("--threads", type=at_least(1), help="on the CPU (PyTorch's choice)")
    add(
        "--matrix",
        type=at_least(1),
        default=8192,
        help="size of the roof's matrix product (%(default)s)",
    )
    add("--cfg-options", nargs="+", action=ConfigOptions, metavar="KEY=VALUE", help="override every config")
    add("--out", type=Path, help="JSON file (benchmarks/networks/DEVICE.json)")
    add("--report", action="store_true", help="measure nothing, only write the page")
    add("--page", type=Path, default=PROJECT / "docs/benchmarks.md", help="(%(default)s)")
    return parser.parse_args(words)


def measure_all(arguments: argparse.Namespace) -> dict:
    import itertools

    import torch
    from mmengine.logging import MMLogger

    from fcn_plugin.benchmark.cost import cost_of
    from fcn_plugin.benchmark.measure import Shape, matrix_rates, measure
    from fcn_plugin.benchmark.way import Machine, Way, build_model
    from fcn_plugin.engine.launch import load_config
    from fcn_plugin.machine import machine_facts

    names = [Path(config).stem for config in arguments.configs]
    for name, config in zip(names, arguments.configs, strict=True):
        if names.count(name) > 1:
            raise InputError(f"{config}: more than one config is called {name!r}; rename all but one")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    MMLogger.get_current_instance().setLevel("WARNING")
    torch.backends.cudnn.benchmark = True  # as in training: all images have one size
    options = arguments.cfg_options or {}
    costs = {}
    for config in arguments.configs:
        network = build_model(load_config(config, options)).network
        costs[Path(config).stem] = cost_of(network, tuple(arguments.size))._asdict()
    ways = [
        Way(config, mode, precision, layout == "channels_last", compiled, checkpointing == "yes")
        for config, mode, precision, layout, compiled, checkpointing in itertools.product(
            arguments.configs,
            arguments.modes,
            arguments.precisions,
            arguments.layouts,
            arguments.compile,
            arguments.checkpointing,
        )
        if mode == "training" or checkpointing == "no"
    ]
    check_shape = Shape(1, tuple(arguments.check_size or arguments.size))
    rows = measure(
        ways,
        Machine(arguments.device, options),
        Shape(arguments.batch, tuple(arguments.size)),
        check_shape,
        reference_device=arguments.reference_device or arguments.device,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        threads=torch.get_num_threads(),
        report=print,
    )
    return {
        "machine": machine_facts(arguments.device),
        "options": options,
        "cost_size": arguments.size,
        "check_size": check_shape.size,
        "costs": costs,
        "matrix_rates": matrix_rates(
            arguments.precisions, arguments.device, arguments.matrix, torch.get_num_threads()
        ),
        "rows": rows,
    }


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        import json

        from fcn_plugin.benchmark.report import benchmark_page
        from fcn_plugin.files import read_json, write_atomically

        out = arguments.out or FIGURES / f"{arguments.device}.json"
        if not arguments.report:
            write_atomically(out, json.dumps(measure_all(arguments), indent=2) + "\n")
            print(f"figures      {out}")
        files = sorted(out.parent.glob("[!.]*.json"))  # hidden ones are of killed runs
        if not files:
            raise InputError(f"{out.parent}: has no figures yet; leave out --report, which measures some")
        results = [read_json(file, "measure it anew, or remove it") for file in files]
        write_atomically(arguments.page, benchmark_page(results))
        print(f"page         {arguments.page}")


if __name__ == "__main__":
    main()
