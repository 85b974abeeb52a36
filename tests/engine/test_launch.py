"""Whole runs through MMEngine's Runner: train, best checkpoint, resume, test, and what goes wrong."""

import csv
import json
import os
from pathlib import Path

import cv2
import pytest
import torch
from filelock import FileLock
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from fcn_plugin.benchmark.way import build_model
from fcn_plugin.engine.hooks.run_facts_hook import training_facts
from fcn_plugin.engine.launch import load_config, test, train
from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import psnr
from fcn_plugin.inference.weights_file import write_weights

from ..conftest import tiny_options

test.__test__ = False  # pytest takes the function for a test of its own


def weights(path):
    return torch.load(path, weights_only=True)["state_dict"]


def run(pairs, work_dir, epochs=2, resume=False, options=None):
    config = load_config("configs/fcn_demo.py", tiny_options(pairs, epochs) | (options or {}), str(work_dir))
    train(config, resume)


def logged_scores(work_dir, name):
    """What validations logged, by time."""
    lines = [
        json.loads(line)
        for path in sorted(Path(work_dir).glob("*/vis_data/scalars.json"))
        for line in path.read_text().splitlines()
    ]
    return [line[name] for line in lines if name in line]


def test_train_keeps_the_best_and_tests_it(tiny_config, capsys):
    train(tiny_config, test_best=True)
    work = Path(tiny_config.work_dir)
    best = list(work.glob("best_demo_PSNR_epoch_*.pth"))
    assert len(best) == 1
    results = json.loads((work / "results.json").read_text())
    assert Path(results["checkpoint"]) == best[0]
    record = torch.load(best[0], weights_only=True)["message_hub"]["runtime_info"]["best_score"]
    assert results["metrics"]["demo/PSNR"] == pytest.approx(record, abs=1e-6)
    for name in ("SSIM-matlab", "SSIM-per-channel"):
        assert 0 < results["metrics"][f"demo/{name}"] <= 1
    assert len(list((work / "comparisons" / "test" / "demo").glob("*.png"))) == 5
    printed = capsys.readouterr().out
    assert f"{results['metrics']['demo/PSNR-blurry']:.2f} → {results['metrics']['demo/PSNR']:.2f}" in printed
    assert f"checkpoint   {best[0]}, sha256 {results['sha256'][:12]}\n" in printed
    assert "inference    whole image, global statistics, float32 on cpu\n" in printed
    assert "tested on    dataset=demo, blur=synthetic, 5 pairs\n" in printed


