import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from selip_core._utils.images import thumbnail_png
from selip_core.downstream.yardsticks import NORMAL_AUC, PERCENTILE
from selip_core.plotting.retrieval import (
    interval_plot,
    recall_curves,
    retrieval_examples,
    search_results,
    yardstick_panels,
)
from selip_core.plotting.style import METHOD_COLOURS, METHOD_MARKERS
from selip_core.pretraining.methods import COMPARED


def recalls_of(methods, ks=(1, 2), directions=("image to text",)):
    return pd.DataFrame([
        {"direction": d, "method": m, "k": k, "recall": 0.02 * k, "low": 0.01, "high": 0.3, "chance": 0.01 * k}
        for d in directions for m in methods for k in ks
    ])  # fmt: skip


def test_recall_curves_and_intervals_draw_methods_and_chance():
    axis = recall_curves(recalls_of(["CLIP", "SeLIP"])).axes[0]
    assert {c.get_label() for c in axis.containers} == {"CLIP", "SeLIP"}
    assert "chance" in [line.get_label() for line in axis.lines]
    at_1 = recalls_of(["CLIP", "SeLIP"], ks=[1]).assign(sequence="T1")
    figure = interval_plot(at_1, category="sequence", value="recall", label="recall@1", reference="chance")
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["T1"]


def test_recalls_have_bars_at_three_k_side_by_side_and_no_marker_is_cut():
    axis = recall_curves(recalls_of(["constant answer", *COMPARED], ks=range(1, 11))).axes[0]
    bars = [[bar[0][0] for bar in c.lines[2][0].get_segments() if len(bar)] for c in axis.containers]
    assert all(len(xs) == 3 for xs in bars) and len({x for xs in bars for x in xs}) == 3 * (1 + len(COMPARED))
    assert np.round([np.mean(xs) for xs in zip(*bars, strict=True)]).tolist() == [1, 5, 10]
    assert axis.get_ylim()[0] < 0


def test_the_constant_answer_has_a_marker_of_its_own_and_comparisons_differ_in_colour():
    assert len(set(METHOD_MARKERS.values())) == len(METHOD_MARKERS) and set(METHOD_MARKERS) >= set(COMPARED)
    axis = recall_curves(recalls_of(["constant answer", "CLIP"])).axes[0]
    constant, clip = (c.lines[0] for c in axis.containers)
    assert (constant.get_marker(), constant.get_linestyle(), clip.get_marker()) == ("P", "-.", "o")
    pairs = pd.DataFrame({"row": "@1", "method": ["A − B", "C − B"], "value": 0.1, "low": 0.0, "high": 0.2})
    axis = interval_plot(pairs, category="row", value="value", label="difference").axes[0]
    assert len({container.lines[0].get_color() for container in axis.containers}) == 2


def test_the_reference_is_the_constant_answer_of_each_row():
    rows = recalls_of(["constant answer", "CLIP"], ks=[1, 2]).assign(constant=[0.1, 0.2] * 2)
    axis = interval_plot(rows, category="k", value="recall", label="recall", reference="constant").axes[0]
    marked = [c for c in axis.collections if to_hex(c.get_color()[0]) == METHOD_COLOURS["constant answer"].lower()]
    assert [0.1, 0.2] in [[s[0][0] for s in c.get_segments()] for c in marked]
    assert [t.get_text() for t in axis.get_legend().get_texts()] == ["constant answer", "CLIP"]


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


@pytest.mark.parametrize(
    "measure, value, begins", [("recall@10", 0.0, 0.0), (PERCENTILE, 0.7, 0.4), (NORMAL_AUC, 0.2, 0.2)]
)
def test_panels_begin_a_little_below_what_they_show(measure, value, begins):
    rows = [{"measure": measure, "method": m, "value": value, "low": value, "high": 0.9} for m in COMPARED]
    axis = yardstick_panels(pd.DataFrame(rows)).axes[0]
    assert begins - 0.06 < axis.get_xlim()[0] < begins and axis.get_xlim()[1] > 0.9
    assert axis.get_ylim()[0] > len(COMPARED) - 1 + 0.3 and axis.get_ylim()[1] < -0.3


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
