"""The cells of a report export as text: CSV, TSV and Excel, old and new; nothing is ever evaluated."""

import datetime
import io
import re
import shutil
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import IO

import openpyxl
import xlrd
from openpyxl.cell.cell import Cell

from selip_core._utils.hashing import is_left_beside
from selip_core._utils.tables import read_text, text_rows
from selip_core._utils.torn_rows import joined_rows
from selip_core.errors import SelipError
from selip_core.ingest.archives import is_archive, not_unpacked
from selip_core.ingest.report_columns import n_known

TEXT_SUFFIXES, EXCEL_SUFFIXES = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm", ".xls")
_FOLDER_SUFFIXES = (".txt", ".rtf")
_KINDS = frozenset((
    ".doc", ".docx", ".odt", ".pdf", ".html", ".htm", ".xml", ".json", ".csv", ".tsv", ".xls", ".xlsx", ".jpg", ".jpeg",
    ".png", ".dcm", ".nii", ".gz", ".zip",
))  # fmt: skip
"""Endings that may be told; Bericht Dr.Wang has one of its own."""
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
HEADER_ROWS = 10
"""Rows in which the header is looked for: exports begin with a title at times."""
_EXACT = 10**15
"""Excel keeps fifteen digits of a number; what is larger has lost some."""
_LARGE_SHEET = 10 * 2**20
"""Bytes of its XML. Choice: below it reading takes a second or two, whatever its rows hold."""
_AT_ONCE = 2**20
_BARE_ROW = re.compile(
    rb"<(?:\w+:)?row\b[^<>]*(?:/>|>(?:\s*<(?:\w+:)?c\b[^<>]*(?:/>|>\s*</(?:\w+:)?c>))*\s*</(?:\w+:)?row>)"
)
"""A row whose cells hold a format and nothing else."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""How Excel writes a character that XML cannot hold; an underscore that would look so is ``_x005F_``."""
_ROW_END = re.compile(rb".*(?:</(?:\w+:)?row>|<(?:\w+:)?row\b[^<>]*/>)", re.DOTALL)


