"""Figures of why a volume and a text match: functions that return a `Figure` and never save it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from selip_core._utils.images import axial_slice
from selip_core.inspection.saliency_tables import OTHER, RANDOMISED, TRAINED
from selip_core.plotting.fonts import character_width
from selip_core.plotting.style import (
    DIVERGING,
    GREEN,
    INK,
    LIGHT,
    PAGE_MM,
    PALE,
    SKY,
    VERMILION,
    inches,
)

_MAP_STYLES = {
    TRAINED: (VERMILION, "D"),
    OTHER: (SKY, "o"),
    RANDOMISED: (GREEN, "s"),
}
_HEAT = "inferno"


def saliency_slices(
    volume: np.ndarray, saliency: np.ndarray, mask: np.ndarray | None = None, *, title: str = "", slices: int = 4
) -> Figure:
    """Show slices of a volume, without and with its saliency; the outline is the finding's mask.

    Parameters
    ----------
    volume, saliency : (D, H, W)
    mask : (D, H, W) bool, optional
    title : str
        Such as the text that the saliency is of.
    slices : int
        Shown are those that hold most of the mask and of the saliency, from inferior to superior.
    """
    shown = _slices_shown(saliency, mask, slices)
    figure, axes = plt.subplots(
        2, len(shown), figsize=inches(34 * len(shown) + 22, 88), squeeze=False, layout="constrained"
    )
    low, high = np.percentile(volume, [1, 99.5])
    heat = ScalarMappable(Normalize(0, 1), cmap=_HEAT)
    relative = saliency / max(float(saliency.max()), np.finfo(float).tiny)
    for column, depth in zip(axes.T, shown, strict=True):
        for axis in column:
            axis.imshow(axial_slice(volume, depth), cmap="gray", vmin=low, vmax=high)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        part = axial_slice(relative, depth)
        column[1].imshow(heat.to_rgba(part, alpha=np.clip(1.6 * part, 0, 0.85)), interpolation="bilinear")
        if mask is not None and mask[depth].any():
            for axis in column:
                axis.contour(axial_slice(mask, depth), levels=[0.5], colors=[SKY], linewidths=1.2)
        column[0].set_title(f"slice {depth + 1} of {len(volume)}", fontsize=7.5, pad=2)
    for axis in axes[:, 0]:
        for place, side in ((0.06, "R"), (0.94, "L")):
            axis.text(place, 0.94, side, transform=axis.transAxes, color="white", fontsize=7, ha="center", va="center")
    axes[0, 0].set_ylabel("volume", fontsize=7.5)
    axes[1, 0].set_ylabel("saliency", fontsize=7.5)
    bar = figure.colorbar(heat, ax=axes[1], shrink=0.9, pad=0.02)
    bar.set_label("saliency,\nshare of its maximum", fontsize=7.5)
    bar.ax.tick_params(labelsize=7)
    if title:
        figure.suptitle(title, fontsize=9, parse_math=False)
    return figure


def _slices_shown(saliency: np.ndarray, mask: np.ndarray | None, slices: int) -> list[int]:
    """Return the slices that hold most of the mask and of the saliency, in order."""
    weight = saliency.sum(axis=(1, 2)) / max(float(saliency.sum()), np.finfo(float).tiny)
    if mask is not None and mask.any():
        weight = weight + mask.sum(axis=(1, 2)) / mask.sum()
    return sorted(np.argsort(-weight, kind="stable")[:slices].tolist())


def saliency_by_site(table: pd.DataFrame) -> Figure:
    """Show the share of saliency inside the masks by site, for the model and its controls, beside chance.

    Parameters
    ----------
    table : DataFrame from `selip_core.inspection.saliency_tables.saliency_table`
    """
    sites = list(dict.fromkeys(table["site"]))
    names = [name for name in _MAP_STYLES if name in set(table["map"])]
    figure, axis = plt.subplots(figsize=inches(PAGE_MM * 0.8, 7.5 * len(sites) + 22), layout="constrained")
    for j, name in enumerate(names):
        part = table[table["map"] == name].set_index("site").reindex(sites)
        y = np.arange(len(sites)) + 0.2 * (j - (len(names) - 1) / 2)
        errors = 100 * np.abs(np.stack([part["share"] - part["low"], part["high"] - part["share"]]))
        colour, marker = _MAP_STYLES[name]
        axis.errorbar(100 * part["share"], y, xerr=errors, fmt=marker, ms=3.6, lw=1, capsize=2, color=colour,
                      label=name)  # fmt: skip
    chance = table.drop_duplicates("site").set_index("site").reindex(sites)
    axis.vlines(100 * chance["chance"], np.arange(len(sites)) - 0.36, np.arange(len(sites)) + 0.36, colors=INK,
                lw=1.4, label="chance: the mask's share of the head's inside")  # fmt: skip
    axis.set(
        xlabel="saliency inside the finding's mask, % (95 % interval over patients)", ylim=(len(sites) - 0.4, -0.6)
    )
    labels = [f"{site} ({n})" for site, n in zip(sites, chance["patients"], strict=True)]
    axis.set_yticks(range(len(sites)), labels, fontsize=8)
    axis.set_ylabel("site (n patients)")
    axis.axhline(0.5, lw=0.5, color=LIGHT)
    axis.set_xlim(left=0)
    figure.legend(*axis.get_legend_handles_labels(), fontsize=7.5, loc="outside lower center", ncols=2)
    sns.despine(figure)
    return figure


def character_map(text: str, saliency: np.ndarray, *, title: str = "", line: int = 26) -> Figure:
    """Show a text whose characters are coloured by what they carried of a match.

    Parameters
    ----------
    text : str
    saliency : (len(text),)
        From `selip_core.inspection.saliency.character_saliency`; NaN is drawn grey: the model never read it.
    line : int
        Chinese characters a line; others take half the room.

    Raises
    ------
    ValueError
        If there is not one value a character.
    """
    if len(text) != len(saliency):
        raise ValueError(f"{len(saliency)} values for the {len(text)} characters of the text")
    line = min(line, max(len(text), 12))
    places, lines = _places(text, line)
    most = max(float(np.nanmax(np.abs(saliency), initial=0)), 1e-6)
    colours = ScalarMappable(Normalize(-most, most), cmap=DIVERGING)
    figure, axis = plt.subplots(figsize=inches(5.6 * line + 34, 7.2 * lines + 12), layout="constrained")
    for (x, y, width), char, value in zip(places, text, saliency, strict=True):
        face = PALE if np.isnan(value) else colours.to_rgba(value)
        axis.add_patch(Rectangle((x, y), width, 1, facecolor=face, edgecolor="none"))
        dark = not np.isnan(value) and np.dot(face[:3], [0.299, 0.587, 0.114]) < 0.5
        axis.text(x + width / 2, y + 0.5, char, ha="center", va="center", fontsize=10.5,
                  color="white" if dark else "black", parse_math=False)  # fmt: skip
    axis.set(xlim=(0, line), ylim=(1.35 * lines, -0.35), aspect="auto")
    axis.axis("off")
    axis.set_title(title, fontsize=8.5, loc="left", parse_math=False)
    bar = figure.colorbar(colours, ax=axis, pad=0.01, fraction=0.05, aspect=max(8 * lines, 8))
    bar.set_label("fall of the cosine\nwithout it", fontsize=7.5)
    bar.ax.tick_params(labelsize=7)
    return figure


def _places(text: str, line: int) -> tuple[list[tuple[float, float, float]], int]:
    """Return (x, y, width) of each character, and the number of lines."""
    places, x, row = [], 0.0, 0
    for char in text:
        width = character_width(char)
        if x + width > line or char == "\n":
            x, row = 0.0, row + 1
        width = 0.0 if char == "\n" else width
        places.append((x, 1.35 * row, width))
        x += width
    return places, row + 1
