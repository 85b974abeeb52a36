# Restormer (Zamir et al., CVPR 2022), 26.1 M parameters, trained as fcn_gopro.py trains FCN: at one crop size,
# without its authors' progressive learning.
_base_ = ["../fcn_gopro.py"]

model = dict(
    network=dict(_delete_=True, type="SpandrelArch", arch="Restormer", dim=48, num_blocks=[4, 6, 6, 8]),
    loss=dict(_delete_=True, type="RMSELoss"),  # one prediction, so equation 1 without its ratios
)
