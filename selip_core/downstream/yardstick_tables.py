"""What the measures of retrieval say: every method beside the constant answer, and the differences with their tests."""

import numpy as np
import pandas as pd

from selip_core.downstream.retrieval_tables import by_query, worth_saying_of
from selip_core.downstream.yardsticks import KIND, MEASURES, NORMAL_SCORE
from selip_core.metrics.clustered import clustered_auc, clustered_auc_difference
from selip_core.metrics.resampling import Estimate, bootstrap_interval, holm, paired_difference
from selip_core.metrics.retrieval import DIRECTIONS
from selip_core.metrics.yardsticks import CONSTANT, NORMAL_AUC
from selip_core.pretraining.methods import SOFT_PAIRS

_NOTES = {
    NORMAL_AUC: "no normal statement among the sentences, or nothing else: not scored",
    KIND: "no query with findings of a known kind: not scored",
}
NO_QUERY = "no query that it applies to: not scored"


def yardstick_table(queries: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return every measure of every method, seeds averaged, with its 95 % interval over patients.

    Parameters
    ----------
    queries : DataFrame from `selip_core.downstream.retrieval.evaluate_runs`

    Returns
    -------
    DataFrame with ``measure`` (of `MEASURES`; agreement of kind where kinds are known), ``method``, ``value``,
    ``low``, ``high``, ``queries``, ``patients``, ``note``
    """
    image, rows = _image_queries(queries), []
    for measure in _measures(image):
        for method in image["method"].unique():
            values, patients, normal = values_by_query(image, method, measure)
            if not len(values):
                estimate = _nothing(measure)
            elif measure == NORMAL_AUC:
                estimate = clustered_auc(normal, values, patients, samples=samples, seed=seed)
            else:
                estimate = bootstrap_interval(values, patients, samples=samples, seed=seed)
            gallery = image["gallery"].iloc[0]
            estimate = worth_saying_of(measure, estimate, gallery, constant=method == CONSTANT)
            rows.append({
                "measure": measure, "method": method, "value": estimate.value, "low": estimate.low,
                "high": estimate.high, "queries": estimate.n, "patients": estimate.n_patients, "note": estimate.note,
            })  # fmt: skip
    return pd.DataFrame(rows)


def yardstick_difference_table(queries: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return the paired differences between the pretrained methods in every measure, corrected over the whole table.

    Returns
    -------
    DataFrame with ``measure``, ``comparison`` ("second − first"), ``difference``, ``low``, ``high``, ``p`` and the
    ``test`` that it is of, ``p_holm``, ``queries``, ``patients``, ``by_seed``, ``note``
    """
    image, rows = _image_queries(queries), []
    there = set(image["method"])
    for measure in _measures(image):
        for first, second in SOFT_PAIRS:
            if {first, second} <= there:
                estimate, by_seed = _difference(image, measure, first, second, samples, seed)
                rows.append({
                    "measure": measure, "comparison": f"{second} − {first}", "difference": estimate.value,
                    "low": estimate.low, "high": estimate.high, "p": estimate.p, "test": estimate.test,
                    "queries": estimate.n, "patients": estimate.n_patients, "by_seed": by_seed, "note": estimate.note,
                })  # fmt: skip
    columns = [
        "measure", "comparison", "difference", "low", "high", "p", "test", "queries", "patients", "by_seed", "note",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    table.insert(6, "p_holm", holm(table["p"].astype(float)))
    return table


def _difference(
    image: pd.DataFrame, measure: str, first: str, second: str, samples: int, seed: int
) -> tuple[Estimate, str]:
    """Return the difference of two methods in a measure, and the same seed by seed as text."""
    (a, patients, normal), (b, _, _) = (values_by_query(image, method, measure) for method in (first, second))
    if not len(a):
        return _nothing(measure), ""
    if measure == NORMAL_AUC:
        estimate = clustered_auc_difference(normal, a, b, patients, samples=samples, seed=seed)
        few = {"samples": 1, "seed": seed}
        each = [
            clustered_auc_difference(normal, a[:, [r]], b[:, [r]], patients, **few).value for r in range(a.shape[1])
        ]
    else:
        estimate = paired_difference(a, b, patients, samples=samples, seed=seed)
        each = (b - a).mean(axis=0)
    estimate = worth_saying_of(measure, estimate, image["gallery"].iloc[0])
    return estimate, "" if np.isnan(estimate.value) else ", ".join(f"{d:+.3f}" for d in each)


def values_by_query(
    image: pd.DataFrame, method: str, measure: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (values (n, seeds), patients (n,), normal (n,) bool) of the image queries that a measure applies to.

    For `NORMAL_AUC` the values are the scores that it is of.
    """
    column = NORMAL_SCORE if measure == NORMAL_AUC else measure
    values, one = by_query(image[image["method"] == method], column)
    return values, one["patient_id"].to_numpy(), one["normal"].to_numpy(bool)


def _image_queries(queries: pd.DataFrame) -> pd.DataFrame:
    return queries[queries["direction"] == DIRECTIONS[0]]


def _measures(image: pd.DataFrame) -> list[str]:
    return [measure for measure in MEASURES if measure != KIND or image[KIND].notna().any()]


def _nothing(measure: str) -> Estimate:
    return Estimate(np.nan, np.nan, np.nan, 0, 0, note=_NOTES.get(measure, NO_QUERY))
