"""The preprocessed volumes of a cohort: made in parallel once, resumable, memory-mapped."""

import os
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from selip_core import preprocessing
from selip_core._utils.files import read_json, replacing, write_json
from selip_core._utils.resumable import resumable_map
from selip_core.config import PreprocessingSettings
from selip_core.datasets.cohort import Cohort
from selip_core.errors import SelipError
from selip_core.preprocessing import VolumeError, preprocess_array

_VOLUMES, _DONE, _META, _INDEX, _EXCLUDED = "volumes.npy", "done.jsonl", "cache.json", "index.csv", "excluded.csv"
_FILES = (_VOLUMES, _DONE, _INDEX, _EXCLUDED, _META)
_LEAST_PER_WORKER = 16
"""Choice: starting a process takes as long as some series."""
_COLUMNS = ["row", "patient_id", "study_id", "sequence", "path"]
_QUALITY = ["shape", "spacing_mm", "orientation", "p1", "p99"]


@dataclass(frozen=True)
class VolumeCache:
    """Preprocessed volumes, mapped from disk.

    Parameters
    ----------
    volumes : (N, 1, D, H, W) float16
        A row of an excluded series is zero.
    index : DataFrame with ``row``, ``patient_id``, ``study_id``, ``sequence``, ``path`` and the header's quality
    excluded : DataFrame with ``patient_id``, ``study_id``, ``sequence``, ``path``, ``reason``
    cohort_fingerprint, preprocessing_fingerprint : str
    """

    volumes: np.ndarray
    index: pd.DataFrame
    excluded: pd.DataFrame
    cohort_fingerprint: str
    preprocessing_fingerprint: str


def build_cache(
    cohort: Cohort,
    settings: PreprocessingSettings,
    directory: Path,
    *,
    workers: int | None = None,
    progress: bool = True,
) -> VolumeCache:
    """Preprocess every series of a cohort into `directory`; what an interrupted call has done is not done again.

    A series that cannot be used is excluded with its reason and stops nothing. Each series is logged when it is done,
    with a checksum of its volume: what a power failure kept from the disk is found and done again.

    Parameters
    ----------
    workers : int, optional
        Processes; as many as there are processors where left out.

    Raises
    ------
    SelipError
        If no series can be used, the disk is full, a worker process dies, or `directory` holds other files.
    """
    directory = Path(directory)
    if cohort.series.empty:
        raise SelipError(f"{cohort.directory / 'series.csv'} lists no usable series")
    options = settings.model_dump()
    key = {
        "cohort": cohort.fingerprint,
        "preprocessing": preprocessing.fingerprint(options),
        "series": len(cohort.series),
    }
    found = read_json(directory / _META) or {}
    if {name: found.get(name) for name in key} != key:
        _clear(directory)
        write_json(directory / _META, {**key, "complete": False})
    elif found.get("complete"):
        return open_cache(directory)
    try:
        done = _fill(cohort, options, directory, workers, progress)
    except OSError as error:
        raise SelipError(
            f"cannot write {directory}: {error.strerror or error}; free some space and run again"
        ) from None
    table = pd.concat([cohort.series, pd.DataFrame(done)], axis=1)
    table.insert(0, "row", range(len(table)))
    table = table.reindex(columns=[*table.columns, *({"reason"} - set(table.columns))])
    kept = table["reason"].isna()
    _write_table(
        table.loc[kept, [*_COLUMNS, *_QUALITY]] if kept.any() else table.loc[kept, _COLUMNS], directory / _INDEX
    )
    _write_table(table.loc[~kept, [*_COLUMNS[1:], "reason"]], directory / _EXCLUDED)
    if not kept.any():
        raise SelipError(
            f"none of the {len(table)} series of {cohort.directory} can be used; the first: {table['reason'].iloc[0]}"
        )
    write_json(directory / _META, {**key, "complete": True})
    return open_cache(directory)


