from fcn_plugin.markdown import circumstances, figures, table


def test_tables_have_numbers_to_the_right():
    assert table(["way", "ms"], [["a", "1"]]) == ["| way | ms |", "|---|--:|", "| a | 1 |"]
    assert table(["way", "of", "ms"], [], "llr")[1] == "|---|---|--:|"


def test_a_bar_in_a_cell_is_no_end_of_it():
    assert table(["a|b"], [["c|d"]]) == [r"| a\|b |", "|---|", r"| c\|d |"]


def test_figures_have_three_digits():
    assert figures({"median": 1.234, "lowest": 0.5, "highest": 12.34}) == "1.23 (0.50–12.3)"
    assert figures({"median": 123.4, "lowest": 99.96, "highest": 1234.5}) == "123 (100.0–1234)"


def test_circumstances_are_all_that_is_known_of_the_machine():
    machine = {"device": "a processor", "threads": 1, "versions": {"python": "3.11", "torch": "2.13"}}
    machine |= {"commit": "c0ffee", "date": "d"}
    assert circumstances(machine) == "a processor, 1 threads; d, commit c0ffee; python 3.11, torch 2.13"
    assert circumstances({**machine, "cores": 2}).startswith("a processor, 2 cores; d, ")
