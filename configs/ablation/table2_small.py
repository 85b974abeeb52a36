# Table 2 in minutes per network.
_base_ = ["_base_/small.py", "_base_/table2_variants.py"]
