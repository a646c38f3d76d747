"""The figure that a report opens with: a few outcomes, method by method against the constant answer."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core.downstream.answer import CONSTANT, SHOWN_AS
from selip_core.plotting.style import DARK, METHOD_COLOURS, METHOD_MARKERS, PAGE_MM, inches


def answer_panels(table: pd.DataFrame, *, most: int = 4) -> Figure:
    """Show the methods' outcomes with intervals, one panel an outcome; the line is the constant answer.

    Parameters
    ----------
    table : DataFrame with ``outcome``, ``method``, ``value``, ``low``, ``high``
        As `selip_core.downstream.answer.answer_table` makes it.
    most : int
        Panels; the first outcomes of the table that have a value.
    """
    known = table[table["value"].notna()]
    outcomes = list(dict.fromkeys(known["outcome"]))[:most]
    shown = known[known["outcome"].isin(outcomes)]
    methods = [method for method in dict.fromkeys(shown["method"]) if method != CONSTANT]
    figure, axes = plt.subplots(
        1, len(outcomes), figsize=inches(PAGE_MM, 8 * len(methods) + 20), sharey=True, squeeze=False
    )
    for axis, outcome in zip(axes[0], outcomes, strict=True):
        part = shown[shown["outcome"] == outcome].set_index("method")
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
        axis.set_title(outcome.replace(", ", ",\n"), fontsize=8, parse_math=False)
        axis.set_yticks(range(len(methods)), [SHOWN_AS.get(method, method) for method in methods])
    axes[0, 0].set_ylim(len(methods) - 0.5, -0.5)
    sns.despine(figure)
    figure.tight_layout()
    return figure
