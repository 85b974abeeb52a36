import cv2
import torch

from fcn_plugin.benchmark.turns import in_turns, one_thread, summary


def test_candidates_take_turns():
    seen = []

    def measure(number, candidate):
        seen.append((number, candidate))
        return number * candidate

    assert in_turns({"a": 2, "b": 3}, 2, measure) == {"a": [0, 2], "b": [0, 3]}
    assert seen == [(0, 2), (0, 3), (1, 2), (1, 3)]


def test_one_thread_is_given_back():
    before = cv2.getNumThreads(), torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
        assert cv2.getNumThreads() <= 1
    assert (cv2.getNumThreads(), torch.get_num_threads()) == before


def test_summary():
    assert summary([3, 1, 9]) == {"median": 3, "lowest": 1, "highest": 9}
