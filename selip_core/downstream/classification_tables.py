"""What the predictions say: scores with intervals, differences between methods with tests, over test patients."""

import numpy as np
import pandas as pd

from selip_core.errors import SelipError
from selip_core.metrics.classification import (
    auc_difference,
    auc_interval,
    balanced_accuracy,
    calibration_error,
    f1,
    mean_auc,
)
from selip_core.pretraining.methods import PAIRS

MEAN = "mean of the labels"
"""The row of each approach, method and share that averages over the labels, each counting the same."""


def not_learnable(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the labels of which a share has no training patient in some seed: nothing could be learnt of them there.

    They are not scored at that share, for no method; else a constant guess would be averaged in as an AUC of 0.5.
    """
    empty = predictions[predictions["examples"] == 0]
    table = empty.groupby(["fraction", "label"])["seed"].agg(lambda seeds: ", ".join(map(str, sorted(set(seeds)))))
    return table.rename("seeds without it").reset_index()


def learnable(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions of labels that could be learnt at their share, see `not_learnable`."""
    gone = set(not_learnable(predictions)[["fraction", "label"]].itertuples(index=False, name=None))
    kept = [pair not in gone for pair in zip(predictions["fraction"], predictions["label"], strict=True)]
    return predictions[kept]


def score_table(predictions: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the scores of every approach, method, share and label, and their mean over the labels.

    Parameters
    ----------
    predictions : DataFrame from `selip_core.downstream.classification`

    Returns
    -------
    DataFrame with ``approach``, ``method``, ``fraction``, ``label``, ``auc``, ``low``, ``high`` (95 % over patients,
    seeds averaged), ``balanced_accuracy``, ``f1``, ``calibration_error`` (probabilities only), ``positives``,
    ``patients``, ``seeds``, ``note``
    """
    rows = []
    keys = ["approach", "method", "fraction"]
    for (approach, method, fraction), part in learnable(predictions).groupby(keys, sort=False):
        truth, scores, predicted = prediction_arrays(part)[method]
        labels = part["label"].unique().tolist()
        measured = np.array([
            [_measures(truth[:, c], predicted[:, c, r], scores[:, c, r]) for r in range(scores.shape[2])]
            for c in range(len(labels))
        ])  # fmt: skip
        if approach == "zero-shot":
            measured[:, :, 2] = np.nan  # its scores are no probabilities
        for k, label in [*enumerate(labels), (None, MEAN)]:
            of = slice(None) if k is None else slice(k, k + 1)
            estimate = auc_interval(truth[:, of], scores[:, of], samples=samples, seed=seed)
            accuracy, f1_of_positives, calibration = (_mean(measured[of, :, i].ravel()) for i in range(3))
            rows.append({
                "approach": approach, "method": method, "fraction": fraction, "label": label,
                "auc": estimate.value, "low": estimate.low, "high": estimate.high,
                "balanced_accuracy": accuracy, "f1": f1_of_positives, "calibration_error": calibration,
                "positives": int(truth[:, of].sum()), "patients": len(truth), "seeds": scores.shape[2],
                "note": estimate.note,
            })  # fmt: skip
    return pd.DataFrame(rows)


def auc_difference_table(predictions: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the differences in AUC between methods, over all labels of a table of predictions.

    Returns
    -------
    DataFrame with ``approach``, ``fraction``, ``comparison``, ``difference``, ``low``, ``high``, ``p`` and the ``test``
    that it is of, ``patients``, ``note``, ``by_seed``
    """
    rows = []
    for (approach, fraction), part in learnable(predictions).groupby(["approach", "fraction"], sort=False):
        found = prediction_arrays(part)
        for first, second in PAIRS:
            if first not in found or second not in found:
                continue
            truth, a, _ = found[first]
            b = found[second][1]
            estimate = auc_difference(truth, a, b, samples=samples, seed=seed)
            runs = range(a.shape[2])
            by_seed = [mean_auc(truth, s[:, :, r : r + 1]) for s in (a, b) for r in runs]
            rows.append({
                "approach": approach, "fraction": fraction, "comparison": f"{second} − {first}",
                "difference": estimate.value, "low": estimate.low, "high": estimate.high, "p": estimate.p,
                "test": estimate.test, "patients": estimate.n_patients, "note": estimate.note,
                "by_seed": ", ".join(f"{by_seed[len(runs) + r] - by_seed[r]:+.3f}" for r in runs),
            })  # fmt: skip
    return pd.DataFrame(rows)


def prediction_arrays(predictions: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return for each method truth (n, labels), scores and predicted (n, labels, seeds) of one approach and share.

    Patients, labels and seeds have one order for all methods, that in which the table first names them, in whatever
    order its rows come.

    Raises
    ------
    SelipError
        If a method has two rows, or none, for a patient, label and seed of the table.
    """
    keys = ["seed", "label", "patient_id"]
    cells = pd.MultiIndex.from_product([predictions[key].unique() for key in keys], names=keys)
    arrays = {}
    for method, part in predictions.groupby("method", sort=False):
        indexed = part.set_index(keys)
        _refuse(indexed.index[indexed.index.duplicated()], f"{method} has two rows")
        _refuse(cells.difference(indexed.index, sort=False), f"{method} has no row")
        shape = [len(level) for level in cells.levels]
        truth, scores, predicted = (
            indexed[name].reindex(cells).to_numpy().reshape(shape).transpose(2, 1, 0)
            for name in ("truth", "score", "predicted")
        )
        arrays[method] = truth[:, :, 0].astype(bool), scores.astype(float), predicted.astype(bool)
    return arrays


def _refuse(cells: pd.MultiIndex, what: str) -> None:
    if len(cells):
        seed, label, patient = cells[0]
        raise SelipError(
            f"predictions: {what} for patient {patient}, {label!r}, seed {seed} ({len(cells)} such cells); "
            "was the table changed by hand? Run the notebook that wrote it again"
        )


def _measures(truth: np.ndarray, predicted: np.ndarray, scores: np.ndarray) -> tuple[float, float, float]:
    """Return balanced accuracy, F1 and calibration error of one label and run, all (n,)."""
    return balanced_accuracy(truth, predicted), f1(truth, predicted), calibration_error(truth, scores)


def _mean(values: np.ndarray) -> float:
    return float("nan") if np.isnan(values).all() else float(np.nanmean(values))
