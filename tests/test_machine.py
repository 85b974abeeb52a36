import platform

import torch

from fcn_plugin.machine import machine_facts


def test_a_figure_can_say_where_and_with_what_it_was_measured():
    facts = machine_facts("cpu")
    assert facts.keys() == {"device", "threads", "versions", "commit", "date"}
    assert facts["threads"] == torch.get_num_threads()
    assert facts["versions"]["python"] == platform.python_version()
    assert facts["versions"]["torch"] == torch.__version__
