"""What each query of the test patients measures: one long table for all measures, methods and seeds."""

import numpy as np
import pandas as pd

from selip_core.downstream.retrieval_tables import by_query, worth_saying_of
from selip_core.metrics.resampling import Estimate, bootstrap_interval, paired_difference
from selip_core.metrics.retrieval import DIRECTIONS
from selip_core.metrics.yardsticks import CONSTANT, FINDINGS_RECALL, PERCENTILE, SITE_F1

VALUES = ["measure", "method", "seed", "query", "patient_id", "gallery", "value"]
"""One row a measure, method, seed and query."""

MEASURED = (FINDINGS_RECALL, "recall@10", "mean reciprocal rank", PERCENTILE, SITE_F1)
"""The measures of retrieval by which variants and shares are told apart: of `selip_core.downstream.yardsticks`."""


def measured_queries(queries: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of image-to-text queries as `VALUES`; those to which a measure does not apply have no row.

    Parameters
    ----------
    queries : DataFrame from `selip_core.downstream.retrieval.evaluate_runs`
        The seeds of the constant answer, which are orders of its ties, are averaged into one.
    """
    image = queries[queries["direction"] == DIRECTIONS[0]]
    about = ["method", "seed", "query", "patient_id", "gallery"]
    long = image.melt(about, list(MEASURED), var_name="measure").dropna(subset="value")
    constant = long["method"] == CONSTANT
    keys = [name for name in VALUES if name not in ("seed", "value")]
    one = long[constant].groupby(keys, as_index=False, sort=False)["value"].mean().assign(seed=0)
    return pd.concat([one, long[~constant]], ignore_index=True)[VALUES]


def value_matrix(values: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return (values (queries, seeds), patients (queries,)) of one measure and method, queries in one order."""
    found, one = by_query(values, "value")
    return found, one["patient_id"].to_numpy()


def estimate_of(values: pd.DataFrame, *, samples: int, seed: int) -> Estimate:
    """Return the mean of one measure and method with its 95 % interval over patients, seeds averaged."""
    found, patients = value_matrix(values)
    return _of_recall(bootstrap_interval(found, patients, samples=samples, seed=seed), values)


def difference_between(first: pd.DataFrame, second: pd.DataFrame, *, samples: int, seed: int) -> Estimate:
    """Return the paired difference second − first of one measure, in the seeds that both have run in.

    The constant answer has no seeds of its own: it is held against all of the other's.
    """
    if CONSTANT not in {first["method"].iloc[0], second["method"].iloc[0]}:
        both = set(first["seed"]) & set(second["seed"])
        first, second = (values[values["seed"].isin(both)] for values in (first, second))
    (a, patients), (b, _) = value_matrix(first), value_matrix(second)
    found = paired_difference(a.mean(axis=1), b.mean(axis=1), patients, samples=samples, seed=seed)
    return _of_recall(found, first)


def _of_recall(estimate: Estimate, values: pd.DataFrame) -> Estimate:
    one = values.iloc[0]
    return worth_saying_of(one["measure"], estimate, one["gallery"], constant=one["method"] == CONSTANT)
