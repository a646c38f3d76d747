"""A hospital's export of reports: read, its ids made plain, its texts without identifiers, nothing silently chosen."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from selip_core._utils.encodings import DAMAGED
from selip_core._utils.files import expanded
from selip_core.errors import SelipError
from selip_core.ingest.blank_ids import is_nothing
from selip_core.ingest.cell_text import in_one, plain_text
from selip_core.ingest.deidentify import may_identify, scrub
from selip_core.ingest.examinations import Examination, examinations
from selip_core.ingest.report_columns import (
    continued_columns,
    examination_columns,
    identifier_columns,
    map_columns,
    n_known,
    shown_title,
    unknown_columns,
)
from selip_core.ingest.report_doubles import without_doubles
from selip_core.ingest.report_files import HEADER_ROWS, Sheet, read_sheets
from selip_core.ingest.report_ids import plain_id, several_ids

PROBLEM_COLUMNS = ["where", "patient_id", "study_id", "problem", "consequence"]
REPORT_COLUMNS = ["patient_id", "study_id", "findings", "impression", "where"]

_DESTROYED = re.compile(r"[+-]?\d+(?:\.\d+)?E\+\d+", re.IGNORECASE)
_TELLS_APART = ("modality", "body_part", "date")
_NUMBER = re.compile(r"[\w./-]*\d{4}[\w./-]*")
"""What a column called Exam may hold in place of a part of the body."""
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
    places : dict
        Of the name of each sheet, as ``where`` and the notes have it, what stands for it where a file or a sheet may be
        called after a person.
    examinations : tuple of Examination
        Of each report. They hold dates and persons, and are never written.
    held : dict
        The ids and numbers that each column of a known or unknown name holds, but for texts; never written either.
    personal : dict
        What the columns of persons hold, by the place of the report; never written.
    """

    reports: pd.DataFrame
    problems: pd.DataFrame
    columns: dict[str, str]
    notes: list[str]
    removed: int
    places: dict[str, str] = field(default_factory=dict)
    examinations: tuple[Examination, ...] = ()
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    personal: dict[str, frozenset[str]] = field(default_factory=dict)

    def without_its_name(self, text: str) -> str:
        """Return a text of its problems or notes with the places of `places` for its names."""
        for name in sorted(self.places, key=len, reverse=True):  # sheet 12 before sheet 1
            place = self.places[name]
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _, place=place: place, text)
        return text


@dataclass
class _Reading:
    """What is gathered while the rows of a sheet are read."""

    sheet: Sheet
    header: int
    used: dict[str, int]
    identifiers: list[int]
    unknown: list[int]
    given: dict[str, str]
    problems: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    removed: int = 0

    def __post_init__(self):
        self.of_examination = examination_columns(self.names(), self.given)
        self.continued = continued_columns(self.names(), self.used)
        ids = (self.used[role] for role in ("patient_id", "study_id") if role in self.used)
        # patients are numbered from 0 where there is a 1 as well
        self.from_zero = {i for i in ids if any(plain_id(_cell(cells, i)) == "1" for _, cells in self.below())}

    def names(self) -> list[str]:
        return self.sheet.rows[self.header][1]

    def named(self) -> dict[str, str]:
        return {role: self.names()[i].strip() for role, i in self.used.items()}

    def places(self, role: str) -> list[int]:
        """Return the columns of a text: the first, and those in which it goes on."""
        return [self.used[role], *self.continued.get(role, ())] if role in self.used else []

    def below(self) -> list[tuple[int, list[str]]]:
        return self.sheet.rows[self.header + 1 :]


def read_reports(path: str | Path, *, columns: dict[str, str] | None = None) -> ReportTable:
    """Read an export of reports: CSV or TSV in UTF-8, GB18030 or UTF-16, or Excel, old or new.

    Parameters
    ----------
    path : path
    columns : dict, optional
        The file's names of ``patient_id``, ``study_id``, ``findings``, ``impression``, ``date``, ``body_part`` (or
        ``procedure``), ``modality``, ``status`` and ``reported`` where they are unusual.

    Raises
    ------
    SelipError
        If the file cannot be read, or a column is missing or unclear; see `read_sheets` and `map_columns`.
    """
    path = expanded(path)
    sheets = read_sheets(path)
    chosen = _choose(sheets, columns or {})
    readings, rows = [], []
    for sheet, header, used in chosen:
        names = sheet.rows[header][1]
        persons, unknown = identifier_columns(names, used), unknown_columns(names, used)
        readings.append(_Reading(sheet, header, used, persons, unknown, columns or {}))
        rows += _read_sheet(readings[-1], sheet.title if len(chosen) > 1 else "")
    problems = [problem for reading in readings for problem in reading.problems]
    rows = without_doubles(rows, problems, key=lambda row: row["study_id"])
    first = readings[0]
    return ReportTable(
        pd.DataFrame(rows, columns=REPORT_COLUMNS, dtype=str),
        pd.DataFrame(problems, columns=PROBLEM_COLUMNS),
        first.named(),
        [*_which_sheets(sheets, readings), *(note for reading in readings for note in _notes(reading, first))],
        sum(reading.removed for reading in readings),
        {sheet.name: sheet.place for sheet in sheets},
        tuple(row["examination"] for row in rows),
        _held(readings),
        {row["where"]: row["personal"] for row in rows},
    )


