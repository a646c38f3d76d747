"""A hospital's export of reports: read, its ids made plain, its texts without identifiers, nothing silently chosen."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from selip_core._utils.encodings import DAMAGED
from selip_core._utils.files import expanded
from selip_core.errors import SelipError
from selip_core.ingest.deidentify import may_identify, scrub
from selip_core.ingest.report_columns import identifier_columns, map_columns, n_known, unknown_columns
from selip_core.ingest.report_files import HEADER_ROWS, Sheet, read_sheets

PROBLEM_COLUMNS = ["where", "patient_id", "study_id", "problem", "consequence"]
REPORT_COLUMNS = ["patient_id", "study_id", "findings", "impression", "where"]

_DESTROYED = re.compile(r"[+-]?\d+(?:\.\d+)?E\+\d+", re.IGNORECASE)
_SIGNS = "=@+-＝＠＋－ "
_MARKED = re.compile("⟦(.*?)⟧")


@dataclass(frozen=True)
class ReportTable:
    """The reports of an export.

    Parameters
    ----------
    reports : DataFrame with ``patient_id``, ``study_id``, ``findings``, ``impression``, ``where``
        One row a study, ids as in the export in half-width characters; an id that is not given is "".
    problems : DataFrame with ``where``, ``patient_id``, ``study_id``, ``problem``, ``consequence``
        Ids are the source's; ids within a text stand in ⟦⟧, see `pseudonymised`.
    columns : dict
        The name in the file of each column used.
    notes : list of str
        Which sheet and columns were taken, for the log.
    removed : int
        Places where an identifier was taken out of a text.
    name, place : str
        Of the sheet that was read, as ``where`` and the notes have it, and what stands for it where a file or a sheet
        may be called after a person.
    """

    reports: pd.DataFrame
    problems: pd.DataFrame
    columns: dict[str, str]
    notes: list[str]
    removed: int
    name: str = ""
    place: str = ""

    def without_its_name(self, text: str) -> str:
        """Return a text of its problems or notes with `place` for `name`."""
        return text.replace(self.name, self.place) if self.name else text


@dataclass
class _Reading:
    """What is gathered while the rows of a sheet are read."""

    sheet: Sheet
    used: dict[str, int]
    identifiers: list[int]
    unknown: list[int]
    problems: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    removed: int = 0


def read_reports(path: str | Path, *, columns: dict[str, str] | None = None) -> ReportTable:
    """Read an export of reports: CSV or TSV in UTF-8, GB18030 or UTF-16, or Excel, old or new.

    Parameters
    ----------
    path : path
    columns : dict, optional
        The file's names of ``patient_id``, ``study_id``, ``findings``, ``impression`` where they are unusual.

    Raises
    ------
    SelipError
        If the file cannot be read, or a column is missing or unclear; see `read_sheets` and `map_columns`.
    """
    path = expanded(path)
    sheet, header, used, n_sheets = _choose(read_sheets(path), columns or {})
    names, below = sheet.rows[header][1], sheet.rows[header + 1 :]
    reading = _Reading(sheet, used, identifier_columns(names, used), unknown_columns(names, used))
    rows = [_read_row(reading, line, cells) for line, cells in below]
    rows = without_doubles([row for row in rows if row], reading.problems, key=lambda row: row["study_id"])
    named = {role: names[i].strip() for role, i in used.items()}
    notes = [f"{role} is read from {name!r}" for role, name in named.items()]
    filled = [i for i in reading.unknown if any(_cell(cells, i) for _, cells in below)]
    if filled:
        unknown = ", ".join(names[i].strip() or f"column {i + 1}" for i in filled)
        notes.append(f"columns not known, their values taken out of the texts of their row as identifying: {unknown}")
    if n_sheets > 1:
        notes.insert(0, f"{sheet.name} is read, the first of {n_sheets} sheets that has the columns")
    return ReportTable(
        pd.DataFrame(rows, columns=REPORT_COLUMNS, dtype=str),
        pd.DataFrame(reading.problems, columns=PROBLEM_COLUMNS),
        named,
        notes,
        reading.removed,
        sheet.name,
        sheet.place,
    )


def pseudonymised(problems: pd.DataFrame, rename: Callable[[str], str]) -> pd.DataFrame:
    """Return problems whose ids, in their columns and within their texts, are replaced by ``rename(id)``."""
    shown = problems.copy()
    for column in ("patient_id", "study_id"):
        shown[column] = [rename(value) if value else "" for value in shown[column]]
    shown["problem"] = [_MARKED.sub(lambda match: rename(match[1]), text) for text in shown["problem"]]
    return shown


def safe_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and does not compute: an apostrophe before what begins like a formula."""
    start = unicodedata.normalize("NFKC", text).lstrip()[:1]
    number = re.fullmatch(r"\s*[+-]?[\d.,\s%]+", text)
    return f"'{text}" if start and start in "=@+-" and not number else text


def plain_id(text: str) -> str:
    """Return an id in half-width characters without white space or invisible marks."""
    text = unicodedata.normalize("NFKC", text).removeprefix("'")  # Excel's sign that a number is a text
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc"))


def _choose(sheets: list[Sheet], given: dict[str, str]) -> tuple[Sheet, int, dict[str, int], int]:
    """Return the first sheet that has the columns, the place of its header, the columns, and the number of sheets."""
    errors: list[tuple[int, SelipError]] = []
    for sheet in sheets:
        for i, (_, header) in enumerate(sheet.rows[:HEADER_ROWS]):
            try:
                return sheet, i, map_columns(header, given, sheet.name), len(sheets)
            except SelipError as error:
                errors.append((n_known(header), error))
    raise max(errors, key=lambda found: found[0])[1]  # of the row that is most like a header


