"""The notebooks of the site from one finished run: ``python -m selip_core.pipeline.site_notebooks results/demo``."""

import argparse
import sys
from pathlib import Path

import nbformat

from selip_core._utils.command import DONE, Parser, run_command
from selip_core._utils.files import write_text
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.records import EMBEDDED
from selip_core.pipeline.static_notebook import static_notebook
from selip_core.pipeline.whole_run import MODIFIED, checked_runs, commit_of, later_runs

NAMES = "[0-9][0-9]_*.ipynb"


def site_notebooks(results: Path, out: Path) -> tuple[list[Path], list[str]]:
    """Write a static copy of each executed notebook of a run into `out`; those of an earlier run go.

    Parameters
    ----------
    results : Path
        ``results/<profile>``.

    Returns
    -------
    written : list of Path
    left_out : list of str
        Notebooks behind the summary that are not of this run, or were given data of patients.

    Raises
    ------
    SelipError
        If the run is not whole (`checked_runs`), is of a state that no commit has, or shows patients.
    """
    runs = checked_runs(results)
    for record in runs.values():
        _check(record, results)
    later = {
        name: record for name, record in later_runs(results, runs).items()
        if _is_committed(record) and not patients_in(record)
    }  # fmt: skip
    made = {name: _page(results / name, record) for name, record in {**runs, **later}.items()}
    written = []
    for name, text in made.items():
        written.append(out / f"{name}.ipynb")
        write_text(written[-1], text)
    for old in set(out.glob(NAMES)) - set(written):
        old.unlink()
    names = [path.stem for path in sorted(paths.notebooks_dir().glob(NAMES))]
    return written, [name for name in names if name not in made]


def patients_in(record: dict) -> str | None:
    """Return which option gave a run data of patients, by its ``run.json``; None where all of them were made."""
    inputs = record.get("inputs", {})
    if record.get("cohort") != EMBEDDED:
        return "cohort"
    if inputs.get("brats", EMBEDDED) != EMBEDDED:
        return "brats"
    return next((name for name in paths.GIVEN if inputs.get(name, paths.NOT_GIVEN) != paths.NOT_GIVEN), None)


def _is_committed(record: dict) -> bool:
    commit = str(record.get("git") or "")
    return bool(commit) and not commit.endswith(MODIFIED)


def _check(record: dict, results: Path) -> None:
    name = record["notebook"]
    if not _is_committed(record):
        raise SelipError(f"{name} in {results} ran on files that are in no commit: commit them, and run ./run_all.sh")
    option = patients_in(record)
    if option:
        raise SelipError(f"{name} in {results} was given --{option}: the site shows no patients, take a run without it")


def _page(folder: Path, record: dict) -> str:
    """Return the text of the static copy of one notebook."""
    path, source = folder / "executed.ipynb", f"notebooks/{folder.name}.ipynb"
    try:
        executed = nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError) as error:
        raise SelipError(f"{path} cannot be read ({error}): run ./run_all.sh --only {folder.name[:2]}") from None
    # as papermill was given it; the notebooks print what lies below it
    ran = Path(executed.metadata.get("papermill", {}).get("input_path") or paths.notebooks_dir() / path.name)
    notebook = static_notebook(executed, _about(record, source), where=source, roots=[ran.resolve().parents[1]])
    return nbformat.writes(notebook) + "\n"


def _about(record: dict, source: str) -> str:
    return (
        f"*As it ran: profile {record['profile']}, seed {record['seed']}, commit {commit_of(record)}, "
        f"{record['written_at'][:10]}, data: {record['data_source']}. A check of the method, never a clinical result. "
        f"Source: [{source}](../../{source}).*"
    )


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (no run that may be shown), 2 (wrong options) or 130."""
    parser = Parser("site", prog="python -m selip_core.pipeline.site_notebooks", description=(
        "Write static copies of the executed notebooks of one finished run on embedded data."))  # fmt: skip
    parser.add_argument("results", type=Path, help="results/<profile>, finished")
    parser.add_argument("--out", type=Path, default=paths.project_root() / "docs" / "notebooks", metavar="DIR",
                        help="default: docs/notebooks; its notebooks are replaced")  # fmt: skip
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="site: ", interrupted="interrupted")


def _work(options: argparse.Namespace) -> int:
    written, left_out = site_notebooks(options.results, options.out)
    for name in left_out:
        print(f"left out: {name}, which has not finished in this run, or was given data of patients")
    size = sum(path.stat().st_size for path in written) / 2**20
    print(f"written: {len(written)} notebooks, {size:.1f} MB, in {options.out}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
