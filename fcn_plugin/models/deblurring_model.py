"""What MMEngine's Runner trains and evaluates: a network and its loss."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from mmengine.utils import to_2tuple
from torch import Tensor, nn

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS

from .data_preprocessor import as_float_batch
from .fcn import FCN


@MODELS.register_module()
class DeblurringModel(BaseModel):
    """Any registered deblurring network with any registered loss.

    ``network`` maps blurry images (B, 3, H, W), RGB in [0, 1], to one restored image or to a list of
    predictions, the last of which is the answer; ``loss`` takes what the network gives in training mode
    and the sharp images, and returns a scalar. Without a loss the model can be evaluated but not trained.
    ``channels_last`` keeps the network's weights, and with them its features, in that memory layout, which
    convolutions are fastest in. ``compile_network``, ``True`` or arguments of ``torch.compile``, compiles the
    network alone; MMEngine's ``compile`` would take in the logging too. ``local_statistics`` is the size of
    the training's crops, in pixels or (height, width): with it, `FCN` predicts as `FCN.pool_locally` tells,
    while it trains as ever. ``stage`` takes the prediction of another stage than the last, counted from 0, as
    `FCN`'s answer, to see what each of them is worth. Other networks have neither.

    Modes of ``forward``:

    - ``"tensor"``: what the network returns.
    - ``"loss"``: ``{"loss": scalar}``.
    - ``"predict"``: the data samples, each with ``pred_img`` set: (3, H, W) float32 RGB, on the network's
      device. Values may overshoot [0, 1] slightly; the metrics round to 8 bits and refuse NaN.

    Raises `InputError` for options and stages that the network does not have.
    """

    def __init__(
        self,
        network: dict[str, Any],
        loss: dict[str, Any] | None = None,
        channels_last: bool = True,
        compile_network: bool | dict[str, Any] = False,
        local_statistics: int | tuple[int, int] | None = None,
        stage: int | None = None,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ):
        super().__init__(data_preprocessor or {"type": "fcn_plugin.PairDataPreprocessor"}, init_cfg)
        self.network: nn.Module = MODELS.build(network)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.network.to(memory_format=self.memory_format)
        if compile_network:
            self.network.compile(**({} if compile_network is True else compile_network))
        self.local_statistics = None if local_statistics is None else to_2tuple(local_statistics)
        self.stage = stage
        for name, method in (("local_statistics", "pool_locally"), ("stage", "predict_stages")):
            if getattr(self, name) is not None and not hasattr(self.network, method):
                raise InputError(
                    f"{type(self.network).__name__} has no {name}, as FCN has: leave model.{name} out"
                )
        if stage is not None and not 0 <= stage < len(self.network.grids):
            raise InputError(
                f"there is no stage {stage}: set model.stage to 0 to {len(self.network.grids) - 1}"
            )
        self.loss: nn.Module | None = None if loss is None else MODELS.build(loss)

    def forward(
        self, inputs: Tensor, data_samples: list[BaseDataElement] | None = None, mode: str = "tensor"
    ) -> Any:
        inputs = inputs.contiguous(memory_format=self.memory_format)
        with self._statistics(local=mode == "predict" and self.local_statistics is not None):
            if mode == "predict" and self.stage is not None:
                outputs = self.network.predict_stages(inputs)[self.stage]
            else:
                outputs = self.network(inputs)
        if mode == "tensor":
            return outputs
        if mode == "loss":
            return {"loss": self.loss(outputs, as_float_batch([sample.gt_img for sample in data_samples]))}
        if mode == "predict":
            restored = outputs[-1] if isinstance(outputs, list | tuple) else outputs
            for sample, image in zip(data_samples, restored.float(), strict=True):
                sample.pred_img = image
            return data_samples
        raise ValueError(f"unknown mode {mode!r}: choose tensor, loss or predict")

    @property
    def inference(self) -> str:
        """How images are restored in ``"predict"``, to be named beside every score."""
        words = ["whole image"]
        if self.local_statistics is not None:
            words.append("local statistics of {}×{}".format(*self.local_statistics))
        elif isinstance(self.network, FCN):
            words.append("global statistics")
        if self.stage is not None:
            words.append(f"prediction of stage {self.stage}")
        return ", ".join(words)

    @contextlib.contextmanager
    def _statistics(self, local: bool) -> Iterator[None]:
        if not local:
            yield
            return
        self.network.pool_locally(self.local_statistics)
        try:
            yield
        finally:
            self.network.pool_locally(None)
