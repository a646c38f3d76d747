"""A table in the terminal: cells of several lines, Chinese characters two columns wide, the first column wrapped."""

from selip_core._utils.characters import is_wide

WIDTH = 120
"""Columns that a table may take."""


def shown_width(text: str) -> int:
    """Return the columns that a text takes in the terminal."""
    return sum(2 if is_wide(character) else 1 for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` columns: broken at spaces, within a word only if it is longer."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if shown_width(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = ""
        for character in word:
            if line and shown_width(line + character) > width:
                lines.append(line)
                line = ""
            line += character
    return [*lines, line]


def table_lines(rows: list[list[str]], *, width: int | None = None) -> list[str]:
    """Return a table as lines for the terminal, its columns two apart.

    Parameters
    ----------
    rows : list of rows of cells
        The first row heads the columns; a cell may have several lines.
    width : int, optional
        The first column is wrapped into what the others leave of it, but keeps at least 12.
    """
    cells = [[cell.split("\n") for cell in row] for row in rows]
    sizes = [max(shown_width(line) for row in cells for line in row[i]) for i in range(len(cells[0]))]
    if width is not None:
        sizes[0] = min(sizes[0], max(12, width - sum(sizes[1:]) - 2 * (len(sizes) - 1)))
        for row in cells:
            row[0] = [part for line in row[0] for part in wrapped(line, sizes[0])]
    lines = []
    for row in cells:
        for k in range(max(map(len, row))):
            parts = [cell[k] if k < len(cell) else "" for cell in row]
            line = "  ".join(text + " " * (size - shown_width(text)) for text, size in zip(parts, sizes, strict=True))
            lines.append(line.rstrip())
    return lines
