"""What a record says of the code it was made by, in a clone, a download and what is neither."""

import os
import shutil
import subprocess

import pytest

from selip_core.pipeline.records import _git_commit

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]


@pytest.fixture
def root(tmp_path, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("no git here")
    folder = tmp_path / "selip"
    folder.mkdir()
    (folder / "a.py").write_text("1")
    monkeypatch.setenv("SELIP_ROOT", str(folder))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return folder


def git(folder, *words):
    subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True)


def test_a_clone_names_its_commit_and_whether_it_was_changed(root):
    git(root, "init")
    git(root, "add", "a.py")
    git(root, "commit", "-m", "x")
    assert len(_git_commit()["git"]) == 40
    (root / "a.py").write_text("2")
    assert _git_commit()["git"].endswith("-modified")


def test_a_download_says_why_it_names_none(root, capfd):
    found = _git_commit()
    assert found["git"] is None and "not a git repository" in found["git_missing"]
    assert capfd.readouterr() == ("", "")


def test_a_clone_without_a_commit_says_so(root):
    git(root, "init")
    assert _git_commit()["git"] is None and "HEAD" in _git_commit()["git_missing"]


def test_a_download_inside_another_clone_does_not_take_that_ones_commit(root):
    git(root.parent, "init")
    git(root.parent, "add", "selip/a.py")
    git(root.parent, "commit", "-m", "x")
    assert _git_commit() == {"git": None, "git_missing": "the folder is no clone of its own, but lies in another one"}


def test_a_clone_of_another_user_says_so(root):
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may give a folder to another user")
    git(root, "init")
    subprocess.run(["chown", "-R", "65534", root], check=True)
    assert _git_commit()["git"] is None and "dubious ownership" in _git_commit()["git_missing"]


def test_without_the_program_the_record_says_so(root, monkeypatch):
    monkeypatch.setenv("PATH", str(root))
    assert _git_commit() == {"git": None, "git_missing": "git does not answer (FileNotFoundError)"}
