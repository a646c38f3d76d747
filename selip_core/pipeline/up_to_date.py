"""Bring notebooks up to date: why one runs, that it begins after what it reads, and what it left when it has ended."""

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from selip_core._utils.files import put_aside, read_json, write_json
from selip_core._utils.parallel import processors
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.records import run_inputs
from selip_core.pipeline.schedule import AT_ONCE, next_to_begin, what_is_read

if TYPE_CHECKING:
    from selip_core.pipeline.execution import Execution


def run_notebooks(options: argparse.Namespace) -> None:
    """Run the notebooks in their order; where a profile has several at once, each as soon as what it reads is there.

    Raises
    ------
    SelipError
        If one cannot begin, or does not come to its end: no other is begun then, and what is running is waited for.
    """
    from selip_core.pipeline.execution import own_kernels, stop, watch

    at_once = min(AT_ONCE.get(options.profile, 1), processors())
    threads = processors() // at_once if at_once > 1 else None  # else each would have as many as there are processors
    width, number = max(len(path.stem) for path in options.notebooks), len(options.notebooks)
    labels = {path: f"[{i}/{number}] {path.stem:<{width}}" for i, path in enumerate(options.notebooks, start=1)}
    reads, waiting, running = what_is_read(options.notebooks), list(options.notebooks), {}
    failures: list[SelipError] = []
    with own_kernels(paths.notebooks_dir(), threads=threads):
        while running or (waiting and not failures):
            try:
                while not failures and len(running) < at_once and (path := next_to_begin(waiting, running, reads)):
                    waiting.remove(path)
                    if begun := _begin(path, options, labels[path]):
                        running[path] = begun
                if running:
                    watch([one.execution for one in running.values()])
                for path in [path for path, one in running.items() if one.execution.ended()]:
                    _end(running.pop(path))
            except SelipError as error:
                failures.append(error)
                print(f"{labels[path]}  failed", flush=True)
            except BaseException:
                stop([one.execution for one in running.values()])
                raise
    if failures:
        raise SelipError("\n".join(str(failure) for failure in failures))


def reason_to_run(notebook: str, options: argparse.Namespace, inputs: dict[str, str | int]) -> str | None:
    """Return why a notebook must run, in words for the user; None where its last run still stands."""
    folder = paths.results_dir(options.profile, notebook)
    record = read_json(folder / "run.json")
    if options.fresh:
        return "--fresh"
    if record is None:
        return "not run yet"
    executed = folder / "executed.ipynb"
    if not record.get("finished") or (record.get("by_pipeline") and executed.exists() and not _is_whole(executed)):
        return "did not finish last time"
    if not record.get("by_pipeline") or not executed.exists():
        return "last run outside run_all.sh"
    words = {"code": "its text or its code changed", "settings": "settings changed", "cohort": "cohort changed",
             "brats": "BraTS folder changed", **{key: f"{what} changed" for key, what in paths.GIVEN.items()}}
    for key, value in inputs.items():
        if record["inputs"].get(key) != value:
            return words.get(key, f"{key} changed")
    if options.device not in ("auto", record["device"]):
        return "device changed"
    for upstream, run_id in record["upstream"].items():
        now = read_json(paths.results_dir(options.profile, upstream) / "run.json") or {}
        if now.get("run_id") != run_id:
            return f"{upstream} ran again"
    return None


def _is_whole(executed: Path) -> bool:
    """Return whether papermill has written the executed copy to its end: a kill may come after ``finished``."""
    told = (read_json(executed) or {}).get("metadata", {}).get("papermill", {})
    return bool(told.get("end_time")) and not told.get("exception")


@dataclass
class _Running:
    path: Path
    folder: Path
    inputs: dict[str, str | int]
    execution: "Execution"


def _begin(path: Path, options: argparse.Namespace, label: str) -> _Running | None:
    """Begin to bring one notebook up to date, telling why; None where its last run stands, which is told too."""
    from selip_core.pipeline.execution import (  # papermill is slow to import: not for --help
        Execution,
        NotebookFailure,
        takes_parameter,
    )

    folder = paths.results_dir(options.profile, path.stem)
    parameters = {"profile": options.profile, "seed": options.seed, "cohort": options.cohort}
    for name in ("brats", *paths.GIVEN):
        if takes_parameter(path, name):
            parameters[name] = getattr(options, name)
    if kept := _published_before(folder, parameters, options):
        print(f"{label}  was run with --{' and --'.join(kept)}: kept; give them again to renew it", flush=True)
        return None
    inputs = run_inputs(path.stem, **parameters)
    reason = reason_to_run(path.stem, options, inputs)
    if reason is None:
        print(f"{label}  unchanged, skipped", flush=True)
        return None
    if options.fresh:
        _forget_results(folder)
    print(f"{label}  running ({reason})", flush=True)
    try:
        execution = Execution(path, folder, {**parameters, "device": options.device}, label)
    except NotebookFailure:
        _unfinish(folder)
        raise
    return _Running(path, folder, inputs, execution)


def _end(running: _Running) -> None:
    """Tell how a notebook ended.

    Raises
    ------
    selip_core.pipeline.execution.NotebookFailure
        If that was not its end.
    """
    from selip_core.pipeline.execution import NotebookFailure, clock

    try:
        seconds = running.execution.result()
        _check_record(running.path, running.folder, running.inputs)
    except NotebookFailure:
        _unfinish(running.folder)
        raise
    record = read_json(running.folder / "run.json")
    memory = max(record["peak_memory_mb"], record["peak_memory_children_mb"])
    label = running.execution.label
    print(f"{label}  done in {clock(seconds)}, peak memory {memory / 1024:.1f} GB", flush=True)


def _published_before(folder: Path, parameters: dict[str, str | int], options: argparse.Namespace) -> list[str]:
    """Return which published data a notebook's finished run was given, where now none are: it is not run over that."""
    record = read_json(folder / "run.json") or {}
    given = [name for name in paths.GIVEN if name in parameters]
    if options.fresh or not record.get("finished") or any(parameters[name] != paths.NOT_GIVEN for name in given):
        return []
    before = record.get("inputs", {})
    return [name for name in given if before.get(name, paths.NOT_GIVEN) != paths.NOT_GIVEN]


def _check_record(path: Path, folder: Path, inputs: dict[str, str | int]) -> None:
    """Refuse a notebook that ran to its end with other parameters than those asked for, or never finished its run."""
    from selip_core.pipeline.execution import NotebookFailure

    record, cause = read_json(folder / "run.json") or {}, None
    if not record.get("finished"):
        cause = "the notebook came to its end without run.finish()"
    elif any(record["inputs"].get(key) != value for key, value in inputs.items() if key != "code"):
        cause = "it ran with other parameters than those asked for: is start_run given all of them?"
    if cause:
        raise NotebookFailure(path.stem, folder / "executed.ipynb", "the last", cause)


def _unfinish(folder: Path) -> None:
    record = read_json(folder / "run.json")
    if record and record.get("finished"):
        write_json(folder / "run.json", {**record, "finished": False})


def _forget_results(folder: Path) -> None:
    """Empty a notebook's folder; trained models are put aside, for only their user may delete hours of work."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name == "models":
            print(f"          the models of before are kept in {put_aside(path).relative_to(folder.parent)}")
        elif not path.name.startswith("models.previous-"):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() and not path.is_symlink() else path.unlink()
