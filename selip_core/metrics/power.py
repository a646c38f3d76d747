"""How many patients and seeds an observed difference needs: two sources of chance, patients and training runs."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

MOST = 100_000
"""Patients or seeds beyond which none are asked for."""


@dataclass(frozen=True)
class Difference:
    """A paired difference between two methods, and what it varies with.

    Parameters
    ----------
    effect : float
        Mean over patients and seeds.
    sd_patients : float
        Standard deviation between patients, whatever the seed.
    sd_seeds : float
        Standard deviation between seeds, whatever the patient.
    sd_residual : float
        What is neither: a patient in one seed. With one seed it cannot be told from `sd_patients`, which then holds
        both, and `sd_seeds` is NaN.
    """

    effect: float
    sd_patients: float
    sd_seeds: float
    sd_residual: float = 0.0


def describe_difference(differences: np.ndarray) -> Difference:
    """Return effect and spreads of differences (patients, seeds), by a two-way analysis of variance.

    The moments of the two-way random model without replication (Searle, Casella and McCulloch, Variance Components,
    1992, chapter 4); a negative variance counts as 0.

    Raises
    ------
    ValueError
        If `differences` are not two-dimensional or of fewer than two patients.
    """
    values = np.asarray(differences, float)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"differences must be (patients, seeds) with two patients or more, not {values.shape}")
    patients, seeds = values.shape
    effect = float(values.mean())
    between_patients = values.mean(axis=1).var(ddof=1)
    if seeds < 2:
        return Difference(effect, math.sqrt(between_patients), float("nan"))
    residual = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + effect
    within = (residual**2).sum() / ((patients - 1) * (seeds - 1))
    between_seeds = values.mean(axis=0).var(ddof=1)
    return Difference(
        effect,
        math.sqrt(max(between_patients - within / seeds, 0.0)),
        math.sqrt(max(between_seeds - within / patients, 0.0)),
        math.sqrt(within),
    )


def power(difference: Difference, patients: int, seeds: int, *, alpha: float = 0.05) -> float:
    """Return the chance that a two-sided test finds the difference with so many patients and seeds.

    Normal approximation: the variance of the mean is ``sd_patients² / patients + sd_seeds² / seeds +
    sd_residual² / (patients · seeds)``. An unknown spread between seeds counts as 0: then it is an upper bound.
    """
    between = 0.0 if math.isnan(difference.sd_seeds) else difference.sd_seeds
    error = math.sqrt(
        difference.sd_patients**2 / patients + between**2 / seeds + difference.sd_residual**2 / (patients * seeds)
    )
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
