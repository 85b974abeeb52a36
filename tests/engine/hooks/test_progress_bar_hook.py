import io
import logging
import sys
from types import SimpleNamespace

import pytest
import torch
from rich.console import Console

from fcn_plugin.engine.hooks import ProgressBarHook, progress_bar_hook


@pytest.fixture
def runner():
    logger = logging.getLogger("progress")
    logger.handlers = [logging.StreamHandler(sys.stdout)]
    logger.setLevel("INFO")
    return SimpleNamespace(logger=logger, iter=0, max_iters=4, val_dataloader=[0, 0], test_dataloader=[0])


def train(hook, runner):
    hook.before_run(runner)
    for runner.iter in range(4):
        hook.after_train_iter(runner, runner.iter, outputs={"loss": torch.tensor(0.125)})
        runner.logger.info("a line")
    hook.after_val_iter(runner, 0)
    hook.after_val_iter(runner, 1)
    hook.after_run(runner)


def test_a_terminal_shows_progress_eta_and_whole_log_lines(runner, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(
        progress_bar_hook, "Console", lambda: Console(file=screen, force_terminal=True, width=100)
    )
    train(ProgressBarHook(), runner)
    shown = screen.getvalue()
    for wanted in ("training", "4/4", "validation", "2/2", "ETA", "loss 0.1250", "a line\n"):
        assert wanted in shown
    assert runner.logger.handlers[0].stream is sys.stdout


def test_other_output_gets_no_bar(runner, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(progress_bar_hook, "Console", lambda: Console(file=screen))
    train(ProgressBarHook(), runner)
    assert screen.getvalue() == ""
