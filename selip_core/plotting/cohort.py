"""Figures of a cohort: its series, how many there are, their intensities. They return a `Figure` and never save it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core._utils.images import axial_slice
from selip_core.plotting.style import BLUE, DIVERGING, inches, shortened, show_slice


def series_montage(patients: dict[str, dict[str, np.ndarray]], sequences: list[str]) -> Figure:
    """Show the middle slice of every sequence: one row a patient, one column a sequence; a gap where none was acquired.

    Parameters
    ----------
    patients : dict of row title to dict of sequence to (D, H, W)
    """
    figure, axes = plt.subplots(
        len(patients), len(sequences), figsize=(1.45 * len(sequences) + 1.3, 1.75 * len(patients) + 0.4), squeeze=False
    )
    for row, (title, volumes) in zip(axes, patients.items(), strict=True):
        for axis, sequence in zip(row, sequences, strict=True):
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            if sequence in volumes:
                show_slice(axis, axial_slice(volumes[sequence]))
            else:
                axis.text(0.5, 0.5, "not acquired", ha="center", va="center", fontsize=7, transform=axis.transAxes)
        row[0].set_ylabel(title, fontsize=7.5, rotation=0, ha="right", va="center", parse_math=False)
    for axis, sequence in zip(axes[0], sequences, strict=True):
        axis.set_title(sequence, fontsize=9)
    figure.tight_layout(pad=0.4)
    return figure


def template_montage(sequences: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Show a volume, mean and deviation of its sequence, and the volume in deviations: one row a sequence.

    The slice is the one that holds most of what is unusual.

    Parameters
    ----------
    sequences : dict of sequence to its volumes (D, H, W)
        From `selip_core.inspection.templates.seen_through_templates`.
    """
    titles = {"volume": "a volume", "mean": "mean of its sequence", "deviation": "deviation", "seen": "what is seen"}
    figure, axes = plt.subplots(
        len(sequences), len(titles) + 1, figsize=inches(128, 38 * len(sequences) + 8), squeeze=False,
        width_ratios=[*[1] * len(titles), 0.05],
    )  # fmt: skip
    for row, (sequence, volumes) in zip(axes, sequences.items(), strict=True):
        depth = int(np.abs(volumes["seen"]).sum((1, 2)).argmax())
        for axis, name in zip(row[:-1], titles, strict=True):
            shown = axial_slice(volumes[name], depth)
            if name == "seen":
                drawn = axis.imshow(shown, cmap=DIVERGING, vmin=-6, vmax=6, interpolation="nearest")
                figure.colorbar(drawn, cax=row[-1], ticks=[-6, 0, 6])
            else:
                show_slice(axis, shown)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        row[0].set_ylabel(sequence, rotation=0, ha="right", va="center")
    for axis, title in zip(axes[0], titles.values(), strict=False):
        axis.set_title(title, fontsize=8)
    figure.tight_layout(pad=0.4)
    return figure


def count_bars(
    counts: pd.DataFrame, *, category: str, order: list[str], group: str, value: str, colours: dict[str, str]
) -> Figure:
    """Show grouped counts as bars, each bar with its number; groups stand in the order of `colours`."""
    figure, axis = plt.subplots(figsize=(6.4, 3.0))
    sns.barplot(
        counts,
        x=category,
        y=value,
        hue=group,
        palette=colours,
        order=order,
        hue_order=list(colours),
        errorbar=None,
        ax=axis,
    )
    for bars in axis.containers:
        axis.bar_label(bars, fontsize=6.5, padding=1)
    axis.set(xlabel="", ylabel=value)
    axis.legend(title="", frameon=False, fontsize=8)
    sns.despine(figure)
    figure.tight_layout()
    return figure


def horizontal_counts(counts: pd.Series, *, label: str) -> Figure:
    """Show counts of many names, the most frequent on top."""
    counts = counts.sort_values(kind="stable")
    figure, axis = plt.subplots(figsize=(8.0, 0.26 * len(counts) + 0.8))
    axis.barh(range(len(counts)), counts.to_numpy(), color=BLUE)
    axis.set_yticks(range(len(counts)), [shortened(str(name), 44) for name in counts.index])
    axis.bar_label(axis.containers[0], fontsize=7, padding=2)
    axis.set(xlabel=label)
    axis.tick_params(axis="y", labelsize=8)
    sns.despine(figure)
    figure.tight_layout()
    return figure


def intensity_histograms(before: dict[str, list[np.ndarray]], after: dict[str, list[np.ndarray]]) -> Figure:
    """Show each series' intensity density by sequence, as it comes from the scanner and as the model sees it.

    Parameters
    ----------
    before, after : dict of sequence to one flat array of foreground intensities a series
    """
    sequences = list(before)
    figure, axes = plt.subplots(2, len(sequences), figsize=(1.75 * len(sequences), 3.5), squeeze=False)
    for column, sequence in enumerate(sequences):
        for row, values in enumerate((before[sequence], after[sequence])):
            axis = axes[row, column]
            edges = np.linspace(*np.percentile(np.concatenate(values), [0.5, 99.5]), 50)
            for series in values:
                density, _ = np.histogram(series, bins=edges, density=True)
                axis.plot(edges[:-1], density / max(density.max(), 1e-12), lw=0.6, alpha=0.6, color=BLUE)
            axis.set(yticks=[])
            axis.tick_params(axis="x", labelsize=6.5)
        axes[0, column].set_title(sequence, fontsize=9)
        axes[0, column].set_xlabel("scanner units", fontsize=7)
        axes[1, column].set_xlabel("z-score", fontsize=7)
    axes[0, 0].set_ylabel("raw", fontsize=8)
    axes[1, 0].set_ylabel("model input", fontsize=8)
    sns.despine(figure)
    figure.tight_layout(pad=0.5)
    return figure
