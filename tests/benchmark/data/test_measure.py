import numpy as np
import pytest
import torch

from fcn_plugin.benchmark.data import measure
from fcn_plugin.benchmark.data.measure import Turns, build_loader, loader_rates, rates


@pytest.fixture
def ticking(monkeypatch):
    """A clock on which each call takes a second."""
    now = [0.0]

    def call(_):
        now[0] += 1

    for clock in ("process_time", "perf_counter"):
        monkeypatch.setattr(measure.time, clock, lambda: now[0])
    return call


def test_candidates_take_turns_and_draw_the_same_numbers(ticking):
    drawn = []

    def candidate(name):
        def call(index):
            drawn.append((name, index, np.random.randint(1 << 30)))  # noqa: NPY002
            ticking(index)

        return call

    measured = rates({name: candidate(name) for name in "ab"}, Turns(2, 2.5))
    assert measured == {"a": [1, 1], "b": [1, 1]}
    assert [(name, index) for name, index, _ in drawn] == [(n, i) for n in "abab" for i in range(3)]
    numbers = [number for *_, number in drawn]
    assert numbers[:3] == numbers[3:6] != numbers[6:9] == numbers[9:]


def test_pairs_of_a_loader_are_counted(ticking):
    class Pairs(torch.utils.data.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            ticking(index)
            return index

    build = {
        batch: lambda batch=batch: build_loader(Pairs(), 0, batch, "default_collate") for batch in (1, 4)
    }
    measured = loader_rates(build, Turns(2, 0.5))
    assert measured == {1: [1, 1], 4: [1, 1]}
