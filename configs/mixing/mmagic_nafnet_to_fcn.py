# FCN in NAFNet's place and the paper's loss in PSNR's; everything else is MMagic's: model, data, loops, metrics.
_base_ = "_base_/mmagic_nafnet.py"

model = dict(
    generator=dict(
        _delete_=True,
        type="fcn_plugin.FCN",
        width=16,  # small: without these two lines it is the paper's network
        pyramid_widths=(16, 32, 64),
    ),
    pixel_loss=dict(_delete_=True, type="fcn_plugin.MultiStageRatioLoss"),
)
