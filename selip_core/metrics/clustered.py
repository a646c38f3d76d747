"""AUC where patients have several values, such as their series: a patient is drawn with all of them."""

import numpy as np

from selip_core.metrics.classification import FEWEST_PER_CLASS, auc, auc_influence
from selip_core.metrics.resampling import (
    FEWEST_PATIENTS,
    SIGN_FLIPS,
    Estimate,
    bootstrap_draws,
    expanded_levels,
    paired_difference,
)

INFLUENCE_FLIPS = f"{SIGN_FLIPS}, of what each adds to the AUC"
"""What `clustered_auc_difference` computes its p-value by."""


def clustered_auc(
    truth: np.ndarray, scores: np.ndarray, patients: np.ndarray, *, samples: int = 1000, seed: int = 0
) -> Estimate:
    """Return the AUC over values, averaged over runs, with a 95 % interval from resampling patients.

    Parameters
    ----------
    truth : (n,) bool
        Of each value. A patient may have values on both sides.
    scores : (n, runs)
    patients : (n,)
        The patient of each value.
    samples : int
        Bootstrap samples.
    """
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    value = float(np.mean([auc(truth, run) for run in scores.T]))
    number, sides, note = _clusters(truth, patients)
    if note:
        return Estimate(value, np.nan, np.nan, int(number.max(initial=-1)) + 1, len(truth), note=note)
    drawn = _bootstrap(truth, scores, number, samples, seed)
    low, high = np.nanquantile(drawn, expanded_levels(sides))
    if low == high:  # no error, or all scores alike: the bootstrap cannot know how sure that is
        note = "the same in every sample: no interval"
        return Estimate(value, np.nan, np.nan, int(number.max()) + 1, len(truth), note=note)
    return Estimate(value, float(low), float(high), int(number.max()) + 1, len(truth))


def clustered_auc_difference(
    truth: np.ndarray, first: np.ndarray, second: np.ndarray, patients: np.ndarray, *, samples: int = 1000,
    seed: int = 0,
) -> Estimate:  # fmt: skip
    """Return the AUC of `second` minus that of `first` on the same values, its interval, and a p-value.

    The same patients are drawn for both. The p-value is that of `paired_difference` for what each value adds to the two
    AUCs (`auc_influence`), whose mean is the difference: a patient's sum of it is what changes sign.

    Parameters
    ----------
    truth : (n,) bool
    first, second : (n, runs)
    patients : (n,)
    """
    truth = np.asarray(truth, bool)
    first, second = np.asarray(first, float), np.asarray(second, float)
    value = float(np.mean([auc(truth, b) - auc(truth, a) for a, b in zip(first.T, second.T, strict=True)]))
    number, sides, note = _clusters(truth, patients)
    if note:
        return Estimate(value, np.nan, np.nan, int(number.max(initial=-1)) + 1, len(truth), note=note)
    drawn = [_bootstrap(truth, scores, number, samples, seed) for scores in (first, second)]
    low, high = np.nanquantile(drawn[1] - drawn[0], expanded_levels(sides))
    added = [np.mean([auc_influence(truth, run) for run in scores.T], axis=0) for scores in (first, second)]
    p = paired_difference(*added, patients, samples=1, seed=seed).p
    return Estimate(value, float(low), float(high), int(number.max()) + 1, len(truth), p=p, test=INFLUENCE_FLIPS)


def _clusters(truth: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, int, str]:
    """Return the number of each value's patient, the patients of the smaller side, and why there is no interval."""
    _, number = np.unique(np.asarray(patients), return_inverse=True)
    sides = min(len(set(number[truth])), len(set(number[~truth])))
    count = len(set(number))
    if sides == 0:
        return number, sides, "one class only: not scored"
    if count < FEWEST_PATIENTS:
        return number, sides, f"{count} patients: fewer than {FEWEST_PATIENTS}, no interval"
    if sides < FEWEST_PER_CLASS:
        return number, sides, f"{sides} patients in the smaller class: fewer than {FEWEST_PER_CLASS}, no interval"
    return number, sides, ""


def _bootstrap(truth: np.ndarray, scores: np.ndarray, number: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return the AUC of each bootstrap sample (samples,), NaN where it has one class only.

    Won pairs and all pairs are summed over each two patients first; how often these were drawn weights the sums.
    """
    count = int(number.max()) + 1
    positive, negative = number[truth], number[~truth]
    pairs = np.outer(np.bincount(positive, minlength=count), np.bincount(negative, minlength=count)).astype(float)
    won = np.zeros((count, count))
    for run in scores.T:
        wins = (run[truth][:, None] > run[~truth]) + 0.5 * (run[truth][:, None] == run[~truth])
        by_patient = np.zeros((count, wins.shape[1]))
        np.add.at(by_patient, positive, wins)
        np.add.at(won.T, negative, by_patient.T / scores.shape[1])
    drawn = []
    for draws in bootstrap_draws(count, samples, seed):
        draws = draws.astype(float)
        total = np.einsum("sp,sp->s", draws @ pairs, draws)
        sums = np.einsum("sp,sp->s", draws @ won, draws)
        drawn.append(np.divide(sums, total, out=np.full(len(draws), np.nan), where=total > 0))
    return np.concatenate(drawn)
