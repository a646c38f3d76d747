import numpy as np
import pandas as pd
import pytest

from selip_core._utils.images import thumbnail_png
from selip_core.plotting.retrieval import (
    interval_plot,
    recall_curves,
    retrieval_examples,
    search_results,
    yardstick_panels,
)
from selip_core.pretraining.methods import COMPARED


def test_recall_curves_and_intervals_draw_methods_and_chance():
    recalls = pd.DataFrame({
        "direction": "image to text", "method": ["CLIP", "CLIP", "SeLIP", "SeLIP"], "k": [1, 2, 1, 2],
        "recall": [0.1, 0.2, 0.1, 0.3], "low": 0.05, "high": 0.35, "chance": [0.01, 0.02, 0.01, 0.02],
    })  # fmt: skip
    assert len(recall_curves(recalls).axes[0].lines) == 3
    at_1 = recalls[recalls["k"] == 1].assign(sequence="T1")
    figure = interval_plot(at_1, category="sequence", value="recall", label="recall@1", reference="chance")
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["T1"]


def test_the_constant_answer_is_a_line_without_markers_and_comparisons_differ_in_colour():
    recalls = pd.DataFrame({
        "direction": "image to text", "method": ["constant answer"] * 2 + ["CLIP"] * 2, "k": [1, 2] * 2, "recall": 0.2,
        "low": 0.1, "high": 0.3, "chance": 0.01,
    })  # fmt: skip
    constant, clip = recall_curves(recalls).axes[0].lines[:2]
    assert (constant.get_marker(), constant.get_linestyle(), clip.get_marker()) == ("", "-.", "o")
    pairs = pd.DataFrame({"row": "@1", "method": ["A − B", "C − B"], "value": 0.1, "low": 0.0, "high": 0.2})
    axis = interval_plot(pairs, category="row", value="value", label="difference").axes[0]
    assert len({container.lines[0].get_color() for container in axis.containers}) == 2


def test_yardsticks_have_a_panel_each_where_every_method_stands():
    methods = ["constant answer", *COMPARED]
    table = pd.DataFrame([
        {"measure": f"m{i}", "method": m, "value": 0.5, "low": float("nan"), "high": 0.6}
        for i in range(4) for m in methods
    ])  # fmt: skip
    axes = yardstick_panels(table).axes
    assert [axis.get_title() for axis in axes] == ["m0", "m1", "m2", "m3", "", ""]
    assert [t.get_text() for t in axes[0].get_yticklabels()] == methods
    assert all(len(axis.containers) == len(methods) for axis in axes[:4])


def test_retrieval_examples_mark_the_true_sentence():
    example = {
        "volume": np.zeros((4, 6, 8)), "title": "P1 T1", "true": "在左侧额叶表现为长信号",
        "found": [("在右侧额叶表现为长信号", 0.5), ("在左侧额叶表现为长信号", 0.4)],
    }  # fmt: skip
    figure = retrieval_examples([example])
    assert any(t.get_text().endswith("✓") for t in figure.axes[1].texts)


def test_search_results_show_every_series_under_its_query():
    picture = thumbnail_png(np.random.default_rng(0).normal(size=(3, 12, 10)))
    found = pd.DataFrame({"sequence": ["T1", "T2"], "score": [0.5, -0.25], "patient_id": ["a", "b"],
                          "query": "在左侧额叶表现为长信号", "thumbnail": [picture] * 2})  # fmt: skip
    figure = search_results({"left": found, "在左侧额叶表现为长信号": found.iloc[:1]})
    titles = [axis.get_title() for part in figure.subfigs for axis in part.axes]
    assert titles == ["1 · T1 · +0.50", "2 · T2 · -0.25", "1 · T1 · +0.50", ""]
    heads = [part.texts[0].get_text() for part in figure.subfigs]
    assert heads == ["left  →  在左侧额叶表现为长信号", "在左侧额叶表现为长信号"]
    assert len(figure.subfigs[0].axes[0].images) == 1


@pytest.mark.parametrize("written", [r"a$\foo$", "$$"])
def test_what_a_hospital_or_a_user_writes_is_no_formula(written):
    picture = thumbnail_png(np.random.default_rng(0).normal(size=(3, 12, 10)))
    found = pd.DataFrame({"sequence": [written], "score": [0.5], "patient_id": [written], "query": [written],
                          "thumbnail": [picture]})  # fmt: skip
    figure = search_results({f"x{written}": found})
    figure.canvas.draw()
