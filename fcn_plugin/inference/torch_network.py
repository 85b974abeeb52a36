"""A network of PyTorch's."""

import torch
from torch import Tensor, nn

from fcn_plugin.models import FCN

from .memory import bytes_per_pixel
from .options import DTYPES, MODES


class TorchNetwork(nn.Module):
    """`FCN`, as a `RestoringNetwork`.

    Args:
        fcn: in evaluation mode.
        crop_size: height and width of the images that it was trained on, whose statistics the mode
            ``"local"`` keeps.
    """

    modes = MODES
    dtypes = tuple(getattr(torch, name) for name in DTYPES)

    def __init__(self, fcn: FCN, crop_size: tuple[int, int]):
        super().__init__()
        self.fcn = fcn
        self.crop_size = crop_size
        self.image_channels = fcn.image_channels
        self.predictions = len(fcn.grids)
        self.tile_step = fcn.tile_step

    def fastest_device(self) -> torch.device:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def fastest_dtype(self, device: torch.device) -> torch.dtype:
        if device.type != "cuda":
            return torch.float32
        # Older GPUs emulate bfloat16, slowly.
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if native else torch.float16

    def run(self, device: torch.device, mode: str) -> None:
        self.to(device, memory_format=torch.channels_last)
        self.fcn.pool_locally(self.crop_size if mode == "local" else None)

    def bytes_per_pixel(self, dtype: torch.dtype) -> float:
        return bytes_per_pixel(self.fcn, dtype)

    def forward(self, blurry: Tensor) -> Tensor:
        return self.fcn(blurry)

    def predict_stages(self, blurry: Tensor) -> list[Tensor]:
        return self.fcn.predict_stages(blurry)
