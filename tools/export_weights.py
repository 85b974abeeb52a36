#!/usr/bin/env python
"""Makes a weights file of a training checkpoint: the network's tensors, and what is known of its training.

    python tools/export_weights.py work_dirs/fcn_gopro/best_GoPro_PSNR_epoch_600.pth fcn_gopro.safetensors

The averaged weights are taken where the training kept some (EMAHook). The file needs no config: it says what
the network is and what crops it was trained on, which the checkpoint's own config tells.
"""

import argparse
from pathlib import Path

from fcn_plugin.errors import InputError, one_sentence_errors


def fact(word: str) -> tuple[str, str]:
    """An argument's type: KEY=VALUE."""
    key, equals, value = word.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"is KEY=VALUE, not {word!r}")
    return key, value


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="of a training, or another weights file")
    parser.add_argument("weights", type=Path, help="the file to write: .safetensors or .pth")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32", help="(%(default)s)")
    parser.add_argument("--config", help="where the checkpoint holds none: the config it was trained with")
    parser.add_argument(
        "--facts",
        nargs="+",
        type=fact,
        default=[],
        metavar="KEY=VALUE",
        help="to be kept in the file as `facts`, such as PSNR=30.1",
    )
    arguments = parser.parse_args()
    facts = dict(arguments.facts)
    if len(facts) < len(arguments.facts):
        parser.error("--facts names a KEY twice")

    with one_sentence_errors():
        import torch

        from fcn_plugin.engine.launch import load_config
        from fcn_plugin.inference.onnx_network import OnnxNetwork
        from fcn_plugin.inference.weights_file import read_weights, write_weights

        config = load_config(arguments.config).pretty_text if arguments.config else None
        weights = read_weights(arguments.checkpoint, config)
        if isinstance(weights.network, OnnxNetwork):
            raise InputError(
                f"{arguments.checkpoint}: is ONNX, for onnxruntime; give the weights it was made of"
            )
        metadata = {
            **weights.metadata,
            "source": {"file": arguments.checkpoint.name, "sha256": weights.sha256},
            "dtype": arguments.dtype,
        }
        if facts:
            metadata["facts"] = facts
        dtype = getattr(torch, arguments.dtype)
        sha256 = write_weights(arguments.weights, weights.network, metadata, dtype)
        print(f"{arguments.weights}: {arguments.weights.stat().st_size / 1e6:.1f} MB, {arguments.dtype}")
        print(f"sha256       {sha256}")
        crop = weights.crop_size
        print("trained on   " + (f"crops of {crop[0]}×{crop[1]}" if crop else "crops of unknown size"))


if __name__ == "__main__":
    main()
