"""What is done of a long piece of work outlives every way of being stopped."""

import json
import os
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from selip_core._utils.parallel import AHEAD
from selip_core._utils.resumable import DoneLog, kept_arrays, resumable_map
from selip_core.errors import SelipError
from tests.helpers.places import ROOT


def doubled(items, log, **options):
    """Return the result of doubling, and which items were begun."""
    begun = []
    done = resumable_map(lambda x: begun.append(x) or 2 * x, items, log, workers=1, progress=False, **options)
    return done, begun


ITEMS = {"c": 3, "a": 1, "b": 2}


def test_results_come_in_the_order_of_the_items_and_are_made_once(tmp_path):
    for begun in ([3, 1, 2], []):
        done, found = doubled(ITEMS, tmp_path / "folder" / "log")
        assert list(done.items()) == [("c", 6), ("a", 2), ("b", 4)] and found == begun


def test_a_text_with_a_separator_of_lines_is_kept(tmp_path):
    kept = [resumable_map(str, {"a": "x\u2028y\x85z"}, tmp_path / "log", workers=1, progress=False) for _ in range(2)]
    assert kept[0] == kept[1] == {"a": "x\u2028y\x85z"}
    assert doubled({"a": 1}, tmp_path / "log")[1] == []


def test_an_item_of_a_new_key_is_made_and_a_lost_one_is_not_returned(tmp_path):
    doubled(ITEMS, tmp_path / "log")
    done, begun = doubled({"a": 1, "b of another size": 20}, tmp_path / "log")
    assert done == {"a": 2, "b of another size": 40} and begun == [20]


@pytest.mark.parametrize(
    "end", ['["b", 4, nu', "\x00\x00\x00", "[1]\n", '{"b": 4}\n', '[["b"], 4, null]', "[" * 100_000]
)
def test_a_line_that_is_none_is_passed_over_and_the_next_begins_a_new_one(tmp_path, end):
    log = tmp_path / "log"
    doubled({"c": 3, "a": 1}, log)
    log.write_text(log.read_text() + end)
    assert doubled(ITEMS, log)[1] == [2]
    assert doubled(ITEMS, log)[1] == []


@pytest.mark.parametrize("cut", range(1, 16))
def test_wherever_the_last_line_was_cut_only_its_item_is_made_again(tmp_path, cut):
    log = tmp_path / "log"
    doubled({"a": 1, "左": 2}, log)
    log.write_bytes(log.read_bytes()[:-cut])
    done, begun = doubled({"a": 1, "左": 2}, log)
    assert done == {"a": 2, "左": 4} and begun == ([] if cut == 1 else [2])  # the line's end alone was cut


def test_what_was_put_away_and_is_gone_is_made_again(tmp_path):
    def keep(key, made):
        (tmp_path / key).write_text("x" * made)
        return made

    def proof(key):
        return (tmp_path / key).stat().st_size if (tmp_path / key).exists() else None

    options = {"keep": keep, "proof": proof}
    assert doubled(ITEMS, tmp_path / "log", **options)[1] == [3, 1, 2]
    (tmp_path / "a").unlink()
    (tmp_path / "b").write_text("half")
    (tmp_path / "c").write_text("h")
    assert doubled(ITEMS, tmp_path / "log", **options)[1] == [3, 1]  # b has its four letters
    assert doubled(ITEMS, tmp_path / "log", **options)[1] == []


def test_an_error_keeps_what_was_done_before_it(tmp_path):
    with pytest.raises(TypeError):
        doubled({"a": 1, "b": 2, "c": None}, tmp_path / "log")
    assert doubled(ITEMS, tmp_path / "log")[1] == [3]


def test_a_log_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SelipError, match=r"cannot write .*file/log: .*run again"):
        doubled(ITEMS, tmp_path / "file" / "log")


KILLED = """
import os, sys, time
from pathlib import Path
from selip_core._utils.resumable import resumable_map

def job(number):
    begun = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(begun, f"{number}\\n".encode())
    os.close(begun)
    time.sleep(0.01)
    return {"square": number**2, "text": "左侧" * 200}

if __name__ == "__main__":
    items = {str(i): i for i in range(60)}
    done = resumable_map(job, items, Path(sys.argv[1]), workers=int(sys.argv[3]), progress=False)
    print(sum(found["square"] for found in done.values()))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_again_and_again_it_repeats_only_what_was_in_hand(tmp_path, workers):
    (tmp_path / "killed.py").write_text(KILLED, encoding="utf-8")
    log, begun = tmp_path / "log", tmp_path / "begun.txt"
    arguments = [sys.executable, tmp_path / "killed.py", log, begun, str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for n in (5, 20, 35):
        process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") >= n):
            time.sleep(0.001)
        process.kill()
        process.wait()
    time.sleep(0.2)  # the processes that were started end by themselves
    said = subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True).stdout
    assert int(said) == sum(i**2 for i in range(60))
    times = Counter(begun.read_text().split())
    in_flight = 1 if workers == 1 else workers * AHEAD
    assert len(times) == 60 and 60 <= sum(times.values()) <= 60 + 3 * in_flight


def test_two_logs_of_one_file_lose_nothing_of_each_other(tmp_path):
    one, other = DoneLog(tmp_path / "log"), DoneLog(tmp_path / "log")
    one.add("a", 1)
    other.add("b", {"words": "左侧\n额叶"})
    one.add("a", 2)
    assert DoneLog(tmp_path / "log").found == {"a": (2, None), "b": ({"words": "左侧\n额叶"}, None)}
    assert all(len(json.loads(line)) == 3 for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("compress", [False, True])
def test_arrays_are_made_once_for_a_key_and_anew_where_the_file_is_not_whole(tmp_path, compress):
    path, made = tmp_path / "room" / "a.npz", []

    def get(key):
        make = lambda: made.append(key) or {"x": np.arange(5), "y": np.eye(2)}  # noqa: E731
        arrays = kept_arrays(path, key, make, compress=compress)
        assert set(arrays) == {"x", "y"} and arrays["x"].tolist() == [0, 1, 2, 3, 4]

    get("one"), get("one"), get("other"), get("other")
    assert made == ["one", "other"]
    whole = path.read_bytes()
    for share in (0.0, 0.5, 0.95):
        path.write_bytes(whole[: int(share * len(whole))])
        get("other")
    assert made == ["one", "other"] + ["other"] * 3


def test_arrays_that_only_a_pickle_could_hold_are_not_read(tmp_path):
    np.savez(tmp_path / "a.npz", key=np.array("k"), x=np.array([{}], dtype=object))
    assert kept_arrays(tmp_path / "a.npz", "k", lambda: {"x": np.zeros(1)})["x"].tolist() == [0]
