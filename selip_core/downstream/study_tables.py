"""What retrieval by study says: fused series against one alone, against their mean, and what a missing one costs."""

import pandas as pd

from selip_core.downstream.retrieval_tables import by_query, worth_saying_of
from selip_core.downstream.study_retrieval import (
    DIRECTIONS,
    FINDINGS_RECALL,
    LEARNED,
    MEAN,
    MEASURES,
    PERCENTILE,
    SITES,
    alone,
    without,
)
from selip_core.encoders.study import USUAL
from selip_core.metrics.resampling import bootstrap_interval, holm, paired_difference
from selip_core.metrics.yardsticks import CONSTANT

BEST_SINGLE = "best single series"
COMPARISONS = {
    f"{LEARNED} − {MEAN}": "fusion_minus_mean", f"{LEARNED} − {BEST_SINGLE}": "fusion_minus_best_single",
    f"{MEAN} − {BEST_SINGLE}": "mean_minus_best_single",
}  # fmt: skip
"""The comparisons, and what their differences are called among the metrics."""

FUSION_COMPARISONS = tuple(COMPARISONS)[:2]
"""Those of the learned fusion: against the mean of the series, and against the best of them alone."""

STUDY = [
    "direction", "measure", "method", "fusion", "series", "value", "low", "high", "queries", "patients", "note",
]  # fmt: skip
"""The columns of `study_table`."""

COMPARED_IN = {DIRECTIONS[0]: (FINDINGS_RECALL, "findings MRR", PERCENTILE), DIRECTIONS[2]: (SITES,)}
"""The measures in which ways to make a study's feature are compared."""


def best_single_series(validation: pd.DataFrame) -> dict[str, str]:
    """Return of each method the best way to take one series alone: the greatest mean reciprocal rank, seeds averaged.

    Parameters
    ----------
    validation : DataFrame from `selip_core.downstream.study_retrieval.evaluate_studies`, of validation studies
    """
    singles = {alone(sequence, base) for sequence in USUAL for base in (LEARNED, MEAN)}
    part = validation[(validation["direction"] == DIRECTIONS[0]) & validation["fusion"].isin(singles)]
    means = part.groupby(["method", "fusion"])["findings MRR"].mean().dropna()
    return {method: of.idxmax()[1] for method, of in means.groupby("method")}


def study_table(queries: pd.DataFrame, singles: dict[str, str], *, samples: int, seed: int) -> pd.DataFrame:
    """Return every measure of both fusions and the best single series, beside the constant answer.

    Parameters
    ----------
    queries : DataFrame from `selip_core.downstream.study_retrieval.evaluate_studies`
    singles : dict of method to the way that `best_single_series` names

    Returns
    -------
    DataFrame of `STUDY`; the best single series is of the studies that have it, and named in ``series``
    """
    rows = []
    for (direction, method), part in queries.groupby(["direction", "method"], sort=False):
        for shown, fusion in _shown(method, singles):
            for measure in MEASURES:
                values, one = by_query(part[part["fusion"] == fusion], measure)
                if len(values):
                    estimate = bootstrap_interval(values, one["patient_id"].to_numpy(), samples=samples, seed=seed)
                    gallery = part["gallery"].iloc[0]
                    estimate = worth_saying_of(measure, estimate, gallery, constant=method == CONSTANT)
                    rows.append({
                        "direction": direction, "measure": measure, "method": method, "fusion": shown,
                        "series": fusion if shown == BEST_SINGLE else "", "value": estimate.value, "low": estimate.low,
                        "high": estimate.high, "queries": estimate.n, "patients": estimate.n_patients,
                        "note": estimate.note,
                    })  # fmt: skip
    return pd.DataFrame(rows, columns=STUDY)


def _shown(method: str, singles: dict[str, str]) -> list[tuple[str, str]]:
    """Return what is shown of a method, and what the queries call it."""
    if method == CONSTANT:
        return [(CONSTANT, CONSTANT)]
    single = [(BEST_SINGLE, singles[method])] if method in singles else []
    return [(LEARNED, LEARNED), (MEAN, MEAN), *single]


def study_difference_table(queries: pd.DataFrame, singles: dict[str, str], *, samples: int, seed: int) -> pd.DataFrame:
    """Return the paired differences between learned fusion, mean and best single series, on the studies that have it.

    Returns
    -------
    DataFrame with ``method``, ``measure``, ``comparison`` ("second − first"), the values ``first`` and ``second``,
    their ``difference``, ``low``, ``high``, ``p``, ``test``, ``p_holm`` over the whole table, ``queries``,
    ``patients``, ``by_seed``, ``note``
    """
    rows = []
    for method, part in queries.groupby("method", sort=False):
        ways = dict(_shown(method, singles))
        for second, first in (comparison.split(" − ") for comparison in COMPARISONS):
            if {first, second} <= set(ways):
                rows += _differences(part, (first, ways[first]), (second, ways[second]), COMPARED_IN, samples, seed)
    columns = [
        "method", "measure", "comparison", "first", "second", "difference", "low", "high", "p", "test", "queries",
        "patients", "by_seed", "note",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    table.insert(9, "p_holm", holm(table["p"].astype(float)))
    return table


def missing_table(queries: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return what it costs to leave out each sequence in turn, by method and fusion, on the studies that have it.

    Returns
    -------
    DataFrame with ``sequence``, ``fusion``, the findings recall@10 with all series, ``first``, and without this one,
    ``second``, and their difference as `study_difference_table` returns it, without a test
    """
    rows = []
    for _, part in queries.groupby("method", sort=False):
        for base in (LEARNED, MEAN):
            for sequence in USUAL:
                left = without(sequence, base)
                compared = {DIRECTIONS[0]: (FINDINGS_RECALL,)}
                for row in _differences(part, (base, base), (left, left), compared, samples, seed):
                    rows.append({"sequence": sequence, "fusion": base, **row})
    columns = [
        "method", "fusion", "sequence", "measure", "first", "second", "difference", "low", "high", "queries",
        "patients", "by_seed", "note",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _differences(
    part: pd.DataFrame, first: tuple[str, str], second: tuple[str, str], measures: dict[str, tuple[str, ...]],
    samples: int, seed: int,
) -> list[dict]:  # fmt: skip
    """Return the second less the first, each (what it is shown as, what the queries call it), in some measures."""
    rows = []
    for direction, names in measures.items():
        of = part[part["direction"] == direction]
        for measure in names:
            both = [of[of["fusion"] == way] for _, way in (first, second)]
            common = set(both[0]["query"]) & set(both[1]["query"])
            (a, one), (b, _) = (by_query(way[way["query"].isin(common)], measure) for way in both)
            if not len(a):
                continue
            estimate = paired_difference(a, b, one["patient_id"].to_numpy(), samples=samples, seed=seed)
            estimate = worth_saying_of(measure, estimate, of["gallery"].iloc[0])
            rows.append({
                "method": part["method"].iloc[0], "measure": measure, "comparison": f"{second[0]} − {first[0]}",
                "first": a.mean(), "second": b.mean(), "difference": estimate.value, "low": estimate.low,
                "high": estimate.high, "p": estimate.p, "test": estimate.test, "queries": estimate.n,
                "patients": estimate.n_patients, "by_seed": ", ".join(f"{d:+.3f}" for d in (b - a).mean(axis=0)),
                "note": estimate.note,
            })  # fmt: skip
    return rows
