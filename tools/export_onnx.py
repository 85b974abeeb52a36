#!/usr/bin/env python
"""Exports trained weights to ONNX: one file for images of any size, checked against torch.

python tools/export_onnx.py work_dirs/fcn_gopro/best_GoPro_PSNR_epoch_600.pth fcn.onnx
"""

import argparse
from pathlib import Path

from fcn_plugin.errors import InputError, one_sentence_errors
from fcn_plugin.files import check_writable


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, help="a weights file or a checkpoint")
    parser.add_argument("onnx", type=Path, help="the file to write")
    parser.add_argument(
        "--mode", choices=("local", "global"), help="of inference, for good (that of Deblurrer)"
    )
    arguments = parser.parse_args()

    with one_sentence_errors():
        if arguments.onnx.suffix != ".onnx":
            raise InputError(f"{arguments.onnx}: is no name for an ONNX file; give one that ends in .onnx")
        check_writable(arguments.onnx)
        from fcn_plugin import Deblurrer
        from fcn_plugin.inference.onnx_export import CHECKED_SHAPES, export_onnx
        from fcn_plugin.inference.onnx_network import OnnxNetwork

        deblurrer = Deblurrer(arguments.weights, device="cpu", dtype="float32", mode=arguments.mode)
        if isinstance(deblurrer.network, OnnxNetwork):
            raise InputError(f"{arguments.weights}: is exported already; give the weights it was made of")
        facts = dict(deblurrer.description)
        facts.update(weights=facts.pop("name"), weights_sha256=facts.pop("sha256"))
        difference = export_onnx(deblurrer.network.fcn, arguments.onnx, facts)
        print(
            f"{arguments.onnx}: at most {difference:.1e} from torch, of values from 0 to 1, on images of "
            + ", ".join("×".join(map(str, shape)) for shape in CHECKED_SHAPES)
        )


if __name__ == "__main__":
    main()
