import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from selip_core.plotting import cohort as figures
from selip_core.plotting.style import SPLIT_COLOURS


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
        counts, category="sequence", order=["T1", "T2"], group="split", value="series", colours=SPLIT_COLOURS
    )
    assert {"5", "2", "4"} <= {t.get_text() for t in figure.axes[0].texts}


def test_remaining_figures_are_figures():
    rng = np.random.default_rng(0)
    values = {"T1": [rng.normal(size=50)], "T2": [rng.normal(size=50)]}
    made = [
        figures.intensity_histograms(values, values),
        figures.horizontal_counts(pd.Series({"在左侧额叶": 3, "在脑桥": 1}), label="series"),
    ]
    assert all(isinstance(figure, Figure) for figure in made)
