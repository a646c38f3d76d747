"""Metrics against hand-computed cases and scikit-learn; intervals and tests against simulation."""

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import roc_auc_score

from selip_core.metrics.classification import (
    DELONG,
    auc,
    auc_difference,
    auc_interval,
    balanced_accuracy,
    calibration_error,
    f1,
)
from selip_core.metrics.resampling import expanded_levels

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("truth", "scores", "expected"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4], 1.0),
        ([0, 0, 1, 1], [4, 3, 2, 1], 0.0),
        ([0, 1], [5, 5], 0.5),  # a tie counts half
        ([0, 0, 1, 1], [1, 2, 2, 0], (0.5 + 1 + 0 + 0) / 4),
    ],
)
def test_auc_by_hand(truth, scores, expected):
    assert auc(np.array(truth), np.array(scores)) == expected


def test_one_class_has_no_auc():
    assert np.isnan(auc(np.ones(3), np.arange(3))) and np.isnan(balanced_accuracy(np.ones(3), np.ones(3)))
    estimate = auc_interval(np.ones(20, bool), np.random.default_rng(0).random((20, 1)))
    assert np.isnan(estimate.value) and estimate.note == "one class only: not scored"


def test_f1_by_hand():
    assert f1([1, 1, 0, 0], [1, 0, 1, 0]) == 0.5
    assert f1([1, 0], [0, 0]) == 0 and np.isnan(f1([0, 0], [0, 0]))


def test_calibration_by_hand():
    # two bins: 0.2 was right 1 of 2 times (gap 0.3), 0.9 was right 2 of 2 (gap 0.1); half of the patients each
    assert calibration_error([0, 1, 1, 1], [0.2, 0.2, 0.9, 0.9]) == pytest.approx(0.2)


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_their_definitions_and_the_auc_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth, scores = rng.random(80) < 0.3, rng.normal(size=80).round(1)
    found = scores > 0
    assert auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))
    assert balanced_accuracy(truth, found) == (found[truth].mean() + (~found[~truth]).mean()) / 2
    assert f1(truth, found) == 2 * (truth & found).sum() / (truth.sum() + found.sum())


def test_scores_that_rank_patients_equally_well_have_equal_aucs_to_the_last_digit():
    rng = np.random.default_rng(0)
    truth = np.arange(31) < 11
    scores = rng.normal(size=(400, 31))
    by_wins = {}
    for one in scores:
        wins = int((one[truth][:, None] > one[~truth][None, :]).sum())
        by_wins.setdefault(wins, set()).add(auc(truth, one))
    assert len(by_wins) < 200 and all(len(values) == 1 for values in by_wins.values())


def test_the_fast_bootstrap_agrees_with_a_loop():
    rng = np.random.default_rng(1)
    truth = rng.random(60) < 0.4
    scores = truth[:, None] + rng.normal(size=(60, 2))
    fast = auc_interval(truth, scores, samples=3000)
    loop = []
    while len(loop) < 3000:
        drawn = rng.integers(0, 60, 60)
        loop.append(np.mean([auc(truth[drawn], scores[drawn, r]) for r in range(2)]))
    assert fast.value == pytest.approx(np.mean([auc(truth, scores[:, r]) for r in range(2)]))
    levels = expanded_levels(min(truth.sum(), (~truth).sum()))
    assert (fast.low, fast.high) == pytest.approx(tuple(np.quantile(loop, levels)), abs=0.012)


def test_classes_are_averaged_and_one_sided_ones_left_out():
    rng = np.random.default_rng(2)
    truth = np.stack([rng.random(50) < 0.5, np.ones(50, bool)], axis=1)
    scores = rng.normal(size=(50, 2, 1))
    assert auc_interval(truth, scores).value == pytest.approx(auc(truth[:, 0], scores[:, 0, 0]))


