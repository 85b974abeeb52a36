import pytest

from fcn_plugin.inference.batch_progress import BatchProgress


@pytest.mark.parametrize("terminal", [False, True])
def test_the_time_left_is_told_once_enough_is_done(terminal, monkeypatch, capsys):
    """Of a tiny file's speed nothing follows for large ones."""
    monkeypatch.setenv("FORCE_COLOR" if terminal else "NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    shown = []
    with BatchProgress([10, 490, 500]) as progress:
        for name in ("tiny.png", "large.png", "last.png"):
            progress.begin(name)
            progress.end("restored")
            progress._progress.refresh()
            shown.append(capsys.readouterr().err)
    first, *later = (text.rpartition("ETA")[2] for text in shown)
    assert "0:00:0" not in first
    assert not terminal or "-:--:--" in first
    assert all("0:00:0" in text for text in later)
