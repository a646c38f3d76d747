"""The preprocessed volumes of a cohort: made in parallel once, resumable, memory-mapped.

They lie in files of a few gigabytes (`selip_core.datasets.shards`); one that is finished is not looked at again.
"""

import os
import re
import shutil
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from selip_core import preprocessing
from selip_core._utils.cluster import VARIABLE, Cluster, reach
from selip_core._utils.files import read_json, replacing, write_json
from selip_core._utils.parallel import in_processes, processors
from selip_core._utils.resumable import resumable_map
from selip_core._utils.tables import write_table
from selip_core.config import PreprocessingSettings
from selip_core.datasets.cohort import Cohort
from selip_core.datasets.shards import MappedVolumes, Shard, shards_of, volume_bytes, volumes_a_file
from selip_core.errors import SelipError
from selip_core.preprocessing import VolumeError, preprocess_array

_META, _INDEX, _EXCLUDED = "cache.json", "index.csv", "excluded.csv"
_OWN = re.compile(r"\.?(cache|index|excluded|(volumes|done|outcomes)(-\d+)?)(\.\d+\.partial)?\.(json|jsonl|csv|npy)")
_LEAST_PER_WORKER = 16
"""Choice: starting a process takes as long as some series."""
_COLUMNS = ["row", "patient_id", "study_id", "sequence", "path"]
_QUALITY = ["shape", "spacing_mm", "orientation", "p1", "p99"]


@dataclass(frozen=True)
class VolumeCache:
    """Preprocessed volumes, mapped from disk.

    Parameters
    ----------
    volumes : MappedVolumes (N, 1, D, H, W) float16
        A row of an excluded series is zero.
    index : DataFrame with ``row``, ``patient_id``, ``study_id``, ``sequence``, ``path`` and the header's quality
    excluded : DataFrame with ``patient_id``, ``study_id``, ``sequence``, ``path``, ``reason``
    cohort_fingerprint, preprocessing_fingerprint : str
    """

    volumes: MappedVolumes
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
    dask: str | None = None,
) -> VolumeCache:
    """Preprocess every series of a cohort into `directory`; what an interrupted call has done is not done again.

    A series that cannot be used is excluded with its reason and stops nothing. Each series is logged when it is done,
    with a checksum of its volume: what a power failure kept from the disk is found and done again.

    Parameters
    ----------
    workers : int, optional
        Processes; as many as there are processors where left out.
    dask : str, optional
        Address or scheduler file of a Dask cluster, whose workers fill a file each in the place of processes; what
        `run_all.sh --dask` was given where left out. The cache is the same, bit for bit.

    Raises
    ------
    SelipError
        If no series can be used, the disk is full, a worker process dies, or `directory` holds other files. Of a
        cluster, see `selip_core._utils.cluster.on_cluster`.
    """
    directory = Path(directory).absolute()
    if cohort.series.empty:
        raise SelipError(f"{cohort.directory / 'series.csv'} lists no usable series")
    options = settings.model_dump()
    key = {
        "cohort": cohort.fingerprint,
        "preprocessing": preprocessing.fingerprint(options),
        "series": len(cohort.series),
    }
    found = read_json(directory / _META) or {}
    known = {name: found.get(name) for name in key} == key
    if known and found.get("complete"):
        return open_cache(directory)
    dask = dask or os.environ.get(VARIABLE)
    reach(dask)
    if not known:
        _clear(directory)
        found = {**key, "volumes_a_file": volumes_a_file(options["shape"]), "complete": False}
        write_json(directory / _META, found)
    shards = shards_of(directory, len(cohort.series), found.get("volumes_a_file"))
    sees = (directory / _META, cohort.directory.absolute() / "series.csv")
    cluster = Cluster(dask, sees, directory) if dask else None
    try:
        done = _fill(shards, cohort, options, workers or processors(), progress, cluster)
    except OSError as error:
        raise SelipError(
            f"cannot write {directory}: {error.strerror or error}; free some space and run again"
        ) from None
    _write_tables(cohort, done, directory)
    _sweep(directory)
    write_json(directory / _META, {**found, "complete": True})
    return open_cache(directory)


