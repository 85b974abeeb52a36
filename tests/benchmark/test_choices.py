from torch._inductor import list_mode_options

from fcn_plugin.benchmark.choices import COMPILE, PRECISIONS
from fcn_plugin.benchmark.way import AUTOCAST, WEIGHTS


def test_the_modes_of_compilation_are_those_of_torch():
    assert COMPILE[0] == "eager"
    assert {*COMPILE[1:]} <= {*list_mode_options()}


def test_every_precision_is_one_that_networks_run_in():
    assert ("float32", "tf32", *AUTOCAST, *WEIGHTS) == PRECISIONS
