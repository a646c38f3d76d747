"""A volume cache larger than the memory: its files filled, gone on with, opened, and read at random. On the CPU alone.

python -m benchmarks.volume_cache [--gigabytes N] [--folder DIR] [--tiny]
"""

import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import measure
from benchmarks.loader import forget
from benchmarks.machine import describe

_BATCH = 64
_READ_SECONDS = 20
_SHARE_OF_MEMORY = 1.1
_LIMIT_S = 3600


class _Stop(BaseException):
    """Ends a build as an interrupt does."""


def _build(folder: Path, series: int, shape: tuple, file_bytes: int, made):
    """Build the cache of made series by `build_cache` itself; `made` stands in for reading and preprocessing."""
    from selip_core.config import PreprocessingSettings
    from selip_core.datasets import shards, volume_cache
    from selip_core.datasets.cohort import Cohort

    shards.SHARD_BYTES, volume_cache.preprocess_array = file_bytes, made
    rows = {"patient_id": [f"{i:07d}" for i in range(series)], "sequence": "T1"}
    table = pd.DataFrame(rows).assign(study_id=lambda t: t["patient_id"], path=lambda t: t["patient_id"] + ".nii.gz")
    nothing = pd.DataFrame()
    cohort = Cohort(folder, "made", "noise", True, table, nothing, nothing, "made")
    settings = PreprocessingSettings(shape=shape)
    return volume_cache.build_cache(cohort, settings, folder / "cache", workers=1, progress=False)


def filling(*, folder: Path, series: int, shape: tuple[int, int, int], file_bytes: int) -> dict:
    """Time a build that is interrupted in its last file: writing, checksums and logs, without preprocessing."""
    volume = np.random.default_rng(0).standard_normal(shape, dtype=np.float32).astype(np.float16)
    quality = {"shape": "240×240×24", "spacing_mm": "1.0×1.0×6.0", "orientation": "LAS", "p1": 0.0, "p99": 900.0}
    count = iter(range(series - 1))

    def made(path: Path, **options: object) -> tuple[np.ndarray, dict]:
        if next(count, None) is None:
            raise _Stop
        return volume, quality

    started = time.perf_counter()
    try:
        _build(folder, series, shape, file_bytes, made)
    except _Stop:
        seconds = time.perf_counter() - started
    size = (series - 1) * volume.size * 2
    files = len(list((folder / "cache").glob("volumes-*.npy")))
    return {"what": "files filled, without preprocessing", **_about(shape, series, files), "seconds": seconds,
            "seconds_a_file": seconds / size * min(file_bytes, size), "volumes_a_second": (series - 1) / seconds,
            "mb_a_second": size / seconds / 1e6}  # fmt: skip


def going_on(*, folder: Path, series: int, shape: tuple[int, int, int], file_bytes: int) -> dict:
    """Time how long the same build, called again, takes until it works, and to its end."""
    started, begun = time.perf_counter(), []

    def made(path: Path, **options: object) -> tuple[np.ndarray, dict]:
        begun.append(time.perf_counter() - started)
        return np.zeros(shape, np.float32), {"shape": "", "spacing_mm": "", "orientation": "", "p1": 0.0, "p99": 1.0}

    _build(folder, series, shape, file_bytes, made)
    assert len(begun) == 1, "what was done is not done again"
    files = len(list((folder / "cache").glob("volumes-*.npy")))
    return {"what": "gone on with: until work begins", **_about(shape, series, files), "seconds": begun[0]}


def opening(*, folder: Path, series: int, shape: tuple[int, int, int]) -> dict:
    """Time opening a finished cache, its index and its first volume included."""
    from selip_core.datasets.volume_cache import open_cache

    started = time.perf_counter()
    cache = open_cache(folder / "cache")
    assert cache.volumes[0].shape == (1, *shape) and len(cache.index) == series
    seconds = time.perf_counter() - started
    return {"what": "opened", **_about(shape, series, len(cache.volumes.files)), "seconds": seconds}


def reading(*, folder: Path, series: int, shape: tuple[int, int, int], cold: bool) -> dict:
    """Time random batches, from the disk, or of rows that were read just before."""
    from selip_core.datasets.pairs import Pairs
    from selip_core.datasets.volume_cache import open_cache

    volumes = open_cache(folder / "cache").volumes
    pairs = Pairs(volumes, np.arange(series), [()] * series, [""] * series, [""] * series)
    for path in volumes.files:
        forget(Path(path))
    rng = np.random.default_rng(0)
    batches = [rng.choice(series, min(_BATCH, series), replace=False) for _ in range(4)]
    if not cold:
        for rows in batches:
            pairs.load(rows)
    read, started = 0, time.perf_counter()
    while (seconds := time.perf_counter() - started) < _READ_SECONDS and (read < len(batches) or series > _BATCH):
        pairs.load(rng.choice(series, min(_BATCH, series), replace=False) if cold else batches[read % len(batches)])
        read += 1
    volumes_a_second = read * min(_BATCH, series) / seconds
    return {"what": f"random batches of {_BATCH}, " + ("from the disk" if cold else "read before"),
            **_about(shape, series, len(volumes.files)), "volumes_a_second": volumes_a_second,
            "mb_a_second": volumes_a_second * 2 * int(np.prod(shape)) / 1e6}  # fmt: skip


def _about(shape: tuple[int, int, int], series: int, files: int) -> dict:
    size = series * 2 * int(np.prod(shape)) / 1e9
    return {"shape": "×".join(map(str, shape)), "volumes": series, "files": files, "size_gb": size}


def main(words: list[str] | None = None) -> None:
    from selip_core.datasets.shards import SHARD_BYTES

    parser = measure.parser(__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, help=f"of the cache (default: {_SHARE_OF_MEMORY} of the memory)")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the system's temporary one)")
    options = parser.parse_args(words)
    shape, file_bytes = ((4, 16, 16), 20_000) if options.tiny else ((24, 256, 256), SHARD_BYTES)
    size = options.gigabytes or _SHARE_OF_MEMORY * describe()["memory_gb"] * 2**30 / 1e9
    series = 40 if options.tiny else int(size * 1e9) // (2 * int(np.prod(shape)))
    run = partial(measure.in_child, threads=options.threads, limit_s=_LIMIT_S, series=series, shape=shape)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        if not options.tiny and shutil.disk_usage(folder).free < 1.1e9 * size:
            raise SystemExit(f"{folder} has no room for {size:.0f} GB: give --folder or --gigabytes")
        rows = [run(job, folder=folder, file_bytes=file_bytes) for job in (filling, going_on)]
        rows.append(run(opening, folder=folder))
        rows += [run(reading, folder=folder, cold=cold) for cold in (True, False)]
    measure.report("volume_cache", rows, device="cpu", out=options.out)


if __name__ == "__main__":
    main()
