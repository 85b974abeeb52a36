# The blocks inside MMPreTrain's own ResNet, behind whole stages of it.
_base_ = "_base_/mmpretrain_resnet50.py"

model = dict(
    backbone=dict(
        _delete_=True,
        type="fcn_plugin.WithBlocks",
        network=_base_.model.backbone,
        blocks=[
            dict(after="layer1", cfg=dict(type="fcn_plugin.EFEM", in_channels=256)),
            dict(after="layer2", cfg=dict(type="fcn_plugin.QueryKeyMechanism", in_channels=512), skip=True),
        ],
    )
)
