# What is compared: FCN as the config has it, and the networks of other papers, each at the learning rate that
# its authors publish for its full width. Data, crops, batch, criterion and optimizer are the config's.
variants = {
    "FCN": dict(),
    "NAFNet": dict(
        model_of="configs/peers/nafnet32_gopro.py", options={"optim_wrapper.optimizer.lr": 1e-3}
    ),
    "Restormer": dict(
        model_of="configs/peers/restormer_gopro.py", options={"optim_wrapper.optimizer.lr": 3e-4}
    ),
    "MPRNet": dict(
        model_of="configs/peers/mprnet_gopro.py",
        options={
            "optim_wrapper.optimizer.lr": 2e-4,
            "optim_wrapper.paramwise_cfg.bypass_duplicate": True,  # all its activations are one layer
        },
    ),
}
