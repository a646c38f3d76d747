"""Trainings of a comparison, side by side on the processors of a CPU.

A small network gains little from a second thread: two trainings on a thread each took two thirds of the time that one
after the other did on two.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import parent_process

import torch
from tqdm.auto import tqdm

from selip_core._utils.parallel import in_processes

MOST = 8
"""Trainings at a time: each holds a network, its optimiser and torch, which is most of a gigabyte."""

LEAST_STEPS = 500
"""Of all trainings together: fewer are done before other processes have started."""


def side_by_side(
    job: Callable, items: Sequence, *, steps: int, device: torch.device, task: str, unit: str = "run"
) -> Iterator:
    """Yield ``job(item)`` of every item in order: on a CPU in processes that share its threads, on a GPU here.

    How many processes follows from ``torch.get_num_threads()``, so that ``OMP_NUM_THREADS=1`` keeps all in this one.

    Parameters
    ----------
    job : callable
        A training; can be pickled, and so can items and results. The volumes of a cache are mapped
        again.
    steps : int
        Of all trainings together.
    task, unit : str
        Of the bar that shows how far they are.

    Raises
    ------
    SelipError
        If a process is killed, as the system does where memory runs out.
    """
    threads = torch.get_num_threads()
    alone = device.type != "cpu" or steps < LEAST_STEPS
    workers = 1 if alone else max(min(threads, len(items), MOST), 1)
    done = in_processes(job, items, workers, start=partial(_begin, max(threads // workers, 1)))
    return iter(tqdm(done, total=len(items), desc=task, unit=unit))


def _begin(threads: int) -> None:
    """Take this process's share of the threads; end at an interrupt, which would else wait for whole trainings."""
    torch.set_num_threads(threads)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)  # of libraries that the job brings: scipy's BLAS is another one than numpy's
    with suppress(ImportError):  # of the extra study: there scikit-learn works, whose BLAS has threads of its own
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))


def is_beside_others() -> bool:
    """Return whether this process was started by another one, which shows how far they are."""
    return parent_process() is not None
