"""How many patients and seeds an observed difference needs: two sources of chance, patients and training runs."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

MOST = 100_000


@dataclass(frozen=True)
class Difference:
    """A paired difference between two methods, and what it varies with.

    Parameters
    ----------
    effect : float
        Mean over patients and seeds.
    sd_patients : float
        Standard deviation between patients, seeds averaged.
    sd_seeds : float
        Standard deviation of the mean difference between seeds that patients do not explain; NaN with one seed.
    """

    effect: float
    sd_patients: float
    sd_seeds: float


def describe_difference(differences: np.ndarray) -> Difference:
    """Return effect and spreads of differences (patients, seeds).

    The spread between seeds is of their means, less what the patients' own spread within a seed would give by chance.
    """
    values = np.asarray(differences, float)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"differences must be (patients, seeds) with two patients or more, not {values.shape}")
    patients, seeds = values.shape
    effect = float(values.mean())
    sd_patients = float(values.mean(axis=1).std(ddof=1))
    if seeds < 2:
        return Difference(effect, sd_patients, float("nan"))
    residual = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + effect
    within = (residual**2).sum() / ((patients - 1) * (seeds - 1))
    between = values.mean(axis=0).var(ddof=1) - within / patients
    return Difference(effect, sd_patients, math.sqrt(max(between, 0.0)))


def power(difference: Difference, patients: int, seeds: int, *, alpha: float = 0.05) -> float:
    """Return the chance that a two-sided test finds the difference with so many patients and seeds.

    Normal approximation: the variance of the mean is ``sd_patients² / patients + sd_seeds² / seeds``. An unknown spread
    between seeds counts as 0, so the answer is then an upper bound.
    """
    between = 0.0 if math.isnan(difference.sd_seeds) else difference.sd_seeds
    error = math.sqrt(difference.sd_patients**2 / patients + between**2 / seeds)
    if error == 0:
        return float(difference.effect != 0)
    shift, limit = abs(difference.effect) / error, norm.ppf(1 - alpha / 2)
    return float(norm.sf(limit - shift) + norm.cdf(-limit - shift))


def patients_needed(difference: Difference, seeds: int, *, wanted: float = 0.8, alpha: float = 0.05) -> int | None:
    """Return the fewest patients with which the power is reached; None where no number of them would."""
    return _fewest(lambda n: power(difference, n, seeds, alpha=alpha), wanted)


def seeds_needed(difference: Difference, patients: int, *, wanted: float = 0.8, alpha: float = 0.05) -> int | None:
    """Return the fewest seeds with which the power is reached; None where no number of them would."""
    return _fewest(lambda n: power(difference, patients, n, alpha=alpha), wanted)


def _fewest(power_of, wanted: float) -> int | None:
    """Return the smallest number of 1 to `MOST` whose power is enough, by bisection: power grows with the number."""
    if power_of(MOST) < wanted:
        return None
    low, high = 1, MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle) >= wanted else (middle + 1, high)
    return low
