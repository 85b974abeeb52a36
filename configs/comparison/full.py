# Full widths, for a GPU: GoPro, REDS and photographs that are blurred on the fly, validated on REDS.
_base_ = ["../fcn_mixed.py", "_base_/networks.py"]

data = "{{fileDirname}}/../../data"

val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="REDSDataset",
        data_root=f"{data}/REDS",
        split="val",
        pipeline={{_base_.test_pipeline}},
    )
)
val_evaluator = {{_base_.test_evaluator}}  # the blurry images' figures too
