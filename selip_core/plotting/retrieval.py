"""Figures of retrieval, from recall to single answers: functions that return a `Figure` and never save it."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core._utils.images import axial_slice
from selip_core.metrics.yardsticks import CONSTANT, NORMAL_AUC, PERCENTILE, SIDE
from selip_core.plotting.style import GREEN, GREY, INK, METHOD_COLOURS, METHOD_MARKERS, PALETTE, shortened, show_slice

BARS_AT = (1, 5, 10)
"""The k at which recall curves have their intervals: at every k, those of six methods hide each other."""

LEAST_SHOWN = {PERCENTILE: 0.4, NORMAL_AUC: 0.4, SIDE: 0.4}
"""Where the axes of measures begin whose chance is 0.5; all others begin at 0."""


def recall_curves(recalls: pd.DataFrame) -> Figure:
    """Show recall at 1 to K in both directions, with intervals at `BARS_AT`, beside the constant answer and chance.

    Methods stand a little beside each k, so that their intervals do not lie on each other.

    Parameters
    ----------
    recalls : DataFrame with ``direction``, ``method``, ``k``, ``recall``, ``low``, ``high``, ``chance``
    """
    directions = list(recalls["direction"].unique())
    size = (3.7 * len(directions) + 1.3, 3.3)
    figure, axes = plt.subplots(1, len(directions), figsize=size, sharey=True, squeeze=False)
    for axis, direction in zip(axes[0], directions, strict=True):
        part = recalls[recalls["direction"] == direction]
        methods = list(part["method"].unique())
        for j, method in enumerate(methods):
            run = part[part["method"] == method]
            x = run["k"] + 0.11 * (j - (len(methods) - 1) / 2)
            shown = run["k"].isin(BARS_AT)
            errors = np.where(shown, [run["recall"] - run["low"], run["high"] - run["recall"]], np.nan)
            axis.errorbar(x, run["recall"], yerr=np.maximum(errors, 0), color=METHOD_COLOURS[method], label=method,
                          lw=0.7, ls="-." if method == CONSTANT else "-", marker=METHOD_MARKERS[method], ms=3.5,
                          markevery=np.flatnonzero(shown).tolist(), elinewidth=1.1, capsize=1.5)  # fmt: skip
        chance = part.drop_duplicates("k")
        axis.plot(chance["k"], chance["chance"], ls="--", color=METHOD_COLOURS["chance"], label="chance")
        axis.set(xlabel="k", ylabel="recall@k", title=direction)
        axis.set_xticks(sorted(part["k"].unique()))
    axes[0, 0].set_ylim(-0.03 * axes[0, 0].get_ylim()[1], None)  # no marker at 0 is cut; the panels share it
    axes[0, -1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
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
        Column of a level to mark in each row, such as chance; ``constant`` is the constant answer's.
    """
    categories = list(dict.fromkeys(table[category]))
    methods = list(dict.fromkeys(table["method"]))
    figure, axis = plt.subplots(figsize=(5.6, max(0.42, 0.13 * len(methods)) * len(categories) + 1.2))
    gap = min(0.16, 0.8 / len(methods))
    for j, method in enumerate(methods):
        part = table[table["method"] == method].set_index(category).reindex(categories)
        y = np.arange(len(categories)) + gap * (j - (len(methods) - 1) / 2)
        errors = np.abs(np.stack([part[value] - part["low"], part["high"] - part[value]]))
        marker = METHOD_MARKERS.get(method, "os^Dv"[j % 5])
        colour = METHOD_COLOURS.get(method, PALETTE[(2 + j) % len(PALETTE)])  # a comparison, say: green is the first
        axis.errorbar(part[value], y, xerr=errors, fmt=marker, ms=4, color=colour, capsize=2, lw=1.1, label=method)
        if reference and j == 0:
            rows, half = np.arange(len(categories)), gap * len(methods) / 2
            constant = reference == "constant"  # has its own entry in the legend, as a method
            axis.vlines(part[reference], rows - half, rows + half, lw=0.9, ls="-.",
                        color=METHOD_COLOURS[CONSTANT if constant else "chance"],
                        label=None if constant else reference)  # fmt: skip
    names = [str(name).replace("_", " ") for name in categories]
    axis.set(yticks=range(len(categories)), yticklabels=names, xlabel=label)
    axis.locator_params(axis="x", nbins=5)  # numbers of six characters stand side by side
    axis.invert_yaxis()
    axis.legend(frameon=False, fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    sns.despine(figure)
    figure.tight_layout()
    return figure


def yardstick_panels(table: pd.DataFrame) -> Figure:
    """Show every measure as a panel of its own: each method's value with its interval, the constant answer dashed.

    Parameters
    ----------
    table : DataFrame from `selip_core.downstream.yardstick_tables.yardstick_table`
    """
    measures, methods = list(dict.fromkeys(table["measure"])), list(dict.fromkeys(table["method"]))
    columns = 3
    rows = -(-len(measures) // columns)
    size = (8.6, rows * (0.17 * len(methods) + 0.75))
    figure, axes = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    for axis, measure in zip(axes.flat, measures, strict=False):
        part = table[table["measure"] == measure].set_index("method").reindex(methods)
        for y, (method, row) in enumerate(part.iterrows()):
            errors, colour = [[row["value"] - row["low"]], [row["high"] - row["value"]]], METHOD_COLOURS[method]
            axis.errorbar(row["value"], y, xerr=np.maximum(errors, 0), fmt=METHOD_MARKERS[method], ms=4.5, color=colour,
                          capsize=2, lw=1.1)  # fmt: skip
            if method == CONSTANT:
                axis.axvline(row["value"], color=colour, ls="-.", lw=0.8)
        axis.set_title(measure, fontsize=8)
        axis.set(yticks=range(len(methods)), yticklabels=methods, xlim=_limits(part, LEAST_SHOWN.get(measure, 0.0)))
        axis.tick_params(labelsize=7.5)
    for axis in axes.flat[len(measures) :]:
        axis.axis("off")
    axes[0, 0].set_ylim(len(methods) - 0.4, -0.6)  # the first on top
    sns.despine(figure)
    figure.tight_layout()
    return figure


def _limits(part: pd.DataFrame, least: float) -> tuple[float, float]:
    """Return the ends of a panel from `least`, or from a value below it, with room for a marker on either side."""
    ends = part[["value", "low", "high"]].to_numpy(float)
    ends = ends[np.isfinite(ends)]
    low, high = min([least, *ends]), max([least + 0.05, *ends])
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


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
        show_slice(left, axial_slice(example["volume"], example.get("depth")))
        left.set(xticks=[], yticks=[])
        left.set_title(example["title"], fontsize=7.5, pad=2, parse_math=False)
        left.spines[:].set_visible(False)
        right.axis("off")
        lines = [("true", example["true"], GREEN)]
        for place, (sentence, cosine) in enumerate(example["found"], start=1):
            hit = sentence == example["true"]
            lines.append(
                (f"{place}  {cosine:+.2f}", sentence + ("  ✓" if hit else ""), GREEN if hit else INK)
            )
        for i, (head, sentence, colour) in enumerate(lines):
            y = 0.95 - i * 0.175
            right.text(0.0, y, head, fontsize=7.5, color=GREY, va="center", transform=right.transAxes)
            right.text(0.1, y, shortened(sentence, 62), fontsize=7.5, color=colour, va="center",
                       transform=right.transAxes, parse_math=False)  # fmt: skip
    figure.tight_layout(pad=0.5)
    return figure


def search_results(answers: dict[str, pd.DataFrame]) -> Figure:
    """Show for each query the closest series: middle slice, sequence, score and patient.

    Parameters
    ----------
    answers : dict of query to DataFrame with ``thumbnail``, ``sequence``, ``patient_id``, ``score``, ``query``
        As `selip_core.explore.explorer.Explorer.closest_series` returns them.
    """
    columns = max(len(found) for found in answers.values())
    figure = plt.figure(figsize=(1.25 * columns, 1.95 * len(answers)))
    parts = np.atleast_1d(figure.subfigures(len(answers), 1))
    for part, (text, found) in zip(parts, answers.items(), strict=True):
        axes = part.subplots(1, columns, squeeze=False, gridspec_kw={
            "left": 0.01, "right": 0.99, "top": 0.76, "bottom": 0.1, "wspace": 0.05})[0]  # fmt: skip
        read = "; ".join(dict.fromkeys(found["query"]))
        part.text(0.012, 0.93, text if read == text else f"{text}  →  {read}", fontsize=7.5, va="center",
                  parse_math=False)  # fmt: skip
        for axis in axes:
            axis.axis("off")
        for place, (axis, one) in enumerate(zip(axes, found.itertuples(), strict=False), start=1):
            axis.imshow(plt.imread(io.BytesIO(one.thumbnail), format="png"), cmap="gray", vmin=0, vmax=1)
            axis.set_title(f"{place} · {one.sequence} · {one.score:+.2f}", fontsize=6.5, pad=2, parse_math=False)
            axis.text(0.5, -0.04, one.patient_id, fontsize=5.5, ha="center", va="top", transform=axis.transAxes,
                      parse_math=False)  # fmt: skip
    return figure