def open_cache(directory: Path) -> VolumeCache:
    """Return a finished cache.

    Raises
    ------
    SelipError
        If there is none, or it was not finished.
    """
    directory = Path(directory)
    meta = read_json(directory / _META) or {}
    if not meta.get("complete"):
        raise SelipError(f"{directory} holds no finished volume cache: run notebook 01_data_curation first")
    text = {"patient_id": str, "study_id": str}
    return VolumeCache(
        np.load(directory / _VOLUMES, mmap_mode="r"),
        pd.read_csv(directory / _INDEX, dtype=text, keep_default_na=False),  # a patient may be called NA
        pd.read_csv(directory / _EXCLUDED, dtype=text, keep_default_na=False),
        meta["cohort"],
        meta["preprocessing"],
    )


def _clear(directory: Path) -> None:
    """Make room for a new cache, deleting nothing but an old one; its description last, for a kill may come between."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        halves = tuple(f".{Path(name).stem}." for name in _FILES)
        own = [path for path in directory.iterdir() if path.name in _FILES or path.name.startswith(halves)]
        if len(own) < len(list(directory.iterdir())) and directory / _META not in own:
            raise SelipError(f"{directory} holds files that are no volume cache: give another folder, or empty it")
        for path in sorted(own, key=lambda path: path.name == _META):
            path.unlink()
    except OSError as error:
        raise SelipError(
            f"cannot prepare {directory}: {error.strerror or error}; check permissions and space"
        ) from None


def _fill(cohort: Cohort, options: dict, directory: Path, workers: int | None, progress: bool) -> list[dict]:
    """Preprocess what is not done yet; return the outcome of every series.

    The volumes of all lie in one mapped file, and the log holds the checksum of each.
    """
    path, shape = directory / _VOLUMES, (len(cohort.series), 1, *options["shape"])
    if not path.exists():
        (directory / _DONE).unlink(missing_ok=True)  # a log without its volumes says nothing
        partial_path = directory / f".{_VOLUMES}"  # renamed once all its room is there
        np.lib.format.open_memmap(partial_path, mode="w+", dtype=np.float16, shape=shape).flush()
        _reserve(partial_path)
        os.replace(partial_path, path)
    volumes = np.lib.format.open_memmap(path, mode="r+")

    def keep(position: str, made: tuple[np.ndarray | None, dict]) -> dict:
        volume, outcome = made
        volumes[int(position), 0] = 0 if volume is None else volume
        return outcome

    done = resumable_map(
        partial(_preprocess_one, directory=cohort.directory, options=options),
        {str(i): path for i, path in enumerate(cohort.series["path"])},
        directory / _DONE,
        keep=keep,
        proof=lambda position: zlib.crc32(volumes[int(position)].tobytes()),
        workers=workers, least_per_worker=_LEAST_PER_WORKER, desc="preprocessing", unit="series", progress=progress,
    )  # fmt: skip
    volumes.flush()  # on the disk before the cache is called complete
    return list(done.values())


def _reserve(path: Path) -> None:
    """Take the file's room now: a full disk is an error here, but kills a process that writes to mapped memory."""
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _preprocess_one(path: str, *, directory: Path, options: dict) -> tuple[np.ndarray | None, dict]:
    """Return the volume in float16 and its quality, or None and the reason."""
    try:
        volume, quality = preprocess_array(directory / path, **options)
    except VolumeError as error:
        return None, {"reason": str(error).replace(f"{directory}{os.sep}", "")}
    except Exception as error:  # one bad series never stops a cohort, whatever is wrong with it
        return None, {"reason": f"{path}: {type(error).__name__}: {error}; look at it, or leave it out"}
    return volume.astype(np.float16), quality


def _write_table(table: pd.DataFrame, path: Path) -> None:
    with replacing(path) as partial_path:
        table.to_csv(partial_path, index=False, encoding="utf-8")
