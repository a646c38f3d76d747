"""The linear probe: logistic regression on patients' frozen features, its penalty chosen on the validation patients."""

import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from selip_core.metrics.classification import mean_auc

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Inverse strengths C that are tried; the same for every method."""


def patient_features(
    features: np.ndarray, index: pd.DataFrame, patients: list[str], sequences: list[str]
) -> np.ndarray:
    """Return one row a patient: the features of each sequence side by side, and whether it is there.

    Parameters
    ----------
    features : (n, E)
        One row a row of `index`.
    index : DataFrame with ``patient_id``, ``sequence``
    patients, sequences : list of str
        Order of the rows, and of the blocks in a row.

    Returns
    -------
    (patients, sequences · (E + 1))
        The mean over a patient's studies; zeros where a patient has no series of a sequence.
    """
    size = features.shape[1] + 1
    place = {patient: i for i, patient in enumerate(patients)}
    out = np.zeros((len(patients), len(sequences), size), np.float32)
    seen = np.zeros((len(patients), len(sequences), 1), np.float32)
    for row, patient, sequence in zip(features, index["patient_id"], index["sequence"], strict=True):
        if patient in place and sequence in sequences:
            at = place[patient], sequences.index(sequence)
            out[at] += np.append(row, 1.0)
            seen[at] += 1
    return (out / np.maximum(seen, 1)).reshape(len(patients), -1)


def linear_probe(
    train: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray], test: np.ndarray
) -> dict[str, np.ndarray | float]:
    """Fit one logistic regression a label, and return its probabilities.

    Parameters
    ----------
    train, validation : (features (n, F), truth (n, labels) bool)
    test : (m, F)

    Returns
    -------
    dict
        ``test`` (m, labels) and ``validation`` (n, labels) probabilities, and ``C``, the one penalty of all labels,
        that with the highest mean AUC on the validation patients. A label with one side only among the training
        patients gets their frequency as its probability.
    """
    (x, y), (x_validation, y_validation) = train, validation
    reduced = _Span(x)
    x, x_validation, test = (reduced(values) for values in (x, x_validation, test))
    best = None
    # by hand: LogisticRegressionCV chooses a penalty label by label, and fits again with the validation patients
    for penalty in PENALTIES:
        fitted = [_fit(x, y[:, k], penalty) for k in range(y.shape[1])]
        shown = np.stack([predict(x_validation) for predict in fitted], axis=1)
        score = np.nan_to_num(mean_auc(y_validation, shown[:, :, None]), nan=-1.0)
        if best is None or score > best[0]:
            best = score, penalty, fitted, shown
    _, penalty, fitted, shown = best
    return {"test": np.stack([predict(test) for predict in fitted], axis=1), "validation": shown, "C": penalty}


class _Span:
    """Standardise, then rotate onto the span of the training rows: the same regression with at most n columns.

    A penalised fit lies in the span of its training rows (the representer theorem), so nothing is lost.
    """

    # by hand: scikit-learn's PCA keeps directions without spread and divides by nought for one training patient

    def __init__(self, x: np.ndarray):
        self.mean, spread = x.mean(axis=0), x.std(axis=0)
        self.spread = np.where(spread > 1e-8, spread, 1.0)
        _, sizes, self.axes = np.linalg.svd(((x - self.mean) / self.spread).astype(np.float64), full_matrices=False)
        self.axes = self.axes[sizes > 1e-8 * max(sizes.max(initial=0), 1e-300)]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return ((x - self.mean) / self.spread) @ self.axes.T


def _fit(x: np.ndarray, y: np.ndarray, penalty: float):
    """Return a function from features to probabilities."""
    if y.all() or not y.any() or not x.shape[1]:
        frequency = float(y.mean())
        return lambda features: np.full(len(features), frequency)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bound on steps is as good a choice as a tolerance
        model = LogisticRegression(C=penalty, max_iter=200, tol=1e-3).fit(x, y)
    return lambda features: model.predict_proba(features)[:, 1] if len(features) else np.zeros(0)


def best_threshold(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the probability above which calling patients positive gives the best balanced accuracy.

    Parameters
    ----------
    truth, probabilities : (n,)
        Of the validation patients; 0.5 where they have one class only.
    """
    truth = np.asarray(truth, bool)
    if truth.all() or not truth.any():
        return 0.5
    candidates = np.unique(probabilities)
    sensitivity = (probabilities[truth][:, None] >= candidates).mean(axis=0)
    specificity = (probabilities[~truth][:, None] < candidates).mean(axis=0)
    return float(candidates[np.argmax(sensitivity + specificity)])
