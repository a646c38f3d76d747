"""How well patients are classified: AUC, balanced accuracy, F1, calibration; intervals and tests over patients.

Scores of one method are ``(n, runs)``: patients by pretraining seeds. Runs are averaged before patients are resampled.
"""

import numpy as np
from scipy.stats import t

from selip_core.metrics.resampling import FEWEST_PATIENTS, Estimate, bootstrap_draws, expanded_levels

DELONG = "DeLong over patients, Satterthwaite's freedom"
"""What `auc_difference` computes its p-value by."""

FEWEST_PER_CLASS = 3
"""With fewer patients on one side an AUC is a matter of single patients."""


def auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under the ROC curve: the chance that a positive scores above a negative, ties counting half.

    By hand: interval and test need the pairs as well, and counting them is exact. `roc_auc_score` adds up trapezia and
    differs in the last digit between scores that rank patients equally well, which would choose between two penalties.

    Parameters
    ----------
    truth : (n,) bool
    scores : (n,)

    Returns
    -------
    float
        In [0, 1]; NaN where there is one class only.

    Examples
    --------
    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    truth = np.asarray(truth, bool)
    if truth.all() or not truth.any():
        return float("nan")
    return float(_wins(truth, np.asarray(scores, float)).mean())


def _wins(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return (positives, negatives): 1 where the positive scores higher, 0.5 at a tie."""
    positive, negative = scores[truth][:, None], scores[~truth][None, :]
    return (positive > negative) + 0.5 * (positive == negative)


def balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean of sensitivity and specificity of (n,) bool; NaN where there is one class only."""
    from sklearn.metrics import balanced_accuracy_score

    truth, predicted = np.asarray(truth, bool), np.asarray(predicted, bool)
    if truth.all() or not truth.any():
        return float("nan")
    return float(balanced_accuracy_score(truth, predicted))


def f1(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the F1 of the positive class of (n,) bool: 0 where nothing is found.

    NaN where there are neither truths nor finds.
    """
    from sklearn.metrics import f1_score

    return float(f1_score(np.asarray(truth, bool), np.asarray(predicted, bool), zero_division=np.nan))


def calibration_error(truth: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error: the gap between probability and frequency, weighted over equal bins.

    As Naeini, Cooper and Hauskrecht (AAAI 2015) define it. By hand: scikit-learn has none.

    Parameters
    ----------
    truth : (n,) bool
    probabilities : (n,), in [0, 1]
    bins : int
        Of equal width.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> round(calibration_error(np.array([1, 0, 1, 1]), np.array([0.75, 0.75, 0.75, 0.75])), 6)
    0.0
    """
    truth, probabilities = np.asarray(truth, float), np.asarray(probabilities, float)
    which = np.clip((probabilities * bins).astype(int), 0, bins - 1)
    gaps = np.bincount(which, truth - probabilities, minlength=bins)
    return float(np.abs(gaps).sum() / max(len(truth), 1))


def auc_influence(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return what each patient adds to an AUC (n,), so that the mean is the AUC and its variance is DeLong's.

    Parameters
    ----------
    truth : (n,) bool
        Both classes must be there.
    scores : (n,)
    """
    truth = np.asarray(truth, bool)
    wins = _wins(truth, np.asarray(scores, float))
    area = wins.mean()
    values = np.empty(len(truth))
    values[truth] = area + len(truth) / truth.sum() * (wins.mean(axis=1) - area)
    values[~truth] = area + len(truth) / (~truth).sum() * (wins.mean(axis=0) - area)
    return values


def auc_interval(
    truth: np.ndarray, scores: np.ndarray, *, samples: int = 1000, seed: int = 0, fewest: int = FEWEST_PER_CLASS
) -> Estimate:
    """Return the AUC, averaged over classes and runs, with a 95 % interval from resampling patients.

    Parameters
    ----------
    truth : (n,) or (n, classes) bool
    scores : (n, runs) or (n, classes, runs)
    samples : int
        Bootstrap samples; one in which a class has one side only leaves that class out.
    fewest : int
        Patients with and without a label below which no interval is given.
    """
    truth, scores = _as_classes(truth, scores)
    value = mean_auc(truth, scores)
    if note := _no_interval(truth, fewest):
        return Estimate(value, np.nan, np.nan, len(truth), len(truth), note=note)
    drawn = _bootstrap_auc(truth, scores, samples, seed)
    low, high = np.nanquantile(drawn, expanded_levels(_smallest_class(truth)))
    if low == high:  # separated without an error: the bootstrap cannot know how far from chance that is
        return Estimate(value, np.nan, np.nan, len(truth), len(truth), note="no error at all: no interval")
    return Estimate(value, float(low), float(high), len(truth), len(truth))


def auc_difference(
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    samples: int = 1000,
    seed: int = 0,
    fewest: int = FEWEST_PER_CLASS,
) -> Estimate:
    """Return the AUC of `second` minus that of `first` on the same patients, its interval, and the p-value of DeLong.

    The test compares what each patient adds to the two AUCs (DeLong, DeLong and Clarke-Pearson, Biometrics
    1988;44:837-845), averaged over classes and runs, with Satterthwaite's degrees of freedom: the smaller class counts.

    Parameters
    ----------
    truth : (n,) or (n, classes) bool
    first, second : (n, runs) or (n, classes, runs)
    """
    (truth, first), (_, second) = _as_classes(truth, first), _as_classes(truth, second)
    value = mean_auc(truth, second) - mean_auc(truth, first)
    if note := _no_interval(truth, fewest):
        return Estimate(value, np.nan, np.nan, len(truth), len(truth), note=note)
    # the same patients are drawn for both
    drawn = [_bootstrap_auc(truth, scores, samples, seed) for scores in (first, second)]
    low, high = np.nanquantile(drawn[1] - drawn[0], expanded_levels(_smallest_class(truth)))
    p = _delong(truth, first, second)
    return Estimate(float(value), float(low), float(high), len(truth), len(truth), p=p, test=DELONG)


def _delong(truth: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Return the two-sided p-value of no difference in the mean AUC, of truth (n, classes), scores (n, classes, runs).

    By hand, for no library averages over classes and runs; with one of each it is the usual test, but for the t
    distribution, which keeps the level where a class is small.
    """
    total, effect, freedom = np.zeros(len(truth)), 0.0, []
    labels = classes_with_both_sides(truth)
    for k in labels:
        positive, runs = truth[:, k], range(first.shape[2])
        added = np.mean(
            [auc_influence(positive, second[:, k, r]) - auc_influence(positive, first[:, k, r]) for r in runs], axis=0
        )
        effect += added.mean() / len(labels)
        parts = []
        for side in (positive, ~positive):
            size = side.sum()
            own = (added[side] - added.mean()) * np.sqrt(size / (size - 1))  # unbiased within the class
            total[side] += own / len(labels)
            parts.append(((own**2).sum(), size - 1))
        sums = sum(variance for variance, _ in parts)
        freedom.append(sums**2 / sum(v**2 / d for v, d in parts) if sums else len(truth) - 2)
    error = np.sqrt((total**2).sum()) / len(truth)
    if error == 0:
        return float(effect == 0)
    return float(2 * t.sf(abs(effect) / error, np.mean(freedom)))


def classes_with_both_sides(truth: np.ndarray) -> list[int]:
    """Return the columns of truth (n, classes) that have patients with and without the label."""
    return [k for k in range(truth.shape[1]) if truth[:, k].any() and not truth[:, k].all()]


def _smallest_class(truth: np.ndarray) -> int:
    """Return the mean, over classes, of how many patients are on the smaller side: what an AUC rests on."""
    sides = [min(truth[:, k].sum(), (~truth[:, k]).sum()) for k in classes_with_both_sides(truth)]
    return max(int(np.mean(sides)), 2)


def _no_interval(truth: np.ndarray, fewest: int) -> str:
    """Return why no interval can be given, or an empty text."""
    labels = classes_with_both_sides(truth)
    if not labels:
        return "one class only: not scored"
    if len(truth) < FEWEST_PATIENTS:
        return f"{len(truth)} patients: fewer than {FEWEST_PATIENTS}, no interval"
    smallest = min(min(truth[:, k].sum(), (~truth[:, k]).sum()) for k in labels)
    return f"{smallest} patients in the smaller class: fewer than {fewest}, no interval" if smallest < fewest else ""


def _as_classes(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return truth (n, classes) and scores (n, classes, runs)."""
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    if truth.ndim == 1:
        truth, scores = truth[:, None], scores.reshape(len(truth), 1, -1)
    if scores.shape[:2] != truth.shape:
        raise ValueError(f"scores {scores.shape} do not fit truth {truth.shape}: (n, classes, runs) are wanted")
    return truth, scores


def mean_auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean AUC over classes and runs of truth (n, classes) and scores (n, classes, runs)."""
    values = [auc(truth[:, c], scores[:, c, r]) for c in range(truth.shape[1]) for r in range(scores.shape[2])]
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def _bootstrap_auc(truth: np.ndarray, scores: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return the mean AUC of each bootstrap sample (samples,), of truth (n, classes) and scores (n, classes, runs)."""
    runs = range(scores.shape[2])
    wins = {
        c: np.mean([_wins(truth[:, c], scores[:, c, r]) for r in runs], axis=0) for c in classes_with_both_sides(truth)
    }
    return np.concatenate([_auc_of_draws(truth, wins, draws) for draws in bootstrap_draws(len(truth), samples, seed)])


def _auc_of_draws(truth: np.ndarray, wins: dict[int, np.ndarray], draws: np.ndarray) -> np.ndarray:
    """Return the mean AUC over the classes of `wins` where patients count as often as they were drawn (rows, n).

    How often weights the pairs of a positive and a negative: two matrix products a class.
    """
    draws = draws.astype(float)
    total, counted = np.zeros(len(draws)), np.zeros(len(draws))
    for c, of_pairs in wins.items():
        positives, negatives = draws[:, truth[:, c]], draws[:, ~truth[:, c]]
        pairs = positives.sum(1) * negatives.sum(1)
        won = np.einsum("sp,sp->s", positives, negatives @ of_pairs.T)
        there = pairs > 0
        total[there] += won[there] / pairs[there]
        counted += there
    return np.divide(total, counted, out=np.full(len(draws), np.nan), where=counted > 0)
