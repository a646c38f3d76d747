"""Two reports side by side as a figure: a function that returns a `Figure` and never saves it."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from selip_core.inspection.pair import PairComparison, PairPlace
from selip_core.plotting.fonts import character_width
from selip_core.plotting.pair_layout import (
    BOX_WIDTH,
    FONT,
    SMALL_FONT,
    WIDTH,
    Box,
    Drawing,
    Line,
    draw_pair,
)
from selip_core.plotting.style import (
    BEST_COLOUR,
    DARK,
    INK,
    LINK_COLOUR,
    MATRIX_COLOURS,
    SHARED_COLOUR,
    VERMILION,
    shortened,
)

_POINTS = 0.72
"""Points a unit of the picture, at a hundred units an inch."""


def pair_figure(
    comparison: PairComparison,
    place: PairPlace | None = None,
    *,
    matching: str = "mean",
    names: tuple[str, str] = ("Report A", "Report B"),
) -> Figure:
    """Show two reports side by side, their findings joined by lines, their scores, and their place in a cohort.

    Solid lines join best matches, dashed ones other pairs; width and number are the mixed similarity. Characters that a
    finding shares with its best counterpart are underlined.

    Parameters
    ----------
    place : PairPlace, optional
        The piece of the matrix is left out without it.
    matching : {"mean", "best"}
        Which pairs are joined by lines.
    names : (str, str)
        Headings of the two reports.
    """
    drawing = draw_pair(comparison, matching)
    below = 0.0 if place is None else 0.34 * len(place.crop) + 1.15
    height = drawing.height / 100 + 0.6 + below
    figure = plt.figure(figsize=(WIDTH / 100 + 0.2, height))
    axis = figure.add_axes((0.1 / figure.get_figwidth(), 1 - drawing.height / 100 / height,
                            WIDTH / 100 / figure.get_figwidth(), drawing.height / 100 / height))  # fmt: skip
    axis.set(xlim=(-2, WIDTH + 2), ylim=(drawing.height, 0))
    axis.axis("off")
    _draw_findings(axis, drawing, names)
    scores = "     ".join(
        f"{words}: "
        + ", ".join(f"{kind} {comparison.scores[name][kind]:.3f}" for kind in ("syntax", "semantic", "mixed"))
        for name, words in (("mean", "mean over all pairs"), ("best", "best matching"))
    )
    figure.text(0.012, (below + 0.3) / height, scores, fontsize=8.5, color=INK, va="center")
    if place is not None:
        _draw_place(figure, place, below / height)
    return figure


def _draw_findings(axis: plt.Axes, drawing: Drawing, names: tuple[str, str]) -> None:
    for x, name in zip((0, WIDTH - BOX_WIDTH), names, strict=True):
        axis.text(x, 16, name, fontsize=14 * _POINTS, color=INK, parse_math=False)
    for link in drawing.links:
        colour = BEST_COLOUR if link.best else LINK_COLOUR
        axis.plot(*zip(link.start, link.end, strict=True), color=colour, alpha=0.8, zorder=2,
                  lw=(1 + 7 * link.similarity) * _POINTS, ls="-" if link.best else (0, (4, 3)))  # fmt: skip
        if link.label:
            frame = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": colour, "lw": 0.8}
            axis.text(*link.label, f"{link.similarity:.2f}", fontsize=12 * _POINTS, color=INK, ha="center",
                      va="center", zorder=4, bbox=frame)  # fmt: skip
    for box in (*drawing.boxes[0], *drawing.boxes[1]):
        _draw_box(axis, box)


def _draw_box(axis: plt.Axes, box: Box) -> None:
    axis.add_patch(plt.Rectangle((box.x, box.y), BOX_WIDTH, box.height, fc="white", ec=DARK, lw=0.8, zorder=3))
    for line in box.lines:
        size = SMALL_FONT if line.small else FONT
        for start, width, text, shared in _runs(line, size):
            colour = DARK if line.small else SHARED_COLOUR if shared else INK
            axis.text(start, line.baseline, text, fontsize=size * _POINTS, color=colour, zorder=3.5, parse_math=False)
            if shared:
                axis.plot([start, start + width], [line.baseline + 3.5] * 2, color=colour, lw=1.1, zorder=3.5)


def _runs(line: Line, size: float) -> list[tuple[float, float, str, bool]]:
    """Return start, width, text and mark of each stretch of characters that are shared, or are not."""
    runs: list[tuple[float, float, str, bool]] = []
    x = line.x
    for character, shared in line.characters:
        width = character_width(character) * size
        if runs and runs[-1][3] == shared:
            start, so_far, text, _ = runs[-1]
            runs[-1] = (start, so_far + width, text + character, shared)
        else:
            runs.append((x, width, character, shared))
        x += width
    return runs


def _draw_place(figure: Figure, place: PairPlace, share: float) -> None:
    """Draw the piece of the matrix with its numbers, and the reports it is of, into the lower `share` of the figure."""
    width, height = figure.get_size_inches()
    names, side = place.crop_names, 0.34 * len(place.crop)
    axis = figure.add_axes((0.45 / width, 0.1 / height, side / width, side / height))
    blues = LinearSegmentedColormap.from_list("white to blue", MATRIX_COLOURS)
    axis.imshow(place.crop, vmin=0, vmax=1, cmap=blues)
    for (i, j), value in np.ndenumerate(place.crop):
        axis.text(j, i, f"{value:.2f}", fontsize=7, ha="center", va="center", color="white" if value > 0.55 else INK)
    for i, j in {place.marks, place.marks[::-1]}:
        axis.add_patch(plt.Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, ec=VERMILION, lw=2))
    axis.set(xticks=range(len(names)), yticks=range(len(names)), xticklabels=names, yticklabels=names)
    axis.tick_params(length=0, labelsize=8, labeltop=True, labelbottom=False)
    axis.spines[:].set_visible(False)
    lines = [f"{name}  {shortened(text, 40)}" for name, text in zip(names, place.crop_sentences, strict=True)]
    for x, y, text in (
        (0.1, share * height, "\n".join(place.in_words())),
        (side + 0.75, side + 0.1, "\n".join(lines)),
    ):
        figure.text(x / width, y / height, text, fontsize=7.5, color=INK, va="top", linespacing=1.5, parse_math=False)
