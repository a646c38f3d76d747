"""One style for all figures: sizes in millimetres, fonts embedded, colours that colour-blind readers tell apart."""

import matplotlib.pyplot as plt

from selip_core.plotting.fonts import register_fonts

PAGE_MM = 178.0
"""Width of two columns of a journal page."""

PALETTE = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#666666", "#F0E442"]
"""Okabe and Ito's colour-blind-safe palette."""

METHOD_COLOURS = {"scratch": "#009E73", "CLIP": "#0072B2", "SeLIP": "#D55E00", "chance": "#666666"}
METHOD_MARKERS = {"scratch": "s", "CLIP": "o", "SeLIP": "D"}
"""Markers differ too: a figure must survive a grey printer."""


def apply_style() -> None:
    """Set matplotlib up for every figure of the suite."""
    register_fonts()
    plt.rcParams.update({
        "figure.dpi": 110, "savefig.dpi": 180, "font.size": 9, "axes.titlesize": 9, "legend.frameon": False,
        "axes.prop_cycle": plt.cycler(color=PALETTE),
        "pdf.fonttype": 42,  # whole TrueType fonts: journals refuse Type 3
    })  # fmt: skip


def inches(width_mm: float, height_mm: float) -> tuple[float, float]:
    """Return a figure size in inches, as matplotlib wants it."""
    return width_mm / 25.4, height_mm / 25.4
