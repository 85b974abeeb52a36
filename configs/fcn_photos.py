# FCN on a folder (or LMDB) of sharp photographs alone: each crop is blurred as a shaken camera would, anew
# every time (docs/synthesis.md). Validated and tested on real pairs, which takes none of them for training.
_base_ = ["fcn_gopro.py"]

photographs = "{{fileDirname}}/../data/photographs"
crop_size = 256
repeats = 6  # per epoch; 350 photographs then make an epoch as long as GoPro's

# Blurs on the device what a pipeline leaves to it by render=False, for workers that are too slow:
# --cfg-options train_dataloader.dataset.dataset.pipeline.0.render=False
model = dict(data_preprocessor=dict(type="SyntheticBlurPreprocessor"))

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="RepeatDataset",
        times=repeats,
        dataset=dict(
            type="SharpImageDataset",
            name="photographs",
            source=photographs,
            pipeline=[
                dict(type="SynthesizeBlur", size=crop_size),
                dict(type="PairedRandomFlip"),
                dict(type="PairedRandomRotate90"),
                dict(type="PackPair"),
            ],
        ),
    )
)
