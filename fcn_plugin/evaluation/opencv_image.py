"""Images as OpenCV takes them."""

import cv2
import numpy as np
from torch import Tensor


def as_opencv(image: Tensor) -> np.ndarray:
    """(channels, height, width) on the CPU to (height, width, channels); channels keep their order.

    It is no copy where the image lies in memory in that order.
    """
    interleaved = image.permute(1, 2, 0)
    if interleaved.is_contiguous():
        return interleaved.numpy()
    return cv2.merge([plane.numpy() for plane in image.contiguous()])
