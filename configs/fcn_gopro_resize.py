# fcn_gopro.py with the other reading of "we adjust … to the size of 256×256": whole images, resized, where
# the authors' code takes random crops.
_base_ = ["fcn_gopro.py"]

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type="PairedResize", size=256),
            dict(type="PairedRandomFlip"),
            dict(type="PairedRandomRotate90"),
            dict(type="PackPair"),
        ]
    )
)
