"""Files are written whole or not at all, and what stops that is said."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from selip_core._utils.files import alone_in, expanded, put_aside, read_json, what_is_there, write_text
from selip_core.errors import SelipError
from tests.helpers.places import ROOT


def test_a_place_that_is_no_folder_is_a_message(tmp_path):
    (tmp_path / "plain.txt").write_text("a file")
    with pytest.raises(SelipError, match=r"cannot write .*plain.txt/x.json: "):
        write_text(tmp_path / "plain.txt" / "x.json", "{}")


@pytest.mark.parametrize("text", ["[1]", "{", "[" * 100_000, '{"a":' * 100_000])
def test_what_is_no_json_object_is_none(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    assert read_json(tmp_path / "x.json") is None


def test_a_home_folder_is_written_out_or_told_to_be_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/x") == Path(tmp_path / "x")
    with pytest.raises(SelipError, match="~nosuch/x: there is no such home folder"):
        expanded("~nosuch/x")


def test_what_is_put_aside_takes_the_first_free_name(tmp_path):
    (tmp_path / "m.previous-1").mkdir()
    (tmp_path / "m").mkdir()
    assert put_aside(tmp_path / "m") == tmp_path / "m.previous-2" and (tmp_path / "m.previous-2").is_dir()
    assert not (tmp_path / "m").exists()


def test_what_cannot_be_put_aside_is_a_message(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "m").mkdir()
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(SelipError, match="cannot write .*m.previous-1: Permission denied"):
        put_aside(tmp_path / "m")


def test_a_folder_is_one_callers_until_that_process_is_gone(tmp_path):
    code = "import sys, time; from pathlib import Path; from selip_core._utils.files import alone_in\n"
    code += "with alone_in(Path(sys.argv[1]), 'x'): print('in', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code, tmp_path / "r"], stdout=subprocess.PIPE, cwd=ROOT)
    other.stdout.readline()
    with (
        pytest.raises(SelipError, match=rf"another x \(process {other.pid} on .*at work in .*: wait"),
        alone_in(tmp_path / "r", "x"),
    ):
        pass
    other.kill()
    other.wait()
    with alone_in(tmp_path / "r", "x"):
        pass


def test_a_disk_without_locks_is_used_all_the_same(tmp_path, monkeypatch):
    def refuse(file, how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with alone_in(tmp_path, "x"), alone_in(tmp_path, "x"):
        pass


def test_what_lies_in_the_place_of_another_kind_is_called_what_it_is(tmp_path):
    (tmp_path / "file").touch()
    assert what_is_there(tmp_path / "none", wanted="folder") == what_is_there(tmp_path / "none", wanted="file")
    assert what_is_there(tmp_path / "none", wanted="file") == "does not exist"
    assert what_is_there(tmp_path / "file", wanted="folder") == "is a file, no folder"
    assert what_is_there(tmp_path, wanted="file") == "is a folder, no file"
