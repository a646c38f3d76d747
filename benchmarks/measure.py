"""Timing a job in a process of its own, and writing down what was measured."""

import argparse
import multiprocessing
import platform
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.machine import describe
from selip_core.files import write_json

RESULTS = Path(__file__).parent / "results"


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with what every benchmark takes: ``--device``, ``--threads``, ``--tiny`` and ``--out``."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    options.add_argument("--threads", type=int, default=1, help="threads of a process on the CPU (default: 1)")
    options.add_argument("--tiny", action="store_true", help="the smallest sizes: does the command run at all")
    options.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON (default: benchmarks/results)")
    return options


def in_child(job: Callable[..., dict], *, threads: int, **arguments: object) -> dict:
    """Return ``job(**arguments)``, run in a process of its own, with its ``threads`` and ``peak_memory_mb``.

    Parameters
    ----------
    job : function of a module
        Returns a dict of what it measured.
    threads : int
        For torch and the BLAS.

    Returns
    -------
    dict
        ``peak_memory_mb`` is the most that the process held, interpreter and libraries included; where the job used
        CUDA, ``peak_cuda_memory_mb`` is the most that its tensors held there.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=limit_threads, initargs=(threads,)) as pool:
        return pool.submit(_with_memory, job, threads, arguments).result()


def limit_threads(threads: int) -> None:
    """Give torch and the BLAS so many threads in this process."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)


def _with_memory(job: Callable[..., dict], threads: int, arguments: dict) -> dict:
    import torch

    row = {**job(**arguments), "threads": threads, "peak_memory_mb": peak_memory_mb()}
    if torch.cuda.is_initialized():
        row["peak_cuda_memory_mb"] = torch.cuda.max_memory_allocated() // 2**20
    return row


def peak_memory_mb() -> int:
    """Return the most memory that this process held, in MB (2^20 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():  # unlike getrusage it starts anew with the program, and holds nothing of the parent
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 2**10
    unit = 2**20 if platform.system() == "Darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def clock(device: str) -> float:
    """Return the time in seconds, once the device has done all that it was given."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)
    return time.perf_counter()


def seconds_of(work: Callable[[], object], device: str, *, repeats: int) -> float:
    """Return the median time of `work` over some repeats, after one that is not counted."""
    taken = []
    for _ in range(repeats + 1):
        started = clock(device)
        work()
        taken.append(clock(device) - started)
    return sorted(taken[1:])[repeats // 2]


def report(benchmark: str, rows: list[dict], *, device: str, out: Path) -> Path:
    """Print the rows and write them as ``<benchmark>_<device>.json``, beside the machine's description.

    Parameters
    ----------
    rows : list of dict
        What was measured; numbers are written with four digits, None is what cannot be measured there.
    """
    rows = [{key: _rounded(value) for key, value in row.items()} for row in rows]
    path = out / f"{benchmark}_{device.partition(':')[0]}.json"
    write_json(path, {"benchmark": benchmark, "machine": describe(device), "rows": rows})
    print(markdown(rows))
    print(f"\nwritten to {path}")
    return path


def markdown(rows: list[dict], columns: dict[str, str] | None = None) -> str:
    """Return rows as a Markdown table.

    Parameters
    ----------
    rows : list of dict
    columns : dict of key to heading, optional
        All keys, in the order they appear, where left out.
    """
    columns = columns or {key: key for row in rows for key in row}
    lines = [list(columns.values()), ["---"] * len(columns)]
    lines += [[_cell(row.get(key)) for key in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rounded(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
