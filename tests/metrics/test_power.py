"""Power against a simulated truth, against statsmodels, and its limits."""

import math

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower

from selip_core.metrics.power import MOST, Difference, describe_difference, patients_needed, power, seeds_needed


def simulated(rng, patients, seeds, effect=0.08, sd_patients=0.4, sd_seeds=0.03, sd_noise=0.2):
    """Return differences (patients, seeds): each patient and each seed shifts its values."""
    return (
        effect + rng.normal(0, sd_patients, (patients, 1)) + rng.normal(0, sd_seeds, (1, seeds))
        + rng.normal(0, sd_noise, (patients, seeds))
    )  # fmt: skip


@pytest.mark.parametrize(("patients", "seeds"), [(100, 3), (250, 5), (400, 10)])
def test_power_is_how_often_simulated_studies_find_the_difference(patients, seeds):
    rng, trials = np.random.default_rng(0), 4000
    error = math.sqrt((0.4**2 + 0.2**2 / seeds) / patients + 0.03**2 / seeds)
    means = np.array([simulated(rng, patients, seeds).mean() for _ in range(trials)])
    found = np.mean(np.abs(means) / error > 1.95996)
    predicted = power(Difference(0.08, 0.4, 0.03, 0.2), patients, seeds)
    assert predicted == pytest.approx(found, abs=0.03)


def test_spreads_are_recovered():
    rng = np.random.default_rng(1)
    found = [describe_difference(simulated(rng, 300, 6, sd_seeds=0.1)) for _ in range(300)]
    assert np.mean([d.effect for d in found]) == pytest.approx(0.08, abs=0.02)
    assert np.mean([d.sd_patients for d in found]) == pytest.approx(0.4, rel=0.03)
    assert np.mean([d.sd_residual for d in found]) == pytest.approx(0.2, rel=0.03)
    assert np.mean([d.sd_seeds**2 for d in found]) == pytest.approx(0.1**2, rel=0.15)


def test_without_a_spread_between_seeds_it_is_the_usual_test():
    theirs = NormalIndPower(ddof=0).power(0.25, nobs1=100, alpha=0.05, ratio=0)
    assert power(Difference(0.25, 1.0, 0.0), 100, 1) == pytest.approx(theirs, abs=1e-6)


def test_needed_numbers_reach_the_power_and_one_less_does_not():
    difference = Difference(0.05, 0.4, 0.02)
    n = patients_needed(difference, 5)
    assert power(difference, n, 5) >= 0.8 > power(difference, n - 1, 5)
    k = seeds_needed(difference, n)
    assert power(difference, n, k) >= 0.8 > power(difference, n, k - 1)


def test_what_more_patients_cannot_mend_is_none():
    assert patients_needed(Difference(0.02, 0.4, 0.05), 3) is None
    assert patients_needed(Difference(0.0, 0.4, 0.0), 3) is None and MOST >= 100_000


def test_one_seed_tells_nothing_about_seeds():
    assert math.isnan(describe_difference(np.random.default_rng(0).normal(size=(20, 1))).sd_seeds)
    assert power(Difference(0.25, 1.0, float("nan")), 100, 1) == power(Difference(0.25, 1.0, 0.0), 100, 1)


def test_no_spread_at_all():
    assert power(Difference(0.1, 0.0, 0.0), 10, 1) == 1 and power(Difference(0.0, 0.0, 0.0), 10, 1) == 0


@pytest.mark.parametrize("shape", [(5,), (1, 3)])
def test_too_little_to_describe(shape):
    with pytest.raises(ValueError, match="two patients or more"):
        describe_difference(np.zeros(shape))


@pytest.mark.parametrize("seeds", [1, 10])
def test_a_study_of_three_seeds_foretells_studies_of_other_sizes(seeds):
    rng = np.random.default_rng(2)
    noisy = {"effect": 0.05, "sd_patients": 0.1, "sd_seeds": 0.0, "sd_noise": 0.6}
    foretold = np.mean([power(describe_difference(simulated(rng, 2000, 3, **noisy)), 200, seeds) for _ in range(40)])
    error = math.sqrt((0.1**2 + 0.6**2 / seeds) / 200)
    found = np.mean([abs(simulated(rng, 200, seeds, **noisy).mean()) / error > 1.95996 for _ in range(4000)])
    assert foretold == pytest.approx(found, abs=0.05)
