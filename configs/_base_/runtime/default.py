# Everything that is the same for every experiment. All hooks stand in `default_hooks`, so that a leaf config
# or --cfg-options adds one (`default_hooks.ema.type=EMAHook`) or changes one by its name.
default_scope = "fcn_plugin"

default_hooks = dict(
    runtime_info=dict(type="RuntimeInfoHook"),
    run_facts=dict(type="RunFactsHook"),
    timer=dict(type="IterTimerHook"),
    sampler_seed=dict(type="DistSamplerSeedHook"),
    epoch_seed=dict(type="EpochSeedHook"),
    invalid_loss=dict(type="InvalidLossHook"),
    ratios=dict(type="RatioScheduleHook"),
    logger=dict(type="LoggerHook", interval=50),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(type="BestCheckpointHook", interval=5, max_keep_ckpts=3),
    portable_checkpoint=dict(type="PortableCheckpointHook"),
    per_image_scores=dict(type="PerImageScoresHook"),
    comparison=dict(type="ComparisonImageHook", images=8),
    progress=dict(type="ProgressBarHook"),
)

visualizer = dict(
    type="Visualizer",
    # Add dict(type="TensorboardVisBackend") for TensorBoard (pip install -e ".[tensorboard]").
    vis_backends=[dict(type="LocalVisBackend")],
)
env_cfg = dict(
    cudnn_benchmark=True,  # all crops have one size
    mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0),
    dist_cfg=dict(backend="nccl"),
)
randomness = dict(seed=0)
log_level = "INFO"
load_from = None
resume = False
