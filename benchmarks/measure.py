"""Timing a job in a process of its own, and writing down what was measured."""

import argparse
import multiprocessing
import platform
import re
import resource
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.machine import describe, load_now, slowed
from selip_core._utils.files import write_json

RESULTS = Path(__file__).parent / "results"
LIMIT_S = 600
"""Choice: how long a row may take, in seconds; a row that needs longer is given up."""


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with what every benchmark takes: ``--device``, ``--threads``, ``--tiny`` and ``--out``."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--device", type=_device, default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    options.add_argument("--threads", type=at_least(1), default=1, help="threads of a process on the CPU (default: 1)")
    options.add_argument("--tiny", action="store_true", help="the smallest sizes: does the command run at all")
    options.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON (default: benchmarks/results)")
    return options


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads an option that is a whole number, `least` or more."""

    def number(word: str) -> int:
        if not word.isdecimal() or int(word) < least:
            raise argparse.ArgumentTypeError(f"{word!r} is no whole number of {least} or more")
        return int(word)

    return number


def _device(word: str) -> str:
    if not re.fullmatch(r"cpu|cuda(:\d+)?", word):
        raise argparse.ArgumentTypeError(f"{word!r} is none of cpu, cuda, cuda:N")
    if word != "cpu":
        import torch

        if int(word.partition(":")[2] or 0) >= torch.cuda.device_count():
            raise argparse.ArgumentTypeError(f"{word}: torch sees {torch.cuda.device_count()} CUDA devices here")
    return word


def in_child(job: Callable[..., dict], *, threads: int, limit_s: float = LIMIT_S, **arguments: object) -> dict:
    """Return ``job(**arguments)``, run in a process of its own, with its ``threads`` and ``peak_memory_mb``.

    Parameters
    ----------
    job : function of a module
        Returns a dict of what it measured.
    threads : int
        For torch and the BLAS.
    limit_s : float
        Where the job takes longer, its process is killed.

    Returns
    -------
    dict
        ``load`` is the machine's mean number of processes in the last minute; ``peak_memory_mb`` is the most that the
        process held, interpreter and libraries included; where the job used CUDA, ``peak_cuda_memory_mb`` is the most
        that its tensors held there.

    Raises
    ------
    TimeoutError
        If the job took longer than `limit_s`.
    RuntimeError
        If its process ended without a result, as the system ends it where memory runs out.
    """
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_send, args=(sender, job, threads, arguments))
    child.start()
    sender.close()
    try:
        if not receiver.poll(limit_s):
            raise TimeoutError(f"{job.__name__} took longer than {limit_s:.0f} s")
        found = receiver.recv()
        child.join(10)
    except EOFError:
        child.join()
        raise RuntimeError(f"{job.__name__} ended without a result (exit code {child.exitcode})") from None
    finally:
        child.kill()
        child.join()
    if isinstance(found, Exception):
        raise found
    return {**found, "load": load_now()}


def where_it_fits(job: Callable[..., dict], **options: object) -> dict | None:
    """Return what `in_child` returns, or None, said on stdout, where the card has not so much memory."""
    import torch

    try:
        return in_child(job, **options)
    except torch.OutOfMemoryError:
        print(f"{job.__name__} does not fit the memory of the card: no row", flush=True)
        return None


def limit_threads(threads: int) -> None:
    """Give torch and the BLAS so many threads in this process."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)


def _send(sender: Connection, job: Callable[..., dict], threads: int, arguments: dict) -> None:
    limit_threads(threads)
    try:
        sender.send(_with_memory(job, threads, arguments))
    except Exception as error:
        traceback.print_exc()
        sender.send(error)


def _with_memory(job: Callable[..., dict], threads: int, arguments: dict) -> dict:
    import torch

    row = {**job(**arguments), "threads": threads, "peak_memory_mb": peak_memory_mb()}
    if torch.cuda.is_initialized():
        given = str(arguments.get("device") or "cuda")
        row["peak_cuda_memory_mb"] = torch.cuda.max_memory_allocated(given) // 2**20
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
        What was measured; numbers are written with four digits, None is what cannot be measured there. Their ``load``
        becomes the machine's: its mean over the rows, the present one where no row has it.
    """
    loads = [row["load"] for row in rows if row.get("load") is not None] or [load_now()]
    about = describe(device) | {"load": None if loads == [None] else round(sum(loads) / len(loads), 1)}
    rows = [{key: _rounded(value) for key, value in row.items()} for row in rows]
    path = out / f"{benchmark}_{device.partition(':')[0]}.json"
    write_json(path, {"benchmark": benchmark, "machine": about | {"slowed": slowed(about)}, "rows": rows})
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
