# FCN on GoPro, REDS and photographs blurred on the fly (docs/synthesis.md), chosen and tested as in
# fcn_gopro.py. A set's weight is how often an epoch repeats it.
_base_ = ["fcn_photos.py"]

data = "{{fileDirname}}/../data"
weights = dict(gopro=4, reds=1, photographs=24)  # about 8400, 24000 and, of 350 photographs, 8400 crops

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="ConcatDataset",
        ignore_keys=["dataset", "split", "blur", "storage"],  # metainfo that differs
        datasets=[
            dict(
                type="RepeatDataset",
                times=weights["gopro"],
                dataset=dict(
                    type="GoProDataset",
                    data_root=f"{data}/GoPro",
                    split="train",
                    blur="linear",
                    pipeline={{_base_.train_pipeline}},
                ),
            ),
            dict(
                type="RepeatDataset",
                times=weights["reds"],
                dataset=dict(
                    type="REDSDataset",
                    data_root=f"{data}/REDS",
                    split="train",
                    pipeline={{_base_.train_pipeline}},
                ),
            ),
            dict(
                type="RepeatDataset",
                times=weights["photographs"],
                dataset={{_base_.train_dataloader.dataset.dataset}},
            ),
        ],
    )
)

# About as many crops as the paper's 600 epochs on GoPro.
train_cfg = dict(max_epochs=30, val_interval=2, dynamic_intervals=None)
param_scheduler = dict(milestones=[10, 20])
