import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest

from selip_core.inspection.pair import compare
from selip_core.inspection.pair_place import CohortPairs
from selip_core.plotting.embedding_map import MAP_COLOURS, MAP_MARKERS, MAP_SYMBOLS, map_figure, pair_figure
from selip_core.plotting.style import apply_style
from selip_core.reports.sentences import NORMAL_STATEMENT

FIRST = "在左侧额叶表现为片状长信号，在脑桥表现为点状长信号"
SECOND = "在左侧额叶表现为斑片状长信号"
COHORT = [FIRST, SECOND, "在脑桥表现为点状短信号", "在脑沟表现为增宽", NORMAL_STATEMENT]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_each_label_of_a_map_has_its_own_colour_and_shape():
    assert len(set(MAP_COLOURS)) == len(set(MAP_MARKERS)) == len(set(MAP_SYMBOLS)) == len(MAP_COLOURS)


def test_a_figure_has_one_panel_a_labelling_and_counts_in_its_legends():
    points = np.random.default_rng(0).normal(size=(12, 2))
    sites = [f"site {i}" for i in range(10)] + ["site 0"] * 2
    figure = map_figure(points, {"sequence": ["T1", "T2"] * 6, "site": sites}, top=3)
    assert [axis.get_title() for axis in figure.axes] == ["sequence", "site"]
    legends = [[text.get_text() for text in axis.get_legend().get_texts()] for axis in figure.axes]
    assert legends == [["T1 (6)", "T2 (6)"], ["site 0 (3)", "site 1 (1)", "site 2 (1)", "other (7)"]]
    assert sum(len(scatter.get_offsets()) for scatter in figure.axes[1].collections) == 12


def test_the_legends_of_a_figure_do_not_reach_into_each_other():
    points = np.random.default_rng(0).normal(size=(40, 2))
    names = [f"双侧侧脑室旁白质{i % 9}" for i in range(40)]
    figure = map_figure(points, {"one": names, "two": names, "three": names})
    figure.canvas.draw()
    boxes = [axis.get_legend().get_window_extent() for axis in figure.axes]
    assert all(left.x1 <= right.x0 for left, right in zip(boxes, boxes[1:]))
    assert all(box.y0 >= 0 and box.y1 <= axis.get_window_extent().y0 + 1 for box, axis in zip(boxes, figure.axes))


def test_a_figure_of_a_pair_shows_findings_scores_and_place():
    apply_style()
    comparison, place = compare(FIRST, SECOND), CohortPairs(COHORT).place(FIRST, SECOND)
    figure = pair_figure(comparison, place)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a character that no font has is a warning
        figure.canvas.draw()
    texts = [text.get_text() for axis in figure.axes for text in axis.texts] + [t.get_text() for t in figure.texts]
    assert {"左侧额叶", "0.95", "0.24"} <= set(texts)
    assert any(place.in_words()[0] in text for text in texts) and any("mixed 0.591" in text for text in texts)
    assert np.array_equal(figure.axes[1].images[0].get_array(), place.crop)
    assert len(pair_figure(compare(NORMAL_STATEMENT, FIRST)).axes) == 1


def test_a_figure_takes_any_text_for_text():
    odd = "在左侧$额叶^{2表现为$片状长信号"
    pair_figure(compare(odd, SECOND), CohortPairs(COHORT).place(odd, SECOND)).canvas.draw()
