"""Blurry and sharp pairs from sharp photographs and from videos.

A shaken camera's exposure is the sum of what it sees on its way, in linear light: of many sub-frames that a
`CameraShake` draws and OpenCV or torch interpolate, or of a video's frames. The sharp image is the moment in
the middle, so both images of a pair are aligned.
"""

from fcn_plugin.synthesis.camera_path import RandomMotion, Window, homographies, project
from fcn_plugin.synthesis.camera_shake import CameraShake
from fcn_plugin.synthesis.exposure import Exposure, MovingObject, average_in_linear_light, expose, middle
from fcn_plugin.synthesis.parameters import build_parameters
from fcn_plugin.synthesis.sensor import Response, Sensor, record_blurry, record_sharp

__all__ = [
    "CameraShake",
    "Exposure",
    "MovingObject",
    "RandomMotion",
    "Response",
    "Sensor",
    "Window",
    "average_in_linear_light",
    "build_parameters",
    "expose",
    "homographies",
    "middle",
    "project",
    "record_blurry",
    "record_sharp",
]
