import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from selip_core._utils.images import thumbnail_png
from selip_core.plotting.retrieval import search_results


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
    plt.close(figure)


@pytest.mark.parametrize("written", [r"a$\foo$", "$$"])
def test_what_a_hospital_or_a_user_writes_is_no_formula(written):
    picture = thumbnail_png(np.random.default_rng(0).normal(size=(3, 12, 10)))
    found = pd.DataFrame({"sequence": [written], "score": [0.5], "patient_id": [written], "query": [written],
                          "thumbnail": [picture]})  # fmt: skip
    figure = search_results({f"x{written}": found})
    figure.canvas.draw()
    plt.close(figure)
