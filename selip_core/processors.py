"""How many processors this process may use, and work spread over them."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from selip_core.errors import SelipError


def processors() -> int:
    """Return how many processors this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(job: Callable, items: Iterable, workers: int, *, chunk: int = 1) -> Iterator:
    """Yield ``job(item)`` of every item in order; processes are spawned, so that a notebook's threads do no harm.

    Raises
    ------
    SelipError
        If a process is killed, as the system does where memory runs out.
    """
    if workers == 1:
        yield from map(job, items)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            yield from pool.map(job, items, chunksize=chunk)
        except BrokenProcessPool:
            raise SelipError(
                "a preprocessing process died, perhaps for want of memory; run again, what is done is kept "
                "(workers=1 needs least, and a script needs `if __name__ == '__main__':` around the call)"
            ) from None