def _read_sheet(reading: "_Reading", title: str) -> list[dict]:
    """Return the rows of a sheet that can be used, what each says of its examination with it."""
    below = reading.below()
    of_sheet = examinations(reading.names(), [cells for _, cells in below], title, reading.given)
    rows = []
    for (line, cells), examination in zip(below, of_sheet, strict=True):
        row = _read_row(reading, line, cells)
        if row and examination.void:
            told = "a report that is void, withdrawn or cancelled by its status", "report left out"
            reading.problems.append((row["where"], row["patient_id"], row["study_id"], *told))
        elif row:
            rows.append({**row, "examination": examination})
    if unread := sum(row["examination"].unread != "" for row in rows):
        reading.problems.append((
            reading.sheet.name, "", "", f"the examination's date cannot be read in {unread} of {len(rows)} rows",
            "they are joined by their patient alone where the patient has one report; write dates as 2023-06-01",
        ))  # fmt: skip
    for lines in reading.sheet.torn:
        reading.problems.append((
            f"{reading.sheet.name} rows {', '.join(map(str, lines))}", "", "",
            "they look like one row that a line break has torn, but make no whole one",
            "none of them is used; put texts that hold line breaks or commas in quotes",
        ))  # fmt: skip
    if others := reading.sheet.passed_over:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
        reading.problems.append((
            reading.sheet.name, "", "", f"files of the folder that are no .txt or .rtf: {kinds}",
            "not read; save reports among them as .txt",
        ))  # fmt: skip
    return rows


def _held(readings: list["_Reading"]) -> dict[str, frozenset[str]]:
    """Return the ids that the columns hold, by the columns' names."""
    held: dict[str, set[str]] = {}
    for reading in readings:
        texts = {i for role in ("findings", "impression") for i in reading.places(role)}
        for i, name in enumerate(reading.names()):
            if name.strip() and i not in texts:
                ids = {plain_id(_cell(cells, i)) for _, cells in reading.below()}
                held.setdefault(name.strip(), set()).update(one for one in ids if len(one) > 1 and not is_nothing(one))
    return {name: frozenset(ids) for name, ids in held.items()}


def _which_sheets(sheets: list[Sheet], readings: list["_Reading"]) -> list[str]:
    """Return notes on the sheets of a workbook that were read and that were not."""
    if len(sheets) == 1:
        return []
    read = [reading.sheet for reading in readings]
    others = [sheet for sheet in sheets if not any(sheet is one for one in read)]
    names = " and ".join(sheet.name for sheet in read)
    notes = [f"{names} is read, the first of {len(sheets)} sheets that has the columns" if len(read) == 1 else
             f"{names} are read, {len(read)} of {len(sheets)} sheets"]  # fmt: skip
    return notes + [
        f"{sheet.name} is not read: {'it is hidden' if sheet.hidden else 'it has not the columns'}; "
        f"it has {len(sheet.rows)} rows" for sheet in others
    ]  # fmt: skip


def _notes(reading: "_Reading", first: "_Reading") -> list[str]:
    """Return notes on the columns of a sheet that were taken, as far as they differ from the first one's."""
    names, notes = reading.names(), []
    if reading is first or reading.named() != first.named():
        notes = [f"{role} is read from {name!r}" for role, name in reading.named().items()]
        told = {role: columns for role, columns in reading.of_examination.items() if role in _TELLS_APART}
        notes += [f"{role.replace('_', ' ')} is read from {names[i].strip()!r}" for role in told for i in told[role]]
        if not told and "patient_id" in reading.used:
            notes.append("no column is known that tells an examination's day, device or part of the body: a report "
                         "joined by its patient may be of another; name it, --columns date=NAME,body_part=NAME")
    notes += [f"{role} goes on in {', '.join(repr(names[i].strip()) for i in places)}"
              for role, places in reading.continued.items()]  # fmt: skip
    if reading.sheet.joined:
        notes.append(f"rows that a line break within a text had torn, joined: {reading.sheet.joined}")
    filled = [i for i in reading.unknown if any(_cell(cells, i) for _, cells in reading.below())]
    if filled:
        unknown = ", ".join(shown_title(names, i) for i in filled)
        notes.append(f"columns not known, their values taken out of the texts of their row as identifying: {unknown}")
    return notes


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


