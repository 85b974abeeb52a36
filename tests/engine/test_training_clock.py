import time

import pytest

from fcn_plugin.engine.training_clock import TrainingClock


def test_it_runs_between_start_and_stop_and_goes_on_from_what_was_spent():
    clock = TrainingClock("wall", spent=100.0)
    assert clock.spent == 100
    before = time.perf_counter()
    clock.start()
    time.sleep(0.02)
    running = clock.spent
    clock.stop()
    passed = time.perf_counter() - before
    assert 100.02 <= running <= clock.spent <= 100 + passed
    stopped = clock.spent
    time.sleep(0.02)
    assert clock.spent == stopped
    clock.start()
    assert clock.spent >= stopped


def test_a_processors_clock_does_not_count_waiting():
    wall, processor = TrainingClock("wall"), TrainingClock("processor")
    for clock in (wall, processor):
        clock.start()
    time.sleep(0.2)
    for clock in (wall, processor):
        clock.stop()
    assert wall.spent >= 0.2
    assert processor.spent < 0.1

    start = processor.spent
    processor.start()
    while time.process_time() < start + 0.05:
        pass
    assert processor.spent > start


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="unknown clock 'sun': choose wall or processor"):
        TrainingClock("sun")
