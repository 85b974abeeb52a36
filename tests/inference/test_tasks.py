import os
from pathlib import Path

import pytest
from PIL import Image

from fcn_plugin.errors import InputError
from fcn_plugin.inference.ledger import LEDGER
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
        found = find_tasks(["a.jpg", "in"], "out")
        assert found.errors == []
        assert found.tasks == [
            Task(Path("a.jpg"), Path("out/a.jpg")),
            Task(Path("in/b.PNG"), Path("out/b.PNG")),
            Task(Path("in/sub/c.mp4"), Path("out/sub/c.mp4")),
        ]
        assert [task.is_video for task in found.tasks] == [False, False, True]

    def test_files_given_by_name_are_taken_whatever_they_are_called(self):
        found = find_tasks(["in/notes.txt", "in/.d.jpg", "missing.png"], "out")
        assert found.errors == []
        assert [task.target.as_posix() for task in found.tasks] == [
            "out/notes.txt",
            "out/.d.jpg",
            "out/missing.png",
        ]

    def test_a_file_given_twice_counts_once(self):
        found = find_tasks(["in", "in/b.PNG", Path("in/b.PNG").absolute()], "out")
        assert found.errors == []
        assert [task.source.as_posix() for task in found.tasks] == ["in/b.PNG", "in/sub/c.mp4"]

    def test_a_folder_given_with_one_inside_it_counts_once(self):
        found = find_tasks(["in", "in/sub", "in/../in/sub/c.mp4"], "out")
        assert found.errors == []
        assert [task.target.as_posix() for task in found.tasks] == ["out/b.PNG", "out/sub/c.mp4"]
        found = find_tasks(["in/sub", "in"], "out")
        assert found.errors == []
        assert [task.target.as_posix() for task in found.tasks] == ["out/c.mp4", "out/b.PNG"]

    def test_links_to_files_are_restored_by_their_own_names(self):
        Path("in/newest.PNG").symlink_to("b.PNG")
        found = find_tasks(["in"], "out")
        assert [task.target.name for task in found.tasks] == ["b.PNG", "newest.PNG", "c.mp4"]

    def test_an_empty_input_is_not_the_current_folder(self):
        found = find_tasks(["", "a.jpg"], "out")
        assert [task.source.as_posix() for task in found.tasks] == ["a.jpg"]
        assert [str(error) for error in found.errors] == [
            "an INPUT is empty; give the path of a file or folder."
        ]

    @pytest.mark.parametrize("name", ["in/notes.txt", "in/notes.txt/below/out"])
    def test_an_output_where_a_file_is(self, name):
        with pytest.raises(
            InputError, match=f"^--output {name} cannot be a folder, for in/notes.txt is a file; give another"
        ):
            find_tasks(["a.jpg"], name)

    @pytest.mark.parametrize("name", ["out.JPG", "new/out.mp4"])
    def test_an_output_that_is_named_like_a_file(self, name):
        with pytest.raises(InputError, match=rf"^--output {name} is named like a file; give the folder"):
            find_tasks(["a.jpg"], name)
        Path(name).mkdir(parents=True)
        assert [task.target for task in find_tasks(["a.jpg"], name).tasks] == [Path(name, "a.jpg")]

    def test_two_files_of_one_name_do_not_become_one(self):
        found = find_tasks(["in/b.PNG", "other/b.PNG"], "out")
        assert [task.source.as_posix() for task in found.tasks] == ["in/b.PNG"]
        assert [str(error) for error in found.errors] == [
            "other/b.PNG and in/b.PNG would both become out/b.PNG; give them one --output each."
        ]

    def test_videos_whose_containers_lose_times_become_mkv(self):
        found = find_tasks(["in/a.mpg", "in/b.PNG.mpeg", "C.VOB", "d.wmv", "e.asf"], "out")
        assert found.errors == []
        assert [task.target.as_posix() for task in found.tasks] == [
            "out/a.mkv",
            "out/b.PNG.mkv",
            "out/C.mkv",
            "out/d.mkv",
            "out/e.mkv",
        ]
        assert all(task.is_video for task in found.tasks)

    def test_videos_that_would_become_one_mkv(self):
        for name in ("c.mkv", "c.wmv"):
            Path("in/sub", name).touch()
        found = find_tasks(["in/sub"], "out")
        assert [task.target.name for task in found.tasks] == ["c.mkv", "c.mp4"]
        assert [str(error) for error in found.errors] == [
            "in/sub/c.wmv and in/sub/c.mkv would both become out/c.mkv; give them one --output each."
        ]
        found = find_tasks(["in/sub/c.mkv", "in/sub/c.wmv"], "in/sub")
        assert found.tasks == []

    def test_inputs_are_never_written_over(self):
        found = find_tasks(["in/b.PNG", "a.jpg"], "in")
        assert [task.target.as_posix() for task in found.tasks] == ["in/a.jpg"]
        assert [str(error) for error in found.errors] == [
            "in/b.PNG would be written over in/b.PNG, an input; give another --output.",
        ]

    def test_a_folder_is_not_input_and_output(self):
        Path("link").symlink_to("in")
        for output in ("in", "link"):
            with pytest.raises(InputError, match=f"^--output {output} is an INPUT too, .*; give another"):
                find_tasks(["a.jpg", "in"], output)

    def test_neither_by_a_link_nor_each_other(self):
        Path("link").symlink_to("in")
        found = find_tasks(["other/b.PNG", "in/b.PNG"], "link")
        assert found.tasks == []
        assert len(found.errors) == 2

    def test_results_of_an_earlier_run_are_no_inputs(self):
        Path("out").mkdir()
        Path("out/a.jpg").touch()
        found = find_tasks(["."], "out")
        assert found.errors == []
        assert [task.source.as_posix() for task in found.tasks] == [
            "a.jpg",
            "in/b.PNG",
            "in/sub/c.mp4",
            "other/b.PNG",
        ]

    def test_a_folder_without_images(self):
        Path("empty").mkdir()
        Path("empty/notes.txt").touch()
        found = find_tasks(["empty", "a.jpg"], "out")
        assert [task.source.name for task in found.tasks] == ["a.jpg"]
        assert len(found.errors) == 1
        assert str(found.errors[0]).startswith("empty holds no images or videos (")
        assert " .jpg " in str(found.errors[0])

    def test_what_is_left_out_of_a_folder_is_told(self):
        for name in ("in/a.heic", "in/sub/b.HEIC", "in/sub/README"):
            Path(name).touch()
        Path("in/link").symlink_to("../other")
        Path("in/sub/restored").mkdir()
        for name in (LEDGER, "b.PNG"):
            Path("in/sub/restored", name).touch()
        found = find_tasks(["in", "other"], "out")
        assert [task.source.as_posix() for task in found.tasks] == ["in/b.PNG", "in/sub/c.mp4"]
        assert found.notes == [
            "in: 4 left out, as no images or videos that can be read here: "
            "1 without a suffix, 2 .heic, 1 .txt.",
            "in: left out, as links or results of earlier runs: in/link, in/sub/restored.",
        ]
        assert [task.source.as_posix() for task in find_tasks(["in/sub/restored"], "out").tasks] == [
            "in/sub/restored/b.PNG"
        ]

    def test_all_suffixes_of_formats_that_are_restored(self):
        names = ["a.jfif", "a.JPE", "a.apng", "a.mpo", "a.mpg", "a.flv"]
        names += ["a.avif"] if "AVIF" in Image.registered_extensions().values() else []
        for name in names:
            Path("other", name).touch()
        found = find_tasks(["other"], "out")
        assert sorted(task.source.name for task in found.tasks) == sorted([*names, "b.PNG"])
        assert found.notes == []

    def test_comparisons_of_earlier_runs_are_no_inputs(self):
        for name in ("in/b.PNG.compare.jpg", "in/by_hand.compare.jpg"):
            Path(name).touch()
        found = find_tasks(["in"], "out")
        assert [task.source.name for task in found.tasks] == ["b.PNG", "by_hand.compare.jpg", "c.mp4"]
        assert found.notes == [
            "in: 2 left out, as no images or videos that can be read here: 1 .compare.jpg, 1 .txt."
        ]

    def test_comparisons_write_over_neither_inputs_nor_results(self):
        for name in ("a.jpg.compare.jpg", "out/a.jpg.compare.jpg"):
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).touch()
        found = find_tasks(["a.jpg", "a.jpg.compare.jpg"], "new")
        assert [task.source.name for task in found.tasks] == ["a.jpg.compare.jpg"]
        assert [str(error) for error in found.errors] == [
            "a.jpg would be compared in new/a.jpg.compare.jpg, which is an input or another's result; give "
            "another --output."
        ]
        found = find_tasks(["a.jpg", "out/a.jpg.compare.jpg"], "out")
        assert found.tasks == []
        assert len(found.errors) == 2

    def test_names_that_are_too_long_for_the_disk(self):
        found = find_tasks(["x" * 300 + ".jpg"], "out")
        assert len(found.tasks) == 1
        assert found.errors == []

    @pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
    def test_what_is_no_file_does_not_stop_the_rest(self):
        os.mkfifo("in/pipe.jpg")
        Path("in/loop.jpg").symlink_to("loop.jpg")
        Path("in/round").symlink_to("round")
        found = find_tasks(["in", "in/pipe.jpg"], "out")
        assert [task.source.name for task in found.tasks] == ["b.PNG", "loop.jpg", "c.mp4"]
        assert [str(error) for error in found.errors] == [
            "in/pipe.jpg is no ordinary file; copy what it yields to one."
        ]

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="who may read everything")
    def test_folders_that_may_not_be_read_are_told(self):
        Path("in/sub").chmod(0)
        try:
            found = find_tasks(["in"], "out")
        finally:
            Path("in/sub").chmod(0o755)
        assert [task.source.name for task in found.tasks] == ["b.PNG"]
        assert [str(error) for error in found.errors] == [
            "in/sub cannot be read (Permission denied); check the path."
        ]
