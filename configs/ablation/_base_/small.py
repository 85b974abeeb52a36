# A small FCN, trained as in fcn_demo.py but on real pairs at a quarter of their size, where blur is a few
# pixels long and minutes of training show. The pairs lie in data/pairs/{train,val}/{blur,sharp}.
_base_ = ["../../fcn_demo.py"]

pairs = "{{fileDirname}}/../../../data/pairs"
quarter = dict(type="PairedResize", size=(180, 320), interpolation="area")
epochs = 20

model = dict(network=dict(width=12, pyramid_widths=(12, 24, 48)))

train_dataloader = dict(
    dataset=dict(
        times=4,
        dataset=dict(
            name="pairs",
            facts=dict(blur="averaged frames"),
            input=f"{pairs}/train/blur",
            target=f"{pairs}/train/sharp",
            pipeline=[
                quarter,
                dict(type="PairedRandomCrop", size=80),
                dict(type="PairedRandomFlip"),
                dict(type="PairedRandomRotate90"),
                dict(type="PackPair"),
            ],
        ),
    )
)
val_dataloader = dict(
    dataset=dict(
        name="pairs",
        facts=dict(blur="averaged frames"),
        input=f"{pairs}/val/blur",
        target=f"{pairs}/val/sharp",
        pipeline=[quarter, dict(type="PackPair")],
    )
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=epochs, val_interval=epochs)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.03, begin=0, end=30, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=epochs, eta_min=1e-5, convert_to_iter_based=True),
]
default_hooks = dict(
    # The last checkpoint is the one that counts; none is chosen.
    checkpoint=dict(_delete_=True, type="BestCheckpointHook", interval=5, max_keep_ckpts=1),
    comparison=dict(images=0),
)
