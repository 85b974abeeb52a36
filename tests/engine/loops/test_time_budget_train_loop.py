"""Runs through MMEngine's Runner on a clock that the tests move: an iteration takes a second."""

import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, MODELS
from mmengine.runner import Runner

from fcn_plugin.benchmark.training.comparison import SCHEDULE
from fcn_plugin.engine import training_clock
from fcn_plugin.engine.launch import load_config, train
from fcn_plugin.errors import InputError

from ...conftest import tiny_options

ITERATIONS = 4  # per epoch: eight pairs in batches of two


@HOOKS.register_module()
class SlowHook(Hook):
    """Moves the clock: by a second in an iteration, by a hundred in a validation and between epochs."""

    seconds = 0.0

    def after_train_iter(self, *_, **__):
        SlowHook.seconds += 1

    def after_val_iter(self, *_, **__):
        SlowHook.seconds += 100

    def after_train_epoch(self, *_, **__):
        SlowHook.seconds += 100


@HOOKS.register_module()
class WatchHook(Hook):
    """Notes each iteration's learning rate and its crops' mean; dies after an epoch if told to."""

    priority = "LOWEST"

    def __init__(self, dies_after: int | None = None):
        self.dies_after = dies_after
        self.rates: list[float] = []
        self.crops: list[float] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.rates.append(runner.optim_wrapper.param_groups[0]["lr"])
        self.crops.append(data_batch["inputs"].float().mean().item())

    def after_train_epoch(self, runner):
        if runner.epoch + 1 == self.dies_after:
            raise RuntimeError("power cut")


@MODELS.register_module()
class Convolution(torch.nn.Conv2d):
    """As small as a network can be."""

    def __init__(self):
        super().__init__(3, 3, 3, padding=1)


@pytest.fixture
def budget(pairs, tmp_path, monkeypatch):
    """A config of ten seconds and five validations, in the folder NAME."""
    monkeypatch.setitem(training_clock.READINGS, "wall", lambda: SlowHook.seconds)
    monkeypatch.chdir(tmp_path)  # for short paths: MMEngine is slow to format a config with long ones

    def make(name: str = "work", **options) -> Config:
        settings = {
            **tiny_options(Path("pairs")),
            "model.network": {"_delete_": True, "type": "mmengine.Convolution"},
            "model.loss": {"_delete_": True, "type": "RMSELoss"},
            **Config.fromfile(SCHEDULE).to_dict(),
            "train_cfg.seconds": 10,
            "train_cfg.validations": 5,
            "default_hooks.slow": {"type": "mmengine.SlowHook"},
            "default_hooks.watch": {"type": "mmengine.WatchHook"},
            **options,
        }
        return load_config("configs/fcn_demo.py", settings, name)

    return make


def hook(runner: Runner, kind: type) -> Hook:
    return next(found for found in runner.hooks if isinstance(found, kind))


def test_validations_come_at_equal_times_and_cost_none(budget):
    runner = train(budget())
    record = runner.train_loop.record
    assert [point["seconds"] for point in record["curve"]] == [2, 4, 6, 8, 10]
    assert [point["iterations"] for point in record["curve"]] == [2, 4, 6, 8, 10]
    assert [point["images"] for point in record["curve"]] == [4, 8, 12, 16, 20]
    assert all(point["demo/PSNR"] > 0 and point["demo/SSIM-matlab"] <= 1 for point in record["curve"])
    assert (record["seconds"], record["images"]) == (10, 20)
    assert record["peak_memory_bytes"] is None or record["peak_memory_bytes"] > 0
    assert (runner.iter, runner.epoch) == (10, math.ceil(10 / ITERATIONS))
    assert (runner.max_iters, runner.max_epochs) == (10, 3)
    log = "".join(path.read_text(encoding="utf-8") for path in Path(runner.work_dir).glob("*/*.log"))
    assert "10 s of wall time, seed 0" in log


def test_an_iteration_that_passes_several_points_is_validated_once(budget):
    runner = train(budget(**{"train_cfg.seconds": 3, "train_cfg.validations": 100}))
    assert [point["seconds"] for point in runner.train_loop.record["curve"]] == [1, 2, 3]


def test_a_resumed_run_goes_on_with_the_time_it_had_spent(budget):
    """And is the run that was not stopped, weights, curve and learning rates alike."""
    whole = train(budget("whole"))
    with pytest.raises(RuntimeError, match="power cut"):
        train(budget("parts", **{"default_hooks.watch.dies_after": 2}))
    parts = train(budget("parts"), resume=True)
    assert parts.train_loop.record["curve"] == whole.train_loop.record["curve"]
    assert parts.train_loop.record["seconds"] == 10
    assert hook(parts, WatchHook).rates == hook(whole, WatchHook).rates[2 * ITERATIONS :]
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, parts.model.state_dict()[name]), name

    again = train(budget("parts"), resume=True)
    assert again.train_loop.record == parts.train_loop.record
    assert again.iter == 10


def test_crops_do_not_depend_on_validations(budget):
    often = hook(train(budget("often")), WatchHook).crops
    once = hook(train(budget("once", **{"train_cfg.validations": 1})), WatchHook).crops
    assert often == once
    assert len(set(often)) == len(often)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"train_cfg.seconds": 0}, ValueError, "are no budget"),
        ({"train_cfg.validations": 0}, ValueError, "are no budget"),
        (
            {"train_cfg.clock": "processor", "train_dataloader.num_workers": 1},
            InputError,
            "workers load the data .*: use clock=wall",
        ),
        (
            {"train_dataloader.batch_size": 9, "train_dataloader.drop_last": True},
            InputError,
            "fewer images to train on than one batch takes",
        ),
    ],
)
def test_budgets_that_cannot_be_spent_are_refused(options, error, message, budget):
    with pytest.raises(error, match=message):
        train(budget(**options))
