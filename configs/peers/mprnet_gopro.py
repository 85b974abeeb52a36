# MPRNet (Zamir et al., CVPR 2021), 20.1 M parameters, trained as fcn_gopro.py trains FCN: its three stages
# each have a ratio of equation 1.
_base_ = ["../fcn_gopro.py"]

model = dict(
    network=dict(
        _delete_=True,
        type="SpandrelArch",
        arch="MPRNet",
        n_feat=96,
        scale_unetfeats=48,
        scale_orsnetfeats=32,
    ),
    loss=dict(stages=3),
)