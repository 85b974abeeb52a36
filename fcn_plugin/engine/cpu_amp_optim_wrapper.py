"""Mixed precision on a CPU, which MMEngine's ``AmpOptimWrapper`` refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from fcn_plugin.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """Trains on a CPU in bfloat16 where PyTorch's autocast holds that safe.

    Weights, their gradients and the optimiser's state stay float32, and bfloat16 has float32's range, so no
    loss is scaled. It pays on processors with bfloat16 instructions (AVX-512 BF16, AMX); others take longer
    than in float32. Takes what MMEngine's ``OptimWrapper`` takes.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        with super().optim_context(model), torch.autocast("cpu", torch.bfloat16):
            yield
