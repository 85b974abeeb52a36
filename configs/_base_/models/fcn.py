# The paper's network and loss (section 3): width 96, four stages of 8, 4, 2 and 1 patches; equation 1 with
# ratios that a barrier keeps from collapsing.
model = dict(
    type="DeblurringModel",
    data_preprocessor=dict(type="PairDataPreprocessor"),
    network=dict(type="FCN"),
    loss=dict(type="MultiStageRatioLoss", stages=4, criterion="rmse", mode="barrier"),
)
