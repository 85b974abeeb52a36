# A small FCN, 3.0 M parameters, for the weights that come with the package: photographs blurred on the fly
# beside real pairs, chosen on real pairs that it does not train on. The pairs lie in
# data/pairs/{train,val}/{blur,sharp}, the photographs in data/photographs. Made for CPUs: all of the network
# works at a quarter of the resolution. The package's weights come of five runs like this one; the
# model card tells of them.
#
# Whole PNG files are decoded for one crop each here. For hours of training, `tools/prepare_data.py folder
# --encoding raw` makes LMDBs of these folders that hand over crops without decoding
# (docs/benchmarks_data.md); name them as the datasets' input, target and source.
_base_ = ["fcn_demo.py"]

pairs = "{{fileDirname}}/../data/pairs"
photographs = "{{fileDirname}}/../data/photographs"
crop_size = 192
turns = [dict(type="PairedRandomFlip"), dict(type="PairedRandomRotate90"), dict(type="PackPair")]
epochs = 30

model = dict(network=dict(width=32, pyramid_widths=(48, 96, 128), unshuffle=4))

train_dataloader = dict(
    drop_last=True,
    dataset=dict(
        _delete_=True,
        type="ConcatDataset",
        ignore_keys=["dataset", "blur", "storage"],  # metainfo that differs
        datasets=[
            dict(
                type="SharpImageDataset",
                name="photographs",
                source=photographs,
                pipeline=[dict(type="SynthesizeBlur", size=crop_size), *turns],
            ),
            dict(
                type="RepeatDataset",
                times=18,  # two for each photograph
                dataset=dict(
                    type="PairedImageDataset",
                    name="pairs",
                    facts=dict(blur="averaged frames"),
                    input=f"{pairs}/train/blur",
                    target=f"{pairs}/train/sharp",
                    pipeline=[dict(type="PairedRandomCrop", size=crop_size), *turns],
                ),
            ),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        name="pairs",
        facts=dict(blur="averaged frames"),
        input=f"{pairs}/val/blur",
        target=f"{pairs}/val/sharp",
    ),
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=epochs, val_interval=4)
optim_wrapper = dict(optimizer=dict(lr=8e-4))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.03, begin=0, end=200, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=epochs, eta_min=1e-5, convert_to_iter_based=True),
]

default_hooks = dict(
    logger=dict(interval=25),
    checkpoint=dict(
        _delete_=True,
        type="BestCheckpointHook",
        save_best="pairs/PSNR",
        rule="greater",
        interval=1,
        max_keep_ckpts=2,
    ),
    ema=dict(type="EMAHook", momentum=0.002),
    comparison=dict(images=0),
)
