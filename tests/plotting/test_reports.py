import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from selip_core.plotting import reports as figures


def test_finding_pair_matrices_have_one_panel_a_part():
    matrix = np.array([[1.0, 0.2], [0.3, 0.0]])
    figure = figures.finding_pair_matrices({"syntax": matrix, "mixed": matrix}, ["a", "b"], ["c", "d"])
    assert len(figure.axes) == 2 and figure.axes[0].get_title() == "syntax"


def test_similarity_heatmaps_share_the_order_and_the_scale():
    matrix = np.arange(9).reshape(3, 3) / 8
    figure = figures.similarity_heatmaps({"a": matrix, "b": matrix}, np.array([2, 0, 1]))
    images = [axis.images[0] for axis in figure.axes[:2]]
    assert np.array_equal(images[0].get_array(), matrix[np.ix_([2, 0, 1], [2, 0, 1])])
    assert all(image.get_clim() == (0, 1) for image in images)


def test_remaining_figures_are_figures():
    rng = np.random.default_rng(0)
    marked = pd.DataFrame({"label": ["A"], "syntax": [0.5], "semantic": [0.2]})
    scores = pd.DataFrame({"sequence": ["T1"], "precision": [1.0], "recall": [0.9], "f1": [0.95]})
    made = [
        figures.syntax_against_semantics(rng.random(50), rng.random(50), marked),
        figures.finding_scores(scores),
    ]
    assert all(isinstance(figure, Figure) for figure in made)


def test_a_bar_of_target_shares_ends_at_one():
    shares = pd.DataFrame([[0.5, 0.2, 0.1, 0.1, 0.1], [0.8, 0.1, 0.1, 0, 0]], index=["SeLIP", "sharp"])
    figure = figures.target_share_bars(shares.set_axis([*"abcde"], axis=1))
    (axis,) = figure.axes
    ends = {bar.get_x() + bar.get_width() for bar in axis.containers[-1]}
    assert np.allclose(list(ends), 1) and [label.get_text() for label in axis.get_yticklabels()] == ["SeLIP", "sharp"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*"abcde"]
