"""Figures on disk, each with the source of its data on it: a synthetic result is never taken for a clinical one."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from selip_core._utils.files import replacing


def save_stamped(figure: Figure, folder: Path, name: str, *, caption: str, source: str) -> bytes:
    """Write a figure as PNG and PDF with its source on it and in its metadata; return the PNG.

    Raises
    ------
    SelipError
        If a file cannot be written.
    """
    box = _stamp(figure, source)
    for ending, metadata in {
        "png": {"Title": caption, "Source": source, "Software": None},
        "pdf": {"Title": caption, "Subject": source, "CreationDate": None},
    }.items():
        with replacing(folder / f"{name}.{ending}") as path:
            figure.savefig(path, bbox_inches=box, metadata=metadata)
    return (folder / f"{name}.png").read_bytes()


def width_on_screen(png: bytes) -> int:
    """Return the width that shows a PNG of a figure at its size on paper: 96 screen pixels an inch, 900 at most."""
    return min(900, round(int.from_bytes(png[16:20], "big") / plt.rcParams["savefig.dpi"] * 96))


def _stamp(figure: Figure, text: str) -> Bbox:
    """Write the data source below everything that the figure draws; return the box of both, inches.

    Measured once: ``bbox_inches="tight"`` would draw and measure the whole figure again for every file.
    """
    figure.set_dpi(plt.rcParams["savefig.dpi"])  # text is hinted, and at fewer dots narrower by a fiftieth
    figure.canvas.draw()
    figure.set_layout_engine("none")  # what is laid out now stays when the figure is saved with its stamp
    for legend in figure.legends:  # saving enlarges the figure, and a legend would follow its edge onto the stamp
        if legend.get_bbox_to_anchor() is figure.bbox:
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
    box = figure.get_tightbbox()  # inches
    width, height = figure.get_size_inches()
    left, below = box.x0 / width, (box.y0 - 0.06) / height
    stamp = figure.text(left, below, text, ha="left", va="top", fontsize=6, color="#666666")
    of_stamp = stamp.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    return Bbox.union([box, of_stamp]).padded(plt.rcParams["savefig.pad_inches"])
