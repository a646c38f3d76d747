"""Figures of the downstream tasks draw what their tables hold."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from selip_core.plotting import downstream as figures
from selip_core.plotting.style import PAGE_MM, inches

METHODS = ("scratch", "CLIP", "SeLIP")


def curves(**columns):
    rows = [(method, fraction, 0.6 + fraction / 10, 0.5, 0.8) for method in METHODS for fraction in (0.1, 1.0)]
    return pd.DataFrame(rows, columns=["method", "fraction", "auc", "low", "high"]).assign(**columns)


def test_few_shot_curves_have_a_panel_a_task_and_a_line_a_method():
    table = pd.concat([curves(task="a"), curves(task="b")])
    figure = figures.few_shot_curves(table, value="auc", label="AUC", panel="task", reference=0.5)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b"]
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["10", "100"]
    assert len(figure.axes[0].containers) == 3
    assert figure.get_size_inches()[0] <= inches(PAGE_MM, 1)[0] + 1e-6


def test_reliability_of_a_calibrated_score_lies_on_the_diagonal():
    rng = np.random.default_rng(0)
    score = rng.random(4000)
    table = pd.DataFrame({"approach": "probe", "method": "SeLIP", "score": score, "truth": rng.random(4000) < score})
    line = figures.reliability(table).axes[0].lines[1]
    assert np.allclose(line.get_xdata(), line.get_ydata(), atol=0.06)


def test_overlays_show_the_slice_with_the_largest_region_and_every_method():
    volume, truth = np.zeros((4, 8, 8)), np.zeros((4, 8, 8), bool)
    volume[2], truth[2, 2:5, 2:5] = np.arange(64).reshape(8, 8), True
    example = {"title": "best", "volume": volume, "truth": truth, "found": dict.fromkeys(METHODS, (truth, 1.0))}
    figure = figures.segmentation_overlays([example])
    assert [axis.get_title() for axis in figure.axes] == ["truth", *(f"{m}\nDice 1.00" for m in METHODS)]
    assert figure.axes[0].images[0].get_array().max() == 63


def test_ablation_shows_differences_against_a_line_at_zero():
    table = pd.DataFrame([
        {"variant": v, "measure": m, "value": 9, "difference": x, "difference_low": x - low, "difference_high": x + 0.1}
        for v, x, low in (("CLIP", -0.2, 0.1), ("label smoothing", 0.1, np.nan)) for m in ("recall", "probe")
    ]).iloc[:3]  # fmt: skip
    figure = figures.ablation_intervals(table)
    first, second = figure.axes
    assert [t.get_text() for t in first.get_yticklabels()] == ["CLIP", "label smoothing"]
    assert first.lines[0].get_xdata() == [0, 0] and first.get_xlabel().startswith("recall")
    assert [c.lines[0].get_xdata()[0] for c in first.containers] == [-0.2, 0.1]
    (ends,) = first.containers[0].lines[2][0].get_segments()
    assert ends[:, 0].tolist() == pytest.approx([-0.3, -0.1])
    assert np.isnan(second.containers[1].lines[0].get_xdata()[0])  # not measured


def test_learning_curves_have_a_panel_a_measure_and_a_line_a_method_where_it_is_measured():
    table = pd.concat([curves(measure="recall@10"), curves(measure="probe").query("method != 'scratch'")])
    table = table.rename(columns={"auc": "value"}).assign(training_patients=table["fraction"] * 100)
    figure = figures.learning_curve_panels(table)
    assert [axis.get_title() for axis in figure.axes] == ["recall@10", "probe"]
    assert [len(axis.containers) for axis in figure.axes] == [3, 2]
    assert [t.get_text() for t in figure.axes[1].get_xticklabels()] == ["10", "100"]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == list(METHODS)


def test_forest_fills_what_is_significant_and_has_a_row_an_outcome():
    table = pd.DataFrame({
        "outcome": ["a", "b", "b"], "comparison": ["SeLIP − CLIP", "SeLIP − CLIP", "other"],
        "difference": [0.2, 0.0, 0.1], "low": [0.1, -0.1, 0.0], "high": [0.3, 0.1, 0.2],
        "significant": [True, False, True],
    })  # fmt: skip
    axis = figures.claims_forest(table).axes[0]
    first, second = (points for points in axis.collections if isinstance(points, PathCollection))
    assert [tuple(face[:3]) == (1, 1, 1) for face in first.get_facecolors()] == [False, True]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first row stands on top
    assert np.rint(first.get_offsets()[:, 1]).tolist() == [0, 1] and np.rint(second.get_offsets()[:, 1]).tolist() == [1]


def test_remaining_figures_are_figures():
    gaps = curves().rename(columns={"auc": "gap", "fraction": "n"})
    power = pd.DataFrame({"comparison": "a", "patients": [10, 100], "seeds": 3, "power": [0.2, 0.9]})
    made = [
        figures.lines_with_intervals(gaps, x="n", value="gap", xlabel="n", ylabel="gap", log_x=True),
        figures.power_curves(power),
    ]
    assert all(isinstance(figure, Figure) for figure in made)


def test_agreement_has_a_panel_a_collection_and_a_row_a_measure():
    rows = [("chest", "text", "words"), ("chest", "codes", "mixed"), ("CT", "text", "tokens")]
    table = pd.DataFrame(rows, columns=["reports", "of", "measure"])
    table = table.assign(auc=[0.6, 0.9, 0.7], auc_low=0.5, auc_high=0.95, n=40)
    axes = figures.agreement_bars(table).axes
    assert [axis.get_title() for axis in axes] == ["chest, 40 reports", "CT, 40 reports"]
    assert [t.get_text() for t in axes[0].get_yticklabels()] == ["words", "mixed"]
    assert [len(axis.containers) for axis in axes] == [2, 1]
