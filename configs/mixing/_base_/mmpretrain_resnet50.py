# MMPreTrain's own ResNet-50 config, taught to tell the blurry images of data/demo from the sharp ones: folders
# of images, one per class, such as CustomDataset takes.
_base_ = "mmpretrain::resnet/resnet50_8xb32_in1k.py"

demo = "{{fileDirname}}/../../../data/demo"
classes = ["blur", "sharp"]

batch_size = 6

model = dict(head=dict(num_classes=len(classes), topk=(1,)))
data_preprocessor = dict(num_classes=len(classes))
default_hooks = dict(
    logger=dict(interval=1),
    portable_checkpoint=dict(type="fcn_plugin.PortableCheckpointHook"),
)

loader = dict(batch_size=batch_size, num_workers=0, persistent_workers=False)
folders = dict(_delete_=True, type="CustomDataset", classes=classes)
train_dataloader = dict(
    **loader, dataset=dict(**folders, data_root=f"{demo}/train", pipeline=_base_.train_pipeline)
)
val_dataloader = dict(
    **loader, dataset=dict(**folders, data_root=f"{demo}/test", pipeline=_base_.test_pipeline)
)
test_dataloader = val_dataloader
val_evaluator = dict(topk=(1,))
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=2)
optim_wrapper = dict(optimizer=dict(lr=0.1 * batch_size / 256))  # 0.1 is MMPreTrain's, for 8 × 32 images