@dataclass
class Sheet:
    """A table of a file, its rows as text.

    Parameters
    ----------
    name : str
        The file, and the sheet where there are several.
    place : str
        What it is called where the name may not be told, for it may be a person's.
    rows : list of (int, list of str)
        With the line or row in the file; empty rows left out. The first is the header.
    broken : set of (int, int)
        Line and column of cells that hold a formula without a value, or an error.
    dates : set of (int, int)
        Line and column of cells that Excel holds as a date.
    hidden : bool
        Whether Excel does not show it.
    title : str
        The sheet's own name; "" of a text file.
    joined : int
        Rows that a text's line end had torn, and that were joined.
    torn : list of list of int
        Lines of rows that are torn so that their parts make no whole row; none of them is in `rows`.
    passed_over : Counter of str
        How many files of a folder were not read, by their kind.
    """

    name: str
    place: str = "reports"
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    broken: set[tuple[int, int]] = field(default_factory=set)
    dates: set[tuple[int, int]] = field(default_factory=set)
    hidden: bool = False
    title: str = ""
    joined: int = 0
    torn: list[list[int]] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def read_sheets(path: Path) -> list[Sheet]:
    """Return the tables of a file that hold anything; of a folder its texts, each of whose names is an id.

    Raises
    ------
    SelipError
        If the file is missing, empty, encrypted, damaged or of another kind; names it and says what to do.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        return [_folder_sheet(path)]
    if not path.is_file():
        raise SelipError(f"{path} does not exist; give the file with the reports")
    if is_archive(path) or not_unpacked(path) or suffix == ".gz":
        raise SelipError(f"{path} is no table of reports but holds one: unpack it first")
    if suffix not in (*TEXT_SUFFIXES, *EXCEL_SUFFIXES):
        raise SelipError(f"{path} is no table of reports; give {', '.join((*TEXT_SUFFIXES, *EXCEL_SUFFIXES))}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SelipError(f"{path} cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise SelipError(f"{path} is empty; export the reports again")
    if suffix in TEXT_SUFFIXES:
        if data.startswith((_OLE, _ZIP)):
            raise SelipError(f"{path} is an Excel file by another name; rename it to .xls or .xlsx")
        sheets = [_text_sheet(path)]
    elif data.startswith((_OLE, _ZIP)):
        with warnings.catch_warnings():  # openpyxl's quote cells
            warnings.simplefilter("ignore")
            sheets = _old_excel(path, data) if data.startswith(_OLE) else _new_excel(path, data)
    else:
        sheets = [_text_named_excel(path, data, suffix)]
    sheets = [sheet for sheet in sheets if sheet.rows]
    if not sheets:
        raise SelipError(f"{path} has no rows; export the reports again")
    return sorted(sheets, key=lambda sheet: sheet.hidden)  # last year's table may lie hidden before this year's


def _sheet(path: Path, title: str, before: int, of: int) -> Sheet:
    """Return an empty sheet of a workbook of `of` sheets, `before` of which stand before it."""
    if of == 1:
        return Sheet(path.name, title=title)
    return Sheet(f"{path.name} sheet {title}", f"reports, sheet {before + 1}", title=title)


def _text_sheet(path: Path) -> Sheet:
    rows = [(line, [cell.strip() for cell in row]) for line, row in text_rows(path, damaged=True, known=n_known)]
    first = rows[:HEADER_ROWS]
    width = max((len(row) for _, row in first), default=0)
    for line, row in rows:
        if any(row[width:]):
            raise SelipError(f"{path} line {line} has {len(row)} cells for {width} columns; put texts that hold commas "
                             "in quotes")  # fmt: skip
    header = max(range(len(first)), key=lambda i: n_known(first[i][1]), default=-1)
    above, below, n_joined, torn = rows[: header + 1], rows[header + 1 :], 0, []
    if above and n_known(above[-1][1]):
        below, n_joined, torn = joined_rows(below, len(above[-1][1]))
    padded = [(line, row[:width] + [""] * (width - len(row))) for line, row in (*above, *below)]
    return Sheet(path.name, rows=padded, joined=n_joined, torn=torn)


def _folder_sheet(path: Path) -> Sheet:
    """Return the texts of a folder, and of those below it, as a table of ids, which are the files' names.

    A row's number is the file's.
    """
    there = sorted(one for one in path.rglob("*") if one.is_file() and not _is_a_system_s(one.relative_to(path)))
    texts = [one for one in there if one.suffix.lower() in _FOLDER_SUFFIXES]
    # of one name the one nearest to the top, and those beside it: old/P1.txt is an earlier one
    top: dict[str, int] = {}
    for one in texts:
        top[one.stem] = min(len(one.parts), top.get(one.stem, len(one.parts)))
    files = [one for one in texts if len(one.parts) == top[one.stem]]
    if not files:
        raise SelipError(f"{path} is a folder without .txt files: give a table of reports, or a folder that has a .txt "
                         "file for each patient, called by the patient's id or accession number")  # fmt: skip
    rows = [(number, [one.stem, one.stem, read_text(one).strip()]) for number, one in enumerate(files, 1)]
    sheet = Sheet(path.name, "folder of reports", [(0, ["patient id", "accession number", "findings"]), *rows])
    others = set(there).difference(files)
    sheet.passed_over = Counter(kind if (kind := one.suffix.lower()) in _KINDS else "others" for one in others)
    return sheet


def _is_a_system_s(path: Path) -> bool:
    """Tell whether a file is hidden, or one that a system or an office program leaves in every folder."""
    return is_left_beside(path) or any(part.startswith("__MACOSX") for part in path.parts)


def _text_named_excel(path: Path, data: bytes, suffix: str) -> Sheet:
    """Return the rows of a text that an export calls .xls: many write tabs between the cells, which Excel opens."""
    page = data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"
    with suppress(SelipError):
        sheet = Sheet(path.name) if page else _text_sheet(path)
        if sheet.rows and len(sheet.rows[0][1]) > 1:
            return sheet
    kind = "a web page saved" if page else "no Excel file, though named"
    raise SelipError(f"{path} is {kind} as {suffix}; open it in Excel and save it as .xlsx or CSV")


def _new_excel(path: Path, data: bytes) -> list[Sheet]:
    """Read the cells twice side by side, as formulas and as the values that Excel left: a formula has one or none."""
    sheets = []
    try:
        data = _without_bare_rows(data)
        values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
        for shown, written in zip(values.worksheets, formulas.worksheets, strict=True):
            sheet = _sheet(path, shown.title, len(sheets), len(values.worksheets))
            sheet.hidden = shown.sheet_state != "visible"
            shown.reset_dimensions()
            written.reset_dimensions()
            for number, (cells, sources) in enumerate(zip(shown.iter_rows(), written.iter_rows(), strict=True), 1):
                row = [_cell_text(cell.value, cell.number_format if cell.value is not None else "") for cell in cells]
                sheet.dates |= {(number, i) for i, cell in enumerate(cells) if isinstance(cell.value, datetime.date)}
                broken = [i for i, both in enumerate(zip_longest(cells, sources)) if _is_broken(*both)]
                for column in broken:
                    sheet.broken.add((number, column))
                    row += [""] * (column + 1 - len(row))
                    row[column] = ""
                if any(row) or broken:
                    sheet.rows.append((number, row))
            sheets.append(sheet)
    except Exception as error:  # a damaged archive raises nearly anything
        raise _unreadable(path, error) from None
    return sheets


def _is_broken(shown: Cell | None, written: Cell | None) -> bool:
    """Tell whether a cell, as shown and as written, is an error or a formula without a value; "" is one."""
    if shown is not None and shown.data_type == "e":
        return True
    formula = written is not None and written.data_type == "f"
    return formula and (shown is None or (shown.value is None and shown.data_type != "str"))


def _without_bare_rows(data: bytes) -> bytes:
    """Return a workbook whose large sheets lack the rows that hold formats alone, at any size in little memory.

    Excel writes a million of them where a whole column was formatted, and openpyxl makes cells of all of them. The
    number of a row stands in the row, so that the others keep theirs.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        large = [entry for entry in book.infolist() if entry.file_size > _LARGE_SHEET and "sheets/" in entry.filename]
        if not large:
            return data
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as slim:
            for entry in book.infolist():
                with book.open(entry) as source, slim.open(entry.filename, "w", force_zip64=True) as target:
                    if entry in large:
                        target.writelines(_BARE_ROW.sub(b"", rows) for rows in _whole_rows(source))
                    else:
                        shutil.copyfileobj(source, target)
    return kept.getvalue()


