"""Images and reports into a cohort: ``python -m selip_core.ingest SOURCE --reports FILE --out data/NAME``."""

import argparse
import json
import shutil
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from tqdm.auto import tqdm

from selip_core.errors import SelipError
from selip_core.files import read_json, write_json, write_text
from selip_core.fingerprint import digest
from selip_core.ingest_inventory import source_state, take_inventory
from selip_core.ingest_series import Task, process_series
from selip_core.ingest_tables import write_cohort
from selip_core.layouts import FoundSeries
from selip_core.processors import in_processes, processors
from selip_core.pseudonyms import Names, check_key_path, load_secret, safe_name
from selip_core.report_tables import read_reports

WORK, FINISHED = ".ingest", "ingest.json"
SET_ASIDE = 3
"""Exit status with --strict where a cohort was written but something was set aside."""


@dataclass(frozen=True)
class Options:
    """What the user asks for; see ``--help``."""

    source: Path
    out: Path
    reports: Path | None = None
    columns: dict[str, str] | None = None
    pattern: str | None = None
    masks: str | None = None
    keep_ids: bool | None = None
    ignore_leading_zeros: bool = False
    key: Path | None = None
    data_source: str | None = None
    workers: int | None = None


def ingest(source: str | Path, out: str | Path, *, progress: bool = True, **options: Any) -> dict:
    """Write a cohort (data/README.md) from a folder of DICOM or NIfTI files and a table of reports.

    An interrupted call goes on where it was. Nothing in `source` is changed and nothing in `out` overwritten.

    Parameters
    ----------
    source : path
        A folder, or a zip or tar file: DICOM, BIDS, BraTS, the released SeLIP layout, plain folders, mixed as they are.
    out : path
        The cohort's folder: new, empty, or one that an interrupted call has begun.
    reports, columns, pattern, masks, keep_ids, ignore_leading_zeros, key, data_source, workers
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
    settings = Options(Path(source).expanduser().resolve(), Path(out).expanduser().resolve(), **given)
    # the table first: what is wrong with it should not come out after hours of conversion
    table = read_reports(settings.reports, columns=settings.columns) if settings.reports else None
    if (counts := _prepare(settings)) is not None:
        return counts
    work = settings.out / WORK
    found = take_inventory(settings.source, work, pattern=settings.pattern, workers=settings.workers, progress=progress)
    series = [_as_mask(one, settings.masks) for one in found.series]
    names = Names(series, load_secret(work / "secret"), settings.keep_ids)
    tasks = _tasks(series, names, settings.out)
    results = _process(tasks, work, settings.workers, progress)
    counts = write_cohort(settings, table, found, tasks, results, names)
    # as they were at the start: the source is not walked again, and what changed meanwhile is told by the next call
    write_json(settings.out / FINISHED, {**read_json(work / "begun.json"), "counts": counts})
    shutil.rmtree(work)
    return counts


def _inputs(settings: Options) -> str:
    """Return the fingerprint of what a cohort is made from; it tells no person."""
    words = {key: str(value) for key, value in vars(settings).items() if key not in ("key", "out", "workers")}
    files = [settings.source, *([settings.reports.expanduser()] if settings.reports else [])]
    return digest(json.dumps(words, sort_keys=True), *(source_state(path) for path in files))


def _prepare(settings: Options) -> dict | None:
    """Make the output folder ready; return the counts where the same call has finished before.

    Raises
    ------
    SelipError
        If the folder holds something else, or an option cannot be met.
    """
    out, work = settings.out, settings.out / WORK
    if settings.source.is_relative_to(out) or out.is_relative_to(settings.source):
        raise SelipError(f"--out {out} and the source lie in each other: give a folder of its own")
    finished, inputs = read_json(out / FINISHED), _inputs(settings)
    if finished:
        if finished.get("inputs") == inputs:
            shutil.rmtree(work, ignore_errors=True)  # a kill may have left secret and unpacked files behind
            return finished["counts"]
        raise SelipError(f"--out {out} holds a finished cohort of other options or files: give another folder")
    if settings.key:  # of a call that was killed just after writing it there may be one
        check_key_path(settings.key, out, begun=(work / "begun.json").exists())
    if out.exists() and not out.is_dir():
        raise SelipError(f"--out {out} is a file: give a folder")
    begun = read_json(work / "begun.json")
    if begun is None and out.exists() and any(path.name != WORK for path in out.iterdir()):
        raise SelipError(f"--out {out} is not empty: give a new folder, nothing is overwritten")
    if begun is not None and begun.get("inputs") != inputs:
        raise SelipError(f"--out {out} was begun with other options or files: delete the folder, or give another")
    try:
        out.mkdir(parents=True, exist_ok=True)
        work.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SelipError(f"cannot make {out}: {error.strerror or error}") from None
    write_text(work / ".gitignore", "*\n")
    write_json(work / "begun.json", {"inputs": inputs})
    return None


def _as_mask(one: FoundSeries, target: str | None) -> FoundSeries:
    """Return a series as it is, or a segmentation of which nobody has said what it shows, set aside."""
    if one.sequence != "mask" or one.reason or target or one.layout == "brats":
        return one
    reason = "a segmentation; --masks TARGET (tumour, infarct) takes it as a mask"
    return replace(one, reason=reason)


def _tasks(series: list[FoundSeries], names: Names, out: Path) -> list[Task]:
    """Return one task a series; of several candidates for one place the second is called FLAIR-2 and so on."""
    taken: dict[str, int] = {}
    tasks = []
    for one in sorted(series, key=lambda one: (one.patient_id, one.order, one.study_id, one.description)):
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


def _process(tasks: list[Task], work: Path, workers: int | None, progress: bool) -> list[dict]:
    """Return what came of every task; what an interrupted call has done is not done again."""
    log = work / "done.jsonl"
    known = _read_log(log)
    keys = [task.key for task in tasks]
    done = {key: known[key] for key, task in zip(keys, tasks, strict=True)
            if key in known and (known[key]["reason"] or task.target.is_file())}  # fmt: skip
    todo = [(key, task) for key, task in zip(keys, tasks, strict=True) if key not in done]
    bar = tqdm(total=len(tasks), initial=len(done), desc="reading series", unit="series", disable=not progress)
    with bar, open(log, "a", encoding="utf-8") as file:
        jobs = [task for _, task in todo]
        workers = min(workers or processors(), max(len(jobs), 1))
        for (key, _), result in zip(todo, in_processes(process_series, jobs, workers), strict=True):
            done[key] = result
            file.write(json.dumps([key, result], ensure_ascii=False) + "\n")
            file.flush()
            bar.update()
    return [done[key] for key in keys]


def _read_log(path: Path) -> dict[str, dict]:
    """Return what the log says is done; a line that an interrupt has cut off is ended, and done again."""
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    found = {}
    for line in text.splitlines():
        try:
            key, result = json.loads(line)
            found[key] = result
        except ValueError:
            continue
    if text and not text.endswith("\n"):
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n")
    return found


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"ingest: {message} (--help lists the options)", file=sys.stderr)
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m selip_core.ingest", allow_abbrev=False, description=(
        "Make a cohort from a folder of DICOM or NIfTI files and a table of reports. Exit status: 0 the cohort is "
        "written, 1 it cannot be, 2 wrong options, 3 with --strict: written, but something was set aside, 130 "
        "interrupted (the same command goes on)."))  # fmt: skip
    parser.add_argument("source", type=Path, help="folder, or zip or tar file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the cohort's folder, as data/NAME")
    parser.add_argument("--reports", type=Path, metavar="FILE", help="CSV, TSV or Excel table of reports")
    parser.add_argument("--columns", metavar="findings=NAME,...", help="columns of the table with unusual names")
    parser.add_argument("--pattern", metavar="P", help="how plain files lie: '{patient}/{study}/{sequence}.nii.gz'")
    parser.add_argument("--masks", metavar="TARGET", help="take segmentations as masks of this (tumour, infarct)")
    ids = parser.add_mutually_exclusive_group()
    ids.add_argument("--keep-ids", action="store_true", default=None, help="patient ids stay as they are")
    ids.add_argument("--pseudonyms", dest="keep_ids", action="store_false",
                     help="new ids for all; default: for DICOM and plain folders")  # fmt: skip
    parser.add_argument("--ignore-leading-zeros", action="store_true", help="join 00123 and 123")
    parser.add_argument("--key", type=Path, metavar="FILE", help="also write who is whom, readable by you alone")
    parser.add_argument("--data-source", metavar="TEXT", help="what every figure is stamped with")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: as many as processors")
    parser.add_argument("--strict", action="store_true", help="exit status 3 where anything is set aside")
    return parser


def _columns(text: str | None, parser: argparse.ArgumentParser) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not (sign and name.strip() and column.strip()) for name, sign, column in pairs):
        parser.error(f"--columns {text!r} is not of the form findings=NAME,patient_id=NAME")
    return {name.strip(): column.strip() for name, _, column in pairs}


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (no cohort), 2 (wrong options), 3 (something set aside, --strict) or 130."""
    parser = _parser()
    try:
        options = vars(parser.parse_args(arguments))
        options["columns"] = _columns(options["columns"], parser)
        if options["workers"] is not None and options["workers"] < 1:
            parser.error(f"--workers {options['workers']} must be 1 or more")
    except SystemExit as stop:
        return int(stop.code or 0)
    signal.signal(signal.SIGTERM, _stop)
    strict = options.pop("strict")
    try:
        counts = ingest(**options)
    except SelipError as error:
        print(f"ingest: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ningest: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    out = options["out"]
    print(", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counts.items()))
    print(f"what was kept and why not: {out / 'quality.html'}\nnext: ./run_all.sh --profile smoke --cohort {out}")
    return SET_ASIDE if strict and (counts["set_aside"] or counts["problems"]) else 0


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
