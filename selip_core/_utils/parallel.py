"""How many processors this process may use, and work spread over them."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from selip_core.errors import SelipError

AHEAD = 3
"""Tasks begun for each process before a result is taken: enough that none waits, few enough to keep in memory."""


def processors() -> int:
    """Return how many processors this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(job: Callable, items: Iterable, workers: int, *, chunk: int = 1) -> Iterator:
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

    Raises
    ------
    SelipError
        If a process is killed, as the system does where memory runs out.
    """
    if workers == 1:
        yield from map(job, items)
        return
    waiting: deque[Future] = deque()
    remaining = iter(items)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            while piece := list(islice(remaining, chunk)):
                waiting.append(pool.submit(_each, job, piece))
                if len(waiting) == workers * AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool:
            raise SelipError(
                "a preprocessing process died, perhaps for want of memory; run again, what is done is kept "
                "(workers=1 needs least, and a script needs `if __name__ == '__main__':` around the call)"
            ) from None
        finally:
            for future in waiting:
                future.cancel()


def _end_with_parent() -> None:
    """End this process when the one that started it is killed; else it would wait for work for ever.

    Ctrl-C reaches every process of a terminal: the one that started this one decides what becomes of it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _each(job: Callable, items: list) -> list:
    return [job(item) for item in items]
