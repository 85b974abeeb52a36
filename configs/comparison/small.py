# Small widths, for a CPU: everything but the width is the published network's, and each takes about as many
# multiply-adds per image as the small FCN. Not as many parameters: it is time that all have the same of.
#
# The rates are those of 1e-3, 2e-3 and the published one that did best in 40 s of processor time; FCN did as
# well with its config's 1e-3.
_base_ = ["../ablation/_base_/small.py", "_base_/networks.py"]

rate = {"optim_wrapper.optimizer.lr": 2e-3}
variants = {
    "NAFNet": dict(options={**rate, "model.network.width": 21}),
    "Restormer": dict(options={**rate, "model.network.dim": 10}),
    "MPRNet": dict(
        options={
            **rate,
            "model.network.n_feat": 8,
            "model.network.scale_unetfeats": 4,
            "model.network.scale_orsnetfeats": 5,
        }
    ),
}
val_evaluator = {{_base_.test_evaluator}}  # the blurry images' figures too
