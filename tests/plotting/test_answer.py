"""The figure of the answer draws what its table holds."""

import numpy as np
import pandas as pd

from selip_core.plotting.answer import answer_panels


def table():
    rows = [(o, m, v, v - 0.1, v + 0.1) for o in ("a", "percentile in its sequence", "d", "e")
            for m, v in (("constant answer", 0.2), ("scratch", 0.1), ("CLIP", 0.4), ("sharp SeLIP", 0.5))]  # fmt: skip
    return pd.DataFrame(rows, columns=["outcome", "method", "value", "low", "high"])


def test_the_first_outcomes_have_a_panel_each_with_the_constant_answer_as_a_line():
    figure = answer_panels(table())
    assert [axis.get_title() for axis in figure.axes] == ["a", "percentile in its\nsequence", "d", "e"]
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["untrained", "CLIP", "sharp SeLIP"]
    assert axis.lines[0].get_xdata()[0] == 0.2 and len(axis.patches) == 1
    assert [container.lines[0].get_xdata()[0] for container in axis.containers] == [0.1, 0.4, 0.5]


def test_what_is_not_known_is_left_out():
    some = table()
    some.loc[some["method"] == "constant answer", ["low", "high"]] = np.nan
    some = some[(some["outcome"] != "d") | ~some["method"].isin(["constant answer", "CLIP"])]
    figure = answer_panels(some)
    assert [len(axis.patches) for axis in figure.axes] == [0] * 4  # no interval, no band
    assert [len(axis.containers) for axis in figure.axes] == [3, 3, 2, 3]
    assert [len(axis.lines[0].get_xdata()) for axis in figure.axes] == [2, 2, 1, 2]  # no line without one
