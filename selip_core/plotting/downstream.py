"""Figures of the downstream tasks: functions that return a `Figure` and never save it."""

from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core._utils.images import axial_slice
from selip_core.metrics.yardsticks import CONSTANT
from selip_core.plotting.style import (
    DARK,
    MAP_MARKERS,
    METHOD_COLOURS,
    METHOD_MARKERS,
    ORANGE,
    PAGE_MM,
    PALETTE,
    inches,
    show_slice,
)


def few_shot_curves(
    table: pd.DataFrame, *, value: str, label: str, panel: str, reference: float | None = None
) -> Figure:
    """Show a score against the share of the training patients: one panel a task, one line a method, with intervals.

    Parameters
    ----------
    table : DataFrame with `panel`, ``method``, ``fraction``, `value`, ``low``, ``high``
    reference : float, optional
        A level to mark, such as the AUC of chance.
    """
    panels = list(dict.fromkeys(table[panel]))
    fractions = sorted(table["fraction"].unique())
    figure, axes = plt.subplots(
        1, len(panels), figsize=inches(min(62 * len(panels) + 20, PAGE_MM), 68), sharey=True, squeeze=False
    )
    for axis, name in zip(axes[0], panels, strict=True):
        part = table[table[panel] == name]
        methods = list(dict.fromkeys(part["method"]))
        for j, method in enumerate(methods):
            run = part[part["method"] == method].sort_values("fraction")
            x = np.array([fractions.index(f) for f in run["fraction"]]) + 0.08 * (j - (len(methods) - 1) / 2)
            errors = np.abs(np.stack([run[value] - run["low"], run["high"] - run[value]]))
            axis.errorbar(x, run[value], yerr=errors, fmt=f"{METHOD_MARKERS.get(method, 'o')}-", ms=3.5, lw=1,
                          capsize=2, color=METHOD_COLOURS[method], label=method)  # fmt: skip
        if reference is not None:
            axis.axhline(reference, ls="--", lw=0.8, color=METHOD_COLOURS["chance"])
        axis.set(title=name, xlim=(-0.4, len(fractions) - 0.6))
        axis.set_xticks(range(len(fractions)), [f"{f:.3g}" for f in 100 * np.array(fractions)])
    axes[0, 0].set_ylabel(label)
    axes[0, -1].legend(fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.supxlabel("training patients used, %", fontsize=9)  # one for all panels: four would run into each other
    sns.despine(figure)
    figure.tight_layout()
    return figure


def reliability(predictions: pd.DataFrame, *, bins: int = 5) -> Figure:
    """Show how often patients had a label against the probability that was given: the diagonal is calibrated.

    Parameters
    ----------
    predictions : DataFrame with ``approach``, ``method``, ``truth``, ``score`` (probabilities)
    bins : int
        Of equal numbers of predictions.
    """
    approaches = list(dict.fromkeys(predictions["approach"]))
    figure, axes = plt.subplots(1, len(approaches), figsize=inches(62 * len(approaches) + 22, 66), squeeze=False)
    for axis, approach in zip(axes[0], approaches, strict=True):
        part = predictions[predictions["approach"] == approach]
        axis.plot([0, 1], [0, 1], ls="--", lw=0.8, color=METHOD_COLOURS["chance"])
        for method, run in part.groupby("method", sort=False):
            ranks = run["score"].rank(method="first")
            groups = run.groupby((ranks * bins / (len(run) + 1)).astype(int))
            axis.plot(groups["score"].mean(), groups["truth"].mean(), f"{METHOD_MARKERS.get(method, 'o')}-", ms=3.5,
                      lw=1, color=METHOD_COLOURS[method], label=method)  # fmt: skip
        axis.set(title=approach, xlabel="probability given", ylabel="share that has it", xlim=(0, 1), ylim=(0, 1))
        axis.set_aspect("equal")
    axes[0, -1].legend(fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    sns.despine(figure)
    figure.tight_layout()
    return figure


def segmentation_overlays(examples: list[dict]) -> Figure:
    """Show slices with the true outline and each method's: one row an example.

    Parameters
    ----------
    examples : list of dict
        ``title``, ``volume`` (D, H, W), ``truth`` (D, H, W) bool, ``found``: dict of method to (mask, Dice). The slice
        is the one in which the true region is largest.
    """
    methods = list(examples[0]["found"])
    figure, axes = plt.subplots(
        len(examples), len(methods) + 1, figsize=inches(34 * (len(methods) + 1) + 12, 40 * len(examples)), squeeze=False
    )
    for row, example in zip(axes, examples, strict=True):
        depth = int(example["truth"].sum(axis=(1, 2)).argmax())
        image = axial_slice(example["volume"], depth)
        truth = axial_slice(example["truth"], depth)
        panels = [("truth", truth, None)]
        panels += [(method, axial_slice(mask, depth), dice) for method, (mask, dice) in example["found"].items()]
        for axis, (name, mask, dice) in zip(row, panels, strict=True):
            show_slice(axis, image)
            if truth.any():
                axis.contour(truth, levels=[0.5], colors=[ORANGE], linewidths=1)
            if dice is not None and mask.any():
                axis.contour(mask, levels=[0.5], colors=[METHOD_COLOURS[name]], linewidths=1.2, linestyles="--")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            axis.set_title(name if dice is None else f"{name}\nDice {dice:.2f}", fontsize=7.5, pad=2)
        row[0].set_ylabel(example["title"], fontsize=7.5, parse_math=False)
    figure.tight_layout(pad=0.5)
    return figure


def ablation_intervals(table: pd.DataFrame) -> Figure:
    """Show each variant's paired difference from SeLIP with its interval, one panel a measure; zero is no difference.

    Parameters
    ----------
    table : DataFrame with ``variant``, ``measure``, ``difference``, ``difference_low``, ``difference_high``
        One row at least; an interval may be NaN.
    """
    variants, measures = (list(dict.fromkeys(table[name])) for name in ("variant", "measure"))
    figure, axes = plt.subplots(
        1, len(measures), figsize=inches(PAGE_MM, 8 * len(variants) + 22), sharey=True, squeeze=False
    )
    for axis, measure in zip(axes[0], measures, strict=True):
        part = table[table["measure"] == measure].set_index("variant").reindex(variants)
        value = part["difference"]
        errors = np.abs(np.stack([value - part["difference_low"], part["difference_high"] - value]))
        axis.axvline(0, lw=0.8, color=METHOD_COLOURS["chance"])
        for i, variant in enumerate(variants):
            colour = METHOD_COLOURS.get(variant, DARK)
            axis.errorbar(value.iloc[i], i, xerr=errors[:, i : i + 1], fmt=METHOD_MARKERS.get(variant, "o"),
                          ms=4.5, lw=1.2, capsize=2.5, color=colour)  # fmt: skip
        axis.set_xlabel(f"{measure}\nless SeLIP's", fontsize=8)
        axis.set_yticks(range(len(variants)), variants)
    axes[0, 0].invert_yaxis()
    sns.despine(figure)
    figure.tight_layout()
    return figure


def lines_with_intervals(
    table: pd.DataFrame, *, x: str, value: str, xlabel: str, ylabel: str, log_x: bool = False
) -> Figure:
    """Show a value against a number, one line a method, with intervals where there are any.

    Parameters
    ----------
    table : DataFrame with ``method``, `x`, `value`, ``low``, ``high``
    """
    figure, axis = plt.subplots(figsize=inches(100, 68))
    methods = list(dict.fromkeys(table["method"]))
    for method in methods:
        run = table[table["method"] == method].sort_values(x)
        errors = np.nan_to_num(np.abs(np.stack([run[value] - run["low"], run["high"] - run[value]])))
        axis.errorbar(run[x], run[value], yerr=errors, fmt=f"{METHOD_MARKERS.get(method, 'o')}-", ms=4, lw=1.1,
                      capsize=2.5, color=METHOD_COLOURS.get(method, DARK), label=method)  # fmt: skip
    if log_x:
        ticks = sorted(table[x].unique())
        axis.set_xscale("log")
        axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
        axis.minorticks_off()
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.legend(fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    sns.despine(figure)
    figure.tight_layout()
    return figure


def learning_curve_panels(table: pd.DataFrame, *, columns: int = 3) -> Figure:
    """Show every measure against the number of training patients, one panel a measure, one line a method.

    Parameters
    ----------
    table : DataFrame with ``measure``, ``method``, ``training_patients``, ``value``, ``low``, ``high``
    columns : int
        Panels side by side.
    """
    measures, methods = (list(dict.fromkeys(table[name])) for name in ("measure", "method"))
    columns = min(columns, len(measures))
    rows = -(-len(measures) // columns)
    size = inches(min(58 * columns + 6, PAGE_MM), 50 * rows + 16)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    ticks = sorted(table["training_patients"].unique())
    lines = {}
    for axis, measure in zip(axes.flat, measures, strict=False):
        for j, method in enumerate(methods):
            run = table[(table["measure"] == measure) & (table["method"] == method)].sort_values("training_patients")
            if run["value"].isna().all():
                continue
            x = run["training_patients"] * 2 ** (0.09 * (j - (len(methods) - 1) / 2))  # side by side, not on each other
            errors = np.nan_to_num(np.abs(np.stack([run["value"] - run["low"], run["high"] - run["value"]])))
            style = METHOD_MARKERS.get(method, ".") + ("--" if method == CONSTANT else "-")
            lines[method] = axis.errorbar(
                x, run["value"], yerr=errors, fmt=style, ms=3, lw=1, elinewidth=0.7,
                capsize=1.5, color=METHOD_COLOURS.get(method, DARK),
            )  # fmt: skip
        axis.set_title(measure, fontsize=8)
        axis.set_xscale("log", base=2)
        axis.set_xticks(ticks, [f"{t:g}" for t in ticks], fontsize=7)
        axis.set_xlim(ticks[0] / 2**0.4, ticks[-1] * 2**0.4)
        axis.tick_params(axis="y", labelsize=7)
        axis.minorticks_off()
    for axis in axes.flat[len(measures) :]:
        axis.set_visible(False)
    figure.supxlabel("training patients", fontsize=9)
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=len(lines), fontsize=7.5)
    sns.despine(figure)
    return figure


def power_curves(table: pd.DataFrame, *, wanted: float = 0.8) -> Figure:
    """Show the power to find each observed difference against the number of patients, one line a number of seeds.

    Parameters
    ----------
    table : DataFrame with ``comparison``, ``patients``, ``seeds``, ``power``
    """
    comparisons = list(dict.fromkeys(table["comparison"]))
    figure, axes = plt.subplots(
        1, len(comparisons), figsize=inches(min(60 * len(comparisons) + 20, PAGE_MM), 66), sharey=True, squeeze=False
    )
    for axis, comparison in zip(axes[0], comparisons, strict=True):
        part = table[table["comparison"] == comparison]
        for i, ((seeds, run), colour) in enumerate(zip(part.groupby("seeds"), PALETTE, strict=False)):
            # of runs of one seed nobody knows the spread between seeds: all lines are one, and each shows
            said, width = f"{seeds} seed{'s' if seeds > 1 else ''}", max(4.8 - 1.2 * i, 0.8)
            axis.plot(run["patients"], run["power"], color=colour, lw=width, label=said)
        axis.axhline(wanted, ls="--", lw=0.8, color=METHOD_COLOURS["chance"])
        axis.set(xlabel="test patients", ylim=(0, 1.02), xscale="log")
        axis.set_title("\n".join(fill(part, 17) for part in comparison.split(", ")), fontsize=7.5)
    axes[0, 0].set_ylabel("power")
    axes[0, -1].legend(fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    sns.despine(figure)
    figure.tight_layout()
    return figure


def claims_forest(table: pd.DataFrame) -> Figure:
    """Show every difference between methods with its interval, one row an outcome; zero is no difference.

    Parameters
    ----------
    table : DataFrame with ``outcome``, ``comparison``, ``difference``, ``low``, ``high``, ``significant``
    """
    outcomes, comparisons = (list(dict.fromkeys(table[name])) for name in ("outcome", "comparison"))
    height = (3 * len(comparisons) + 2) * len(outcomes) + 24
    figure, axis = plt.subplots(figsize=inches(PAGE_MM, height))
    for k, comparison in enumerate(comparisons):
        part = table[table["comparison"] == comparison]
        colour = PALETTE[k % len(PALETTE)]
        y = part["outcome"].map(outcomes.index) + 0.8 * ((k + 0.5) / len(comparisons) - 0.5)
        errors = np.abs(np.stack([part["difference"] - part["low"], part["high"] - part["difference"]]))
        axis.errorbar(part["difference"], y, xerr=errors, fmt="none", lw=1.1, capsize=2, ecolor=colour)
        faces = [colour if significant else "white" for significant in part["significant"]]
        axis.scatter(part["difference"], y, s=18, c=faces, edgecolors=colour, marker=MAP_MARKERS[k % len(MAP_MARKERS)],
                     zorder=3)  # fmt: skip
        axis.plot([], [], MAP_MARKERS[k % len(MAP_MARKERS)], ms=4.5, color=colour, label=comparison)
    axis.axvline(0, lw=0.8, color=METHOD_COLOURS["chance"])
    label = "difference (95 % interval); filled: significant after its Holm correction"
    axis.set(xlabel=label, ylim=(len(outcomes) - 0.4, -0.6))
    axis.set_yticks(range(len(outcomes)), outcomes, fontsize=7)
    axis.legend(fontsize=7.5, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(comparisons))
    sns.despine(figure)
    figure.tight_layout()
    return figure


def agreement_bars(table: pd.DataFrame) -> Figure:
    """Show how well each similarity tells reports that share a code from others: one panel a collection.

    Parameters
    ----------
    table : DataFrame from `selip_core.downstream.code_agreement.agreement_table`, of one or several collections
    """
    collections = list(dict.fromkeys(table["reports"]))
    rows = [int((table["reports"] == name).sum()) for name in collections]
    figure, axes = plt.subplots(
        len(collections), 1, figsize=inches(PAGE_MM, 5.5 * sum(rows) + 22 * len(rows)), sharex=True, squeeze=False,
        height_ratios=rows, layout="constrained",
    )  # fmt: skip
    for axis, name in zip(axes[:, 0], collections, strict=True):
        part = table[table["reports"] == name].reset_index(drop=True)
        for j, (of, run) in enumerate(part.groupby("of", sort=False)):
            errors = np.abs(np.stack([run["auc"] - run["auc_low"], run["auc_high"] - run["auc"]]))
            axis.errorbar(run["auc"], run.index, xerr=errors, fmt="os"[j % 2], ms=4, capsize=2, lw=1.1,
                          color=PALETTE[j], label=f"of {of}")  # fmt: skip
        axis.axvline(0.5, ls="--", lw=0.8, color=METHOD_COLOURS["chance"])
        axis.set(yticks=part.index, yticklabels=part["measure"], title=f"{name}, {part['n'].iloc[0]:,} reports")
        axis.invert_yaxis()
        if part["of"].nunique() > 1:
            axis.legend(fontsize=7.5, loc="best")
    axes[-1, 0].set_xlabel("AUC, pairs that share a code against others")
    sns.despine(figure)
    return figure
