"""Where a model leaves its restored images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmengine.structures import BaseDataElement
from torch import Tensor

from fcn_plugin.errors import InputError

from .eight_bits import round_to_8_bits


@dataclass(frozen=True)
class PredictionField:
    """The field of a data sample that holds the restored image, and what its numbers mean.

    The defaults are what `DeblurringModel` gives; MMagic's models give
    ``dict(path="output.pred_img", white=255)``.

    Attributes:
        path: The field's name; a dot goes down into the sample of that name.
        white: The value of white; black is 0.
    """

    path: str = "pred_img"
    white: float = 1.0

    def read(self, sample: Mapping[str, Any] | BaseDataElement) -> Tensor:
        """The restored image, rounded to 8 bits: floating point in 0 to ``white`` becomes uint8.

        Raises:
            InputError: If there is no such field, or a value is NaN or infinite.
        """
        image: Any = sample
        for name in self.path.split("."):
            if name not in image:
                raise InputError(
                    f"The data samples have no {self.path!r}, where a prediction was looked for; set "
                    f"`prediction=dict(path=…)`; at that level there are {', '.join(sorted(image.keys()))}."
                )
            image = image.get(name)
        scaled = image if self.white == 1 else image / self.white
        return round_to_8_bits(scaled, f"The prediction for {sample.get('key')}")
