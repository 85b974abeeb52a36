# Training for a time. tools/compare.py puts this over every config that it compares and says how long.
train_cfg = dict(_delete_=True, type="TimeBudgetTrainLoop", seconds=300, validations=10, clock="wall")

# In thousandths of the time.
param_scheduler = [
    dict(type="LinearLR", start_factor=0.03, by_epoch=False, begin=0, end=30),
    dict(type="CosineAnnealingLR", eta_min_ratio=0.01, by_epoch=False, begin=30, end=1000),
]
default_hooks = dict(
    param_scheduler=dict(type="BudgetScheduleHook", steps=1000),
    # Every epoch's, to go on from; none is chosen.
    checkpoint=dict(_delete_=True, type="BestCheckpointHook", interval=1, max_keep_ckpts=1),
    comparison=dict(images=0),
)
