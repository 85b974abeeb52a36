# Table 2 at the paper's scale. Run by tools/ablate.py.
_base_ = ["../fcn_gopro.py", "_base_/table2_variants.py"]
