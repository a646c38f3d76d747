import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from selip_core.plotting import cohort as figures


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_montage_marks_what_was_not_acquired():
    volume = np.random.default_rng(0).normal(size=(4, 6, 8))
    figure = figures.series_montage({"P1": {"T1": volume, "T2": volume}, "P2": {"T1": volume}}, ["T1", "T2"])
    texts = [t.get_text() for axis in figure.axes for t in axis.texts]
    assert texts == ["not acquired"]


def test_a_patient_id_is_no_formula_in_the_montage():
    volume = np.random.default_rng(0).normal(size=(4, 6, 8))
    figures.series_montage({r"a$\foo$": {"T1": volume}}, ["T1"]).canvas.draw()


def test_count_bars_write_their_numbers():
    counts = pd.DataFrame({"sequence": ["T1", "T1", "T2"], "split": ["train", "test", "train"], "series": [5, 2, 4]})
    figure = figures.count_bars(
        counts, category="sequence", order=["T1", "T2"], group="split", value="series", colours=figures.SPLIT_COLOURS
    )
    assert {"5", "2", "4"} <= {t.get_text() for t in figure.axes[0].texts}


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


def test_training_curves_draw_every_run():
    steps = pd.concat(
        pd.DataFrame({"method": m, "seed": s, "step": range(1, 6), "clip": 3.0, "kl": 1.0})
        for m in ("CLIP", "SeLIP") for s in (0, 1)
    ).assign(accuracy=0.1, logit_scale=14.0)  # fmt: skip
    validations = pd.DataFrame({
        "method": ["CLIP", "SeLIP"], "seed": 0, "step": 5, "recall_at_10": 0.2, "mean_reciprocal_rank": 0.1,
        "chance_at_10": 0.05,
    })  # fmt: skip
    figure = figures.training_curves(steps, validations, batch_size=8)
    assert len(figure.axes) == 6 and len(figure.axes[1].lines) == 4


def test_recall_curves_and_intervals_draw_methods_and_chance():
    recalls = pd.DataFrame({
        "direction": "image to text", "method": ["CLIP", "CLIP", "SeLIP", "SeLIP"], "k": [1, 2, 1, 2],
        "recall": [0.1, 0.2, 0.1, 0.3], "low": 0.05, "high": 0.35, "chance": [0.01, 0.02, 0.01, 0.02],
    })  # fmt: skip
    assert len(figures.recall_curves(recalls).axes[0].lines) == 3
    at_1 = recalls[recalls["k"] == 1].assign(sequence="T1")
    figure = figures.interval_plot(at_1, category="sequence", value="recall", label="recall@1", reference="chance")
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["T1"]


def test_retrieval_examples_mark_the_true_sentence():
    example = {
        "volume": np.zeros((4, 6, 8)), "title": "P1 T1", "true": "在左侧额叶表现为长信号",
        "found": [("在右侧额叶表现为长信号", 0.5), ("在左侧额叶表现为长信号", 0.4)],
    }  # fmt: skip
    figure = figures.retrieval_examples([example])
    assert any(t.get_text().endswith("✓") for t in figure.axes[1].texts)


def test_remaining_figures_are_figures():
    rng = np.random.default_rng(0)
    values = {"T1": [rng.normal(size=50)], "T2": [rng.normal(size=50)]}
    marked = pd.DataFrame({"label": ["A"], "syntax": [0.5], "semantic": [0.2]})
    scores = pd.DataFrame({"sequence": ["T1"], "precision": [1.0], "recall": [0.9], "f1": [0.95]})
    made = [
        figures.intensity_histograms(values, values),
        figures.syntax_against_semantics(rng.random(50), rng.random(50), marked),
        figures.finding_scores(scores),
        figures.horizontal_counts(pd.Series({"在左侧额叶": 3, "在脑桥": 1}), label="series"),
    ]
    assert all(isinstance(figure, Figure) for figure in made)
