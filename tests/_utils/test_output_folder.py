"""A folder that a long command writes: begun, gone on with, finished, and never over anything else."""

import pytest

from selip_core._utils.files import write_json
from selip_core._utils.output_folder import BEGUN, begin, check_apart, finished_before
from selip_core.errors import SelipError


def test_what_was_begun_is_gone_on_with_and_is_private(tmp_path):
    out, work = tmp_path / "out", tmp_path / "out" / ".work"
    begin(out, work, "a")
    assert work.stat().st_mode & 0o077 == 0 and (work / BEGUN).exists()
    (out / "half.csv").write_text("")
    begin(out, work, "a")
    with pytest.raises(SelipError, match="begun with other options"):
        begin(out, work, "b")


def test_a_kill_before_the_folder_had_its_mark_is_gone_on_with(tmp_path):
    (tmp_path / "out" / ".work").mkdir(parents=True)
    begin(tmp_path / "out", tmp_path / "out" / ".work", "a")


def test_what_is_finished_is_told_and_what_a_kill_left_is_taken_away(tmp_path):
    record, work = tmp_path / "done.json", tmp_path / ".work"
    assert finished_before(record, work, "a") is None
    write_json(record, {"inputs": "a", "counts": 3})
    work.mkdir()
    assert finished_before(record, work, "a")["counts"] == 3 and not work.exists()
    with pytest.raises(SelipError, match="finished cohort of other options or files"):
        finished_before(record, work, "b")


def test_folders_in_each_other_are_refused(tmp_path):
    for out, source in ((tmp_path / "a" / "b", tmp_path / "a"), (tmp_path / "a", tmp_path / "a" / "b")):
        with pytest.raises(SelipError, match="the cohort lie in each other"):
            check_apart(out, source, "the cohort")
    check_apart(tmp_path / "a", tmp_path / "b", "the cohort")
