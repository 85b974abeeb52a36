from math import inf

import pytest

from fcn_plugin.inference import memory
from fcn_plugin.inference.control_groups import free_in_groups


@pytest.fixture
def groups(tmp_path):
    """Makes groups in a folder, and answers what is free in them."""

    def free(membership: str, files: dict[str, str]) -> float:
        for name, content in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content + "\n")
        (tmp_path / "membership").write_text(membership + "\n")
        return free_in_groups(tmp_path / "groups", tmp_path / "membership")

    return free


def test_a_limit_less_what_is_taken_and_cannot_be_given_back(groups):
    files = {
        "memory.max": "1000",
        "memory.high": "max",
        "memory.current": "600",
        "memory.stat": "anon 350\ninactive_file 250\nactive_file 10",
    }
    assert groups("0::/", files) == 1000 - (600 - 250)
    assert groups("0::/", {"memory.high": "700"}) == 700 - (600 - 250)
    assert groups("0::/", {"memory.high": "100"}) == 0
    assert groups("0::/", {"memory.max": "max", "memory.high": "max"}) == inf


def test_limits_on_groups_around_it_hold_too(groups):
    files = {
        "jobs/memory.max": "500",
        "jobs/memory.current": "450",
        "jobs/memory.stat": "anon 5",
        "jobs/mine/memory.max": "400",
        "jobs/mine/memory.current": "100",
        "jobs/mine/memory.stat": "anon 5",
    }
    assert groups("0::/jobs/mine", files) == 50
    # What a container sees of its own group, which has another name outside.
    assert (
        groups("0::/../elsewhere", {"memory.max": "90", "memory.current": "20", "memory.stat": "anon 5"})
        == 70
    )


def test_the_first_version_of_control_groups(groups):
    files = {
        "memory/batch/job/memory.limit_in_bytes": "300",
        "memory/batch/job/memory.usage_in_bytes": "120",
        "memory/batch/job/memory.stat": "inactive_file 1\ntotal_inactive_file 20",
        "memory/memory.limit_in_bytes": str(2**63 - 4096),
        "memory/memory.usage_in_bytes": "10000",
        "memory/memory.stat": "total_inactive_file 0",
    }
    assert groups("4:cpu:/\n3:hugetlb,memory:/batch/job\n0::/", files) == 300 - (120 - 20)


def test_without_groups_there_is_no_limit(groups, tmp_path):
    assert groups("3:cpu:/", {}) == inf
    assert free_in_groups(tmp_path, tmp_path / "missing") == inf


def test_the_limit_is_that_of_free_memory(monkeypatch):
    import torch

    monkeypatch.setattr(memory, "free_in_groups", lambda: 5e6)
    assert memory.spare_memory(torch.device("cpu"), 1e3) == memory.SHARE * 5e6
