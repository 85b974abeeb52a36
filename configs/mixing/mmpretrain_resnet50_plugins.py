# EFEM and a processing block as plugins of ResNet's bottlenecks. MMPreTrain's own ResNet takes no plugins, so
# this one is MMSegmentation's, which does; MMDetection's (mmdet.ResNet) serves as well.
_base_ = "_base_/mmpretrain_resnet50.py"

model = dict(
    backbone=dict(
        type="mmseg.ResNet",
        norm_eval=False,
        plugins=[
            dict(
                cfg=dict(type="fcn_plugin.EFEM"), stages=(False, True, True, True), position="after_conv3"
            ),
            dict(
                cfg=dict(type="fcn_plugin.ProcessingBlock", stacks=1),
                stages=(True, False, False, False),
                position="after_conv2",
            ),
        ],
    )
)