def _read_row(reading: _Reading, line: int, cells: list[str]) -> dict[str, str] | None:
    """Return a row's ids and texts, or None where it cannot be used; what is wrong with it is noted."""
    where = f"{reading.sheet.name} row {line}"
    if not any(cells) and not any((line, column) in reading.sheet.broken for column in reading.used.values()):
        return None
    row = {"patient_id": "", "study_id": "", "findings": "", "impression": "", "where": where}

    def note(problem: str, consequence: str) -> None:
        reading.problems.append((where, row["patient_id"], row["study_id"], problem, consequence))

    refused = False
    for role in ("patient_id", "study_id"):
        if role in reading.used:
            row[role], problem = _read_id(reading, line, cells, role)
            if problem:
                refused = refused or not row[role]
                note(f"{role} {problem}", "read in half-width" if row[role] else "report left out; correct the id")
    if not row["study_id"] and not row["patient_id"] or refused:
        if not refused:
            note("no id (of merged cells the first row alone holds it)",
                 "report left out; give every row the id of its patient or study")  # fmt: skip
        return None
    identifiers = [_cell(cells, i) for i in reading.identifiers]
    identifiers += filter(may_identify, (_cell(cells, i) for i in reading.unknown))
    if any(DAMAGED in value for value in identifiers):
        note("a name or number of the row was cut off by the export",
             "two characters or more of it are looked for in the text; look for the rest there")  # fmt: skip
        identifiers = [value.replace(DAMAGED, "") for value in identifiers]
    spared = 0
    for role in ("findings", "impression"):
        if role in reading.used:
            text, problem = _read_text(reading, line, cells, role)
            if problem:
                note(f"{role} {problem}", "the text is read without it" if text else "nothing is read from the cell")
            scrubbed = scrub(text, identifiers)
            row[role] = scrubbed.text
            reading.removed += scrubbed.removed
            spared += scrubbed.spared
    if spared:
        note(f"a name of the row may stand in its text {spared} times, or it is a medical word there",
             "the words are left in the text; look at them before you pass it on")  # fmt: skip
    if not row["findings"]:
        note("report without findings text", "report left out; fill in the findings")
        return None
    return row


def _cell(cells: list[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _read_id(reading: _Reading, line: int, cells: list[str], role: str) -> tuple[str, str]:
    """Return an id and what is wrong with it; "" where it cannot be trusted."""
    column = reading.used[role]
    if (line, column) in reading.sheet.broken:
        return "", "is a formula without a value, or an error of Excel"
    if (line, column) in reading.sheet.dates:
        return "", "is a date: Excel has turned the id into one; export the column as text"
    text = _cell(cells, column)
    found = plain_id(text)
    if not found.strip("-—/"):
        return "", ""  # what some write where there is none
    if DAMAGED in found:
        return "", "holds characters that the export has cut off"
    if found.startswith(("=", "@", "+", "-")):
        return "", "begins like a formula"
    if _DESTROYED.fullmatch(found):
        return "", "is in scientific notation: Excel has destroyed its last digits; export it as text"
    if re.fullmatch(r"\d+\.0+", found):
        return found.partition(".")[0], ""
    return found, "holds full-width or invisible characters" if found != "".join(text.split()) else ""


def _read_text(reading: _Reading, line: int, cells: list[str], role: str) -> tuple[str, str]:
    column = reading.used[role]
    if (line, column) in reading.sheet.broken:
        return "", "is a formula without a value, or an error of Excel"
    text = _cell(cells, column)
    if DAMAGED in text:
        return text.replace(DAMAGED, "").lstrip(_SIGNS), "holds characters that the export has cut off"
    return (text.lstrip(_SIGNS), "begins like a formula") if _like_formula(text) else (text, "")


def _like_formula(text: str) -> bool:
    """Tell whether a spreadsheet would compute a text: +cmd|calc!A0, -2+3+cmd; a line of Chinese after - is none."""
    text = unicodedata.normalize("NFKC", text)
    if not text.startswith(("+", "-")):
        return text.startswith(("=", "@"))
    if "\u4e00" <= text.lstrip(_SIGNS)[:1] <= "\u9fff":
        return False
    head = re.match(r"[^\s\u4e00-\u9fff，。；、]*", text)[0]
    return bool(re.search(r"[|!]", text) or re.search(r"[+\-@=(][A-Za-z]", head))


def without_doubles(rows: list[dict], problems: list, key: Callable[[dict], str]) -> list[dict]:
    """Return one row a study: of equal reports the first, of different ones none."""
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault(("study", key(row)) if key(row) else ("patient", row["patient_id"]), []).append(row)
    kept = []
    for group in groups.values():
        same = Counter((row["patient_id"], row["findings"], row["impression"]) for row in group)
        if len(same) == 1:
            kept.append(group[0])
            for row in group[1:]:
                problems.append((row["where"], row["patient_id"], row["study_id"], "report given twice, the same text",
                                 f"the one of {group[0]['where']} is used"))  # fmt: skip
        else:
            for row in group:
                problems.append((row["where"], row["patient_id"], row["study_id"],
                                 f"{len(group)} reports of one study differ",
                                 "none is used; keep one, or give each its study"))  # fmt: skip
    return kept