@pytest.mark.parametrize(
    ("n", "positives"), [pytest.param(200, 70, marks=SLOW), pytest.param(240, 10, marks=SLOW), (40, 12)]
)
def test_auc_interval_covers_the_truth_as_often_as_it_says(n, positives):
    rng, covered, true, trials = np.random.default_rng(3), 0, 0.760, 1000  # scores one standard deviation apart
    truth = np.arange(n) < positives
    for _ in range(trials):
        scores = truth[:, None] + rng.normal(size=(n, 1))
        estimate = auc_interval(truth, scores, samples=200, seed=int(rng.integers(1 << 30)))
        covered += estimate.low <= true <= estimate.high
    assert 0.93 <= covered / trials <= 0.97


def plain_delong(truth, first, second):
    """Return z and Satterthwaite's freedom by the placements of DeLong, DeLong and Clarke-Pearson (1988)."""
    m, n = truth.sum(), (~truth).sum()
    above = [
        (s[truth][:, None] > s[~truth][None, :]) + 0.5 * (s[truth][:, None] == s[~truth][None, :])
        for s in (first, second)
    ]
    of_positives, of_negatives = (np.array([a.mean(axis) for a in above]) for axis in (1, 0))
    contrast = np.array([-1.0, 1.0])
    parts = contrast @ np.cov(of_positives) @ contrast / m, contrast @ np.cov(of_negatives) @ contrast / n
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (m - 1) + parts[1] ** 2 / (n - 1))
    return (above[1].mean() - above[0].mean()) / np.sqrt(sum(parts)), freedom


@pytest.mark.parametrize("seed", range(4))
def test_with_one_seed_it_is_the_test_of_delong(seed):
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(50) < 18)
    first = truth + rng.normal(size=50).round(1)
    second = first + truth + rng.normal(size=50).round(1)
    z, freedom = plain_delong(truth, first, second)
    estimate = auc_difference(truth, first[:, None], second[:, None], samples=20)
    assert estimate.p == pytest.approx(2 * t.sf(abs(z), freedom), rel=1e-9)
    assert estimate.test == DELONG


@pytest.mark.parametrize(
    ("n", "positives", "labels"),
    [(60, 25, 1), pytest.param(240, 10, 1, marks=SLOW), pytest.param(80, 20, 4, marks=SLOW)],
)
def test_the_test_of_an_auc_difference_keeps_its_level(n, positives, labels):
    rng, rejected, trials = np.random.default_rng(4), 0, 2000
    for _ in range(trials):
        truth = np.stack([rng.permutation(np.arange(n) < positives) for _ in range(labels)], axis=1)
        shared = truth + rng.normal(size=truth.shape)
        first, second = ((shared + 0.7 * rng.normal(size=truth.shape))[:, :, None] for _ in range(2))
        rejected += auc_difference(truth, first, second, samples=20).p <= 0.05
    assert rejected / trials <= 0.06


def test_a_large_difference_survives_a_correction_for_a_hundred_others():
    rng = np.random.default_rng(6)
    truth = np.arange(240) < 60
    chance, good = rng.normal(size=(240, 1)), (truth * 3 + rng.normal(size=240))[:, None]
    assert auc_difference(truth, chance, good).p < 0.05 / 100


def test_few_patients_on_one_side_get_no_interval():
    truth = np.arange(20) < 2
    estimate = auc_interval(truth, np.random.default_rng(0).normal(size=(20, 1)))
    assert auc_difference(truth, np.arange(20.0), -np.arange(20.0)).test == ""
    assert np.isnan(estimate.low) and estimate.note == "2 patients in the smaller class: fewer than 3, no interval"
    assert auc_interval(np.arange(20) < 8, -np.arange(20)[:, None]).note == "no error at all: no interval"


def test_a_clear_difference_is_found_whatever_the_scale_of_the_scores():
    rng = np.random.default_rng(5)
    truth = np.arange(100) < 40
    weak, strong = (truth * d + rng.normal(size=100) for d in (0.3, 3.0))
    estimate = auc_difference(truth, weak[:, None], np.exp(3 * strong)[:, None])
    assert estimate.value > 0.2 and estimate.low > 0 and estimate.p < 0.01


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        auc_interval(np.ones((5, 2)), np.ones((5, 3, 1)))
