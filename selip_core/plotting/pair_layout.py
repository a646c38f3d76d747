"""Where the parts of a picture of two reports lie; `widgets.pair_html` draws it as SVG, `plotting.pair` as a figure."""

import re
from dataclasses import dataclass

from selip_core.inspection.pair import PairComparison
from selip_core.plotting.fonts import character_width

WIDTH = 860
"""Of the picture, in units: pixels of the SVG, hundredths of an inch of the figure."""

BOX_WIDTH, FONT, SMALL_FONT = 300, 15, 11.5
_TEXT_WIDTH = BOX_WIDTH - 20
_LEADING, _PADDING, _GAP, _TOP = 21, 9, 12, 26
LABEL_WIDTH, LABEL_HEIGHT = 34, 17

_PIECE = re.compile(r"[\x21-\x7e]{1,24} ?|.", re.DOTALL)
"""What stays on one line: a Latin word, in parts if it is very long, or one other character."""

_LABELLED = 30
"""Of more lines only the best pairs of findings carry their number: the table has the rest."""


@dataclass(frozen=True)
class Line:
    """One line of text: each character and whether it is shared with the finding's best counterpart."""

    x: float
    baseline: float
    characters: list[tuple[str, bool]]
    small: bool = False


@dataclass(frozen=True)
class Box:
    """A finding: its frame and its lines of text."""

    x: float
    y: float
    height: float
    lines: list[Line]


@dataclass(frozen=True)
class Link:
    """A line from finding `i` of the first report to finding `j` of the second, and where its number stands, if at all.

    `best` tells whether the pair is one that ``matching="best"`` counts.
    """

    i: int
    j: int
    start: tuple[float, float]
    end: tuple[float, float]
    similarity: float
    best: bool
    label: tuple[float, float] | None = None


@dataclass(frozen=True)
class Drawing:
    """All boxes of the first and of the second report, the links between them, and the height of the whole."""

    boxes: tuple[list[Box], list[Box]]
    links: list[Link]
    height: float


def draw_pair(comparison: PairComparison, matching: str = "mean") -> Drawing:
    """Lay out the findings of two reports in two columns, with a link for each pair that the matching counts.

    Pairs of similarity 0 have no link.
    """
    columns = [_column(comparison, side) for side in (0, 1)]
    height = max(column[-1].y + column[-1].height for column in columns) + 4
    best = set(comparison.best_pairs())
    mixed = comparison.mixed
    every = [(i, j) for i in range(mixed.shape[0]) for j in range(mixed.shape[1]) if mixed[i, j] > 0]
    counted = sorted(best if matching == "best" else every, key=lambda pair: mixed[pair])  # the strong lie above
    links = [
        Link(i, j, (BOX_WIDTH, _middle(columns[0][i])), (WIDTH - BOX_WIDTH, _middle(columns[1][j])),
             float(mixed[i, j]), (i, j) in best)
        for i, j in counted
    ]  # fmt: skip
    return Drawing((columns[0], columns[1]), _labelled(links), height)


def _middle(box: Box) -> float:
    return box.y + box.height / 2


def _column(comparison: PairComparison, side: int) -> list[Box]:
    """Return the boxes of one report, from top to bottom."""
    x = 0 if side == 0 else WIDTH - BOX_WIDTH
    findings = comparison.findings[side]
    if not findings:
        lines = [Line(x + 10, _TOP + _PADDING + FONT, [(c, False) for c in "normal statement: no findings"])]
        return [Box(x, _TOP, _LEADING + 2 * _PADDING, lines)]
    boxes, y = [], float(_TOP)
    for place, (finding, tag) in enumerate(zip(findings, comparison.tags(side), strict=True)):
        shared = _shared_with_best(comparison, side, place)
        rows = [
            [(c, c in shared) for c in row] for text in (finding.site, finding.appearance) for row in _wrapped(text)
        ]
        lines = [Line(x + 10, y + _PADDING + FONT + _LEADING * n, row) for n, row in enumerate(rows)]
        below = y + _PADDING + FONT + _LEADING * len(rows) - 3
        signal = _wrapped(f"signal word: {tag}", width=_TEXT_WIDTH * FONT / SMALL_FONT)[0]
        lines.append(Line(x + 10, below, [(c, False) for c in signal], small=True))
        height = _LEADING * len(rows) + 2 * _PADDING + SMALL_FONT + 1
        boxes.append(Box(x, y, height, lines))
        y += height + _GAP
    return boxes


def _shared_with_best(comparison: PairComparison, side: int, place: int) -> set[str]:
    """Return the characters that a finding shares with its most similar counterpart, if one is similar at all."""
    similarity = comparison.mixed[place] if side == 0 else comparison.mixed[:, place]
    if not similarity.size or similarity.max() <= 0:
        return set()
    other = int(similarity.argmax())
    return comparison.shared_characters(*((place, other) if side == 0 else (other, place)))


def _wrapped(text: str, width: float = _TEXT_WIDTH) -> list[str]:
    """Cut a text into lines that fit into a box: between any two Chinese characters, in Latin text between words."""
    lines, used = [""], 0.0
    for piece in _PIECE.findall(text):
        needed = sum(character_width(character) for character in piece) * FONT
        if used + needed > width and lines[-1]:
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += needed
    return lines


def _labelled(links: list[Link]) -> list[Link]:
    """Give links places for their numbers on the line, so that none covers another; the strongest choose first."""
    taken: list[tuple[float, float]] = []
    labelled = list(links)
    for n in reversed(range(len(links))):
        link = links[n]
        if len(links) > _LABELLED and not link.best:
            continue
        for along in (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.14, 0.86):
            x, y = (a + along * (b - a) for a, b in zip(link.start, link.end, strict=True))
            if all(abs(x - u) > LABEL_WIDTH + 2 or abs(y - v) > LABEL_HEIGHT + 1 for u, v in taken):
                taken.append((x, y))
                labelled[n] = Link(link.i, link.j, link.start, link.end, link.similarity, link.best, (x, y))
                break
    return labelled
