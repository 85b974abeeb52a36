# A small FCN, 1.7 M parameters, for the weights that come with the package: photographs blurred on the fly
# beside real pairs, chosen on real pairs that it does not train on. The pairs lie in
# data/pairs/{train,val}/{blur,sharp}, the photographs in data/photographs. Made for CPUs: the stages at full
# resolution are narrow, and most of the weights work at an eighth of it.
_base_ = ["_base_/models/fcn.py", "_base_/runtime/default.py"]

pairs = "{{fileDirname}}/../data/pairs"
photographs = "{{fileDirname}}/../data/photographs"
crop_size = 128
epochs = 40

model = dict(network=dict(width=8, pyramid_widths=(16, 32, 64, 128)))

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    drop_last=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    worker_init_fn=dict(type="fcn_plugin.seed_worker"),
    collate_fn=dict(type="fcn_plugin.collate_pairs"),
    dataset=dict(
        type="ConcatDataset",
        ignore_keys=["dataset", "blur", "storage"],  # metainfo that differs
        datasets=[
            dict(
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
            dict(
                type="RepeatDataset",
                times=4,
                dataset=dict(
                    type="PairedImageDataset",
                    name="pairs",
                    input=f"{pairs}/train/blur",
                    target=f"{pairs}/train/sharp",
                    pipeline=[
                        dict(type="PairedRandomCrop", size=crop_size),
                        dict(type="PairedRandomFlip"),
                        dict(type="PairedRandomRotate90"),
                        dict(type="PackPair"),
                    ],
                ),
            ),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="fcn_plugin.collate_pairs"),
    dataset=dict(
        type="PairedImageDataset",
        name="pairs",
        input=f"{pairs}/val/blur",
        target=f"{pairs}/val/sharp",
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
    optimizer=dict(type="Adam", lr=4e-4),
    clip_grad=dict(max_norm=0.1),  # as in fcn_demo.py
    paramwise_cfg=dict(custom_keys=dict(ratio_logits=dict(lr_mult=10.0))),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.03, begin=0, end=200, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=epochs, eta_min=1e-5, convert_to_iter_based=True),
]

default_hooks = dict(
    logger=dict(interval=25),
    checkpoint=dict(save_best="pairs/PSNR", rule="greater", interval=1, max_keep_ckpts=2),
    ema=dict(type="EMAHook", momentum=0.002),
    comparison=dict(images=0),
)
