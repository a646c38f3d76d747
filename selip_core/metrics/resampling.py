"""Intervals and tests that resample patients: the series of one patient are never independent."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import norm, t

PERMUTATIONS = 20_000
"""Of a sign-flip test: its smallest p must survive a correction for the number of comparisons."""

SIGN_FLIPS = "sign-flip permutation over patients"
"""What `paired_difference` computes its p-value by."""

ALPHA = 0.05
"""A corrected p under it is called significant."""

FEWEST_PATIENTS = 10
"""Below this many patients no interval is given: a bootstrap of so few values promises more than it knows."""

_NUMBERS_AT_ONCE = 2**20
"""Of a block of random numbers (8 MiB): memory does not grow with the number of patients."""


@dataclass(frozen=True)
class Estimate:
    """A mean, an AUC or a difference of two, with its interval and, of a difference, its test.

    Parameters
    ----------
    value : float
    low, high : float
        Ends of the interval; NaN where there are too few patients.
    n_patients, n : int
        Patients, and values.
    p : float
        Two-sided, of no difference; NaN where nothing was tested.
    test : str
        The test that `p` is of; empty where nothing was tested.
    note : str
        Why there is no interval, or empty.
    """

    value: float
    low: float
    high: float
    n_patients: int
    n: int
    p: float = float("nan")
    test: str = ""
    note: str = ""


def bootstrap_interval(
    values: np.ndarray, patients: np.ndarray, *, samples: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Return the mean of `values` with a percentile interval from resampling patients.

    A patient is drawn with all its values: a bootstrap of clusters (Davison and Hinkley, Bootstrap Methods and their
    Application, 1997, section 3.8). By hand, for `scipy.stats.bootstrap` knows no clusters.

    Parameters
    ----------
    values : (n,) or (n, runs)
        One value a query; several columns are runs (seeds) of the same queries, averaged before resampling.
    patients : (n,)
        The patient of each value.
    samples : int
        Bootstrap samples.
    level : float in (0, 1)

    Raises
    ------
    ValueError
        If there is nothing to average, or lengths differ.
    """
    sums, counts = _by_patient(values, patients)
    value = float(sums.sum() / counts.sum())
    if len(counts) < FEWEST_PATIENTS:
        return Estimate(value, np.nan, np.nan, len(counts), int(counts.sum()), note=_too_few(len(counts)))
    means = np.concatenate([(draws @ sums) / (draws @ counts) for draws in bootstrap_draws(len(counts), samples, seed)])
    low, high = np.quantile(means, expanded_levels(len(counts), level))
    return Estimate(value, float(low), float(high), len(counts), int(counts.sum()))


