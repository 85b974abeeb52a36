# Trained on GoPro, validated on its test set, tested on GoPro and HIDE (section 4.1).
data = "{{fileDirname}}/../../../data"

total_batch_size = 16  # of the authors' code; the paper does not say
processes = int("{{$WORLD_SIZE:1}}")  # torchrun tells each process how many there are
crop_size = 256

train_pipeline = [
    dict(type="PairedRandomCrop", size=crop_size),
    dict(type="PairedRandomFlip"),
    dict(type="PairedRandomRotate90"),
    dict(type="PackPair"),
]
test_pipeline = [dict(type="PackPair")]

gopro_test = dict(
    type="GoProDataset", data_root=f"{data}/GoPro", split="test", blur="linear", pipeline=test_pipeline
)
hide_test = dict(type="HIDEDataset", data_root=f"{data}/HIDE", pipeline=test_pipeline)

train_dataloader = dict(
    # As many per process as make the total, so that 1, 2, 4, 8 or 16 GPUs train alike.
    batch_size=max(total_batch_size // processes, 1),
    num_workers=8,
    drop_last=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    worker_init_fn=dict(type="fcn_plugin.seed_worker"),
    collate_fn=dict(type="fcn_plugin.collate_pairs"),
    dataset=dict(
        type="GoProDataset", data_root=f"{data}/GoPro", split="train", blur="linear", pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="fcn_plugin.collate_pairs"),
    dataset=gopro_test,
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="fcn_plugin.collate_pairs"),
    dataset=dict(
        type="ConcatDataset",
        datasets=[gopro_test, hide_test],
        ignore_keys=["dataset", "split", "blur", "subsets", "storage"],  # metainfo that may differ
    ),
)

val_evaluator = [dict(type="PSNR"), dict(type="SSIM")]  # SSIM in both protocols
test_evaluator = [dict(type="PSNR", baseline=True), dict(type="SSIM", baseline=True)]
