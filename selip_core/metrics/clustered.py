"""AUC where patients have several values, such as their series: a patient is drawn with all of them."""

import numpy as np
from scipy.stats import rankdata

from selip_core.metrics.classification import FEWEST_PER_CLASS, auc
from selip_core.metrics.resampling import FEWEST_PATIENTS, Estimate, bootstrap_draws, expanded_levels, sign_flip_p

EXCHANGES = "exchange of the methods' ranks, patient by patient"
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
    number, sides, note = _clusters(truth, patients, FEWEST_PER_CLASS)
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
    seed: int = 0, fewest: int = FEWEST_PATIENTS,
) -> Estimate:  # fmt: skip
    """Return the AUC of `second` minus that of `first` on the same values, its interval, and a p-value.

    The same patients are drawn for both. The p-value is two-sided, of a permutation test (Bandos, Rockette and Gur,
    Stat Med 2005;24:2873-2893): were the methods alike, each patient's ranks could as well be the other method's.

    Parameters
    ----------
    truth : (n,) bool
    first, second : (n, runs)
    patients : (n,)
    fewest : int
        Patients in the smaller class below which there is neither interval nor test.
    """
    truth = np.asarray(truth, bool)
    first, second = np.asarray(first, float), np.asarray(second, float)
    value = float(np.mean([auc(truth, b) - auc(truth, a) for a, b in zip(first.T, second.T, strict=True)]))
    number, sides, note = _clusters(truth, patients, fewest)
    if note:
        return Estimate(value, np.nan, np.nan, int(number.max(initial=-1)) + 1, len(truth), note=note)
    drawn = [_bootstrap(truth, scores, number, samples, seed) for scores in (first, second)]
    low, high = np.nanquantile(drawn[1] - drawn[0], expanded_levels(sides))
    p = sign_flip_p(exchanged_difference(truth, first, second, number), seed + 1)
    return Estimate(value, float(low), float(high), int(number.max()) + 1, len(truth), p=p, test=EXCHANGES)


def exchanged_difference(truth: np.ndarray, first: np.ndarray, second: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return what each patient adds to the difference in AUC, (patients,): exchanged ranks change the sign of that.

    Ranks are within a method and run, so that both have one scale. With the methods' ranks exchanged for some patients,
    the difference of the two AUCs, counted anew, is the sum of these with the sign changed for those patients: each
    patient's part is half of what its values win with the one method's ranks more than with the other's, against the
    values that both methods give the other class.

    Parameters
    ----------
    truth : (n,) bool
    first, second : (n, runs)
    number : (n,) int
        The patient of each value, from 0.
    """
    added = np.zeros(len(truth))
    for a, b in zip(rankdata(first, axis=0).T, rankdata(second, axis=0).T, strict=True):
        for side, sign in ((truth, 1), (~truth, -1)):
            others = np.sort(np.concatenate([a[~side], b[~side]]))
            wins = [np.searchsorted(others, r[side]) + np.searchsorted(others, r[side], "right") for r in (a, b)]
            added[side] += sign * (wins[1] - wins[0]) / (4 * truth.sum() * (~truth).sum() * first.shape[1])
    return np.bincount(number, weights=added)


def _clusters(truth: np.ndarray, patients: np.ndarray, fewest: int) -> tuple[np.ndarray, int, str]:
    """Return the number of each value's patient, the patients of the smaller side, and why there is no interval."""
    _, number = np.unique(np.asarray(patients), return_inverse=True)
    sides = min(len(set(number[truth])), len(set(number[~truth])))
    count = len(set(number))
    if sides == 0:
        return number, sides, "one class only: not scored"
    if count < FEWEST_PATIENTS:
        return number, sides, f"{count} patients: fewer than {FEWEST_PATIENTS}, no interval"
    if sides < fewest:
        return number, sides, f"{sides} patients in the smaller class: fewer than {fewest}, no interval"
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
