"""From light to stored values: exposure, noise and compression."""

from dataclasses import dataclass

import cv2
import numpy as np

from fcn_plugin.synthesis.exposure import GAMMA, to_values
from fcn_plugin.synthesis.parameters import check_interval, check_number


@dataclass(frozen=True)
class Response:
    """How one picture is recorded; as `Sensor` says, but each number drawn."""

    gamma: float = GAMMA
    gain: float = 1.0
    shot_noise: float = 0.0
    read_noise: float = 0.0
    jpeg_quality: int | None = None


@dataclass(frozen=True)
class Sensor:
    """What a sensor and its camera make of light; by default neither noise nor compression.

    Light is in units of what saturates the sensor. Ranges are (lowest, highest).

    Attributes:
        gamma: Exponent that turns stored values into light; 1 takes the stored values for light.
        gain: By how much the exposure differs from the photograph's; its logarithm is drawn uniformly.
            Blurry and sharp images get the same, and lose what it lifts above 1.
        shot_noise: Standard deviation of the noise in light 1, whose square is proportional to the light;
            drawn uniformly. Only the blurry image is noisy, likewise for what follows.
        read_noise: Standard deviation of the noise in the dark; drawn uniformly.
        jpeg_quality: From 1 to 100, drawn uniformly; None for no JPEG.

    Raises:
        InputError: A number is out of its range.
    """

    gamma: float = GAMMA
    gain: tuple[float, float] = (1.0, 1.0)
    shot_noise: tuple[float, float] = (0.0, 0.0)
    read_noise: tuple[float, float] = (0.0, 0.0)
    jpeg_quality: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        check_number(self, "gamma", 0.1, 10)
        check_interval(self, "gain", 0.01, 100)
        check_interval(self, "shot_noise", 0, 1)
        check_interval(self, "read_noise", 0, 1)
        if self.jpeg_quality is not None:
            check_interval(self, "jpeg_quality", 1, 100)

    def draw(self, generator: np.random.Generator) -> Response:
        """Draws how one picture is recorded."""
        return Response(
            self.gamma,
            float(np.exp(generator.uniform(*np.log(self.gain)))),
            generator.uniform(*self.shot_noise),
            generator.uniform(*self.read_noise),
            None if self.jpeg_quality is None else int(generator.integers(*self.jpeg_quality, endpoint=True)),
        )


def record_blurry(light: np.ndarray, response: Response, generator: np.random.Generator) -> np.ndarray:
    """The image, uint8 RGB, of light (height, width, 3), with its noise drawn from ``generator``."""
    light = np.maximum(response.gain * light, 0)
    if response.shot_noise or response.read_noise:
        deviation = np.sqrt(response.shot_noise**2 * light + response.read_noise**2)
        light = light + deviation * generator.standard_normal(light.shape, np.float32)
    image = to_values(light, response.gamma)
    if response.jpeg_quality is None:
        return image
    quality = [cv2.IMWRITE_JPEG_QUALITY, response.jpeg_quality]
    _, content = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    return cv2.cvtColor(cv2.imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def record_sharp(image: np.ndarray, response: Response) -> np.ndarray:
    """The sharp image, uint8 RGB, as the same exposure shows it."""
    if response.gain == 1:
        return image
    # Gain and gamma together are one factor on the stored values.
    return np.rint(np.minimum(image * response.gain ** (1 / response.gamma), 255)).astype(np.uint8)
