"""Blurry images made on the device that trains on them."""

from fcn_plugin.registry import MODELS
from fcn_plugin.synthesis.torch_exposure import average_on_device, synthesize_batch

from .data_preprocessor import PairDataPreprocessor, stack_images


@MODELS.register_module()
class SyntheticBlurPreprocessor(PairDataPreprocessor):
    """A `PairDataPreprocessor` that also blurs crops of sharp photographs, all of a batch at once.

    While training, a data sample with an ``exposure``, as ``SynthesizeBlur(render=False)`` draws it in the
    worker, comes with the crop and its margin for input; the blurry image takes its place, rounded to 8 bits
    as a file would. Frames that ``AverageFrames(render=False)`` leaves to the device are averaged. Samples
    without an ``exposure``, real pairs say, pass unchanged, also within one batch.

    ``sub_frames_at_once`` bounds the memory: 32 sub-frames of 256×256 take about 200 MB while they are
    interpolated.

    Raises `InputError` when the images of a batch differ in size.
    """

    def __init__(self, sub_frames_at_once: int = 32, **options) -> None:
        super().__init__(**options)
        self.sub_frames_at_once = sub_frames_at_once

    def forward(self, data: dict, training: bool = False) -> dict:
        if training:
            data = self._blur(self.cast_data(data))
        return super().forward(data, training)

    def _blur(self, data: dict) -> dict:
        samples, inputs = data["data_samples"], list(data["inputs"])
        targets = list(data["targets"]) if "targets" in data else [sample.gt_img for sample in samples]
        for index, sample in enumerate(samples):
            if "exposure" in sample and "gamma" in sample.exposure:
                inputs[index] = average_on_device(inputs[index], sample.pop("exposure").gamma)
        synthetic = [index for index, sample in enumerate(samples) if "exposure" in sample]
        if synthetic:
            blurry, sharp = synthesize_batch(
                stack_images([inputs[index] for index in synthetic]),
                stack_images([targets[index] for index in synthetic]),
                [samples[index].pop("exposure") for index in synthetic],
                self.sub_frames_at_once,
            )
            for index, blurry_image, sharp_image in zip(synthetic, blurry, sharp, strict=True):
                inputs[index], targets[index] = blurry_image, sharp_image
        return {**data, "inputs": inputs, "targets": targets}
