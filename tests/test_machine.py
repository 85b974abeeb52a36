import platform
import shutil
import subprocess

import pytest
import torch

from fcn_plugin.machine import commit_of, machine_facts


def test_a_figure_can_say_where_and_with_what_it_was_measured():
    facts = machine_facts("cpu")
    assert facts.keys() == {"device", "threads", "versions", "commit", "date"}
    assert facts["threads"] == torch.get_num_threads()
    assert facts["versions"]["python"] == platform.python_version()
    assert facts["versions"]["torch"] == torch.__version__


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_a_commit_is_dirty_by_sources_and_not_by_figures(tmp_path):
    def git(*words):
        name = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"]
        subprocess.run(["git", "-C", str(tmp_path), *name, *words], check=True, capture_output=True)

    assert commit_of(tmp_path) == "unknown"
    git("init")
    for name in ("benchmarks/figures.json", "docs/page.md", "code.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1")
    git("add", ".")
    git("commit", "-m", "first")
    commit = commit_of(tmp_path)
    assert len(commit) == 12
    (tmp_path / "benchmarks/figures.json").write_text("2")
    (tmp_path / "docs/page.md").write_text("2")
    assert commit_of(tmp_path) == commit
    (tmp_path / "code.py").write_text("2")
    assert commit_of(tmp_path) == f"{commit}-dirty"
