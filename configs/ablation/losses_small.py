# Ratio modes and criteria in minutes each.
_base_ = ["_base_/small.py", "_base_/loss_variants.py"]
