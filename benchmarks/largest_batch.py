"""The largest batch that trains within a memory, with and without cached features.

python -m benchmarks.largest_batch [--device cuda] [--tiny]
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import measure, training
from benchmarks.models import model_and_pairs

MOST = 1024
"""Choice: no larger batch is tried; where it fits, the answer is `MOST` or more."""
BOUND_MB = 512
"""Choice: on the CPU, what may be held beyond what the interpreter and its libraries hold. On CUDA the card decides."""


def peak(*, setting: dict, device: str) -> dict:
    """Train two steps; return the most memory in MB that they took, None where the card has no more."""
    import torch
    from transformers import BertModel  # noqa: F401  # counted as a library, not as training

    import selip_core.pretraining.loop  # noqa: F401

    before = measure.peak_memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        try:
            given = {key: setting[key] for key in ("encoder", "text", "shape", "batch")}
            model, pairs = model_and_pairs(**given, device=device, folder=Path(folder))
            training.seconds_a_step(model, pairs, setting["batch"], setting["variant"], 2, Path(folder) / "run")
        except torch.OutOfMemoryError:
            return {"took_mb": None}
    if device.startswith("cuda"):
        return {"took_mb": torch.cuda.max_memory_allocated(device) // 2**20}
    return {"took_mb": measure.peak_memory_mb() - before}


def largest(took_of: Callable[[int], int | None], bound_mb: int | None, *, first: int, most: int) -> tuple[int, int]:
    """Return the largest batch whose memory is within a bound, to an eighth, and its memory in MB; (0, 0) for none.

    Parameters
    ----------
    took_of : callable
        Batch to MB, None where it does not fit at all.
    bound_mb : int, optional
    first, most : int
        Tried first, then doubled until one does not fit or `most` fits, then halfway between.
    """
    low, high, best = 0, None, 0
    batch = first
    while True:
        took = took_of(batch)
        if took is not None and (bound_mb is None or took <= bound_mb):
            low, best = batch, took
        else:
            high = batch
        if low >= most or (high is not None and high - low <= max(high // 8, 1)):
            return low, best
        batch = min(2 * batch, most) if high is None else (low + high) // 2


def search(*, setting: dict, variant: str, bound_mb: int | None, most: int, threads: int, device: str) -> dict:
    """Return a row: the largest batch of a variant; every batch is tried in a process of its own."""

    def took_of(batch: int) -> int | None:
        tried = {**setting, "batch": batch, "variant": variant}
        took = measure.in_child(peak, threads=threads, setting=tried, device=device)["took_mb"]
        print(f"{variant}, batch {batch}: {'does not fit' if took is None else f'{took} MB'}", flush=True)
        return took

    found, took = largest(took_of, bound_mb, first=min(32, most), most=most)
    return {
        "what": "largest batch", **{key: setting[key] for key in ("encoder", "text")},
        "shape": "×".join(map(str, setting["shape"])), "variant": variant,
        "bound": bound_said(bound_mb),
        "largest_batch": f"{found} or more" if found >= most else found, "took_mb": took,
        "threads": threads,
    }  # fmt: skip


def default_rows(device: str, *, tiny: bool) -> list[dict]:
    """Return what is searched for: setting, variant, bound, and the largest batch that is tried."""
    cuda = device.startswith("cuda")
    first = training.default_setting(device, tiny=tiny)
    setting = {key: first[key] for key in ("encoder", "text", "shape")}
    bounds = {"bound_mb": None if cuda else BOUND_MB, "most": 4 if tiny else MOST}
    precision = "bfloat16" if cuda else "float32"
    return [{"setting": setting, "variant": f"{precision}{ways}", **bounds} for ways in ("", " + chunks of 8")]


def bound_said(bound_mb: int | None) -> str:
    """Return a bound as its row names it."""
    return f"{bound_mb} MB beyond the libraries" if bound_mb else "the card's memory"


def main(words: list[str] | None = None) -> None:
    options = measure.parser(__doc__.splitlines()[0]).parse_args(words)
    asked = default_rows(options.device, tiny=options.tiny)
    rows = [search(**row, threads=options.threads, device=options.device) for row in asked]
    measure.report("largest_batch", rows, device=options.device, out=options.out)


if __name__ == "__main__":
    main()
