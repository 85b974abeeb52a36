# GoPro from folders or LMDBs, augmentation, metrics, pictures and checkpoints of this project around MMagic's
# NAFNet, in MMagic's own model. Images stay RGB throughout: MMagic converts only what declares another order.
_base_ = "mmagic::_base_/default_runtime.py"

gopro = "{{fileDirname}}/../../data/GoPro"
our_transforms = [
    dict(type="fcn_plugin.PairedRandomCrop", size=64),
    dict(type="fcn_plugin.PairedRandomFlip"),
    dict(type="fcn_plugin.PairedRandomRotate90"),
]
pack = dict(type="PackInputs", meta_keys=["key", "dataset"])  # MMagic's
# MMagic's models put the restored image here, in 0 to 255.
prediction = dict(path="output.pred_img", white=255)

model = dict(
    type="BaseEditModel",
    generator=dict(type="NAFNet", mid_channels=16, enc_blk_nums=[1, 1], middle_blk_num=1, dec_blk_nums=[1, 1]),
    pixel_loss=dict(type="PSNRLoss"),
    data_preprocessor=dict(type="DataPreprocessor", mean=[0.0] * 3, std=[255.0] * 3),
)

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type="InfiniteSampler", shuffle=True),
    dataset=dict(
        type="fcn_plugin.GoProDataset",
        data_root=gopro,
        split="train",
        blur="linear",
        pipeline=[*our_transforms, pack],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="fcn_plugin.GoProDataset", data_root=gopro, split="test", blur="linear", pipeline=[pack]
    ),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type="fcn_plugin.PSNR", prediction=prediction),
    dict(type="fcn_plugin.SSIM", prediction=prediction),
]
test_evaluator = [dict(baseline=True, **metric) for metric in val_evaluator]

train_cfg = dict(type="IterBasedTrainLoop", max_iters=100, val_interval=50)
val_cfg = dict(type="ValLoop")  # MMEngine's; MMagic's own loop takes none but metrics derived from MMagic's
test_cfg = dict(type="TestLoop")
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="AdamW", lr=1e-3, betas=(0.9, 0.9)))
param_scheduler = dict(type="CosineAnnealingLR", by_epoch=False, T_max=100, eta_min=1e-7)

default_hooks = dict(
    checkpoint=dict(
        _delete_=True,
        type="fcn_plugin.BestCheckpointHook",
        by_epoch=False,
        interval=50,
        save_best=["GoPro/PSNR", "GoPro/SSIM-matlab"],
        joint=True,
    ),
    logger=dict(interval=10),
)
custom_hooks = [
    dict(type="fcn_plugin.RunFactsHook"),
    dict(type="fcn_plugin.InvalidLossHook"),
    dict(type="fcn_plugin.PortableCheckpointHook"),
    dict(type="fcn_plugin.ComparisonImageHook", images=2, prediction=prediction),
    dict(type="fcn_plugin.ProgressBarHook"),
]
