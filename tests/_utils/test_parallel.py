"""Work spread over processes, or done ahead by a thread: in order, and never far ahead of what was taken."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pytest

from selip_core._utils.parallel import AHEAD, in_processes, read_ahead
from selip_core.errors import SelipError
from tests.helpers.places import ROOT


@pytest.mark.parametrize(("workers", "chunk"), [(1, 1), (2, 1), (2, 4)])
def test_results_come_in_the_order_of_the_items(workers, chunk):
    assert list(in_processes(abs, range(-9, 9), workers, chunk=chunk)) == [abs(i) for i in range(-9, 9)]


def test_items_are_taken_only_as_results_are():
    taken = []
    results = in_processes(abs, (taken.append(i) or i for i in range(100)), 2, chunk=2)
    for n in range(5):
        assert next(results) == n
        assert len(taken) <= 2 * AHEAD * 2 + n
    results.close()


def test_an_error_of_one_item_reaches_the_caller_after_those_before_it():
    results = in_processes(int, ["1", "2", "x", "4"], 2)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(ValueError, match="invalid literal"):
        next(results)


def test_a_process_that_dies_is_a_message():
    with pytest.raises(SelipError, match="a worker process died, perhaps for want of memory; run again"):
        list(in_processes(os._exit, [1, 1, 1], 2))


def test_an_interrupt_from_the_terminal_is_left_to_the_process_that_started_the_others():
    assert list(in_processes(signal.getsignal, [signal.SIGINT] * 2, 2)) == [signal.SIG_IGN] * 2


def test_each_process_begins_with_what_it_is_given(tmp_path):
    here = os.getcwd()
    found = list(in_processes(os.path.realpath, ["."] * 3, 2, start=partial(os.chdir, tmp_path)))
    assert found == [os.path.realpath(tmp_path)] * 3 and os.getcwd() == here


@pytest.mark.parametrize("depth", [0, 1, 3, 50])
def test_batches_come_in_order_with_what_was_loaded(depth):
    assert list(read_ahead(range(7), lambda batch: batch**2, depth)) == [(i, i**2) for i in range(7)]


def test_no_more_than_the_depth_is_read_ahead():
    begun = []
    batches = read_ahead(range(20), lambda batch: begun.append(batch) or batch, 2)
    assert next(batches) == (0, 0)
    time.sleep(0.05)
    assert begun == [0, 1, 2]
    batches.close()


def test_reading_happens_beside_the_step():
    names = [name for _, name in read_ahead(range(3), lambda batch: threading.current_thread().name, 1)]
    assert threading.current_thread().name not in names


@pytest.mark.parametrize("depth", [0, 2])
def test_what_a_batch_raises_is_raised_in_its_turn(depth):
    def load(batch):
        if batch == 2:
            raise OSError("the disk is gone")
        return batch

    batches = read_ahead(range(5), load, depth)
    assert [next(batches), next(batches)] == [(0, 0), (1, 1)]
    with pytest.raises(OSError, match="the disk is gone"):
        next(batches)


@pytest.mark.parametrize(("guard", "ends"), [(False, "processes read a script again: put .* or give workers=1"),
                                             (True, "a worker process died")])  # fmt: skip
def test_a_script_that_its_processes_would_run_again_is_told_so_at_the_end(tmp_path, guard, ends):
    work = "list(in_processes(os._exit, [1, 1], 2))"
    lines = ["import os", "from selip_core._utils.parallel import in_processes"]
    (tmp_path / "s.py").write_text("\n".join([*lines, f"if __name__ == '__main__': {work}" if guard else work]))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, tmp_path / "s.py"], capture_output=True, text=True, env=environment)
    assert said.returncode == 1 and re.search(rf"SelipError: {ends}", said.stderr.splitlines()[-1])
