import warnings

import numpy as np

from selip_core.inspection.pair import CohortPairs, compare
from selip_core.plotting.pair import pair_figure
from selip_core.plotting.style import apply_style
from selip_core.reports.sentences import NORMAL_STATEMENT

FIRST = "在左侧额叶表现为片状长信号，在脑桥表现为点状长信号"
SECOND = "在左侧额叶表现为斑片状长信号"
COHORT = [FIRST, SECOND, "在脑桥表现为点状短信号", "在脑沟表现为增宽", NORMAL_STATEMENT]


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
