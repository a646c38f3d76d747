"""Figures of the notebooks: functions that return a `Figure` and never save it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core._utils.images import axial_slice
from selip_core.plotting.style import METHOD_COLOURS
from selip_core.reports.sentences import SEQUENCES

SPLIT_COLOURS = {"train": "#0072B2", "validation": "#E69F00", "test": "#009E73"}


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
                _show(axis, axial_slice(volumes[sequence]))
            else:
                axis.text(0.5, 0.5, "not acquired", ha="center", va="center", fontsize=7, transform=axis.transAxes)
        row[0].set_ylabel(title, fontsize=7.5, rotation=0, ha="right", va="center", parse_math=False)
    for axis, sequence in zip(axes[0], sequences, strict=True):
        axis.set_title(sequence, fontsize=9)
    figure.tight_layout(pad=0.4)
    return figure


def _show(axis: plt.Axes, image: np.ndarray) -> None:
    low, high = np.percentile(image, [1, 99.5])
    axis.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")


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
    axis.barh(range(len(counts)), counts.to_numpy(), color="#0072B2")
    axis.set_yticks(range(len(counts)), [_shorten(str(name), 44) for name in counts.index])
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
                axis.plot(edges[:-1], density / max(density.max(), 1e-12), lw=0.6, alpha=0.6, color="#0072B2")
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
        axis.axvline(0.97, color="#666666", lw=0.8, ls="--")
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
    axis.scatter(marked["semantic"], marked["syntax"], s=46, facecolor="none", edgecolor="#D55E00", lw=1.4)
    for i, (_, row) in enumerate(marked.iterrows()):
        axis.annotate(row["label"], (row["semantic"], row["syntax"]), xytext=(7, 11 * (i % 3) - 9), fontsize=8,
                      textcoords="offset points", color="#D55E00")  # fmt: skip
    axis.set(xlabel="semantic similarity", ylabel="syntax similarity (Dice)", xlim=(-0.03, 1.06), ylim=(-0.03, 1.06))
    figure.colorbar(image, label="pairs of reports (log)")
    sns.despine(figure)
    figure.tight_layout()
    return figure


def training_curves(steps: pd.DataFrame, validations: pd.DataFrame, *, batch_size: int) -> Figure:
    """Show contrastive loss, soft-target loss, temperature, in-batch accuracy and validation retrieval of every run.

    Parameters
    ----------
    steps : DataFrame with ``method``, ``seed``, ``step``, ``clip``, ``kl``, ``logit_scale``, ``accuracy``
    validations : DataFrame with ``method``, ``seed``, ``step``, ``recall_at_10``, ``mean_reciprocal_rank``,
        ``chance_at_10``
    """
    figure, axes = plt.subplots(2, 3, figsize=(9.0, 4.9))
    panels = [
        ("clip", "contrastive loss (nats)"),
        ("kl", "soft-target loss (nats)"),
        ("accuracy", "in-batch accuracy"),
        ("logit_scale", "logit scale"),
    ]
    window = max(len(steps["step"].unique()) // 60, 1)
    for axis, (column, label) in zip(axes.flat, panels, strict=False):
        for (method, _), run in steps.groupby(["method", "seed"]):
            smooth = run[column].rolling(window, min_periods=1).mean()
            axis.plot(run["step"], smooth, color=METHOD_COLOURS[method], lw=1.1, alpha=0.8)
        axis.set(xlabel="step", ylabel=label)
    axes.flat[0].axhline(np.log(batch_size), color=METHOD_COLOURS["chance"], ls="--", lw=0.8)
    axes.flat[0].text(steps["step"].max(), np.log(batch_size), "ln(batch) ", fontsize=7, ha="right", va="bottom")
    for axis, column, label in (
        (axes.flat[4], "recall_at_10", "validation recall@10"),
        (axes.flat[5], "mean_reciprocal_rank", "validation mean reciprocal rank"),
    ):
        for (method, _), run in validations.groupby(["method", "seed"]):
            axis.plot(run["step"], run[column], "o-", ms=2.5, lw=1.1, color=METHOD_COLOURS[method], alpha=0.8)
        axis.set(xlabel="step", ylabel=label, ylim=(0, None))
    axes.flat[4].axhline(validations["chance_at_10"].iloc[0], color=METHOD_COLOURS["chance"], ls="--", lw=0.8)
    handles = [plt.Line2D([], [], color=METHOD_COLOURS[m], label=m) for m in steps["method"].unique()]
    handles.append(plt.Line2D([], [], color=METHOD_COLOURS["chance"], ls="--", label="chance"))
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), frameon=False, fontsize=8)
    sns.despine(figure)
    figure.tight_layout(rect=(0, 0, 1, 0.95))
    return figure


def recall_curves(recalls: pd.DataFrame) -> Figure:
    """Show recall at 1 to K in both directions, each method with its interval, beside chance.

    Parameters
    ----------
    recalls : DataFrame with ``direction``, ``method``, ``k``, ``recall``, ``low``, ``high``, ``chance``
    """
    directions = list(recalls["direction"].unique())
    figure, axes = plt.subplots(1, len(directions), figsize=(3.7 * len(directions), 3.1), sharey=True, squeeze=False)
    for axis, direction in zip(axes[0], directions, strict=True):
        part = recalls[recalls["direction"] == direction]
        for method, run in part.groupby("method"):
            axis.plot(run["k"], run["recall"], "o-", ms=3, color=METHOD_COLOURS[method], label=method)
            axis.fill_between(run["k"], run["low"], run["high"], color=METHOD_COLOURS[method], alpha=0.18, lw=0)
        chance = part.drop_duplicates("k")
        axis.plot(chance["k"], chance["chance"], ls="--", color=METHOD_COLOURS["chance"], label="chance")
        axis.set(xlabel="k", ylabel="recall@k", title=direction, ylim=(0, None))
        axis.set_xticks(sorted(part["k"].unique()))
    axes[0, 0].legend(frameon=False, fontsize=8)
    sns.despine(figure)
    figure.tight_layout()
    return figure


def interval_plot(
    table: pd.DataFrame, *, category: str, value: str, label: str, reference: str | None = None
) -> Figure:
    """Show values with intervals as points and bars, one row a category, one colour a method.

    Parameters
    ----------
    table : DataFrame with `category`, ``method``, `value`, ``low``, ``high`` and `reference` if given
    reference : str, optional
        Column of a level to mark in each row, such as chance.
    """
    categories = list(dict.fromkeys(table[category]))
    methods = list(dict.fromkeys(table["method"]))
    figure, axis = plt.subplots(figsize=(5.6, 0.42 * len(categories) + 1.2))
    for j, method in enumerate(methods):
        part = table[table["method"] == method].set_index(category).reindex(categories)
        y = np.arange(len(categories)) + 0.16 * (j - (len(methods) - 1) / 2)
        errors = np.abs(np.stack([part[value] - part["low"], part["high"] - part[value]]))
        colour = METHOD_COLOURS.get(method, "#009E73")
        axis.errorbar(part[value], y, xerr=errors, fmt="o", ms=4, color=colour, capsize=2, lw=1.1, label=method)
        if reference and j == 0:
            axis.plot(part[reference], np.arange(len(categories)), "|", ms=13, color=METHOD_COLOURS["chance"],
                      label=reference)  # fmt: skip
    names = [str(name).replace("_", " ") for name in categories]
    axis.set(yticks=range(len(categories)), yticklabels=names, xlabel=label)
    axis.invert_yaxis()
    axis.legend(frameon=False, fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    sns.despine(figure)
    figure.tight_layout()
    return figure


def retrieval_examples(examples: list[dict]) -> Figure:
    """Show query volumes with the five reports that the model finds closest, the true one marked.

    Parameters
    ----------
    examples : list of dict
        ``volume`` (D, H, W), ``title``, ``true`` sentence, ``found``: list of (sentence, cosine), closest first.
    """
    if not examples:
        figure = plt.figure(figsize=(4, 1))
        figure.text(0.5, 0.5, "no query with findings", ha="center")
        return figure
    figure, axes = plt.subplots(
        len(examples), 2, figsize=(9.0, 1.75 * len(examples)), gridspec_kw={"width_ratios": [1, 4.2]}, squeeze=False
    )
    for (left, right), example in zip(axes, examples, strict=True):
        _show(left, axial_slice(example["volume"], example.get("depth")))
        left.set(xticks=[], yticks=[])
        left.set_title(example["title"], fontsize=7.5, pad=2, parse_math=False)
        left.spines[:].set_visible(False)
        right.axis("off")
        lines = [("true", example["true"], "#009E73")]
        for place, (sentence, cosine) in enumerate(example["found"], start=1):
            hit = sentence == example["true"]
            lines.append(
                (f"{place}  {cosine:+.2f}", sentence + ("  ✓" if hit else ""), "#009E73" if hit else "#222222")
            )
        for i, (head, sentence, colour) in enumerate(lines):
            y = 0.95 - i * 0.175
            right.text(0.0, y, head, fontsize=7.5, color="#666666", va="center", transform=right.transAxes)
            right.text(0.1, y, _shorten(sentence, 62), fontsize=7.5, color=colour, va="center",
                       transform=right.transAxes, parse_math=False)  # fmt: skip
    figure.tight_layout(pad=0.5)
    return figure


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
