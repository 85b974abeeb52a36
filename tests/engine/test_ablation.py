import json
import shlex

import pytest

from fcn_plugin.engine.ablation import Run, ablation_table, machines_of, plan_runs, summarise
from fcn_plugin.engine.launch import load_config
from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS

TABLE_2 = "configs/ablation/table2.py"


def test_table_2_has_16_rows_and_four_full_networks(tmp_path):
    runs = plan_runs(TABLE_2, None, [0], tmp_path)
    networks = [load_config(str(run.config)).model.network for run in runs]
    removed = [[name for name, kept in network.items() if kept is False] for network in networks]
    assert sorted(map(len, removed)) == [0] * 4 + [1] * 16
    settings = {(network.stages, *names) for network, names in zip(networks, removed, strict=True)}
    assert len(settings) == 20
    for run in runs:
        model = load_config(str(run.config)).model
        assert model.loss.stages == model.network.stages


def test_every_loss_of_the_sweep_is_one(tmp_path):
    runs = plan_runs("configs/ablation/losses.py", None, [0], tmp_path)
    losses = [
        MODELS.build({**load_config(str(run.config)).model.loss, "_scope_": "fcn_plugin"}) for run in runs
    ]
    assert len({(loss.mode, type(loss.criterion)) for loss in losses}) == len(losses) == 12


def test_planning_again_is_the_same_plan_and_another_config_is_refused(tmp_path):
    plan = plan_runs(TABLE_2, ["4 stages"], [0, 1], tmp_path)
    plan[0].folder.mkdir()
    assert plan_runs(TABLE_2, ["4 stages"], [0, 1], tmp_path) == plan
    with pytest.raises(InputError, match=r"4_stages_seed_0\.json is of another run"):
        plan_runs(TABLE_2, ["4 stages"], [0], tmp_path, {"model.network.width": 8})


def test_a_variant_or_seed_given_twice_is_one_run(tmp_path):
    runs = plan_runs(TABLE_2, ["1 stages", "4 stages", "1 stages"], [1, 0, 1], tmp_path)
    assert [(run.variant, run.seed) for run in runs] == [
        ("1 stages", 1),
        ("4 stages", 1),
        ("1 stages", 0),
        ("4 stages", 0),
    ]


@pytest.mark.parametrize("config", ["table2", "losses"])
def test_folders_of_runs_need_no_quotes_in_a_shell(config, tmp_path):
    runs = plan_runs(f"configs/ablation/{config}.py", None, [0], tmp_path)
    assert len({run.folder for run in runs}) == len(runs)
    for run in runs:
        assert shlex.quote(run.folder.name) == run.folder.name
    if config == "losses":
        assert all(shlex.quote(run.variant) == run.variant for run in runs)


@pytest.mark.parametrize(
    ("config", "variants", "message"),
    [
        (TABLE_2, ["5 stages"], r"has no variant '5 stages': choose from 4 stages, 3 stages"),
        ("configs/fcn_demo.py", None, "has no variants"),
    ],
)
def test_what_cannot_be_planned(config, variants, message, tmp_path):
    with pytest.raises(InputError, match=message):
        plan_runs(config, variants, [0], tmp_path)


def test_means_spreads_and_differences_with_the_same_seed(tmp_path):
    runs = []
    for variant, psnr in (("4 stages", [30.0, 31.0]), ("4 stages - PB", [29.0, 30.5, 28.0])):
        for seed, value in enumerate(psnr):
            run = Run(variant, seed, tmp_path / f"{variant} {seed}")
            run.folder.mkdir()
            run.results.write_text(json.dumps({"metrics": {"GoPro/PSNR": value}}))
            runs.append(run)
    runs.append(Run("4 stages", 2, tmp_path / "not done yet"))
    full, without = summarise(TABLE_2, runs)
    assert full["metrics"]["GoPro/PSNR"]["mean"] == 30.5
    assert full["differences"] == {}
    assert without["differences"]["GoPro/PSNR"]["values"] == [-1.0, -0.5]  # seed 2 has no partner
    assert without["differences"]["GoPro/PSNR"]["spread"] == pytest.approx(0.353553, abs=1e-6)
    table = ablation_table([full, without])
    assert "| 4 stages | 0, 1 | 30.500 ± 0.707 |  |" in table
    assert "| 4 stages - PB | 0, 1, 2 | 29.167 ± 1.258 | -0.750 ± 0.354 |" in table


def test_what_the_blurry_images_score_is_told_once():
    scores = {"PSNR": 30.0, "PSNR-blurry": 25.0}
    row = {
        "variant": "4 stages",
        "seeds": [0, 1],
        "metrics": {
            name: {"values": [value] * 2, "mean": value, "spread": 0.0} for name, value in scores.items()
        },
        "differences": {},
    }
    table = ablation_table([row, {**row, "variant": "1 stages"}])
    assert table.count("25.000") == 1
    assert table.endswith("\n\nThe blurry images: PSNR 25.000.\n")


def test_machines_of_finished_runs_are_told_once_each(tmp_path):
    runs = [Run("4 stages", seed, tmp_path / str(seed)) for seed in range(4)]
    for run, device in zip(runs, ("one", "one", "other", "not done"), strict=True):
        run.folder.mkdir()
        run.machine.write_text(json.dumps({"device": device}))
    for run in runs[:3]:
        run.results.write_text("{}")
    assert machines_of(runs) == [{"device": "one"}, {"device": "other"}]
