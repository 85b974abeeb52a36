"""What the shell scripts hand to torchrun, seen by a stand-in for python; test_command_lines runs them."""

import os
import subprocess
from pathlib import Path

import pytest

from ..conftest import PROJECT

TOOLS = PROJECT / "tools"


@pytest.fixture
def stand_ins(tmp_path):
    """A folder with a ``python`` that prints its arguments, and Slurm commands for a job of one machine."""
    programs = {
        "python": 'printf "%s\\n" "$@"',
        "srun": (
            'printf "srun %s\\n" "$*" >&2\n'
            'while [ "$1" != bash ]; do shift; done\n'
            'SLURM_NNODES=2 SLURM_NODEID=1 SLURM_JOB_NODELIST="node[1-2]" exec "$@"'
        ),
        "scontrol": '[ "$*" = "show hostnames node[1-2]" ] && printf "node1\\nnode2\\n"',
    }
    for name, body in programs.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(0o755)
    return tmp_path / "bin"


def run(stand_ins: Path, script: str, *arguments: str, **environment: str) -> tuple[list[str], str]:
    environment = {"PATH": f"{stand_ins}{os.pathsep}{os.environ['PATH']}", **environment}
    result = subprocess.run(
        [TOOLS / script, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=stand_ins,
        check=True,
    )
    return result.stdout.splitlines(), result.stderr


def test_train_on_one_machine(stand_ins):
    arguments, _ = run(stand_ins, "dist_train.sh", "configs/fcn_gopro.py", "8", "--amp")
    assert arguments == [
        "-m",
        "torch.distributed.run",
        "--nnodes=1",
        "--node_rank=0",
        "--nproc_per_node=8",
        "--master_addr=127.0.0.1",
        "--master_port=29500",
        f"{TOOLS}/train.py",
        "configs/fcn_gopro.py",
        "--amp",
    ]


def test_train_on_many_machines(stand_ins):
    cluster = {"NNODES": "4", "NODE_RANK": "2", "MASTER_ADDR": "10.0.0.1", "PORT": "1234"}
    arguments, _ = run(stand_ins, "dist_train.sh", "c.py", "8", **cluster)
    for wanted in ("--nnodes=4", "--node_rank=2", "--master_addr=10.0.0.1", "--master_port=1234"):
        assert wanted in arguments


def test_test_takes_the_checkpoint_second(stand_ins):
    arguments, _ = run(stand_ins, "dist_test.sh", "c.py", "best.pth", "2", "--work-dir", "w")
    assert "--nproc_per_node=2" in arguments
    assert arguments[-5:] == [f"{TOOLS}/test.py", "c.py", "best.pth", "--work-dir", "w"]


def test_slurm_starts_torchrun_on_every_machine(stand_ins):
    arguments, asked = run(
        stand_ins, "slurm_train.sh", "gpu", "c.py", "--cfg-options", "a=b c", NODES="2", GPUS_PER_NODE="4"
    )
    assert "--partition=gpu --nodes=2 --ntasks-per-node=1 --gres=gpu:4" in asked
    for wanted in ("--nnodes=2", "--node_rank=1", "--nproc_per_node=4", "--master_addr=node1"):
        assert wanted in arguments
    assert arguments[-4:] == [f"{TOOLS}/train.py", "c.py", "--cfg-options", "a=b c"]


@pytest.mark.parametrize("script", ["dist_train.sh", "dist_test.sh", "slurm_train.sh"])
def test_too_few_arguments(stand_ins, script):
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(stand_ins, script, "c.py")
    assert error.value.returncode == 2
    assert "usage" in error.value.stderr
