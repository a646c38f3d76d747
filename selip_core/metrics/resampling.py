"""Intervals and tests that resample patients: the series of one patient are never independent."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm, t

PERMUTATIONS = 20_000
"""Of a sign-flip test: its smallest p must survive a correction for the number of comparisons."""

FEWEST_PATIENTS = 10
"""Below this many patients no interval is given: a bootstrap of so few values promises more than it knows."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval.

    Parameters
    ----------
    value : float
    low, high : float
        Ends of the interval; NaN where there are too few patients.
    n_patients, n : int
        Patients, and values.
    p : float
        Of a paired permutation test, NaN elsewhere.
    note : str
        Why there is no interval, or empty.
    """

    value: float
    low: float
    high: float
    n_patients: int
    n: int
    p: float = float("nan")
    note: str = ""


def bootstrap_interval(
    values: np.ndarray, patients: np.ndarray, *, samples: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Return the mean of `values` with a percentile interval from resampling patients.

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
    rng = np.random.default_rng(seed)
    # how often each patient was drawn is multinomial: one matrix product instead of a loop over samples
    draws = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=samples)  # (samples, patients)
    means = (draws @ sums) / (draws @ counts)
    low, high = np.quantile(means, expanded_levels(len(counts), level))
    return Estimate(value, float(low), float(high), len(counts), int(counts.sum()))


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
    sign of a patient's summed difference is random.
    """
    difference = np.asarray(second, float) - np.asarray(first, float)
    estimate = bootstrap_interval(difference, patients, samples=samples, level=level, seed=seed)
    if estimate.note:
        return estimate
    sums, _ = _by_patient(difference, patients)
    signs = np.random.default_rng(seed + 1).choice([-1.0, 1.0], size=(PERMUTATIONS, len(sums)))
    permuted = np.abs(signs @ sums)
    # the observed labelling is one of the permutations, hence the 1 on both sides
    p = (1 + np.sum(permuted >= abs(sums.sum()) - 1e-12)) / (1 + len(permuted))
    return Estimate(estimate.value, estimate.low, estimate.high, estimate.n_patients, estimate.n, p=float(p))


def _by_patient(values: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sum and number of values of each patient."""
    values = np.asarray(values, float)
    values = values.mean(axis=1) if values.ndim == 2 else values
    if len(values) == 0 or len(values) != len(patients):
        raise ValueError(f"{len(values)} values of {len(patients)} patients: nothing to average, or lengths differ")
    _, number = np.unique(np.asarray(patients), return_inverse=True)
    return np.bincount(number, weights=values), np.bincount(number).astype(float)


def _too_few(patients: int) -> str:
    return f"{patients} patients: fewer than {FEWEST_PATIENTS}, no interval"


def holm(p_values: pd.Series) -> pd.Series:
    """Return p-values corrected for their number by Holm's step-down; NaN stays NaN and does not count."""
    from statsmodels.stats.multitest import multipletests

    corrected = pd.Series(np.nan, index=p_values.index)
    known = p_values.notna()
    if known.any():
        corrected[known] = multipletests(p_values[known], method="holm")[1]
    return corrected
