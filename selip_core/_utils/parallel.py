"""How many processors this process may use, work spread over them, and work done ahead by a thread.

``joblib.Parallel(return_as="generator")`` would spread work in order and bounded as well. It would save few of the
lines below, for workers that end with a killed parent and that leave Ctrl-C to it are ours, and it brings pickled
files, which nothing in this package may read (tests/project/test_no_pickle.py).
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from selip_core._utils.cluster import Cluster, on_cluster
from selip_core.errors import SelipError

AHEAD = 3
"""Tasks begun for each process before a result is taken: enough that none waits, few enough to keep in memory."""

_DIED = "a worker process died, perhaps for want of memory; run again (workers=1 needs least)"
_UNGUARDED = "processes read a script again: put `if __name__ == '__main__':` around what it does, or give workers=1"


def processors() -> int:
    """Return how many processors this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(
    job: Callable, items: Iterable, workers: int, *, chunk: int = 1, start: Callable[[], None] | None = None,
    cluster: Cluster | None = None,
) -> Iterator:  # fmt: skip
    """Yield ``job(item)`` of every item in order; processes are spawned, so that a notebook's threads do no harm.

    However many items there are, only `AHEAD` tasks a process are taken before the result that is yielded.

    Parameters
    ----------
    job : callable
        Can be pickled.
    items : iterable
    workers : int
        1 works in this process.
    chunk : int
        Items a task.
    start : callable, optional
        Called first in each process that is started, with whatever a `functools.partial` brings along. It must be
        small, files for large things: a process that is killed before it has read what it is started with leaves this
        one waiting for ever where that is more than a pipe holds (64 KB).
    cluster : Cluster, optional
        Its workers do the work in the place of processes of this machine; `workers` and `start` are not used then.

    Raises
    ------
    SelipError
        If a process is killed, as the system does where memory runs out, or a script calls this without asking for its
        ``__name__``. Of a cluster, see `on_cluster`.
    """
    if cluster:
        yield from on_cluster(job, items, cluster, chunk=chunk, ahead=AHEAD)
        return
    if workers == 1:
        yield from map(job, items)
        return
    waiting: deque[Future] = deque()
    remaining = iter(items)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(start,)) as pool:
        try:
            while piece := list(islice(remaining, chunk)):
                waiting.append(pool.submit(_each, job, piece))
                if len(waiting) == workers * AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool:
            raise SelipError(_UNGUARDED if _main_runs_again() else _DIED) from None
        finally:
            for future in waiting:
                future.cancel()


def _main_runs_again() -> bool:
    """Return whether the script that was started does all of its work again in each process that is spawned."""
    try:
        script = Path(sys.modules["__main__"].__file__).read_text(encoding="utf-8")
    except (AttributeError, TypeError, OSError, ValueError):  # no file: a notebook, a prompt
        return False
    return "__name__" not in script


def _begin(start: Callable[[], None] | None) -> None:
    """End this process when the one that started it is killed; else it would wait for work for ever.

    Ctrl-C reaches every process of a terminal: the one that started this one decides what becomes of it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    if start:
        start()


def _each(job: Callable, items: list) -> list:
    return [job(item) for item in items]


def read_ahead(batches: Iterable, load: Callable, depth: int) -> Iterator[tuple]:
    """Yield ``(batch, load(batch))`` of every batch, in order.

    Parameters
    ----------
    depth : int
        Batches that one background thread reads ahead; 0 reads each when it is asked for. What `load` raises is raised
        when the batch's turn comes.
    """
    if depth == 0:
        yield from ((batch, load(batch)) for batch in batches)
        return
    with ThreadPoolExecutor(1) as thread:
        waiting: deque = deque()
        try:
            for batch in batches:
                waiting.append((batch, thread.submit(load, batch)))
                if len(waiting) > depth:
                    first, loading = waiting.popleft()
                    yield first, loading.result()
            for batch, loading in waiting:
                yield batch, loading.result()
        finally:
            for _, loading in waiting:
                loading.cancel()
