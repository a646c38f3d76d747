"""Figures of retrieval, from recall to single answers: functions that return a `Figure` and never save it."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core._utils.images import axial_slice
from selip_core.metrics.yardsticks import CONSTANT
from selip_core.plotting.style import GREEN, GREY, INK, METHOD_COLOURS, METHOD_MARKERS, PALETTE, shortened, show_slice


def recall_curves(recalls: pd.DataFrame) -> Figure:
    """Show recall at 1 to K in both directions, each method with its interval, beside the constant answer and chance.

    Parameters
    ----------
    recalls : DataFrame with ``direction``, ``method``, ``k``, ``recall``, ``low``, ``high``, ``chance``
    """
    directions = list(recalls["direction"].unique())
    size = (3.7 * len(directions) + 1.3, 3.3)
    figure, axes = plt.subplots(1, len(directions), figsize=size, sharey=True, squeeze=False)
    for axis, direction in zip(axes[0], directions, strict=True):
        part = recalls[recalls["direction"] == direction]
        for method, run in part.groupby("method", sort=False):
            colour, marker = METHOD_COLOURS[method], METHOD_MARKERS.get(method, "")  # what is no model has no marker
            axis.plot(run["k"], run["recall"], marker=marker, ls="-" if marker else "-.", ms=3.5, lw=1.2, color=colour,
                      label=method)  # fmt: skip
            axis.fill_between(run["k"], run["low"], run["high"], color=colour, alpha=0.08, lw=0)
        chance = part.drop_duplicates("k")
        axis.plot(chance["k"], chance["chance"], ls="--", color=METHOD_COLOURS["chance"], label="chance")
        axis.set(xlabel="k", ylabel="recall@k", title=direction, ylim=(0, None))
        axis.set_xticks(sorted(part["k"].unique()))
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
        Column of a level to mark in each row, such as chance.
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
            axis.plot(part[reference], np.arange(len(categories)), "|", ms=13, color=METHOD_COLOURS["chance"],
                      label=reference)  # fmt: skip
    names = [str(name).replace("_", " ") for name in categories]
    axis.set(yticks=range(len(categories)), yticklabels=names, xlabel=label)
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
            axis.errorbar(row["value"], y, xerr=np.maximum(errors, 0), fmt=METHOD_MARKERS.get(method, "|"), ms=5,
                          color=colour, capsize=2, lw=1.1)  # fmt: skip
            if method == CONSTANT:
                axis.axvline(row["value"], color=colour, ls="-.", lw=0.8)
        axis.set_title(measure, fontsize=8)
        axis.set(yticks=range(len(methods)), yticklabels=methods, xlim=(0, None))
        axis.tick_params(labelsize=7.5)
    for axis in axes.flat[len(measures) :]:
        axis.axis("off")
    axes[0, 0].invert_yaxis()
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
