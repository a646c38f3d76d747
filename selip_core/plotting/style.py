"""One style for all figures and pages: sizes in millimetres, and colours that colour-blind readers tell apart."""

import matplotlib.pyplot as plt
import numpy as np

from selip_core.plotting.fonts import register_fonts

PAGE_MM = 178.0
"""Width of two columns of a journal page."""

BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, YELLOW = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442",
)  # fmt: skip
"""Okabe and Ito's colour-blind-safe palette."""

INK, DARK, GREY, LIGHT, PALE = "#1C1C1C", "#444444", "#666666", "#8C8C8C", "#DDDDDD"
"""Text; frames and small print; what is beside the point, such as chance; all others; edges and empty fields."""

BLUE_TINT, VERMILION_TINT, ORANGE_TINT = "#EAF3FA", "#FDF0E6", "#FFF4D6"
"""Grounds that `INK` stands on."""

PALETTE = [BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, GREY, YELLOW]
"""The order in which lines take their colours."""

METHOD_COLOURS = {
    "scratch": GREEN, "CLIP": BLUE, "SeLIP": VERMILION, "label smoothing": ORANGE, "sharp SeLIP": PURPLE,
    "constant answer": DARK, "chance": GREY,
}  # fmt: skip
METHOD_MARKERS = {
    "scratch": "s", "CLIP": "o", "SeLIP": "D", "label smoothing": "v", "sharp SeLIP": "^", "constant answer": "P",
}  # fmt: skip
"""Markers differ too: a figure must survive a grey printer."""

SPLIT_COLOURS = {"train": BLUE, "validation": ORANGE, "test": GREEN}
KIND_COLOURS = {"findings": BLUE, "normal": GREEN, "not described": LIGHT}
"""What a report says of a series."""

MAP_COLOURS = [BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, "#000000"]
MAP_MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
MAP_SYMBOLS = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x"]
"""Colour, matplotlib's marker and plotly's symbol of a map's labels, the most frequent first: never colour alone."""

OTHER_COLOUR, OTHER_MARKER, OTHER_SYMBOL = LIGHT, ".", "circle-open"

BEST_COLOUR, LINK_COLOUR, SHARED_COLOUR = BLUE, GREY, "#0B5A8F"
"""Of a pair of reports: lines between best matches, other lines, characters that two findings share."""

MATRIX_COLOURS = "#FFFFFF", "#084594"
"""From similarity 0 to 1, where each cell has its number."""

DIVERGING, AGAINST_COLOUR, FOR_COLOUR = "PuOr_r", "#5E3C99", "#E66101"
"""Violet speaks against a match, orange for it: ends of a map that every common colour blindness keeps apart."""


def apply_style() -> None:
    """Set matplotlib up for every figure of the suite."""
    plt.rcdefaults()  # a user's matplotlibrc (usetex, serif, another size) is for other figures
    register_fonts()
    plt.rcParams.update({
        "figure.dpi": 110, "savefig.dpi": 180, "font.size": 9, "axes.titlesize": 9, "legend.frameon": False,
        "axes.prop_cycle": plt.cycler(color=PALETTE),
    })  # fmt: skip


def inches(width_mm: float, height_mm: float) -> tuple[float, float]:
    """Return a figure size in inches, as matplotlib wants it."""
    return width_mm / 25.4, height_mm / 25.4


def show_slice(axis: plt.Axes, image: np.ndarray) -> None:
    """Draw a slice in grey, voxel by voxel, black at its first percentile and white near its last."""
    low, high = np.percentile(image, [1, 99.5])
    axis.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")


def shortened(text: str, length: int) -> str:
    """Return a text of at most so many characters, the last one ``…`` where it was longer."""
    return text if len(text) <= length else text[: length - 1] + "…"
