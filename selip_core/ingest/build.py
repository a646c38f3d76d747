"""Images and reports into a cohort: ``python -m selip_core.ingest SOURCE --reports FILE --out data/NAME``."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from selip_core._utils.cluster import Cluster, reach
from selip_core._utils.files import expanded, read_json, write_json
from selip_core._utils.hashing import digest
from selip_core._utils.output_folder import BEGUN, begin, check_apart, finished_before
from selip_core._utils.resumable import resumable_map
from selip_core.errors import SelipError
from selip_core.ingest.inventory import source_state, take_inventory
from selip_core.ingest.layouts import FoundSeries
from selip_core.ingest.options import Options
from selip_core.ingest.pseudonyms import Names, check_key_path, load_secret, safe_name
from selip_core.ingest.report_tables import read_reports
from selip_core.ingest.series import Task, process_series
from selip_core.ingest.tables import write_cohort

WORK, FINISHED = ".ingest", "ingest.json"


def ingest(source: str | Path, out: str | Path, *, progress: bool = True, **options: Any) -> dict:
    """Write a cohort (data/README.md) from a folder of DICOM or NIfTI files and a table of reports.

    An interrupted call goes on where it was. Nothing in `source` is changed and nothing in `out` overwritten.

    Parameters
    ----------
    source : path
        A folder, or a zip or tar file: DICOM, BIDS, BraTS, the released SeLIP layout, plain folders, mixed as they are.
    out : path
        The cohort's folder: new, empty, or one that an interrupted call has begun.
    reports, columns, pattern, masks, keep_ids, ignore_leading_zeros, key, data_source, workers, dask
        As the options of the command.

    Returns
    -------
    dict with ``patients``, ``studies``, ``series``, ``reports``, ``masks``, ``set_aside``, ``problems``: how many

    Raises
    ------
    SelipError
        If the source holds no usable series, a table cannot be read, `out` holds something else, or the disk is full.
    """
    given = {key: Path(value) if key in ("reports", "key") and value else value for key, value in options.items()}
    settings = Options(expanded(source).resolve(), expanded(out).resolve(), **given)
    reach(settings.dask)
    # the table first: what is wrong with it should not come out after hours of conversion
    table = read_reports(settings.reports, columns=settings.columns) if settings.reports else None
    if (counts := _prepare(settings)) is not None:
        return counts
    work = settings.out / WORK
    where = {"workers": settings.workers, "progress": progress, "cluster": _cluster(settings, work)}
    found = take_inventory(settings.source, work, pattern=settings.pattern, **where)
    series = [_as_mask(one, settings.masks) for one in found.series]
    names = Names(series, load_secret(work / "secret"), settings.keep_ids)
    tasks = _tasks(series, names, settings.out)
    results = _process(tasks, work, **where)
    counts = write_cohort(settings, table, found, tasks, results, names)
    # as they were at the start: the source is not walked again, and what changed meanwhile is told by the next call
    write_json(settings.out / FINISHED, {**read_json(work / BEGUN), "counts": counts, "key": bool(settings.key)})
    shutil.rmtree(work)
    return counts


def _cluster(settings: Options, work: Path) -> Cluster | None:
    """Return the cluster that is asked for; its workers read the source, and write series to where they belong."""
    if not settings.dask:
        return None
    files = (path for path in settings.source.rglob("*") if path.is_file()) if settings.source.is_dir() else ()
    some = next(iter(files), settings.source)
    return Cluster(settings.dask, (work / BEGUN, some), settings.out)


def _inputs(settings: Options) -> str:
    """Return the fingerprint of what a cohort is made from; it tells no person."""
    words = {key: str(value) for key, value in vars(settings).items() if key not in ("key", "out", "workers", "dask")}
    files = [settings.source, *([expanded(settings.reports)] if settings.reports else [])]
    return digest(json.dumps(words, sort_keys=True), *(source_state(path) for path in files))


def _prepare(settings: Options) -> dict | None:
    """Make the output folder ready; return the counts where the same call has finished before.

    Raises
    ------
    SelipError
        If the folder holds something else, or an option cannot be met.
    """
    out, work = settings.out, settings.out / WORK
    check_apart(out, settings.source, "the source")
    inputs = _inputs(settings)
    finished = finished_before(out / FINISHED, work, inputs)
    if finished:
        if settings.key and finished.get("key") is False:
            raise SelipError(f"{out} was finished without a key, which can no longer be written: ingest into another "
                             "folder with --key")  # fmt: skip
        return finished["counts"]
    if settings.key:  # of a call that was killed just after writing it there may be one
        check_key_path(settings.key, out, begun=(work / BEGUN).exists())
    begin(out, work, inputs)
    return None


def _as_mask(one: FoundSeries, target: str | None) -> FoundSeries:
    """Return a series as it is, or a segmentation of which nobody has said what it shows, set aside."""
    if one.sequence != "mask" or one.reason or target or one.layout in ("brats", "lgg"):
        return one
    reason = "a segmentation; --masks TARGET (tumour, infarct) takes it as a mask"
    return replace(one, reason=reason)


def _tasks(series: list[FoundSeries], names: Names, out: Path) -> list[Task]:
    """Return one task a series; of several candidates for one place the second is called FLAIR-2 and so on."""
    taken: dict[str, int] = {}
    tasks = []
    for one in sorted(series, key=_in_order):
        folder = "set_aside" if one.reason else "masks" if one.sequence == "mask" else "images"
        if one.patient_id:
            patient, study = names.patient(one.patient_id), names.study(one.study_id)
            stem = f"{folder}/{safe_name(patient)}/{safe_name(study)}/{one.sequence or 'unknown'}"
        else:
            stem = f"{folder}/unknown"
        taken[stem.casefold()] = number = taken.get(stem.casefold(), 0) + 1
        target = out / (f"{stem}.nii.gz" if number == 1 else f"{stem}-{number}.nii.gz")
        tasks.append(Task(one, target, out / WORK))
    return tasks


def _in_order(one: FoundSeries) -> tuple:
    """Return what sorts series: of a study by number and time, numbers of names as numbers: 5 is before 12."""
    parts = re.split(r"(\d+)", one.description)
    parts[1::2] = map(int, parts[1::2])
    return one.patient_id, one.order, one.study_id, one.place, parts, one.description


def _process(
    tasks: list[Task], work: Path, *, workers: int | None, progress: bool, cluster: Cluster | None
) -> list[dict]:
    """Return what came of every task; what an interrupted call has done is not done again."""
    by_key = {task.key: task for task in tasks}  # a key names the task's target, which no other task has
    done = resumable_map(
        process_series, by_key, work / "done.jsonl", proof=lambda key: _size(by_key[key].target),
        workers=workers, cluster=cluster, desc="reading series", unit="series", progress=progress,
    )  # fmt: skip
    return list(done.values())


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