def _whole_rows(source: IO[bytes]) -> Iterator[bytes]:
    """Yield the XML of a sheet in pieces that end where a row does."""
    rest = b""
    while piece := source.read(_AT_ONCE):
        rest += piece
        if whole := _ROW_END.match(rest):
            yield whole[0]
            rest = rest[whole.end() :]
    yield rest


def _old_excel(path: Path, data: bytes) -> list[Sheet]:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise _encrypted(path)
    sheets = []
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
        for table in book.sheets():
            sheet = _sheet(path, table.name, len(sheets), book.nsheets)
            sheet.hidden = table.visibility != 0
            for number in range(table.nrows):
                cells = table.row(number)
                texts = [_old_cell_text(book, cell) for cell in cells]
                row = [text or "" for text in texts]
                errors = {(number + 1, i) for i, text in enumerate(texts) if text is None}
                sheet.broken |= errors
                sheet.dates |= {(number + 1, i) for i, cell in enumerate(cells) if cell.ctype == xlrd.XL_CELL_DATE}
                if any(row) or errors:
                    sheet.rows.append((number + 1, row))
            sheets.append(sheet)
    except Exception as error:
        if "encrypted" in str(error).lower():
            raise _encrypted(path) from None
        raise _unreadable(path, error) from None
    return sheets


def _old_cell_text(book: xlrd.Book, cell: xlrd.sheet.Cell) -> str | None:
    """Return a cell's text; None for an error, which a number that is no date is too where it is shown as one."""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return None
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return _cell_text(xlrd.xldate_as_datetime(cell.value, book.datemode), "")
        except (OverflowError, ValueError):
            return None
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return _cell_text(bool(cell.value), "")
    return _cell_text(cell.value, book.format_map[book.xf_list[cell.xf_index].format_key].format_str)


def _cell_text(value: object, number_format: str) -> str:
    """Return a cell's value as a person reads it: 123.0 is 123, with the zeros that its format puts before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        if abs(value) >= _EXACT or value != int(value):
            return f"{value:.14E}" if abs(value) >= _EXACT else repr(value)
        zeros = len(number_format) if re.fullmatch("0+", number_format or "") else 0
        return str(int(value)).zfill(zeros)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    return _unescaped(str(value)).strip()


def _unescaped(text: str) -> str:
    """Return a cell's text with the characters that Excel writes by their number; a return is a line's end."""
    text = _ESCAPED.sub(lambda match: character if (character := chr(int(match[1], 16))) < "\ud800" else match[0], text)
    return re.sub(r"\r\n?", "\n", text) if "\r" in text else text


def _encrypted(path: Path) -> SelipError:
    return SelipError(f"{path} is encrypted with a password; open it in Excel and save it without one")


def _unreadable(path: Path, error: Exception) -> SelipError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if "style" in str(error).lower():
        return SelipError(f"{path}: its styles (xl/styles.xml) are not as Excel writes them; open it in Excel or WPS "
                          "and save it anew, or as CSV")  # fmt: skip
    return SelipError(f"{path} cannot be read as Excel ({reason}); it may be cut off: export it again, or as CSV")
