import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.stats import permutation_test
from statsmodels.stats.multitest import multipletests

from selip_core.metrics.resampling import (
    FEWEST_PATIENTS,
    SIGN_FLIPS,
    bootstrap_interval,
    expanded_levels,
    holm,
    median_interval,
    paired_difference,
)


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


def test_a_median_is_numpys_over_all_runs_and_what_is_not_defined_is_larger_than_all():
    values, who = np.random.default_rng(0).normal(size=(31, 2)), np.arange(31)
    assert median_interval(values, who).value == np.median(values)
    values[:9, 0] = np.nan
    assert median_interval(values, who).value == np.median(np.nan_to_num(values, nan=np.inf))
    half = np.where(np.arange(31) < 15, np.nan, 1.0)
    estimate = median_interval(half, who)
    assert (estimate.value, estimate.low, estimate.high) == (1.0, 1.0, np.inf)


def test_the_interval_of_a_median_agrees_with_a_loop_over_resampled_patients():
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(40), rng.integers(1, 5, 40))
    values = rng.normal(size=40)[who] + 0.3 * rng.normal(size=len(who))
    found = median_interval(values, who, samples=4000)
    of = [values[who == patient] for patient in range(40)]
    looped = [np.median(np.concatenate([of[i] for i in rng.integers(0, 40, 40)])) for _ in range(4000)]
    assert (found.low, found.high) == pytest.approx(np.quantile(looped, expanded_levels(40)), abs=0.06)
    assert found.n_patients == 40 and found.n == len(who)


def test_few_patients_get_a_median_without_an_interval():
    estimate = median_interval(np.arange(5.0), np.arange(5))
    assert estimate.value == 2 and np.isnan(estimate.low) and "5 patients" in estimate.note
    with pytest.raises(ValueError, match="3 values of 2 patients"):
        median_interval(np.ones(3), np.arange(2))


def test_the_fast_bootstrap_agrees_with_a_loop_over_resampled_patients():
    values, who = clustered(np.random.default_rng(0))
    fast = bootstrap_interval(values, who, samples=4000)
    rng, means = np.random.default_rng(1), []
    for _ in range(4000):
        drawn = rng.integers(0, 60, 60)
        means.append(np.concatenate([values[who == patient] for patient in drawn]).mean())
    assert fast.low == pytest.approx(np.quantile(means, 0.025), abs=0.012)
    assert fast.high == pytest.approx(np.quantile(means, 0.975), abs=0.012)


@pytest.mark.parametrize("patients", [10, 15, pytest.param(80, marks=pytest.mark.slow)])
def test_coverage_is_what_it_says_down_to_the_fewest_patients(patients):
    rng, covered, trials = np.random.default_rng(3), 0, 2000
    for _ in range(trials):
        values = rng.normal(0.6, 0.2, patients)
        estimate = bootstrap_interval(values, np.arange(patients), samples=500, seed=int(rng.integers(1 << 30)))
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


def all_signs_at_once(difference, permutations, seed):
    """Return the p-value of `paired_difference` from one table of signs, one value a patient."""
    signs = np.random.default_rng(seed + 1).choice([-1.0, 1.0], size=(permutations, len(difference)))
    return (1 + np.sum(np.abs(signs @ difference) >= abs(difference.sum()) - 1e-12)) / (1 + permutations)


def all_draws_at_once(values, samples, seed):
    draws = np.random.default_rng(seed).multinomial(len(values), np.full(len(values), 1 / len(values)), size=samples)
    return tuple(np.quantile(draws @ values / len(values), expanded_levels(len(values))))


@pytest.mark.parametrize("at_once", [2**20, 1000, 7])  # one block, several with a short last one, rows one by one
def test_numbers_do_not_depend_on_the_size_of_a_block(monkeypatch, at_once):
    monkeypatch.setattr("selip_core.metrics.resampling._NUMBERS_AT_ONCE", at_once)
    monkeypatch.setattr("selip_core.metrics.resampling.PERMUTATIONS", 3001)
    difference = np.random.default_rng(0).normal(0.2, 1, 40).round(1)  # rounded: ties
    estimate = paired_difference(np.zeros(40), difference, np.arange(40), samples=211, seed=3)
    assert estimate.p == all_signs_at_once(difference, 3001, seed=3)
    assert (estimate.low, estimate.high) == pytest.approx(all_draws_at_once(difference, 211, seed=3), rel=1e-12)


def test_twenty_thousand_patients_fit_into_memory(monkeypatch):
    monkeypatch.setattr("selip_core.metrics.resampling.PERMUTATIONS", 2000)  # a tenth: for the time, not the memory
    difference = np.random.default_rng(0).normal(0.01, 1, 20_000)
    tracemalloc.start()
    try:
        estimate = paired_difference(np.zeros(20_000), difference, np.arange(20_000), samples=200)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0 < estimate.p < 1 and peak < 60e6  # all signs at once: 320 MB; of all permutations 3.2 GB


def test_sign_flips_agree_with_scipy():
    difference = np.random.default_rng(1).normal(0.3, 1, 60)
    ours = paired_difference(np.zeros(60), difference, np.arange(60)).p
    theirs = permutation_test(
        (difference,), np.sum, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(0)
    )
    assert ours == pytest.approx(theirs.pvalue, abs=4 * np.sqrt(ours * (1 - ours) * 2 / 20_000))


def test_a_p_value_names_its_test_and_where_there_is_none_there_is_no_name():
    values, who = clustered(np.random.default_rng(0))
    assert paired_difference(values, 1 - values, who).test == SIGN_FLIPS
    few = paired_difference(np.zeros(4), np.ones(4), np.arange(4))
    assert np.isnan(few.p) and few.test == "" and bootstrap_interval(values, who).test == ""


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
    assert holm(pd.Series([np.nan, np.nan])).isna().all() and holm(pd.Series([], dtype=float)).empty


@pytest.mark.parametrize("n", [1, 2, 40])
def test_holm_is_that_of_statsmodels(n):
    p_values = np.random.default_rng(n).choice([0.0, 1e-5, 1e-3, 0.01, 0.04, 0.3, 1.0], n)  # with ties
    corrected = holm(pd.Series(p_values, index=["the same name"] * n))
    assert corrected.tolist() == multipletests(p_values, method="holm")[1].tolist()
