"""Maps of embeddings as a figure: a function that returns a `Figure` and never saves it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from selip_core.inspection.embedding_map import OTHER, common_labels
from selip_core.plotting.style import MAP_COLOURS, MAP_MARKERS, OTHER_COLOUR, OTHER_MARKER


def map_figure(points: np.ndarray, labels: Mapping[str, Sequence[str]], *, top: int = len(MAP_COLOURS)) -> Figure:
    """Show a map of embeddings once for each way of labelling it, colours and shapes explained below each panel.

    Parameters
    ----------
    points : (M, 2)
        As `selip_core.inspection.embedding_map.project` gives them.
    labels : dict of panel title to (M,) labels
    top : int
        Labels shown by name, at most ``len(MAP_COLOURS)``; the others are grey.
    """
    labelled = {title: common_labels(of_points, min(top, len(MAP_COLOURS))) for title, of_points in labels.items()}
    lines = max(-(-len(names) // 2) for _, names in labelled.values())
    below = 0.2 * lines + 0.15
    figure, axes = plt.subplots(1, len(labels), figsize=(3.1 * len(labels), 3.0 + below), squeeze=False)
    figure.subplots_adjust(
        left=0.01, right=0.99, top=1 - 0.3 / (3.0 + below), bottom=below / (3.0 + below), wspace=0.04
    )
    size = float(np.clip(2400 / max(len(points), 1), 4, 26))
    for axis, (title, (of_points, names)) in zip(axes[0], labelled.items(), strict=True):
        of_points = np.asarray(of_points)
        for name, (colour, marker) in reversed(list(zip(names, _styles(names), strict=True))):  # the rest lies below
            chosen = of_points == name
            axis.scatter(*points[chosen].T, s=size, c=colour, marker=marker, lw=0, alpha=0.75,
                         label=f"{name} ({chosen.sum()})")  # fmt: skip
        axis.set(xticks=[], yticks=[], title=title)
        axis.margins(0.04)
        handles, texts = axis.get_legend_handles_labels()
        axis.legend(handles[::-1], texts[::-1], loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, fontsize=7,
                    handletextpad=0.1, columnspacing=0.8, markerscale=float(np.sqrt(26 / size)))  # fmt: skip
    return figure


def _styles(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return colour and marker of each label."""
    styles = list(zip(MAP_COLOURS, MAP_MARKERS, strict=True))
    return [(OTHER_COLOUR, OTHER_MARKER) if name == OTHER else styles[i] for i, name in enumerate(names)]
