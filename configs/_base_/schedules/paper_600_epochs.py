# Section 4.2: Adam, 2e-4 halved every 200 of 600 epochs; validation every 50 epochs to 300, then every 15.
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=600, val_interval=50, dynamic_intervals=[(301, 15)])
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")

optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="Adam", lr=2e-4),
    paramwise_cfg=dict(
        # The loss's ratios are few and start far from where they settle.
        custom_keys=dict(ratio_logits=dict(lr_mult=10.0)),
        bypass_duplicate=True,  # a layer that a network uses in several places is trained once
    ),
)
param_scheduler = dict(type="MultiStepLR", milestones=[200, 400], gamma=0.5)

# Where the processes do not divide the total batch, the learning rate follows the batch there is.
auto_scale_lr = dict(enable=True, base_batch_size=16)
