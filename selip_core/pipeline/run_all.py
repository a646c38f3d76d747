"""Execute the notebooks, each after what it reads, skipping what has not changed: ``python -m selip_core.pipeline``."""

import argparse
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from selip_core._utils.cluster import VARIABLE, reach
from selip_core._utils.command import DONE, Parser, add_dask, run_command
from selip_core._utils.extras import needs
from selip_core._utils.files import alone_in, expanded, put_aside, read_json, write_json
from selip_core._utils.parallel import processors
from selip_core.config import PROFILES, get_settings
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.answer import read_answer
from selip_core.pipeline.records import EMBEDDED, HEADLINE_COLUMNS, headline_table, run_inputs
from selip_core.pipeline.schedule import AT_ONCE, next_to_begin, what_is_read
from selip_core.pipeline.terminal import WIDTH, table_lines, wrapped

if TYPE_CHECKING:
    from selip_core.pipeline.execution import Execution


def parse_options(arguments: list[str]) -> argparse.Namespace:
    """Return the options; a wrong one is one line on stderr and exit status 2."""
    parser = Parser(
        "run_all.sh", prog="run_all.sh", allow_abbrev=False,
        description="Execute the notebooks in order (of smoke two at once), skipping what has not changed.",
    )  # fmt: skip
    parser.add_argument("--profile", default="demo", metavar="|".join(PROFILES), help="default: %(default)s")
    parser.add_argument("--seed", default="0", metavar="N", help="default: 0")
    parser.add_argument("--cohort", default=EMBEDDED, metavar="DIR", help="a cohort's folder; default: embedded")
    parser.add_argument("--brats", default=EMBEDDED, metavar="DIR", help="a BraTS folder; default: embedded")
    for name, what in paths.GIVEN.items():
        holder = "DIR" if what.endswith("folder") else "FILE"
        parser.add_argument(f"--{name}", default=paths.NOT_GIVEN, metavar=holder,
                            help=f"{what}, for 11_external_validation; default: none")  # fmt: skip
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="default: auto")
    add_dask(parser)
    parser.add_argument("--from", dest="first", metavar="NN", help="begin with this notebook")
    parser.add_argument("--only", metavar="NN", help="this notebook alone")
    parser.add_argument("--fresh", action="store_true", help="run again what has not changed, from nothing")
    options, others = parser.parse_known_args(arguments)
    if others:
        meant = f", is --profile {others[0]} meant?" if others[0] in PROFILES else ""
        parser.error(f"unrecognized arguments: {' '.join(others)}{meant}")
    if options.profile not in PROFILES:
        parser.error(f"unknown profile {options.profile!r}: choose one of {', '.join(PROFILES)}")
    if not re.fullmatch(r"[0-9]{1,10}", options.seed) or int(options.seed) >= 2**31:
        parser.error(f"--seed {options.seed!r} is not a whole number from 0 to {2**31 - 1}")
    options.seed = int(options.seed)
    if options.device not in ("auto", "cpu", "cuda"):
        parser.error(f"unknown device {options.device!r}: choose one of auto, cpu, cuda")
    if options.first and options.only:
        parser.error("--from and --only exclude each other")
    for name, what in (("cohort", "cohort"), ("brats", "BraTS")):
        given = getattr(options, name)
        folder = _from_where_called(given)
        if given != EMBEDDED and not os.path.isdir(folder):  # Path's raises in a folder that may not be entered
            parser.error(f"{what} folder {given} does not exist")
        setattr(options, name, given if given == EMBEDDED else str(folder.resolve()))
    if options.dask and os.path.isfile(_from_where_called(options.dask)):  # else an address
        options.dask = str(_from_where_called(options.dask).resolve())
    _find_published(options, parser)
    try:
        options.notebooks = _selected(options.first, options.only)
    except SelipError as error:
        parser.error(str(error))
    return options


def _from_where_called(given: str) -> Path:
    """Return a path as the user gave it: relative to where run_all.sh was called, which goes to its own folder."""
    return Path(os.environ.get("SELIP_CALLED_FROM", ".")) / expanded(given)


def _find_published(options: argparse.Namespace, parser: Parser) -> None:
    """Make the paths of published data absolute."""
    for name in paths.GIVEN:
        given = getattr(options, name)
        if given == paths.NOT_GIVEN:
            continue
        try:
            found = paths.given_path(str(_from_where_called(given)), name)
        except SelipError as error:
            parser.error(str(error))
        setattr(options, name, str(found))


