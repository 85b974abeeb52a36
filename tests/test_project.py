import pytest

from fcn_plugin.project import short_path

from .conftest import PROJECT


@pytest.mark.parametrize("folder", ["here", "elsewhere"])
def test_paths_are_written_from_the_checkout_or_the_working_folder_on(folder, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert short_path(PROJECT / "configs/fcn_demo.py") == "configs/fcn_demo.py"
    path = tmp_path / folder / "best.pth"
    assert short_path(path) == ("best.pth" if folder == "here" else str(path))
    assert short_path("run/../best.pth") == "best.pth"
