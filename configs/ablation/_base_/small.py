# A small FCN on real pairs at a quarter of their size, where blur is a few pixels long and minutes of
# training show. The pairs lie in data/pairs/{train,val}/{blur,sharp}.
_base_ = ["../../_base_/models/fcn.py", "../../_base_/runtime/default.py"]

pairs = "{{fileDirname}}/../../../data/pairs"
size = (180, 320)
epochs = 20

model = dict(network=dict(width=12, pyramid_widths=(12, 24, 48)))

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=True),
    worker_init_fn=dict(type="fcn_plugin.seed_worker"),
    dataset=dict(
        type="RepeatDataset",
        times=4,
        dataset=dict(
            type="PairedImageDataset",
            name="pairs",
            input=f"{pairs}/train/blur",
            target=f"{pairs}/train/sharp",
            pipeline=[
                dict(type="PairedResize", size=size, interpolation="area"),
                dict(type="PairedRandomCrop", size=80),
                dict(type="PairedRandomFlip"),
                dict(type="PairedRandomRotate90"),
                dict(type="PackPair"),
            ],
        ),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="PairedImageDataset",
        name="pairs",
        input=f"{pairs}/val/blur",
        target=f"{pairs}/val/sharp",
        pipeline=[dict(type="PairedResize", size=size, interpolation="area"), dict(type="PackPair")],
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type="PSNR"), dict(type="SSIM")]
test_evaluator = [dict(type="PSNR", baseline=True), dict(type="SSIM", baseline=True)]

train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=epochs, val_interval=epochs)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")

optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="Adam", lr=1e-3),
    clip_grad=dict(max_norm=0.1),
    paramwise_cfg=dict(custom_keys=dict(ratio_logits=dict(lr_mult=10.0))),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.03, begin=0, end=30, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=epochs, eta_min=1e-5, convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(max_keep_ckpts=1),
    comparison=dict(images=0),
)
