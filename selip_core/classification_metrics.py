"""How well patients are classified: AUC, balanced accuracy, F1, calibration; intervals and tests over patients.

Scores of one method are ``(n, runs)``: patients by pretraining seeds. Runs are averaged before patients are resampled.
"""

import numpy as np

from selip_core.statistics import FEWEST_PATIENTS, Estimate

_CHUNK = 64  # permutations at a time: bounds the memory


def auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under the ROC curve: the chance that a positive scores above a negative, ties counting half.

    NaN where there is one class only.

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
    """Return the mean of sensitivity and specificity; NaN where there is one class only."""
    truth, predicted = np.asarray(truth, bool), np.asarray(predicted, bool)
    if truth.all() or not truth.any():
        return float("nan")
    return float((predicted[truth].mean() + (~predicted[~truth]).mean()) / 2)


def f1(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the F1 of the positive class, 0 where nothing is found; NaN where there are neither truths nor finds."""
    truth, predicted = np.asarray(truth, bool), np.asarray(predicted, bool)
    if not (truth.any() or predicted.any()):
        return float("nan")
    return float(2 * (truth & predicted).sum() / (truth.sum() + predicted.sum()))


def calibration_error(truth: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error: the gap between probability and frequency, weighted over equal bins.

    Examples
    --------
    >>> round(calibration_error(np.array([1, 0, 1, 1]), np.array([0.75, 0.75, 0.75, 0.75])), 6)
    0.0
    """
    truth, probabilities = np.asarray(truth, float), np.asarray(probabilities, float)
    which = np.clip((probabilities * bins).astype(int), 0, bins - 1)
    gaps = np.bincount(which, truth - probabilities, minlength=bins)
    return float(np.abs(gaps).sum() / max(len(truth), 1))


def auc_interval(truth: np.ndarray, scores: np.ndarray, *, samples: int = 1000, seed: int = 0) -> Estimate:
    """Return the AUC, averaged over classes and runs, with a 95 % interval from resampling patients.

    Parameters
    ----------
    truth : (n,) or (n, classes) bool
    scores : (n, runs) or (n, classes, runs)
    samples : int
        Bootstrap samples; one in which a class has one side only leaves that class out.
    """
    truth, scores = _as_classes(truth, scores)
    if np.isnan(value := _mean_auc(truth, scores)):
        return Estimate(np.nan, np.nan, np.nan, len(truth), len(truth), note="one class only: not scored")
    if len(truth) < FEWEST_PATIENTS:
        note = f"{len(truth)} patients: fewer than {FEWEST_PATIENTS}, no interval"
        return Estimate(value, np.nan, np.nan, len(truth), len(truth), note=note)
    low, high = np.nanquantile(_bootstrap_auc(truth, scores, samples, seed), [0.025, 0.975])
    return Estimate(value, float(low), float(high), len(truth), len(truth))


def auc_difference(
    truth: np.ndarray, first: np.ndarray, second: np.ndarray, *, samples: int = 1000, seed: int = 0
) -> Estimate:
    """Return the AUC of `second` minus that of `first` on the same patients, its interval, and a permutation p-value.

    Under the null hypothesis it does not matter which method's score a patient got, so the two are swapped patient by
    patient. Scores are ranked within each method, class and run first: their scales need not agree.

    Parameters
    ----------
    truth : (n,) or (n, classes) bool
    first, second : (n, runs) or (n, classes, runs)
    """
    (truth, first), (_, second) = _as_classes(truth, first), _as_classes(truth, second)
    first, second = _ranked(first), _ranked(second)
    value = _mean_auc(truth, second) - _mean_auc(truth, first)
    if np.isnan(value) or len(truth) < FEWEST_PATIENTS:
        note = f"{len(truth)} patients: fewer than {FEWEST_PATIENTS}, no interval"
        return Estimate(value, np.nan, np.nan, len(truth), len(truth), note=note)
    # the same patients are drawn for both
    drawn = [_bootstrap_auc(truth, scores, samples, seed) for scores in (first, second)]
    low, high = np.nanquantile(drawn[1] - drawn[0], [0.025, 0.975])
    rng = np.random.default_rng(seed + 1)
    extreme = total = 0
    while total < samples:
        swap = rng.random((min(_CHUNK, samples - total), len(truth))) < 0.5
        permuted = _permuted_auc(truth, first, second, swap) - _permuted_auc(truth, second, first, swap)
        extreme += int((np.abs(permuted) >= abs(value) - 1e-12).sum())
        total += len(swap)
    p = (1 + extreme) / (1 + total)  # the observed labelling is one of the permutations
    return Estimate(float(value), float(low), float(high), len(truth), len(truth), p=p)


def _as_classes(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return truth (n, classes) and scores (n, classes, runs)."""
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    if truth.ndim == 1:
        truth, scores = truth[:, None], scores.reshape(len(truth), 1, -1)
    if scores.shape[:2] != truth.shape:
        raise ValueError(f"scores {scores.shape} do not fit truth {truth.shape}: (n, classes, runs) are wanted")
    return truth, scores


def _mean_auc(truth: np.ndarray, scores: np.ndarray) -> float:
    values = [auc(truth[:, c], scores[:, c, r]) for c in range(truth.shape[1]) for r in range(scores.shape[2])]
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def _bootstrap_auc(truth: np.ndarray, scores: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return the mean AUC of each bootstrap sample.

    How often each patient was drawn weights the pairs of a positive and a negative: two matrix products a class.
    """
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(truth), np.full(len(truth), 1 / len(truth)), size=samples).astype(float)
    total, counted = np.zeros(samples), np.zeros(samples)
    for c in range(truth.shape[1]):
        positive = truth[:, c]
        if positive.all() or not positive.any():
            continue
        wins = np.mean([_wins(positive, scores[:, c, r]) for r in range(scores.shape[2])], axis=0)
        pairs = draws[:, positive].sum(1) * draws[:, ~positive].sum(1)
        won = np.einsum("sp,sp->s", draws[:, positive], draws[:, ~positive] @ wins.T)
        there = pairs > 0
        total[there] += won[there] / pairs[there]
        counted += there
    return np.divide(total, counted, out=np.full(samples, np.nan), where=counted > 0)


def _permuted_auc(truth: np.ndarray, own: np.ndarray, other: np.ndarray, swap: np.ndarray) -> np.ndarray:
    """Return the mean AUC for each row of `swap` (k, n), where True takes the other method's score."""
    values = []
    for c in range(truth.shape[1]):
        positive = truth[:, c]
        if positive.all() or not positive.any():
            continue
        mixed = np.where(swap[:, :, None], other[None, :, c], own[None, :, c])  # (k, n, runs)
        high, low = mixed[:, positive, None], mixed[:, None, ~positive]
        values.append(((high > low) + 0.5 * (high == low)).mean(axis=(1, 2, 3)))
    return np.mean(values, axis=0)


def _ranked(scores: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(scores, axis=0)
