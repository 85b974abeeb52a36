from pathlib import Path

import pytest

from fcn_plugin.inference.tasks import Task, find_tasks


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "a.jpg",
        "in/b.PNG",
        "in/sub/c.mp4",
        "in/.d.jpg",
        "in/.git/e.jpg",
        "in/notes.txt",
        "other/b.PNG",
    ):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.usefixtures("inputs")
class TestFindTasks:
    def test_files_keep_names_and_folders_their_trees(self):
        tasks, errors = find_tasks(["a.jpg", "in"], "out")
        assert errors == []
        assert tasks == [
            Task(Path("a.jpg"), Path("out/a.jpg")),
            Task(Path("in/b.PNG"), Path("out/b.PNG")),
            Task(Path("in/sub/c.mp4"), Path("out/sub/c.mp4")),
        ]
        assert [task.is_video for task in tasks] == [False, False, True]

    def test_files_given_by_name_are_taken_whatever_they_are_called(self):
        tasks, errors = find_tasks(["in/notes.txt", "in/.d.jpg", "missing.png"], "out")
        assert errors == []
        assert [task.target.as_posix() for task in tasks] == [
            "out/notes.txt",
            "out/.d.jpg",
            "out/missing.png",
        ]

    def test_a_file_given_twice_counts_once(self):
        tasks, errors = find_tasks(["in", "in/b.PNG", Path("in/b.PNG").absolute()], "out")
        assert errors == []
        assert [task.source.as_posix() for task in tasks] == ["in/b.PNG", "in/sub/c.mp4"]

    def test_two_files_of_one_name_do_not_become_one(self):
        tasks, errors = find_tasks(["in/b.PNG", "other/b.PNG"], "out")
        assert [task.source.as_posix() for task in tasks] == ["in/b.PNG"]
        assert [str(error) for error in errors] == [
            "other/b.PNG and in/b.PNG would both become out/b.PNG; give them one --output each."
        ]

    def test_inputs_are_never_written_over(self):
        tasks, errors = find_tasks(["in", "a.jpg"], "in")
        assert [task.target.as_posix() for task in tasks] == ["in/a.jpg"]
        assert [str(error) for error in errors] == [
            "in/b.PNG would be written over in/b.PNG, an input; give another --output.",
            "in/sub/c.mp4 would be written over in/sub/c.mp4, an input; give another --output.",
        ]

    def test_neither_by_a_link_nor_each_other(self):
        Path("link").symlink_to("in")
        tasks, errors = find_tasks(["other/b.PNG", "in/b.PNG"], "link")
        assert tasks == []
        assert len(errors) == 2

    def test_results_of_an_earlier_run_are_no_inputs(self):
        Path("out").mkdir()
        Path("out/a.jpg").touch()
        tasks, errors = find_tasks(["."], "out")
        assert errors == []
        assert [task.source.as_posix() for task in tasks] == [
            "a.jpg",
            "in/b.PNG",
            "in/sub/c.mp4",
            "other/b.PNG",
        ]

    def test_a_folder_without_images(self):
        Path("empty").mkdir()
        Path("empty/notes.txt").touch()
        tasks, errors = find_tasks(["empty", "a.jpg"], "out")
        assert [task.source.name for task in tasks] == ["a.jpg"]
        assert len(errors) == 1
        assert str(errors[0]).startswith("empty holds no images or videos (.jpg ")