def open_cache(directory: Path) -> VolumeCache:
    """Return a finished cache.

    Raises
    ------
    SelipError
        If there is none, it was not finished, or a file of it has gone.
    """
    directory = Path(directory).absolute()
    meta = read_json(directory / _META) or {}
    if not meta.get("complete"):
        raise SelipError(f"{directory} holds no finished volume cache: run notebook 01_data_curation first")
    where = directory, meta["series"], meta.get("volumes_a_file")
    lost = [shard.volumes.name for shard in shards_of(*where) if not shard.volumes.exists()]
    if lost:
        raise SelipError(f"{directory} lacks {len(lost)} of its files, {lost[0]} first: delete it and run again")
    text = {"patient_id": str, "study_id": str}
    return VolumeCache(
        MappedVolumes(*where),
        pd.read_csv(directory / _INDEX, dtype=text, keep_default_na=False),  # a patient may be called NA
        pd.read_csv(directory / _EXCLUDED, dtype=text, keep_default_na=False),
        meta["cohort"],
        meta["preprocessing"],
    )


def _clear(directory: Path) -> None:
    """Make room for a new cache, deleting nothing but an old one; its description last, for a kill may come between."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        own = [path for path in directory.iterdir() if _OWN.fullmatch(path.name)]
        if len(own) < len(list(directory.iterdir())) and directory / _META not in own:
            raise SelipError(f"{directory} holds files that are no volume cache: give another folder, or empty it")
        for path in sorted(own, key=lambda path: path.name == _META):
            path.unlink()
    except OSError as error:
        raise SelipError(
            f"cannot prepare {directory}: {error.strerror or error}; check permissions and space"
        ) from None


def _sweep(directory: Path) -> None:
    """Delete what killed processes left half made beside the files: it may be gigabytes."""
    for path in directory.iterdir():
        if path.name.startswith((".", "done")) and _OWN.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _fill(
    shards: list[Shard], cohort: Cohort, options: dict, workers: int, progress: bool, cluster: Cluster | None
) -> list[dict]:
    """Preprocess what is not done yet; return the outcome of every series.

    A worker of a cluster, or a process where there are fewer than files, fills a file by itself. Else one file is
    filled after the other, by all processes.
    """
    paths, shape = cohort.series["path"].tolist(), (1, *options["shape"])
    done = [_outcomes(shard, shape) for shard in shards]
    todo = [(shard, paths[shard.rows.start : shard.rows.stop]) for shard, found in zip(shards, done, strict=True)
            if found is None]  # fmt: skip
    _check_room([shard for shard, _ in todo], shape)
    fill = partial(_fill_shard, directory=cohort.directory.absolute(), options=options)
    if cluster or 1 < workers <= len(todo):
        made = in_processes(partial(fill, workers=1), todo, workers, cluster=cluster)
    else:
        made = (fill(work, workers=workers, progress=progress, of=len(shards)) for work in todo)
        progress = False  # each file shows its own
    bar = tqdm(total=len(paths), initial=len(paths) - sum(len(files) for _, files in todo), desc="preprocessing",
               unit="series", disable=not progress)  # fmt: skip
    with bar:
        for i in [i for i, found in enumerate(done) if found is None]:
            done[i] = next(made)
            bar.update(len(done[i]))
    return [outcome for found in done for outcome in found]


def _fill_shard(
    work: tuple[Shard, list[str]], *, directory: Path, options: dict, workers: int, progress: bool = False, of: int = 1
) -> list[dict]:
    """Preprocess the series of one file, of `of` files, that are not done yet; return the outcome of each.

    The log holds the checksum of each volume, until the file is finished and on the disk.
    """
    shard, paths = work
    _make_room(shard, (len(paths), 1, *options["shape"]))
    volumes = np.lib.format.open_memmap(shard.volumes, mode="r+")

    def keep(position: str, made: tuple[np.ndarray | None, dict]) -> dict:
        volume, outcome = made
        volumes[int(position), 0] = 0 if volume is None else volume
        return outcome

    done = resumable_map(
        partial(_preprocess_one, directory=directory, options=options),
        {str(i): path for i, path in enumerate(paths)},
        shard.log,
        keep=keep,
        proof=lambda position: zlib.crc32(volumes[int(position)].tobytes()),
        workers=workers, least_per_worker=_LEAST_PER_WORKER, unit="series", progress=progress,
        desc="preprocessing" if of == 1 else f"preprocessing, file {shard.number + 1} of {of}",
    )  # fmt: skip
    volumes.flush()  # on the disk before the file is called finished
    outcomes = list(done.values())
    write_json(shard.outcomes, {"outcomes": outcomes})
    shard.log.unlink(missing_ok=True)
    return outcomes


def _outcomes(shard: Shard, shape: tuple[int, ...]) -> list[dict] | None:
    """Return the outcomes of a file that is finished, None of another."""
    found = (read_json(shard.outcomes) or {}).get("outcomes")
    try:
        whole = np.load(shard.volumes, mmap_mode="r", allow_pickle=False).shape == (len(shard.rows), *shape)
    except (OSError, ValueError, EOFError):  # it has gone, or is cut off
        return None
    return found if whole else None


def _check_room(shards: list[Shard], shape: tuple[int, ...]) -> None:
    """Raise OSError where the disk has no room for the files that are to come."""
    needed = sum(len(shard.rows) for shard in shards if not shard.volumes.exists()) * volume_bytes(shape)
    if shards and needed > (free := shutil.disk_usage(shards[0].volumes.parent).free):
        raise OSError(f"the volumes take {needed / 1e9:,.1f} GB and {free / 1e9:,.1f} are free")


def _make_room(shard: Shard, shape: tuple[int, ...]) -> None:
    """Take a file's room before any work: a full disk is an error here, but kills a process that writes to a map."""
    if shard.volumes.exists():
        return
    shard.log.unlink(missing_ok=True)  # a log without its volumes says nothing
    with replacing(shard.volumes) as partial_path:
        np.lib.format.open_memmap(partial_path, mode="w+", dtype=np.float16, shape=shape).flush()
        if hasattr(os, "posix_fallocate"):
            with open(partial_path, "r+b") as file:
                os.posix_fallocate(file.fileno(), 0, partial_path.stat().st_size)


