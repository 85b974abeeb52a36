# How the stages' ratios are trained, and what is measured of each stage.
variants = {
    f"{mode}-{criterion}": dict(
        baseline="barrier-rmse", options={"model.loss.mode": mode, "model.loss.criterion": criterion}
    )
    for mode in ("barrier", "softmax", "fixed", "literal")
    for criterion in ("rmse", "charbonnier", "charbonnier+edge")
}
