"""AUC over series, patients resampled, against loops."""

import numpy as np
import pytest

from selip_core.metrics.classification import auc
from selip_core.metrics.clustered import INFLUENCE_FLIPS, clustered_auc, clustered_auc_difference
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
    assert found.low > 0 and found.p < 0.01 and found.test == INFLUENCE_FLIPS
    other = study(seed=5, patients=60)[1]
    assert clustered_auc_difference(truth, scores, other, of, samples=200).p > 0.05


@pytest.mark.parametrize("normal, note", [(0, "one class only"), (2, "2 patients in the smaller class")])
def test_too_few_are_given_no_interval(normal, note):
    of = np.repeat(np.arange(12), 2)
    truth, scores = of < normal, np.arange(24.0)[:, None]
    for estimate in (clustered_auc(truth, scores, of), clustered_auc_difference(truth, scores, scores, of)):
        assert np.isnan(estimate.low) and note in estimate.note and estimate.n_patients == 12
