"""Batches read ahead of the training step by a background thread."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor


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
