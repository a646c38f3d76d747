"""The curves of a pretraining: a function that returns a `Figure` and never saves it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from selip_core.metrics.yardsticks import CONSTANT
from selip_core.plotting.style import METHOD_COLOURS


def training_curves(steps: pd.DataFrame, validations: pd.DataFrame, *, batch_size: int) -> Figure:
    """Show contrastive loss, soft-target loss, temperature, in-batch accuracy and validation retrieval of every run.

    Parameters
    ----------
    steps : DataFrame with ``variant``, ``seed``, ``step``, ``clip``, ``kl``, ``logit_scale``, ``accuracy``
    validations : DataFrame with ``variant``, ``seed``, ``step``, ``recall_at_10``, ``mean_reciprocal_rank``,
        ``chance_at_10``, ``constant_at_10``
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
        for (method, _), run in steps.groupby(["variant", "seed"]):
            smooth = run[column].rolling(window, min_periods=1).mean()
            axis.plot(run["step"], smooth, color=METHOD_COLOURS[method], lw=1.1, alpha=0.8)
        axis.set(xlabel="step", ylabel=label)
    axes.flat[0].axhline(np.log(batch_size), color=METHOD_COLOURS["chance"], ls="--", lw=0.8)
    axes.flat[0].text(steps["step"].max(), np.log(batch_size), "ln(batch) ", fontsize=7, ha="right", va="bottom")
    for axis, column, label in (
        (axes.flat[4], "recall_at_10", "validation recall@10"),
        (axes.flat[5], "mean_reciprocal_rank", "validation mean reciprocal rank"),
    ):
        for (method, _), run in validations.groupby(["variant", "seed"]):
            axis.plot(run["step"], run[column], "o-", ms=2.5, lw=1.1, color=METHOD_COLOURS[method], alpha=0.8)
        axis.set(xlabel="step", ylabel=label, ylim=(0, None))
    axes.flat[4].axhline(validations["chance_at_10"].iloc[0], color=METHOD_COLOURS["chance"], ls="--", lw=0.8)
    axes.flat[4].axhline(validations["constant_at_10"].iloc[0], color=METHOD_COLOURS[CONSTANT], ls="-.", lw=0.8)
    handles = [plt.Line2D([], [], color=METHOD_COLOURS[m], label=m) for m in steps["variant"].unique()]
    handles.append(plt.Line2D([], [], color=METHOD_COLOURS[CONSTANT], ls="-.", label=CONSTANT))
    handles.append(plt.Line2D([], [], color=METHOD_COLOURS["chance"], ls="--", label="chance"))
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), frameon=False, fontsize=8)
    sns.despine(figure)
    figure.tight_layout(rect=(0, 0, 1, 0.95))
    return figure
