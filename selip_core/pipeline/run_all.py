"""Execute the notebooks, each after what it reads, skipping what has not changed: ``python -m selip_core.pipeline``."""

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

from selip_core._utils.cluster import VARIABLE, reach
from selip_core._utils.command import DONE, Parser, add_dask, run_command
from selip_core._utils.extras import needs
from selip_core._utils.files import alone_in, expanded, what_is_there
from selip_core.config import PROFILES, get_settings
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.answer import read_answer
from selip_core.pipeline.records import EMBEDDED, HEADLINE_COLUMNS, headline_table
from selip_core.pipeline.terminal import WIDTH, table_lines, wrapped
from selip_core.pipeline.up_to_date import run_notebooks


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
            parser.error(f"{what} folder {given} {what_is_there(folder, wanted='folder')}")
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
    run_notebooks(options)
    report = build_report(options.profile)
    print()
    _print_results(options.profile)
    print(f"\nreport: {report}")
    return DONE


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (a notebook failed), 2 (wrong options) or 130 (interrupted)."""
    return run_command(
        lambda: parse_options(sys.argv[1:] if arguments is None else arguments), run,
        prefix="", interrupted="interrupted: the same command continues from here",
    )  # fmt: skip
