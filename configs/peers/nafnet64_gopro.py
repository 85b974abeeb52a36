# NAFNet-64 (Chen et al., ECCV 2022), 67.9 M parameters, trained as fcn_gopro.py trains FCN.
_base_ = ["nafnet32_gopro.py"]

model = dict(network=dict(width=64))
