"""Rows of a table that line ends within a text, not in quotes, have torn: joined where that makes a whole row."""

import re

Row = tuple[int, list[str]]

_SENTENCE = re.compile(r"[，。；、：！？]|[.;:!?] ")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LONG_HAN, _LONG_LATIN = 5, 3
"""Choice: characters and words of which an id or a name has fewer."""
_OF_A_REPORT = re.compile("见|示|呈|信号|异常|强化|[未无]")
"""What five characters and more of a report hold, and a name hardly."""
_CLOSING = re.compile(
    r"\W*(?:共|合计|总计|总数|以上|导出|打印|制表|备注|说明|注\W|total|exported|printed|note)", re.IGNORECASE
)
"""How a last line of a table begins that belongs to no row."""


def joined_rows(rows: list[Row], width: int) -> tuple[list[Row], int, list[list[int]]]:
    """Return the rows with torn ones joined, how many were, and the lines of those that make no whole row.

    The rest of a torn row begins like a text, which no whole row does, and the cells of both add up to the header's.
    Where most rows are short, the table leaves empty cells at their ends out, and nothing is joined.

    Parameters
    ----------
    rows : list of (int, list of str)
        Below the header, with their lines, cells as they are in the file.
    width : int
        Cells of the header.
    """
    begins_amid = _Beginning([cells[0] for _, cells in rows if len(cells) >= width])
    found, n_joined, torn, i = [], 0, [], 0
    while i < len(rows):
        (line, cells), j = rows[i], i + 1
        while j < len(rows) and len(rows[j][1]) < width and begins_amid(rows[j][1][0]) and not _is_closing(rows, j):
            fits = len(cells) + len(rows[j][1]) - 1 <= width
            if not fits or not _goes_on(cells, rows[j][1], width):
                break
            cells, j = _put_together(cells, rows[j][1]), j + 1
        else:
            fits = True
        several = [len(cells) for _, cells in rows[i : j + (not fits)]]
        if len(cells) < width and several[0] > 1 and any(n > 1 for n in several[1:]):
            j += not fits
            torn.append([line for line, _ in rows[i:j]])
        else:
            found.append((line, cells))
            n_joined += j > i + 1
        i = j
    whole = sum(len(cells) >= width for _, cells in found)
    return (found, n_joined, torn) if 2 * whole >= len(found) else (rows, 0, [])


def _goes_on(cells: list[str], rest: list[str], width: int) -> bool:
    """Tell whether a row may be the rest of another: five characters alone are a name too, or a line between rows."""
    whole = len(cells) == width
    text = rest[0].rstrip(":： ")
    certain = bool(_SENTENCE.search(text) or _OF_A_REPORT.search(text)) or text.endswith(".")
    return (certain or (len(rest) == 1 and not whole)) and (not whole or _is_text(cells[-1]))


def _put_together(cells: list[str], rest: list[str]) -> list[str]:
    return [*cells[:-1], f"{cells[-1].rstrip()}\n{rest[0].lstrip()}", *rest[1:]]


def _is_closing(rows: list[Row], j: int) -> bool:
    """Tell whether a row is the last and is the table's own: 以上共六条."""
    return j >= len(rows) - 2 and len(rows[j][1]) == 1 and _CLOSING.match(rows[j][1][0]) is not None


def _is_text(cell: str) -> bool:
    return (
        _SENTENCE.search(cell) is not None
        or len(_HAN.findall(cell)) >= _LONG_HAN
        or len(cell.split()) >= _LONG_LATIN
    )


class _Beginning:
    """Tells whether a row begins amid a text: with what no whole row begins with; without such, with a sentence."""

    def __init__(self, firsts: list[str]):
        self.sentences = any(_SENTENCE.search(cell) for cell in firsts)
        self.han = max((len(_HAN.findall(cell)) for cell in firsts), default=1000)
        self.words = max((len(cell.split()) for cell in firsts), default=1000)

    def __call__(self, cell: str) -> bool:
        return (
            (not self.sentences and _SENTENCE.search(cell) is not None)
            or len(_HAN.findall(cell)) >= max(_LONG_HAN, self.han + 1)
            or len(cell.split()) >= max(_LONG_LATIN, self.words + 1)
        )
