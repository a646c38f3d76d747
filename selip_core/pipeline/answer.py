"""The answer of a finished run, as `09_summary` has written it: its sentences and the compact table."""

from dataclasses import dataclass
from pathlib import Path

from selip_core.pipeline.records import standing_runs

SUMMARY = "09_summary"
"""The notebook that gives the answer."""


@dataclass(frozen=True)
class Answer:
    """What `09_summary` says in short.

    Parameters
    ----------
    sentences : list of str
    heads, rows
        The compact table (`selip_core.downstream.answer.heads` and `compact`); there may be no row.
    data : str
        Which data the rows come from.
    folder : Path
        The results of the notebook.
    """

    sentences: list[str]
    heads: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]
    data: str
    folder: Path


def read_answer(profile: str) -> Answer | None:
    """Return the answer of a profile's `09_summary`; None where it has none that stands."""
    folders = [folder for folder in standing_runs(profile) if folder.name == SUMMARY]
    return read_answer_in(folders[0]) if folders else None


def read_answer_in(folder: Path) -> Answer | None:
    """Return the answer in the results folder of a `09_summary`; None where an earlier version wrote it."""
    from selip_core._utils.tables import read_saved_table
    from selip_core.downstream.answer import compact, heads, said_of_data  # pandas: not for run_all.sh --help

    text, table = folder / "answer.md", folder / "tables" / "answer.csv"
    if not (text.exists() and table.exists()):
        return None
    answer = read_saved_table(table, numbers=True)
    said = [part for part in text.read_text(encoding="utf-8").split("\n\n") if part.strip()]
    return Answer([part.strip() for part in said], heads(), compact(answer), said_of_data(answer), folder)
