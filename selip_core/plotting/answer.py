"""The figure that a report opens with: a few outcomes, method by method against the constant answer."""

from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core.metrics.yardsticks import CONSTANT
from selip_core.plotting.style import DARK, METHOD_COLOURS, METHOD_MARKERS, PAGE_MM, inches
from selip_core.pretraining.methods import COMPARED, SHOWN_AS


def answer_panels(table: pd.DataFrame) -> Figure:
    """Show the methods' outcomes with intervals, one panel an outcome; the line is the constant answer.

    Parameters
    ----------
    table : DataFrame with ``outcome``, ``method``, ``value``, ``low``, ``high``
        As `selip_core.downstream.answer.for_figure` chooses them; all values are known.
    """
    outcomes = list(dict.fromkeys(table["outcome"]))
    methods = [method for method in COMPARED if method in set(table["method"])]
    figure, axes = plt.subplots(
        1, len(outcomes), figsize=inches(PAGE_MM, 8 * len(methods) + 20), sharey=True, squeeze=False
    )
    for axis, outcome in zip(axes[0], outcomes, strict=True):
        part = table[table["outcome"] == outcome].set_index("method")
        if CONSTANT in part.index:
            constant = part.loc[CONSTANT]
            axis.axvline(constant["value"], ls="--", lw=1, color=METHOD_COLOURS[CONSTANT])
            if np.isfinite(constant["low"]):
                axis.axvspan(constant["low"], constant["high"], color=METHOD_COLOURS[CONSTANT], alpha=0.15, lw=0)
        for i, method in enumerate(methods):
            if method in part.index:
                row = part.loc[method]
                error = np.nan_to_num(np.abs(np.array([[row["value"] - row["low"]], [row["high"] - row["value"]]])))
                axis.errorbar(row["value"], i, xerr=error, fmt=METHOD_MARKERS.get(method, "o"), ms=4.5, lw=1.2,
                              capsize=2.5, color=METHOD_COLOURS.get(method, DARK))  # fmt: skip
        axis.set_title(fill(outcome, 20), fontsize=8, parse_math=False)
        axis.set_yticks(range(len(methods)), [SHOWN_AS.get(method, method) for method in methods])
    axes[0, 0].set_ylim(len(methods) - 0.5, -0.5)
    sns.despine(figure)
    figure.tight_layout()
    return figure
