"""Reading the tables of a cohort, however they were exported."""

import csv
import io
from pathlib import Path

import pandas as pd

from selip_core.errors import SelipError

ENCODINGS = ("utf-8-sig", "gb18030")
"""Tried in this order: valid GB18030 is hardly ever valid UTF-8, but not the other way round."""


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8 (with or without a byte-order mark) or GB18030.

    Raises
    ------
    SelipError
        If it cannot be read, or is in neither encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SelipError(f"{path} cannot be read: {error.strerror or error}") from None
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SelipError(f"{path} is neither UTF-8 nor GB18030: export it again as UTF-8")


def read_table(path: Path, required: tuple[str, ...]) -> pd.DataFrame:
    """Return a CSV or TSV table with every cell as text, empty cells as "", and ``line``, each row's line number.

    Parameters
    ----------
    path : Path
    required : tuple of str
        Columns that must be there; names are compared without case and white space.

    Raises
    ------
    SelipError
        If the file is missing or is no table, or a column is missing or doubled; names the file and what it has.
    """
    if not path.is_file():
        raise SelipError(f"{path} is missing: a cohort needs it (see data/README.md)")
    text = read_text(path)
    first = text.partition("\n")[0]
    separator = "\t" if first.count("\t") > first.count(",") else ","
    try:
        table = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise SelipError(f"{path} is not a table: {str(error).strip()}") from None
    table.columns = [str(name).strip().lower() for name in table.columns]
    missing = [name for name in required if name not in table.columns]
    if missing:
        raise SelipError(f"{path} lacks the column {', '.join(missing)}; it has {', '.join(table.columns)}")
    if table.columns.duplicated().any():
        raise SelipError(f"{path} has the column {table.columns[table.columns.duplicated()][0]} twice")
    table = table.fillna("").apply(lambda column: column.str.strip())
    table["line"] = range(2, len(table) + 2)
    return table
