# Ratio modes and criteria at the paper's scale. Run by tools/ablate.py.
_base_ = ["../fcn_gopro.py", "_base_/loss_variants.py"]
