"""Reading the tables of a cohort, however they were exported, and writing and reading those of this package."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from selip_core._utils.encodings import CANDIDATES, LEAST, text_of_file
from selip_core._utils.files import replacing
from selip_core._utils.other_encodings import other_language
from selip_core._utils.torn_rows import joined_rows
from selip_core.errors import SelipError

_SEPARATORS = ",\t;"
_RARE_SEPARATORS = "|^"
"""Where no other makes known columns: Wang^Wei is a name in a table of commas."""
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
_BLANK_AFTER_QUOTE = re.compile(r'(")[ \t]+(?=[,;|^\n\r]|\Z)')
_RETURN = re.compile(r"\r\n?")
_TEXT_FORMULA = re.compile(r'\s*="([^"]*)"\s*')


def read_text(path: Path, *, damaged: bool = False) -> str:
    """Return the text of a file in UTF-8, GB18030, Big5, Windows-1252 or UTF-16: the reading that makes most sense.

    Parameters
    ----------
    damaged : bool
        Whether a few characters may be cut off, and are then U+FFFD.

    Raises
    ------
    SelipError
        If it cannot be read, or makes no sense in any of these.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SelipError(f"{path} cannot be read: {error.strerror or error}") from None
    text, likely = text_of_file(data, damaged=damaged)
    if likely < LEAST:
        if language := other_language(data):
            raise SelipError(f"{path} is a text in {language}, no Chinese one: export it again as UTF-8")
        raise SelipError(f"{path} makes no sense in any encoding known here ({', '.join(CANDIDATES)}): "
                         "export it again as UTF-8")  # fmt: skip
    return text


def read_table(path: Path, required: tuple[str, ...]) -> pd.DataFrame:
    """Return a CSV or TSV table with every cell as text, empty cells as "", and ``line``, the line each row starts in.

    Parameters
    ----------
    path : Path
    required : tuple of str
        Columns that must be there; names are compared without case and white space.

    Raises
    ------
    SelipError
        If the file is missing or is no table, a column is missing or doubled, a row has more cells than the header (a
        comma in a text that is not in quotes), or a text's line end without quotes has torn a row so that its parts
        make no whole one; names the file, the line and what the file has.
    """
    if not path.is_file():
        raise SelipError(f"{path} is missing: a cohort needs it (see data/README.md)")
    rows = text_rows(path, known=lambda names: sum(name.strip(' "').lower() in required for name in names))
    if not rows:
        raise SelipError(f"{path} is not a table: it is empty (see data/README.md)")
    columns = [name.strip().lower() for name in rows[0][1]]
    missing = [name for name in required if name not in columns]
    if missing:
        raise SelipError(f"{path} lacks the column {', '.join(missing)}; it has {', '.join(columns)}")
    doubled = [name for name in columns if name and columns.count(name) > 1]
    if doubled:
        raise SelipError(f"{path} has the column {doubled[0]} twice; keep one")
    cells = []
    below, _, torn = joined_rows(rows[1:], len(columns))
    if torn:
        raise SelipError(f"{path} lines {', '.join(map(str, torn[0]))} look like one row that a line break has torn: "
                         "put texts that hold line breaks in quotes")  # fmt: skip
    for line, row in below:
        if any(cell.strip() for cell in row[len(columns) :]):
            raise SelipError(
                f"{path} line {line} has {len(row)} cells for {len(columns)} columns; "
                "put texts that hold commas in quotes"
            )
        cells.append([cell.strip() for cell in row[: len(columns)]] + [""] * (len(columns) - len(row)))
    table = pd.DataFrame(cells, columns=columns, dtype=str)
    table["line"] = [line for line, _ in below]
    return table


