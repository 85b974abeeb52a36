import json

import pytest

from fcn_plugin.benchmark.training.comparison import Budget, find_comparison, gather, plan_comparison
from fcn_plugin.engine.launch import load_config
from fcn_plugin.errors import InputError

from ...conftest import PROJECT

SMALL = "configs/comparison/small.py"
FULL = "configs/comparison/full.py"
BUDGET = Budget(300.0, 5, "processor")


def plan(tmp_path, *configs, networks=None, seeds=(0,), options=None):
    return plan_comparison(configs, networks, seeds, tmp_path, BUDGET, options)


@pytest.mark.parametrize("config", [SMALL, FULL])
def test_networks_differ_in_nothing_but_model_and_rate(config, tmp_path):
    """But for MPRNet's optimizer, which has to pass over layers that are used twice."""
    runs = plan(tmp_path, config)
    assert [run.variant for run in runs] == ["FCN", "NAFNet", "Restormer", "MPRNet"]
    configs = [json.loads(run.config.read_text()) for run in runs]
    networks = [found["model"].pop("network") for found in configs]
    losses = [found["model"].pop("loss") for found in configs]
    rates = [found["optim_wrapper"]["optimizer"].pop("lr") for found in configs]
    for found in configs:
        found["optim_wrapper"]["paramwise_cfg"].pop("bypass_duplicate", None)
        assert found == configs[0]
    assert [network.get("arch", network["type"]) for network in networks] == [run.variant for run in runs]
    assert [loss.get("criterion", "rmse") for loss in losses] == ["rmse"] * 4
    assert [loss["type"] for loss in losses] == [
        "MultiStageRatioLoss",
        "RMSELoss",
        "RMSELoss",
        "MultiStageRatioLoss",
    ]
    assert all(rate > 0 for rate in rates)
    assert configs[0]["train_cfg"] == {"type": "TimeBudgetTrainLoop", **BUDGET._asdict()}
    assert configs[0]["default_hooks"]["param_scheduler"]["type"] == "BudgetScheduleHook"


@pytest.mark.parametrize(
    ("network", "peer", "rate"),
    [("NAFNet", "nafnet32", 1e-3), ("Restormer", "restormer", 3e-4), ("MPRNet", "mprnet", 2e-4)],
)
def test_full_networks_are_the_published_ones_at_their_published_rates(network, peer, rate, tmp_path):
    (run,) = plan(tmp_path, FULL, networks=[network])
    found = load_config(str(run.config))
    assert found.model.network == load_config(f"configs/peers/{peer}_gopro.py").model.network
    assert found.optim_wrapper.optimizer.lr == rate


@pytest.mark.usefixtures("spandrel")
def test_small_networks_take_about_as_many_multiply_adds_as_each_other(tmp_path):
    from fcn_plugin.benchmark.cost import cost_of
    from fcn_plugin.benchmark.way import build_model

    macs = [
        cost_of(build_model(load_config(str(run.config))).network, (64, 64)).macs
        for run in plan(tmp_path, SMALL)
    ]
    assert max(macs) < 1.25 * min(macs)


def test_configs_without_variants_are_compared_by_their_names(tmp_path):
    runs = plan(tmp_path, "configs/fcn_gopro.py", "configs/peers/nafnet32_gopro.py", seeds=[0, 1])
    assert [(run.variant, run.seed) for run in runs] == [
        ("fcn_gopro", 0),
        ("nafnet32_gopro", 0),
        ("fcn_gopro", 1),
        ("nafnet32_gopro", 1),
    ]
    assert plan(tmp_path, "configs/fcn_gopro.py", seeds=[1, 1]) == [runs[2]]


@pytest.mark.parametrize(
    ("configs", "networks", "message"),
    [
        ([SMALL], ["FNC"], "there is no network 'FNC' to compare: choose from FCN, NAFNet, Restormer"),
        ([SMALL, FULL], None, f"both {SMALL} and {FULL} have a 'FCN'"),
        (
            ["configs/fcn_gopro.py", "configs/fcn_photos.py"],
            None,
            "fcn_gopro and fcn_photos have not the same train_dataloader",
        ),
        (["configs/none.py"], None, "no such config"),
    ],
)
def test_what_cannot_be_compared_is_refused(configs, networks, message, tmp_path):
    with pytest.raises(InputError, match=message):
        plan(tmp_path, *configs, networks=networks)


def test_another_budget_is_another_run(tmp_path):
    (begun,) = plan(tmp_path, "configs/fcn_demo.py")
    begun.folder.mkdir()
    with pytest.raises(InputError, match=r"fcn_demo_seed_0\.json is of another run"):
        plan_comparison(["configs/fcn_demo.py"], None, [0], tmp_path, BUDGET._replace(seconds=600.0))


def test_a_budget_is_the_same_for_networks_that_are_added_later(tmp_path):
    (done,) = plan(tmp_path, SMALL, networks=["FCN"])
    done.folder.mkdir()
    done.results.write_text("{}")
    with pytest.raises(InputError, match="NAFNet and FCN have not the same train_cfg"):
        plan_comparison([SMALL], ["NAFNet"], [0], tmp_path, BUDGET._replace(seconds=600.0))
    (added,) = plan(tmp_path, SMALL, networks=["NAFNet"])
    assert find_comparison([SMALL], tmp_path) == [done, added]


def test_runs_that_are_done_are_gathered_with_their_networks_names(tmp_path):
    done, _ = plan(tmp_path, "configs/fcn_demo.py", seeds=[0, 1])
    done.folder.mkdir()
    done.results.write_text('{"seed": 0}')
    assert gather(plan(tmp_path, "configs/fcn_demo.py", seeds=[0, 1])) == [{"network": "fcn_demo", "seed": 0}]


def test_the_project_has_the_schedule_that_runs_get():
    schedule = load_config(str(PROJECT / "configs/_base_/schedules/time_budget.py"))
    assert {settings["end"] for settings in schedule.param_scheduler} == {30, schedule_steps(schedule)}


def schedule_steps(schedule) -> int:
    return schedule.default_hooks.param_scheduler.steps
