"""Whether a folder of results is of one run, from the first notebook to the summary."""

from pathlib import Path

from selip_core._utils.files import read_json
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.answer import SUMMARY
from selip_core.pipeline.records import standing_in

MODIFIED = "-modified"
"""Behind the commit of a run whose tracked files differed from it."""

_SAME = ("profile", "seed", "cohort", "settings", "commit")
"""What all notebooks of a run share: keys of ``run.json``, and the commit."""


def checked_runs(results: Path) -> dict[str, dict]:
    """Return ``run.json`` of each notebook up to the summary, all of one run.

    Raises
    ------
    SelipError
        If one is missing, has not finished or no longer stands, or they differ in profile, seed, cohort, settings or
        commit; says which.
    """
    names = [path.stem for path in sorted(paths.notebooks_dir().glob("[0-9][0-9]_*.ipynb")) if path.stem <= SUMMARY]
    standing = {folder.name for folder in standing_in(results)}
    for name in names:
        record = read_json(results / name / "run.json")
        if record is None or not record.get("finished"):
            state = "has not been run" if record is None else "has not finished"
            raise SelipError(f"{name} {state} in {results}: finish ./run_all.sh first, the page is of a whole run")
        if name not in standing:
            raise SelipError(f"{name} in {results} is older than what it read: run ./run_all.sh again")
    runs = {name: read_json(results / name / "run.json") for name in names}
    first = names[0]
    for name, record in runs.items():
        differing = _difference(runs[first], record)
        if differing:
            key, ours, theirs = differing
            shown = f" ({ours} and {theirs})" if key != "settings" else ""
            raise SelipError(
                f"{results} is of more than one run: {first} and {name} differ in their {key}{shown}; "
                "run ./run_all.sh --fresh on one commit"
            )
    return runs


def later_runs(results: Path, runs: dict[str, dict]) -> dict[str, dict]:
    """Return ``run.json`` of the notebooks behind the summary that have finished and are of the same run.

    Parameters
    ----------
    runs : dict
        As `checked_runs` returns it.
    """
    folders = [folder for folder in standing_in(results) if folder.name > SUMMARY]
    records = {folder.name: read_json(folder / "run.json") for folder in folders}
    return {name: record for name, record in records.items() if not _difference(runs[SUMMARY], record)}


def _difference(one: dict, other: dict) -> tuple[str, object, object] | None:
    """Return the first key of `_SAME` in which two records differ, and both values."""
    for key in _SAME:
        ours, theirs = (commit_of(record) if key == "commit" else record.get(key) for record in (one, other))
        if ours != theirs:
            return key, ours, theirs
    return None


def commit_of(record: dict) -> str:
    """Return the commit of a run by its ``run.json``, whether or not files differed from it."""
    return str(record.get("git") or "unknown").removesuffix(MODIFIED)
