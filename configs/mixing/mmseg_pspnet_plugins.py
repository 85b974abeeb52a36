# EFEM as a plugin of the ResNet in MMSegmentation's PSPNet, trained on ADE20K.
_base_ = "mmseg::pspnet/pspnet_r50-d8_4xb4-80k_ade20k-512x512.py"

norm = dict(norm_cfg=dict(type="BN"))  # in place of SyncBN, which needs GPUs
model = dict(
    pretrained=None,  # ImageNet's weights are MMSegmentation's default
    backbone=dict(
        plugins=[
            dict(cfg=dict(type="fcn_plugin.EFEM"), stages=(False, True, True, True), position="after_conv3")
        ],
        **norm,
    ),
    decode_head=norm,
    auxiliary_head=norm,
)
default_hooks = dict(portable_checkpoint=dict(type="fcn_plugin.PortableCheckpointHook"))
