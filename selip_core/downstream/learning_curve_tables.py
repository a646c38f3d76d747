"""What the learning curves say: every measure at every share of the training patients, and differences with tests."""

from collections.abc import Iterator

import pandas as pd

from selip_core.downstream.classification_tables import not_learnable, prediction_arrays
from selip_core.downstream.learning_curves import FEW_LABELS
from selip_core.downstream.measured import difference_between, estimate_of, value_matrix
from selip_core.metrics.classification import auc_difference, auc_interval
from selip_core.metrics.resampling import Estimate, holm
from selip_core.pretraining.methods import SOFT_PAIRS

CURVES = [
    "method", "fraction", "training_patients", "measure", "value", "low", "high", "labels", "seeds", "queries",
    "patients", "note",
]  # fmt: skip
DIFFERENCES = [
    "measure", "fraction", "training_patients", "comparison", "difference", "low", "high", "p", "test", "labels",
    "seeds", "patients", "by_seed", "note",
]  # fmt: skip

NO_LABELS = float("nan")
"""The number of labels of a measure that is of none."""


def learning_curves(
    values: pd.DataFrame, predictions: pd.DataFrame, patients: dict[float, int], *, samples: int, seed: int
) -> pd.DataFrame:
    """Return each measure of each method at each share, with 95 % intervals over patients, seeds averaged.

    Parameters
    ----------
    values : DataFrame of `selip_core.downstream.measured.VALUES`, with ``fraction``
    predictions : DataFrame from `selip_core.downstream.learning_curves.share_probes`, may be empty
        With ``measure``, ``method``, ``fraction``; ``fraction`` is that of the pretraining.
    patients : dict of share to number of training patients

    Returns
    -------
    DataFrame of `CURVES`
        ``queries``: values that a number is the mean of; of an AUC, patients. ``labels``: those that an AUC is averaged
        over, the same at every share, see `labels_of_all_shares`.
    """
    drawing, rows = {"samples": samples, "seed": seed}, []
    for (measure, fraction), part in values.groupby(["measure", "fraction"], sort=False):
        for method, of_method in part.groupby("method", sort=False):
            found = estimate_of(of_method, **drawing)
            rows.append(_row(method, fraction, measure, found, of_method["seed"].nunique()))
    for (measure, fraction), arrays in _arrays(predictions):
        for method, (truth, scores, _) in arrays.items():
            found = auc_interval(truth, scores, **drawing)
            rows.append(_row(method, fraction, measure, found, scores.shape[2], truth.shape[1]))
    table = pd.DataFrame(rows, columns=[c for c in CURVES if c != "training_patients"])
    return table.assign(training_patients=table["fraction"].map(patients))[CURVES]


def _row(method: str, fraction: float, measure: str, found: Estimate, seeds: int, labels: float = NO_LABELS) -> dict:
    return {
        "method": method, "fraction": fraction, "measure": measure, "value": found.value, "low": found.low,
        "high": found.high, "labels": labels, "seeds": seeds, "queries": found.n, "patients": found.n_patients,
        "note": found.note,
    }  # fmt: skip


def learning_curve_differences(
    values: pd.DataFrame, predictions: pd.DataFrame, patients: dict[float, int], *, samples: int, seed: int
) -> pd.DataFrame:
    """Return the paired differences of `SOFT_PAIRS` at each share and measure.

    At the share of all patients `FEW_LABELS` is the same number as `PROBE`, and is left out: it would be corrected for
    twice.

    Parameters
    ----------
    values, predictions, patients
        As `learning_curves` takes them.

    Returns
    -------
    DataFrame of `DIFFERENCES`, and ``p_holm``, corrected over all its rows
    """
    drawing, rows = {"samples": samples, "seed": seed}, []
    for (measure, fraction), part in values.groupby(["measure", "fraction"], sort=False):
        found = dict(iter(part.groupby("method", sort=False)))
        for first, second in SOFT_PAIRS:
            if first in found and second in found:
                estimate = difference_between(found[first], found[second], **drawing)
                by_seed = [value_matrix(found[m])[0].mean(axis=0) for m in (first, second)]
                rows.append(_difference(measure, fraction, first, second, estimate, by_seed[1] - by_seed[0]))
    for (measure, fraction), arrays in _arrays(predictions):
        for first, second in SOFT_PAIRS if (measure, fraction) != (FEW_LABELS, 1) else ():
            (truth, a, _), (_, b, _) = arrays[first], arrays[second]
            estimate = auc_difference(truth, a, b, **drawing)
            by_seed = [auc_difference(truth, a[:, :, [r]], b[:, :, [r]], samples=1).value for r in range(a.shape[2])]
            rows.append(_difference(measure, fraction, first, second, estimate, by_seed, truth.shape[1]))
    table = pd.DataFrame(rows, columns=[c for c in DIFFERENCES if c != "training_patients"])
    table = table.assign(training_patients=table["fraction"].map(patients))[DIFFERENCES]
    return table.assign(p_holm=holm(table["p"]))


def _arrays(predictions: pd.DataFrame) -> Iterator[tuple[tuple[str, float], dict]]:
    """Yield (measure, share) and what `prediction_arrays` returns of it, of the labels of all shares alone."""
    labels = labels_of_all_shares(predictions)
    for measure, part in predictions.groupby("measure", sort=False):
        part = part[part["label"].isin(labels[measure])]
        for fraction, of_share in part.groupby("fraction", sort=False):
            yield (measure, fraction), prediction_arrays(of_share)


def labels_of_all_shares(predictions: pd.DataFrame) -> dict[str, list[str]]:
    """Return by measure the labels that could be learnt at every share, in every seed.

    # Choice: a curve is of one mean. With the labels that each share happens to have examples of, it would rise or fall
    with which labels are averaged.

    Parameters
    ----------
    predictions : DataFrame from `selip_core.downstream.learning_curves.share_probes`, may be empty
    """
    found = {}
    for measure, part in predictions.groupby("measure", sort=False):
        gone = set(not_learnable(part)["label"])
        found[measure] = [label for label in part["label"].unique() if label not in gone]
    return found


def said_of_labels(predictions: pd.DataFrame) -> str:
    """Return a sentence on the labels that were dropped, or nothing where there are all."""
    kept, said = labels_of_all_shares(predictions), []
    for measure, part in predictions.groupby("measure", sort=False):
        there, left = part["label"].nunique(), len(kept[measure])
        if left < there:
            said.append(f"“{measure}” is of {left} labels at every share: {there - left} of {there} dropped, of which "
                        "some share has no training patient in some seed.")  # fmt: skip
    return " ".join(said)


def _difference(
    measure: str, fraction: float, first: str, second: str, found: Estimate, by_seed, labels: float = NO_LABELS
) -> dict:
    return {
        "measure": measure, "fraction": fraction, "comparison": f"{second} − {first}", "difference": found.value,
        "low": found.low, "high": found.high, "p": found.p, "test": found.test, "labels": labels,
        "seeds": len(by_seed), "patients": found.n_patients, "by_seed": ", ".join(f"{d:+.3f}" for d in by_seed),
        "note": found.note,
    }  # fmt: skip
