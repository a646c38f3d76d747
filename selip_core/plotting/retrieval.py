"""The answers of a search as a figure: what the search widget shows, on paper."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure


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
