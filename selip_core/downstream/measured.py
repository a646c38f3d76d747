"""What each query of the test patients measures: one long table for all measures of retrieval, methods and seeds."""

import numpy as np
import pandas as pd

from selip_core.downstream.retrieval_tables import worth_saying
from selip_core.metrics.resampling import Estimate, bootstrap_interval, paired_difference

VALUES = ["measure", "method", "seed", "query", "patient_id", "gallery", "value"]
"""Columns: one row a measure, method, seed and query."""

CONSTANT = "constant answer"

RECALLS = {"recall@10": 10, "findings recall@10": 10, "findings recall@1": 1}
"""Measures that say nothing in a gallery which is no larger than k."""


def value_matrix(values: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return (values (queries, seeds), patients (queries,)) of one measure and method, queries in one order."""
    wide = values.pivot(index="query", columns="seed", values="value").sort_index()
    patients = values.drop_duplicates("query").set_index("query")["patient_id"].reindex(wide.index)
    return wide.to_numpy(float), patients.to_numpy()


def estimate_of(values: pd.DataFrame, *, samples: int, seed: int) -> Estimate:
    """Return the mean of one measure and method with its 95 % interval over patients, seeds averaged."""
    found, patients = value_matrix(values)
    return _said(bootstrap_interval(found, patients, samples=samples, seed=seed), values)


def difference_between(first: pd.DataFrame, second: pd.DataFrame, *, samples: int, seed: int) -> Estimate:
    """Return the paired difference second − first of one measure, in the seeds that both have run in."""
    both = set(first["seed"]) & set(second["seed"])
    (a, patients), (b, _) = (value_matrix(v[v["seed"].isin(both)]) for v in (first, second))
    return _said(paired_difference(a, b, patients, samples=samples, seed=seed), first)


def _said(estimate: Estimate, values: pd.DataFrame) -> Estimate:
    k = RECALLS.get(values["measure"].iloc[0])
    return estimate if k is None else worth_saying(estimate, int(values["gallery"].iloc[0]), k)