def _selected(first: str | None, only: str | None) -> list[Path]:
    everything = sorted(paths.notebooks_dir().glob("[0-9][0-9]_*.ipynb"))
    if not everything:
        raise SelipError(f"no notebooks NN_name.ipynb in {paths.notebooks_dir()}")
    wanted = first or only
    if not wanted:
        return everything
    number = wanted.split("_")[0].zfill(2)
    at = [i for i, path in enumerate(everything) if path.name[:2] == number and wanted in (path.stem, wanted[:2])]
    if not at:
        known = ", ".join(path.stem for path in everything)
        raise SelipError(f"no notebook {wanted!r}: there are {known}")
    return everything[at[0] :] if first else [everything[at[0]]]


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


def _print_results(profile: str) -> None:
    """Print the answer with its compact table; where `09_summary` has none that stands, the headline numbers."""
    answer = read_answer(profile)
    if answer is not None:
        for sentence in answer.sentences:
            print("\n".join(wrapped(sentence, WIDTH)))
        # a name on two lines and an interval below its value: six methods then fit beside the outcome
        names = [answer.heads[0], *(name.replace(" ", "\n") for name in answer.heads[1:])]
        rows = [[name, *("\n".join(cell).rstrip() for cell in cells)] for name, cells in answer.rows]
        print("\n".join(["", *table_lines([names, *rows], width=WIDTH), "", *wrapped(answer.data, WIDTH)]))
        return
    rows = headline_table(profile)
    if rows:
        print("\n".join(table_lines([list(HEADLINE_COLUMNS), *rows])))


def _forget_results(folder: Path) -> None:
    """Empty a notebook's folder; trained models are put aside, for only their user may delete hours of work."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name == "models":
            print(f"          the models of before are kept in {put_aside(path).relative_to(folder.parent)}")
        elif not path.name.startswith("models.previous-"):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() and not path.is_symlink() else path.unlink()


def _forget_embedded_cohort(options: argparse.Namespace) -> None:
    sizes = get_settings(options.profile).cohort
    folder = paths.cohort_dir(EMBEDDED, sizes.patients, sizes.frequencies, options.seed)
    shutil.rmtree(folder, ignore_errors=True)


def run(options: argparse.Namespace) -> int:
    """Run what is asked for; return the exit status."""
    needs("run_all.sh", "pipeline", "papermill", "nbconvert", "nbclient", "nbformat", "ipykernel", "jinja2")
    print(
        f"SeLIP: profile {options.profile}, seed {options.seed}, cohort {options.cohort}, device {options.device}",
        flush=True,
    )
    reach(options.dask)
    if options.dask:  # told to the notebooks by the environment: where a volume is made changes no result
        os.environ[VARIABLE] = options.dask
    with alone_in(paths.results_dir(options.profile), "run_all.sh"):
        return _run_selected(options)


def _run_selected(options: argparse.Namespace) -> int:
    from selip_core.pipeline.report_html import build_report

    os.environ["SELIP_PIPELINE"] = "1"
    if os.environ.get("SELIP_ROOT"):  # kernels work in another folder, where a relative one leads elsewhere
        os.environ["SELIP_ROOT"] = str(paths.project_root())
    os.environ["PYTHONHASHSEED"] = "0"  # the order of sets is part of "the same seed, the same numbers"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if options.profile != "paper":  # the other profiles need nothing from a hub
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if options.fresh and options.cohort == EMBEDDED and options.notebooks[0].name.startswith("01"):
        _forget_embedded_cohort(options)
    _run_notebooks(options)
    report = build_report(options.profile)
    print()
    _print_results(options.profile)
    print(f"\nreport: {report}")
    return DONE


def _run_notebooks(options: argparse.Namespace) -> None:
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
    if len(failures) > 1:
        raise SelipError("\n".join(str(failure) for failure in failures))
    if failures:
        raise failures[0]


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (a notebook failed), 2 (wrong options) or 130 (interrupted)."""
    return run_command(
        lambda: parse_options(sys.argv[1:] if arguments is None else arguments), run,
        prefix="", interrupted="interrupted: the same command continues from here",
    )  # fmt: skip
