# NAFNet-32 (Chen et al., ECCV 2022), 17.1 M parameters, trained as fcn_gopro.py trains FCN: the same data,
# crops, schedule, criterion and choice of the best checkpoint. Published weights of this network, if you have
# the file: --cfg-options model.network.weights=FILE
_base_ = ["../fcn_gopro.py"]

model = dict(
    network=dict(
        _delete_=True,
        type="SpandrelArch",
        arch="NAFNet",
        width=32,
        enc_blk_nums=[1, 1, 1, 28],
        middle_blk_num=1,
        dec_blk_nums=[1, 1, 1, 1],
    ),
    loss=dict(_delete_=True, type="RMSELoss"),  # one prediction, so equation 1 without its ratios
)