def text_rows(
    path: Path, *, damaged: bool = False, known: Callable[[list[str]], int] | None = None
) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV or TSV file that hold anything, each with the line it starts in, cells as text.

    A quoted report may span several lines. Excel's ``sep=;`` line is followed, its ``="00123"`` is the text in it.

    Parameters
    ----------
    damaged : bool
        Whether a few characters may be cut off, and are then U+FFFD.
    known : callable, optional
        Returns how many of a row's cells are names of known columns: by the line that has most the separator is told,
        where a title above the header has another.

    Raises
    ------
    SelipError
        If the file cannot be read, or its quotes make no rows; names the line.
    """
    text = read_text(path, damaged=damaged).replace("\0", "")
    first, _, rest = text.partition("\n")
    stated = _SEPARATOR.fullmatch(first.strip().strip('"'))
    skipped = 1 if stated else 0
    text = rest if stated else text
    separator = stated[1] if stated else _separator(text, known)
    error = None
    for tried, escape in ((text, None), (_BLANK_AFTER_QUOTE.sub(r"\1", text), None), (text, "\\")):
        try:
            return [(line + skipped, row) for line, row in _parsed(tried, separator, escape)]
        except _NoRow as problem:
            error = error or problem
    raise SelipError(
        f"{path} line {error.line + skipped} is no row of a table ({error}): check its quotes"
    ) from None


def _separator(text: str, known: Callable[[list[str]], int] | None) -> str:
    """Return what separates the cells; semicolons are what Excel writes where the comma is the decimal mark."""
    lines = [line for line in text[:20_000].splitlines()[:10] if re.search(r"[,\t;|^]", line)]
    if known:
        for signs in (_SEPARATORS, _RARE_SEPARATORS):
            counts = {(line, sign): known(line.split(sign)) for line in lines for sign in signs}
            (_, sign), most = max(counts.items(), key=lambda item: item[1], default=(("", ""), 0))
            if most > 1:
                return sign
    usual = (line for line in lines if any(sign in line for sign in _SEPARATORS))
    return max(_SEPARATORS, key=next(usual, "").count)


class _NoRow(Exception):
    def __init__(self, message: str, line: int):
        super().__init__(message)
        self.line = line


def _parsed(text: str, separator: str, escape: str | None) -> list[tuple[int, list[str]]]:
    # strict: a quote that is never closed would otherwise swallow all patients after it
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True, escapechar=escape,
        doublequote=escape is None,
    )  # fmt: skip
    rows, line = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((line, [found[1] if (found := _TEXT_FORMULA.fullmatch(cell)) else cell for cell in row]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _NoRow(str(error), line) from None
    return rows


def write_table(table: pd.DataFrame, path: Path, *, index: bool = False, encoding: str = "utf-8") -> None:
    """Write a table as CSV beside and rename it; a line ends as in Unix, in its texts too.

    Raises
    ------
    SelipError
        If the file cannot be written.
    """
    texts = table.select_dtypes(exclude=["number", "bool"])
    if not texts.empty:  # before Python 3.13 a text with a lone carriage return gets no quotes, and falls into two rows
        table = table.copy()
        table[texts.columns] = texts.map(lambda cell: _RETURN.sub("\n", cell) if isinstance(cell, str) else cell)
    with replacing(path) as partial:
        table.to_csv(partial, index=index, encoding=encoding)


_TEXT_COLUMNS = ("patient_id", "study_id", "label", "test", "note")


def read_saved_table(path: Path, *, numbers: bool = False) -> pd.DataFrame:
    """Return a table that a notebook has saved, with the names of patients as they were: one may be called NA or 001.

    Parameters
    ----------
    path : Path
        A CSV file as `DataFrame.to_csv` writes it.
    numbers : bool
        Whether columns become what they look like (numbers, True and False, NaN where a cell is empty), but for those
        of names, labels and notes; otherwise every cell is text, empty ones "".
    """
    if not numbers:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    # a converter would not do: pandas takes NA for missing after it as well
    others = [name for name in pd.read_csv(path, nrows=0).columns if name not in _TEXT_COLUMNS]
    return pd.read_csv(
        path, dtype=dict.fromkeys(_TEXT_COLUMNS, str), keep_default_na=False, na_values=dict.fromkeys(others, [""])
    )


def named_tests(table: pd.DataFrame) -> str:
    """Return the tests that the p-values of a table are of, by its columns ``p`` and ``test``; empty without any."""
    if not {"p", "test"} <= set(table):
        return ""
    return ", ".join(dict.fromkeys(table.loc[table["p"].notna(), "test"]))