def _preprocess_one(path: str, *, directory: Path, options: dict) -> tuple[np.ndarray | None, dict]:
    """Return the volume in float16 and its quality, or None and the reason."""
    try:
        volume, quality = preprocess_array(directory / path, **options)
    except VolumeError as error:
        return None, {"reason": str(error).replace(f"{directory}{os.sep}", "")}
    except Exception as error:  # one bad series never stops a cohort, whatever is wrong with it
        return None, {"reason": f"{path}: {type(error).__name__}: {error}; look at it, or leave it out"}
    return volume.astype(np.float16), quality


def _write_tables(cohort: Cohort, outcomes: list[dict], directory: Path) -> None:
    """Write the index and what is excluded; raise SelipError where nothing is left for the index."""
    table = pd.concat([cohort.series, pd.DataFrame(outcomes)], axis=1)
    table.insert(0, "row", range(len(table)))
    table = table.reindex(columns=[*table.columns, *({"reason"} - set(table.columns))])
    kept = table["reason"].isna()
    write_table(
        table.loc[kept, [*_COLUMNS, *_QUALITY]] if kept.any() else table.loc[kept, _COLUMNS], directory / _INDEX
    )
    write_table(table.loc[~kept, [*_COLUMNS[1:], "reason"]], directory / _EXCLUDED)
    if not kept.any():
        raise SelipError(
            f"none of the {len(table)} series of {cohort.directory} can be used; the first: {table['reason'].iloc[0]}"
        )
