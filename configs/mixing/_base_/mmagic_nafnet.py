# MMagic's own GoPro config, on RGB and with checkpoints that torch loads as data. What stands below the line is
# a short run on the embedded pairs: without it, MMagic's 400,000 iterations on its data/gopro.
_base_ = "mmagic::nafnet/nafnet_c64eb11128mb1db1111_8xb8-lr1e-3-400k_gopro.py"

# Unset, as in MMagic's config, it trains on BGR, as the loader reads, and validates on RGB.
model = dict(data_preprocessor=dict(output_channel_order="RGB"))
default_hooks = dict(
    checkpoint=dict(out_dir=None),  # into the work folder
    portable_checkpoint=dict(type="fcn_plugin.PortableCheckpointHook"),
)

# ------------------------------------------------------------------------------------------------------------
demo = "{{fileDirname}}/../../../data/demo"
train_pipeline = _base_.train_pipeline
train_pipeline[6].update(gt_patch_size=64)
train_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(data_root=f"{demo}/train", pipeline=train_pipeline)
)
val_dataloader = dict(num_workers=0, dataset=dict(data_root=f"{demo}/test"))
test_dataloader = val_dataloader
train_cfg = dict(max_iters=100, val_interval=50)
param_scheduler = dict(T_max=100)
default_hooks.update(logger=dict(interval=10), checkpoint=dict(out_dir=None, interval=50))