def median_interval(
    values: np.ndarray, patients: np.ndarray, *, samples: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Return the median of `values` with a percentile interval from resampling patients with all their values.

    Parameters
    ----------
    values : (n,) or (n, runs)
        One value a query; runs (seeds) count beside each other. NaN, what is not defined, counts as larger than all
        others: who has no answer is not the better for it. A median of such values, or an end, is infinite.
    patients : (n,)
        The patient of each value.
    samples, level, seed
        As `bootstrap_interval` takes them.

    Raises
    ------
    ValueError
        If there are no values, or lengths differ.
    """
    number = _numbers(patients, len(values))
    values, n_patients = np.asarray(values, float).reshape(len(values), -1), number.max() + 1
    number = np.repeat(number, values.shape[1])
    values = np.where(np.isnan(values), np.inf, values).ravel()
    order = np.argsort(values, kind="stable")
    values, number = values[order], number[order]
    value = float(_medians(np.ones((1, n_patients)), values, number)[0])
    if n_patients < FEWEST_PATIENTS:
        return Estimate(value, np.nan, np.nan, n_patients, len(values), note=_too_few(n_patients))
    medians = [_medians(draws, values, number) for draws in bootstrap_draws(n_patients, samples, seed)]
    # a quantile that is one of the medians: between a number and infinity there is none
    low, high = np.quantile(np.concatenate(medians), expanded_levels(n_patients, level), method="inverted_cdf")
    return Estimate(value, float(low), float(high), n_patients, len(values))


def _medians(draws: np.ndarray, values: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the median of ascending values for each row of how often every patient is drawn (rows, patients)."""
    drawn = np.cumsum(draws[:, number], axis=1)
    half = drawn[:, -1:] / 2
    below, above = (drawn < half).sum(axis=1), (drawn <= half).sum(axis=1)
    return (values[below] + values[above]) / 2


def bootstrap_draws(n: int, samples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each of `n` patients is drawn in each of `samples` bootstrap samples, in blocks (rows, n) int.

    These counts are multinomial: one matrix product with them takes the place of a loop over samples. The blocks are
    one stream of random numbers, so that what is drawn does not depend on their size.
    """
    rng, chances = np.random.default_rng(seed), np.full(n, 1 / n)
    for rows in _blocks(samples, n):
        yield rng.multinomial(n, chances, size=rows)


def _blocks(rows: int, columns: int) -> list[int]:
    """Return the numbers of rows in which a table (rows, columns) of random numbers is drawn."""
    at_once = max(1, _NUMBERS_AT_ONCE // columns)
    return [min(at_once, rows - start) for start in range(0, rows, at_once)]


def expanded_levels(n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the quantiles of a bootstrap distribution that make its percentile interval as wide as it should be.

    A bootstrap of `n` values is too narrow by ``sqrt((n - 1) / n)`` and knows no t distribution; this takes both into
    account (Hesterberg, What teachers should know about the bootstrap, Am Stat 2015;69:371-386).
    """
    tail = norm.cdf(np.sqrt(n / (n - 1)) * t.ppf((1 - level) / 2, n - 1))
    return float(tail), float(1 - tail)


def paired_difference(
    first: np.ndarray,
    second: np.ndarray,
    patients: np.ndarray,
    *,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Return the mean of ``second - first`` over the same queries, its interval, and a sign-flip permutation p-value.

    The p-value is two-sided: under the null hypothesis the two methods are interchangeable for each patient, so the
    sign of a patient's summed difference is random (Fisher, The Design of Experiments, 1935, section 21).

    Parameters
    ----------
    first, second : (n,) or (n, runs)
        Values of the same queries by two methods; runs (seeds) are averaged, and may be of another number in each.
    patients : (n,)
        The patient of each query.
    """
    difference = _over_runs(second) - _over_runs(first)
    estimate = bootstrap_interval(difference, patients, samples=samples, level=level, seed=seed)
    if estimate.note:
        return estimate
    sums, _ = _by_patient(difference, patients)
    return replace(estimate, p=sign_flip_p(sums, seed + 1), test=SIGN_FLIPS)


def sign_flip_p(sums: np.ndarray, seed: int) -> float:
    """Return the two-sided p-value of a sum of 0, from the sums (patients,) with `PERMUTATIONS` random signs each.

    By hand: `scipy.stats.permutation_test` shuffles each patient's pair in turn, which takes eight times as long.
    """
    rng, limit, reached = np.random.default_rng(seed), abs(sums.sum()) - 1e-12, 0
    for rows in _blocks(PERMUTATIONS, len(sums)):
        signs = rng.choice([-1.0, 1.0], size=(rows, len(sums)))
        reached += int(np.sum(np.abs(signs @ sums) >= limit))
    # the observed labelling is one of the permutations, hence the 1 on both sides
    return (1 + reached) / (1 + PERMUTATIONS)


def _over_runs(values: np.ndarray) -> np.ndarray:
    """Return values (n,) as they are, and of (n, runs) the mean over runs."""
    values = np.asarray(values, float)
    return values.mean(axis=1) if values.ndim == 2 else values


def _by_patient(values: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sum and number of values of each patient."""
    values = _over_runs(values)
    number = _numbers(patients, len(values))
    return np.bincount(number, weights=values), np.bincount(number).astype(float)


def _numbers(patients: np.ndarray, n: int) -> np.ndarray:
    """Return the number of each value's patient, from 0; refuse where there is not one for each of `n` values."""
    if n == 0 or n != len(patients):
        raise ValueError(f"{n} values of {len(patients)} patients: nothing to average, or lengths differ")
    return np.unique(np.asarray(patients), return_inverse=True)[1]


def _too_few(patients: int) -> str:
    return f"{patients} patients: fewer than {FEWEST_PATIENTS}, no interval"


def holm(p_values: pd.Series) -> pd.Series:
    """Return p-values corrected for their number by Holm's step-down (Scand J Stat 1979;6:65-70).

    NaN stays NaN and does not count.
    """
    # statsmodels' multipletests, which tests compare it with, collects garbage at every call: up to a second each
    values = p_values.to_numpy(dtype=float)
    order = np.argsort(values)[: np.count_nonzero(~np.isnan(values))]  # NaN come last
    corrected = np.full(len(values), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1)), 1)
    return pd.Series(corrected, index=p_values.index)
