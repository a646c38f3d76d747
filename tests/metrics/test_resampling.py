import numpy as np
import pandas as pd
import pytest

from selip_core.metrics.resampling import FEWEST_PATIENTS, bootstrap_interval, holm, paired_difference


def clustered(rng, patients=60, mean=0.3):
    """Return hits whose chance differs between patients: values of one patient are not independent."""
    counts = rng.integers(1, 6, patients)
    chance = rng.beta(2, 2 * (1 - mean) / mean, patients)
    who = np.repeat(np.arange(patients), counts)
    return (rng.random(len(who)) < chance[who]).astype(float), who


def test_the_mean_is_over_values_not_over_patients():
    estimate = bootstrap_interval(np.array([1.0, 1.0, 1.0, 0.0]), np.array([0, 0, 0, 1]))
    assert estimate.value == 0.75 and estimate.n == 4 and estimate.n_patients == 2


def test_too_few_patients_get_no_interval_and_a_reason():
    estimate = bootstrap_interval(np.ones(6), np.arange(6))
    assert np.isnan(estimate.low) and np.isnan(estimate.high) and "6 patients: fewer than 10" in estimate.note
    assert not bootstrap_interval(np.ones(FEWEST_PATIENTS), np.arange(FEWEST_PATIENTS)).note


def test_the_fast_bootstrap_agrees_with_a_loop_over_resampled_patients():
    values, who = clustered(np.random.default_rng(0))
    fast = bootstrap_interval(values, who, samples=4000)
    rng, means = np.random.default_rng(1), []
    for _ in range(4000):
        drawn = rng.integers(0, 60, 60)
        means.append(np.concatenate([values[who == patient] for patient in drawn]).mean())
    assert fast.low == pytest.approx(np.quantile(means, 0.025), abs=0.012)
    assert fast.high == pytest.approx(np.quantile(means, 0.975), abs=0.012)


@pytest.mark.parametrize("patients", [10, 15, 80])
def test_coverage_is_what_it_says_down_to_the_fewest_patients(patients):
    rng, covered, trials = np.random.default_rng(3), 0, 2000
    for _ in range(trials):
        values = rng.normal(0.6, 0.2, patients)
        estimate = bootstrap_interval(values, np.arange(patients), samples=1000, seed=int(rng.integers(1 << 30)))
        covered += estimate.low <= 0.6 <= estimate.high
    assert 0.93 <= covered / trials <= 0.97


def test_coverage_on_clustered_data():
    rng, covered, trials = np.random.default_rng(3), 0, 1500
    for _ in range(trials):
        values, who = clustered(rng, patients=80)
        estimate = bootstrap_interval(values, who, samples=300, seed=int(rng.integers(1 << 30)))
        covered += estimate.low <= 0.3 <= estimate.high
    assert 0.93 <= covered / trials <= 0.97


def test_permutation_test_keeps_its_level(monkeypatch):
    monkeypatch.setattr("selip_core.metrics.resampling.PERMUTATIONS", 400)  # enough for 5 %
    rng, rejected, trials = np.random.default_rng(5), 0, 1500
    for _ in range(trials):
        first, who = clustered(rng, patients=40)
        second = first[rng.permutation(len(first))]
        swap = rng.random(40)[who] < 0.5
        a, b = np.where(swap, second, first), np.where(swap, first, second)
        rejected += paired_difference(a, b, who, samples=100, seed=int(rng.integers(1 << 30))).p <= 0.05
    assert rejected / trials <= 0.06


def test_a_perfect_difference_survives_a_correction_for_a_hundred_others():
    assert paired_difference(np.zeros(40), np.ones(40), np.arange(40)).p < 0.05 / 100


def test_a_clear_difference_is_found_and_signed():
    rng = np.random.default_rng(0)
    first, who = clustered(rng)
    estimate = paired_difference(first, np.minimum(first + (rng.random(len(first)) < 0.3), 1), who)
    assert estimate.value > 0 and estimate.low > 0 and estimate.p < 0.01


def test_runs_are_averaged_before_resampling():
    values, who = clustered(np.random.default_rng(0))
    runs = np.stack([values, 1 - values, values], axis=1)
    assert bootstrap_interval(runs, who).value == pytest.approx(bootstrap_interval(runs.mean(1), who).value)


def test_equal_methods_have_difference_zero():
    values, who = clustered(np.random.default_rng(0))
    estimate = paired_difference(values, values, who)
    assert (estimate.value, estimate.low, estimate.high, estimate.p) == (0, 0, 0, 1)


@pytest.mark.parametrize("values, patients", [([], []), ([1.0], [0, 1])])
def test_nothing_to_average_is_an_error(values, patients):
    with pytest.raises(ValueError, match="nothing to average"):
        bootstrap_interval(np.array(values), np.array(patients))


def test_holm_by_hand():
    corrected = holm(pd.Series([0.01, np.nan, 0.04, 0.03]))
    assert corrected.tolist()[:1] == [pytest.approx(0.03)] and np.isnan(corrected[1])
    assert corrected[3] == pytest.approx(0.06) and corrected[2] == pytest.approx(0.06)
