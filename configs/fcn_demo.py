# A small FCN on the pairs in data/demo: minutes on two CPU cores, the same path as fcn_gopro.py. It validates
# on the pairs it is tested on, so its table shows that all works, not how well it does on unseen images.
_base_ = ["_base_/models/fcn.py", "_base_/runtime/default.py"]

data = "{{fileDirname}}/../data/demo"
epochs = 16

model = dict(network=dict(width=16, pyramid_widths=(16, 32, 64)))

train_dataloader = dict(
    batch_size=4,
    num_workers=0,  # decoding these small images costs less than handing them over
    sampler=dict(type="DefaultSampler", shuffle=True),
    worker_init_fn=dict(type="fcn_plugin.seed_worker"),
    collate_fn=dict(type="fcn_plugin.collate_pairs"),
    dataset=dict(
        type="RepeatDataset",
        times=10,
        dataset=dict(
            type="PairedImageDataset",
            name="demo",
            facts=dict(blur="synthetic"),
            input=f"{data}/train/blur",
            target=f"{data}/train/sharp",
            pipeline=[
                dict(type="PairedRandomCrop", size=72),
                dict(type="PairedRandomFlip"),  # no right angles: all of the demo's blur is horizontal
                dict(type="PackPair"),
            ],
        ),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="fcn_plugin.collate_pairs"),
    dataset=dict(
        type="PairedImageDataset",
        name="demo",
        facts=dict(blur="synthetic"),
        input=f"{data}/test/blur",
        target=f"{data}/test/sharp",
        pipeline=[dict(type="PackPair")],
    ),
)
test_dataloader = val_dataloader

val_evaluator = [dict(type="PSNR"), dict(type="SSIM")]
test_evaluator = [dict(type="PSNR", baseline=True), dict(type="SSIM", baseline=True)]

train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=epochs, val_interval=4)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")

optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="Adam", lr=1e-3),
    clip_grad=dict(max_norm=0.1),  # at this learning rate the last stage diverges now and then without
    paramwise_cfg=dict(custom_keys=dict(ratio_logits=dict(lr_mult=10.0))),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.03, begin=0, end=30, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=epochs, eta_min=1e-5, convert_to_iter_based=True),
]

default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(save_best=["demo/PSNR", "demo/SSIM-matlab"], joint=True),
)