def _choose(sheets: list[Sheet], given: dict[str, str]) -> list[tuple[Sheet, int, dict[str, int]]]:
    """Return the sheets that have the columns, the place of the header and the columns of each.

    All that are shown; of hidden ones the first, where none that is shown has them: last year's table may lie there.
    """
    found: list[tuple[Sheet, int, dict[str, int]]] = []
    errors: list[tuple[int, SelipError]] = []
    for sheet in sheets:
        for i, (_, header) in enumerate(sheet.rows[:HEADER_ROWS]):
            try:
                used = map_columns(header, given, sheet.name)
            except SelipError as error:
                errors.append((n_known(header), error))
                continue
            if not (sheet.hidden and found):
                found.append((sheet, i, used))
            break
    if not found:
        raise max(errors, key=lambda problem: problem[0])[1]  # of the row that is most like a header
    return found


def _read_row(reading: _Reading, line: int, cells: list[str]) -> dict[str, str] | None:
    """Return a row's ids and texts, or None where it cannot be used; what is wrong with it is noted."""
    where, spared = f"{reading.sheet.name} row {line}", 0
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
    identifiers = [plain_text(_cell(cells, i))[0] for i in reading.identifiers]
    identifiers += [part for i in reading.identifiers for part in several_ids(_cell(cells, i))]
    row["personal"] = frozenset(identifiers)
    parts = (_cell(cells, i) for i in reading.of_examination.get("body_part", ()))
    identifiers += [part for part in parts if _NUMBER.fullmatch(part)]
    identifiers += filter(may_identify, (plain_text(_cell(cells, i))[0] for i in reading.unknown))
    if any(DAMAGED in value for value in identifiers):
        note("a name or number of the row was cut off by the export",
             "two characters or more of it are looked for in the text; look for the rest there")  # fmt: skip
        identifiers = [value.replace(DAMAGED, "") for value in identifiers]
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
    if not row["findings"] and row["impression"]:
        row["findings"] = row["impression"]
        note("report of an impression alone, without findings text",
             "its impression stands for its findings: it tells less than a whole report")  # fmt: skip
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
    if is_nothing(found) or re.fullmatch(r"-\d", found):
        return "", ""  # what some write where there is none
    if re.fullmatch(r"0+(?:\.0+)?", found) and column not in reading.from_zero:
        return "", ""
    if role == "study_id" and any(char.isspace() for char in text.strip()) and (parts := several_ids(text)):
        found = ",".join(parts)
    if DAMAGED in found:
        return "", "holds characters that the export has cut off"
    if found.startswith(("=", "@", "+", "-")):
        return "", "begins like a formula"
    if _DESTROYED.fullmatch(found):
        return "", "is in scientific notation: Excel has destroyed its last digits; export it as text"
    if re.fullmatch(r"\d+\.0+", found):
        return found.partition(".")[0], ""
    alike = plain_id(text) == "".join(text.split())
    return found, "" if alike else "holds full-width or invisible characters"


def _read_text(reading: _Reading, line: int, cells: list[str], role: str) -> tuple[str, str]:
    places = reading.places(role)
    broken = [(line, column) in reading.sheet.broken for column in places]
    if broken[0]:
        return "", "is a formula without a value, or an error of Excel"
    text, problem = plain_text(in_one([_cell(cells, column) for column in places]))
    text = text.strip()
    if DAMAGED in text:
        return text.replace(DAMAGED, "").lstrip(_SIGNS), "holds characters that the export has cut off"
    problem = "goes on in a formula without a value, or an error of Excel" if any(broken) else problem
    return (text.lstrip(_SIGNS), "begins like a formula") if _like_formula(text) else (text, problem)


def _like_formula(text: str) -> bool:
    """Tell whether a spreadsheet would compute a text: +cmd|calc!A0, -2+3+cmd; a line of Chinese after - is none."""
    text = unicodedata.normalize("NFKC", text)
    if not text.startswith(("+", "-")):
        return text.startswith(("=", "@"))
    if "\u4e00" <= text.lstrip(_SIGNS)[:1] <= "\u9fff":
        return False
    head = re.match(r"[^\s\u4e00-\u9fff，。；、]*", text)[0]
    return bool(re.search(r"[|!]", text) or re.search(r"[+\-@=(][A-Za-z]", head))
