"""Figures of what reports say and how similar they are: functions that return a `Figure` and never save it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core.plotting.style import BLUE, GREEN, GREY, ORANGE, PAGE_MM, PALE, VERMILION, inches
from selip_core.reports.sentences import SEQUENCES


def finding_scores(scores: pd.DataFrame) -> Figure:
    """Show precision, recall and F1 by sequence.

    Parameters
    ----------
    scores : DataFrame with ``sequence``, ``precision``, ``recall``, ``f1`` and optionally ``styles``
    """
    long = scores.melt(
        id_vars=[c for c in ("sequence", "styles") if c in scores], value_vars=["precision", "recall", "f1"]
    )
    groups = list(long["styles"].unique()) if "styles" in long else [None]
    figure, axes = plt.subplots(1, len(groups), figsize=(3.6 * len(groups), 2.9), sharey=True, squeeze=False)
    for axis, group in zip(axes[0], groups, strict=True):
        part = long if group is None else long[long["styles"] == group]
        order = [name for name in (*SEQUENCES, "all") if name in set(part["sequence"])]
        sns.stripplot(
            part,
            x="value",
            y="sequence",
            order=order,
            hue="variable",
            palette="colorblind",
            dodge=True,
            size=6,
            ax=axis,
        )
        axis.axvline(0.97, color=GREY, lw=0.8, ls="--")
        axis.set(xlabel="score (dashed: 0.97)", ylabel="", title=group or "")
        axis.set_xlim(min(0.94, long["value"].min() - 0.01), 1.002)
        axis.get_legend().remove()
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=3, frameon=False, fontsize=8)
    sns.despine(figure)
    figure.tight_layout(rect=(0, 0, 1, 0.93))
    return figure


def similarity_heatmaps(matrices: dict[str, np.ndarray], order: np.ndarray) -> Figure:
    """Show similarity matrices side by side in one order, on one colour scale from 0 to 1."""
    figure, axes = plt.subplots(1, len(matrices), figsize=(3.0 * len(matrices) + 0.6, 3.2), layout="constrained")
    for axis, (title, matrix) in zip(np.atleast_1d(axes), matrices.items(), strict=True):
        image = axis.imshow(matrix[np.ix_(order, order)], vmin=0, vmax=1, cmap="viridis", interpolation="nearest")
        axis.set(xticks=[], yticks=[], title=title, xlabel="reports, clustered")
    figure.colorbar(image, ax=axes, label="similarity", shrink=0.85)
    return figure


def finding_pair_matrices(matrices: dict[str, np.ndarray], rows: list[str], columns: list[str]) -> Figure:
    """Show the similarity of each finding of one report to each finding of another, part by part, with the numbers."""
    figure, axes = plt.subplots(
        1, len(matrices), figsize=(2.4 * len(matrices) + 2.2, 0.55 * len(rows) + 1.9), sharey=True
    )
    for axis, (title, matrix) in zip(axes, matrices.items(), strict=True):
        sns.heatmap(matrix, vmin=0, vmax=1, cmap="viridis", annot=True, fmt=".2f", cbar=False, ax=axis,
                    xticklabels=columns, yticklabels=rows, annot_kws={"fontsize": 8})  # fmt: skip
        axis.set_title(title, fontsize=9)
        axis.tick_params(axis="x", rotation=35, labelsize=7)
        axis.tick_params(axis="y", rotation=0, labelsize=7)
        plt.setp(axis.get_xticklabels(), ha="right", rotation_mode="anchor")
    figure.tight_layout()
    return figure


def syntax_against_semantics(syntax: np.ndarray, semantic: np.ndarray, marked: pd.DataFrame) -> Figure:
    """Show where the two similarities disagree: one point a pair of reports, the marked pairs lettered.

    Parameters
    ----------
    syntax, semantic : (P,) similarities of P pairs
    marked : DataFrame with ``label``, ``syntax``, ``semantic``
    """
    figure, axis = plt.subplots(figsize=(4.6, 4.0))
    image = axis.hexbin(semantic, syntax, gridsize=32, bins="log", mincnt=1, cmap="Greys", extent=(0, 1, 0, 1), lw=0)
    axis.scatter(marked["semantic"], marked["syntax"], s=46, facecolor="none", edgecolor=VERMILION, lw=1.4)
    for i, (_, row) in enumerate(marked.iterrows()):
        axis.annotate(row["label"], (row["semantic"], row["syntax"]), xytext=(7, 11 * (i % 3) - 9), fontsize=8,
                      textcoords="offset points", color=VERMILION)  # fmt: skip
    axis.set(xlabel="semantic similarity", ylabel="syntax similarity (Dice)", xlim=(-0.03, 1.06), ylim=(-0.03, 1.06))
    figure.colorbar(image, label="pairs of reports (log)")
    sns.despine(figure)
    figure.tight_layout()
    return figure


def target_share_bars(shares: pd.DataFrame) -> Figure:
    """Show on which reports the rows of soft targets lie: one bar a similarity, from the report itself to the unlike.

    Parameters
    ----------
    shares : DataFrame
        A row for each similarity, summing to 1, as `selip_core.similarity.shares.target_shares` returns it.
    """
    figure, axis = plt.subplots(figsize=inches(PAGE_MM, 7 * len(shares) + 24), layout="constrained")
    left = np.zeros(len(shares))
    for column, colour in zip(shares, (PALE, BLUE, GREEN, ORANGE, GREY), strict=True):
        width = shares[column].to_numpy()
        axis.barh(range(len(shares)), width, left=left, color=colour, edgecolor="white", lw=0.6, label=column)
        for row, (start, share) in enumerate(zip(left, width, strict=True)):
            if share >= 0.05:
                axis.text(start + share / 2, row, f"{share:.2f}", ha="center", va="center", fontsize=7,
                          color="black" if colour in (PALE, ORANGE) else "white")  # fmt: skip
        left += width
    axis.set(yticks=range(len(shares)), xlim=(0, 1), xlabel="share of a row of the soft targets")
    axis.set_yticklabels(shares.index)
    axis.invert_yaxis()
    sns.despine(figure, left=True)
    figure.legend(loc="outside upper center", ncols=len(shares.columns), fontsize=8)
    return figure
