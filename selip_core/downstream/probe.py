"""The linear probe: ridge regression on patients' frozen features, its penalty chosen on the validation patients."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression, Ridge

from selip_core.metrics.classification import mean_auc

PENALTIES = (100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03)
"""Strengths that are tried, of features whose mean square length is 1; the same for every method. Of equals the first.

# Choice: ridge, not logistic regression: on the demo's validation patients (CLIP) the mean AUC of 26 sites was 0.827 by
ridge, 0.818 by logistic regression; of 11 kinds 0.899 and 0.893; from a tenth of the labels 0.758 and 0.754, 0.845 and
0.841 (one model: within its noise), in a tenth of the time. Before the projection: sites 0.831, kinds 0.884.
"""

_ROUNDING = 1e-9
"""Scores that differ by no more, regressions on 0 and 1, are one score."""


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
    """Fit one ridge regression a label, and return its probabilities.

    Parameters
    ----------
    train, validation : (features (n, F), truth (n, labels) bool)
    test : (m, F)

    Returns
    -------
    dict
        ``test`` (m, labels) and ``validation`` (n, labels) probabilities, by the validation patients, and
        ``penalty``, the one of all labels, that with the highest mean AUC on the validation patients. A label with one
        side only among the training patients gets their frequency as its probability.
    """
    (x, y), (x_validation, y_validation) = train, validation
    mean = x.mean(axis=0, dtype=np.float64)
    size = np.sqrt(((x - mean) ** 2).sum(axis=1).mean()) or 1.0  # so that a penalty means the same for any features
    x, x_validation, test = ((values - mean) / size for values in (x, x_validation, test))
    best = None
    # by hand: RidgeCV chooses by squared errors or label by label, and fits again with the validation patients
    for penalty in PENALTIES:
        model = Ridge(alpha=penalty).fit(x, y)
        shown = _scores(model, x_validation, y.shape[1])
        score = np.nan_to_num(mean_auc(y_validation, shown[:, :, None]), nan=-1.0)
        if best is None or score > best[0]:
            best = score, penalty, model, shown
    _, penalty, model, shown = best
    found = {"validation": shown, "test": _scores(model, test, y.shape[1])}
    for k, frequency in enumerate(y.mean(axis=0)):
        to_probability = _probability(shown[:, k].copy(), y_validation[:, k], frequency)
        for scores in found.values():
            scores[:, k] = to_probability(scores[:, k])
    return {**found, "penalty": penalty}


def _scores(model: Ridge, x: np.ndarray, labels: int) -> np.ndarray:
    """Return the regression's values (n, labels), of no patient too."""
    return model.predict(x).reshape(len(x), labels) if len(x) else np.zeros((0, labels))


def _probability(scores: np.ndarray, truth: np.ndarray, frequency: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from scores (n,) to probabilities that fits the validation patients, and keeps the order.

    After Platt (1999), with the penalty of scikit-learn's logistic regression in place of his smoothed targets.

    Parameters
    ----------
    frequency : float
        Of the label among the training patients: the probability where these have one side only.
    """
    if frequency in (0.0, 1.0):
        return lambda values: np.full(len(values), frequency)
    spread = scores.std() if len(scores) else 0.0
    if spread < _ROUNDING or truth.all() or not truth.any():
        return lambda values: expit(4 * (values - 0.5))  # as steep as the score itself, where that is a half
    model = LogisticRegression().fit(scores[:, None] / spread, truth)
    slope, offset = model.coef_[0, 0], model.intercept_[0]
    if slope <= 0:  # a few validation patients contradict the training patients: what is learnt from these stands
        slope, offset = 1e-3, logit(truth.mean())
    return lambda values: expit(slope * values / spread + offset)


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
