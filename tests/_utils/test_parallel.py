"""Work spread over processes: in order, and never far ahead of what was taken."""

import os
import signal

import pytest

from selip_core._utils.parallel import AHEAD, in_processes
from selip_core.errors import SelipError


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
    with pytest.raises(SelipError, match="a preprocessing process died, perhaps for want of memory; run again"):
        list(in_processes(os._exit, [1, 1, 1], 2))


def test_an_interrupt_from_the_terminal_is_left_to_the_process_that_started_the_others():
    assert list(in_processes(signal.getsignal, [signal.SIGINT] * 2, 2)) == [signal.SIG_IGN] * 2