def test_every_image_is_scored_and_saved_where_asked(tiny_config, tmp_path, capsys):
    hook = {"type": "RestoredImageHook", "folder": str(tmp_path / "restored")}
    tiny_config.default_hooks.restored_images = hook
    train(tiny_config, test_best=True)
    assert f"images       {tmp_path / 'restored'}\n" in capsys.readouterr().out

    keys = ["000", "001", "002", "003", "004"]
    files = sorted(tmp_path.glob("restored/**/*"))
    assert files == [tmp_path / "restored" / "demo", *(tmp_path / f"restored/demo/{key}.png" for key in keys)]
    with open(Path(tiny_config.work_dir, "per_image.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["dataset"], row["key"]) for row in rows] == [("demo", key) for key in keys]
    metrics = json.loads(Path(tiny_config.work_dir, "results.json").read_text())["metrics"]
    assert list(rows[0])[2:] == [name.removeprefix("demo/") for name in metrics]
    for name, mean in metrics.items():
        column = [float(row[name.removeprefix("demo/")]) for row in rows]
        assert sum(column) / len(column) == pytest.approx(mean, abs=1e-12), name

    sharp = tmp_path / "pairs" / "test" / "sharp"
    for row, path in zip(rows, files[1:], strict=True):
        saved, wanted = (
            torch.from_numpy(cv2.imread(str(file))).permute(2, 0, 1) for file in (path, sharp / path.name)
        )
        assert psnr(saved, wanted).item() == pytest.approx(float(row["PSNR"]), abs=1e-12)


def test_checkpoints_hold_plain_data_only(tiny_config):
    train(tiny_config)
    for path in Path(tiny_config.work_dir).glob("*.pth"):
        checkpoint = torch.load(path, weights_only=True)
        assert checkpoint["message_hub"]["log_scalars"]["train/loss"]["values"].numel() > 0


def test_a_resumed_run_is_the_run_not_stopped(pairs, tmp_path):
    """Bit for bit, with loader workers and EMA, ratios included."""
    options = {
        "train_dataloader.num_workers": 2,
        "train_dataloader.worker_init_fn.type": "fcn_plugin.seed_worker",
        "default_hooks.ema.type": "EMAHook",
    }
    run(pairs, tmp_path / "whole", epochs=3, options=options)
    run(pairs, tmp_path / "parts", epochs=3, resume=str(tmp_path / "whole" / "epoch_1.pth"), options=options)
    whole, parts = (
        torch.load(tmp_path / name / "epoch_3.pth", weights_only=True) for name in ("whole", "parts")
    )
    assert whole["state_dict"].keys() == parts["state_dict"].keys()
    for name, tensor in whole["state_dict"].items():
        assert torch.equal(tensor, parts["state_dict"][name]), name
    for name, tensor in whole["ema_state_dict"].items():
        assert torch.equal(tensor, parts["ema_state_dict"][name]), name
    for name, scalar in whole["message_hub"]["log_scalars"].items():
        if "time" not in name:
            assert torch.equal(scalar["values"], parts["message_hub"]["log_scalars"][name]["values"]), name


def test_augmentation_differs_between_epochs(pairs, tmp_path):
    """With workers that start anew each epoch, MMEngine's own seeding would crop alike in all of them."""
    config = load_config(
        "configs/fcn_demo.py",
        tiny_options(pairs)
        | {
            "train_dataloader.num_workers": 1,
            "train_dataloader.sampler.shuffle": False,
            "train_dataloader.worker_init_fn.type": "fcn_plugin.seed_worker",
        },
        str(tmp_path / "work"),
    )
    runner = Runner.from_cfg(config)
    seen = []

    class WatchBatches(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            seen.append(data_batch["inputs"])

    runner.register_hook(WatchBatches())
    runner.train()
    first, second = seen[:4], seen[4:]
    assert all(not torch.equal(one, two) for one, two in zip(first, second, strict=True))


def test_ratios_are_logged_and_saved(tiny_config):
    tiny_config.optim_wrapper.paramwise_cfg.custom_keys.ratio_logits.lr_mult = 100.0
    train(tiny_config)
    checkpoint = torch.load(Path(tiny_config.work_dir, "epoch_2.pth"), weights_only=True)
    logged = checkpoint["message_hub"]["log_scalars"]["train/ratio_0"]["values"]
    assert len(logged) == 8
    assert logged[-1] != logged[0]
    assert torch.sigmoid(checkpoint["state_dict"]["loss.ratio_logits"])[0].item() == pytest.approx(
        logged[-1].item(), rel=1e-5
    )
    lines = next(Path(tiny_config.work_dir).glob("*/vis_data/scalars.json")).read_text().splitlines()
    assert "ratio_3" in json.loads(lines[0])


def test_ratios_wait_for_their_epoch(tiny_config):
    tiny_config.model.loss.ratios_from_epoch = 1
    train(tiny_config)
    checkpoint = torch.load(Path(tiny_config.work_dir, "epoch_2.pth"), weights_only=True)
    logged = checkpoint["message_hub"]["log_scalars"]["train/ratio_0"]["values"].tolist()
    assert logged[:4] == [0.5] * 4
    assert logged[4] != 0.5


def test_resume_takes_the_latest_or_starts_when_there_is_none(pairs, tmp_path):
    run(pairs, tmp_path / "work", epochs=1, resume=True)
    first = weights(tmp_path / "work" / "epoch_1.pth")
    run(pairs, tmp_path / "work", epochs=2, resume=True)
    second = weights(tmp_path / "work" / "epoch_2.pth")
    assert any(not torch.equal(first[name], tensor) for name, tensor in second.items())


def test_two_trainings_cannot_share_a_folder(pairs, tmp_path):
    with FileLock(tmp_path / "work/.lock"), pytest.raises(InputError, match=r"work: another process trains"):
        run(pairs, tmp_path / "work")
    assert os.listdir(tmp_path / "work") == [".lock"]


def test_resume_from_a_truncated_checkpoint_says_so_and_loses_nothing(pairs, tmp_path):
    run(pairs, tmp_path / "work", epochs=2)
    path = tmp_path / "work" / "epoch_2.pth"
    os.truncate(path, 1000)
    before = sorted(tmp_path.glob("work/*.pth"))
    with pytest.raises(InputError, match=r"epoch_2\.pth: truncated"):
        run(pairs, tmp_path / "work", epochs=3, resume=True)
    assert sorted(tmp_path.glob("work/*.pth")) == before
    run(pairs, tmp_path / "work", epochs=3, resume=str(tmp_path / "work" / "epoch_1.pth"))
    assert (tmp_path / "work" / "epoch_3.pth").exists()


def test_a_checkpoint_of_another_network_is_refused(pairs, tiny_config, tmp_path):
    train(tiny_config)
    other = load_config(
        "configs/fcn_demo.py", tiny_options(pairs) | {"model.network.width": 6}, str(tmp_path / "other")
    )
    with pytest.raises(InputError, match=r"not of this network: of its \d+ tensors, \d+ of another shape"):
        test(other, str(Path(tiny_config.work_dir, "epoch_2.pth")))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_weights_file_is_tested_as_the_checkpoint_that_it_was_made_of(suffix, tiny_config, pairs, tmp_path):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    tiny_config.default_hooks.ema = {"type": "EMAHook"}  # which tests a copy of the weights
    model = build_model(tiny_config)
    for parameter in model.network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    torch.save({"state_dict": model.state_dict()}, tmp_path / "checkpoint.pth")
    sha256 = write_weights(tmp_path / f"weights{suffix}", model.network, {})
    results = []
    for name in ("checkpoint.pth", f"weights{suffix}"):
        test(tiny_config, str(tmp_path / name))
        results.append(json.loads(Path(tiny_config.work_dir, "results.json").read_text()))
    assert results[0]["metrics"] == results[1]["metrics"]
    assert (results[1]["sha256"], results[1]["checkpoint"]) == (sha256, str(tmp_path / f"weights{suffix}"))

    wider = load_config(
        "configs/fcn_demo.py", tiny_options(pairs) | {"model.network.width": 6}, str(tmp_path / "wider")
    )
    with pytest.raises(InputError, match=rf"weights{suffix} is not of this network"):
        test(wider, str(tmp_path / f"weights{suffix}"))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_training_starts_from_a_weights_file(suffix, pairs, tmp_path):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    options = {"load_from": str(tmp_path / f"weights{suffix}"), "optim_wrapper.optimizer.lr": 0.0}
    options |= {"default_hooks.ema.type": "EMAHook"}  # which saves a copy of the weights
    config = load_config("configs/fcn_demo.py", tiny_options(pairs, 1) | options, str(tmp_path / "work"))
    network = build_model(config).network
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    write_weights(Path(config.load_from), network, {})
    train(config)
    saved = torch.load(tmp_path / "work" / "epoch_1.pth", weights_only=True)
    for prefix, state in (("network.", saved["state_dict"]), ("module.network.", saved["ema_state_dict"])):
        for name, tensor in network.state_dict().items():
            assert torch.allclose(state[prefix + name], tensor, atol=1e-3)  # the rate does not end with 0


def test_a_weights_file_is_known_by_its_content(tiny_config, tmp_path):
    pytest.importorskip("safetensors")
    sha256 = write_weights(tmp_path / "w.safetensors", build_model(tiny_config).network, {})
    misnamed = (tmp_path / "w.safetensors").rename(tmp_path / "w.pth")
    test(tiny_config, str(misnamed))
    assert json.loads(Path(tiny_config.work_dir, "results.json").read_text())["sha256"] == sha256


def test_there_must_be_weights_to_test(tiny_config):
    with pytest.raises(InputError, match=r"fcn_demo\.py names no weights to test"):
        test(tiny_config, None)


def test_nan_loss_stops_with_iteration_and_samples(tiny_config):
    tiny_config.optim_wrapper.optimizer.lr = 1e30
    sentence = r"the loss is (nan|inf) at iteration \d+ of epoch 1, on the samples \d{3}, \d{3};"
    with pytest.raises(InputError, match=sentence):
        train(tiny_config)
    assert not list(Path(tiny_config.work_dir).glob("*.pth"))


def test_weights_that_are_not_finite_are_not_saved(tiny_config):
    """The loss of an epoch's last iteration is finite; what its step leaves behind need not be."""

    class SpoilWeights(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if runner.iter == 7:
                next(runner.model.network.parameters()).data.fill_(float("nan"))

    runner = Runner.from_cfg(tiny_config)
    runner.register_hook(SpoilWeights())
    with pytest.raises(InputError, match=r"weights .* NaN or infinite after 8 iterations.*epoch_1\.pth"):
        runner.train()
    assert not Path(tiny_config.work_dir, "epoch_2.pth").exists()


def test_unknown_best_metric_is_named(tiny_config):
    tiny_config.default_hooks.checkpoint.save_best = ["demo/PSNR", "demo/SSIM"]
    with pytest.raises(InputError, match=r"save_best='demo/SSIM' .* which gives demo/PSNR, demo/SSIM-matlab"):
        train(tiny_config)
    assert not list(Path(tiny_config.work_dir).glob("*.pth"))  # it is known before training


@pytest.mark.parametrize("save_best", ["demo/PSNR", "auto", ["demo/PSNR", "demo/SSIM-matlab"]])
def test_our_metrics_know_which_score_is_best(save_best, tiny_config):
    tiny_config.default_hooks.checkpoint = {
        "type": "BestCheckpointHook",
        "save_best": save_best,
        "max_keep_ckpts": 1,
    }
    train(tiny_config)
    best = [path.name for path in Path(tiny_config.work_dir).glob("best_demo_PSNR_epoch_*.pth")]
    scores = dict(zip((1, 2), logged_scores(tiny_config.work_dir, "demo/PSNR"), strict=True))
    assert best == [f"best_demo_PSNR_epoch_{max(scores, key=scores.get)}.pth"]


def test_a_validation_that_was_stopped_is_made_up_for(pairs, tmp_path):
    work = tmp_path / "work"

    class StopDuringValidation(Hook):
        def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if runner.epoch == 2:
                raise KeyboardInterrupt

    options = {"default_hooks.checkpoint.joint": False, "default_hooks.checkpoint.save_best": "demo/PSNR"}
    config = load_config("configs/fcn_demo.py", tiny_options(pairs) | options, str(work))
    runner = Runner.from_cfg(config)
    runner.register_hook(StopDuringValidation())
    with pytest.raises(KeyboardInterrupt):
        runner.train()
    assert len(logged_scores(work, "demo/PSNR")) == 1

    work = work.rename(tmp_path / "moved")  # folders may be moved meanwhile
    run(pairs, work, resume=True, options=options)
    scores = logged_scores(work, "demo/PSNR")
    assert len(scores) == 2
    best = [path.name for path in work.glob("best_demo_PSNR_epoch_*.pth")]
    assert best == [f"best_demo_PSNR_epoch_{1 + scores.index(max(scores))}.pth"]

    run(pairs, work, resume=True, options=options)
    assert len(logged_scores(work, "demo/PSNR")) == 2  # and done once


def test_an_empty_note_of_the_latest_checkpoint_is_no_new_start(pairs, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work/last_checkpoint").touch()
    with pytest.raises(InputError, match=r"last_checkpoint is empty: name the checkpoint"):
        run(pairs, tmp_path / "work", resume=True)


class PlainPairs(torch.utils.data.Dataset):
    """What the Runner takes too: neither metainfo nor a pipeline."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        image = torch.full((3, 16, 16), 50 * index, dtype=torch.uint8)
        return {"inputs": image, "data_samples": BaseDataElement(gt_img=image)}


def test_datasets_may_be_pytorchs_own(tiny_config):
    batches = torch.utils.data.BatchSampler(range(4), 2, drop_last=True)
    loader = torch.utils.data.DataLoader(PlainPairs(), batch_sampler=batches, collate_fn=pseudo_collate)
    runner = Runner.from_cfg(tiny_config)
    runner._train_dataloader = runner._train_loop["dataloader"] = loader
    runner.train()
    assert training_facts(runner).startswith(
        "dataset=PlainPairs, blur=not stated, 4 pairs; effective batch 2 (1 processes × 2), "
        "pipeline not stated, "
    )


def test_config_may_ask_to_resume(pairs, tmp_path):
    run(pairs, tmp_path / "work", epochs=1)
    os.truncate(tmp_path / "work" / "epoch_1.pth", 1000)
    with pytest.raises(InputError, match=r"epoch_1\.pth: truncated"):
        run(pairs, tmp_path / "work", epochs=2, options={"resume": True})


def test_best_of_a_resumed_run_with_ema_is_tested_as_it_was_saved(pairs, tmp_path):
    options = {"default_hooks.ema.type": "EMAHook", "default_hooks.ema.momentum": 0.4}
    run(pairs, tmp_path / "work", epochs=1, options=options)
    config = load_config("configs/fcn_demo.py", tiny_options(pairs, 3) | options, str(tmp_path / "work"))
    train(config, resume=True, test_best=True)
    results = json.loads((tmp_path / "work" / "results.json").read_text())
    record = torch.load(results["checkpoint"], weights_only=True)["message_hub"]["runtime_info"]["best_score"]
    assert results["metrics"]["demo/PSNR"] == pytest.approx(record, abs=1e-6)


def test_mixed_precision_is_bfloat16_without_loss_scaling(monkeypatch):
    assert load_config("configs/fcn_gopro.py", amp=True).optim_wrapper.type == "CPUAmpOptimWrapper"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    wrapper = load_config("configs/fcn_gopro.py", amp=True).optim_wrapper
    assert (wrapper.type, wrapper.dtype, wrapper.loss_scale) == (
        "AmpOptimWrapper",
        "bfloat16",
        {"enabled": False},
    )
    half = load_config("configs/fcn_gopro.py", {"optim_wrapper.dtype": "float16"}, amp=True).optim_wrapper
    assert (half.dtype, half.get("loss_scale")) == ("float16", None)


@pytest.mark.parametrize("gpu", [True, False])
def test_batches_are_pinned_where_there_is_a_gpu(monkeypatch, gpu):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    config = load_config("configs/fcn_gopro.py", {"val_dataloader.pin_memory": False})
    assert config.train_dataloader.get("pin_memory", False) == gpu
    assert not config.val_dataloader.pin_memory


def test_config_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config("configs/fcn_gopro.py").model.network.type == "FCN"
    with pytest.raises(InputError, match=r"nothing\.py: no such config"):
        load_config("nothing.py")
