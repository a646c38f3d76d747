"""AUC over series, patients resampled, against loops."""

import numpy as np
import pytest
from scipy.stats import rankdata

from selip_core.metrics import resampling
from selip_core.metrics.classification import auc
from selip_core.metrics.clustered import EXCHANGES, clustered_auc, clustered_auc_difference, exchanged_difference
from selip_core.metrics.resampling import bootstrap_draws, expanded_levels


def study(seed=0, shift=1.0, patients=24):
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(patients), 3)
    truth = of % 3 == 0
    scores = rng.normal(size=(len(of), 2)) + shift * truth[:, None] + rng.normal(size=patients)[of][:, None]
    return truth, scores, of


def test_value_and_interval_are_those_of_drawing_patients_one_by_one():
    truth, scores, of = study()
    estimate = clustered_auc(truth, scores, of, samples=100, seed=1)
    assert estimate.value == pytest.approx(np.mean([auc(truth, run) for run in scores.T]))
    drawn = []
    for draws in np.concatenate(list(bootstrap_draws(24, 100, 1))):
        rows = np.concatenate([np.repeat(np.flatnonzero(of == p), n) for p, n in enumerate(draws)])
        drawn.append(np.mean([auc(truth[rows], run[rows]) for run in scores.T]))
    assert [estimate.low, estimate.high] == pytest.approx(np.nanquantile(drawn, expanded_levels(8)))
    assert (estimate.n_patients, estimate.n) == (24, 72)


def test_series_of_one_patient_are_not_independent():
    truth, scores, of = study(patients=60)
    clusters, apart = (clustered_auc(truth, scores, p, samples=400) for p in (of, np.arange(len(of))))
    assert clusters.high - clusters.low > 1.2 * (apart.high - apart.low)


def test_a_clear_difference_is_found_and_none_is_not():
    truth, scores, of = study(patients=60)
    better = scores + 3 * truth[:, None]
    found = clustered_auc_difference(truth, scores, better, of, samples=200)
    assert found.low > 0 and found.p < 0.01 and found.test == EXCHANGES
    other = study(seed=5, patients=60)[1]
    assert clustered_auc_difference(truth, scores, other, of, samples=200).p > 0.05


def test_exchanged_ranks_give_the_difference_with_the_signs_of_their_patients_changed():
    truth, first, of = study(patients=20)
    first, second = first.round(), study(seed=5, patients=20)[1].round()  # with ties
    added = exchanged_difference(truth, first, second, of)
    assert added.sum() == pytest.approx(np.mean([auc(truth, second[:, r]) - auc(truth, first[:, r]) for r in (0, 1)]))
    changed = np.random.default_rng(0).random(20) < 0.5
    a, b = rankdata(first, axis=0), rankdata(second, axis=0)
    a, b = np.where(changed[of][:, None], b, a), np.where(changed[of][:, None], a, b)
    again = np.mean([auc(truth, b[:, r]) - auc(truth, a[:, r]) for r in (0, 1)])
    assert (added * np.where(changed, -1, 1)).sum() == pytest.approx(again)


@pytest.mark.parametrize("positive, shift", [(3, 0.0), (5, 1.5), (10, 1.5)])
def test_two_methods_that_are_alike_are_told_apart_no_more_often_than_the_level_says(positive, shift, monkeypatch):
    """Scores that both methods share in part; a class of few patients is where a test of influences went wrong."""
    monkeypatch.setattr(resampling, "PERMUTATIONS", 500)
    rng, of = np.random.default_rng(positive), np.repeat(np.arange(60), 2)
    truth, found = of < positive, []
    for _ in range(300):
        shared = (shift * truth + 0.5 * rng.normal(size=60)[of])[:, None]
        methods = [shared + 0.7 * rng.normal(size=(60, 1))[of] + 0.5 * rng.normal(size=(120, 1)) for _ in range(2)]
        found.append(clustered_auc_difference(truth, *methods, of, samples=10, fewest=3).p)
    assert np.mean(np.array(found) < 0.05) < 0.08


@pytest.mark.parametrize("normal, note", [(0, "one class only"), (2, "2 patients in the smaller class")])
def test_too_few_are_given_no_interval(normal, note):
    of = np.repeat(np.arange(12), 2)
    truth, scores = of < normal, np.arange(24.0)[:, None]
    for estimate in (clustered_auc(truth, scores, of), clustered_auc_difference(truth, scores, scores, of)):
        assert np.isnan(estimate.low) and note in estimate.note and estimate.n_patients == 12


def test_a_difference_wants_ten_patients_in_each_class():
    truth, scores, of = study(patients=30)
    for positive, tested in ((9, False), (10, True)):
        truth = of < positive
        found = clustered_auc_difference(truth, scores, scores[::-1], of, samples=50)
        assert np.isfinite([found.low, found.high, found.p]).all() == tested
        assert tested or ("9 patients in the smaller class: fewer than 10" in found.note and found.test == "")
        assert np.isfinite(clustered_auc(truth, scores, of, samples=50).low)
