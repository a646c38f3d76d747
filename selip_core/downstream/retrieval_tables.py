"""What retrieval on the test patients says: recall and nDCG with intervals and chance, method against method."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from selip_core.metrics.resampling import Estimate, bootstrap_interval, paired_difference
from selip_core.metrics.retrieval import K_MAX, chance_of_hit
from selip_core.metrics.yardsticks import CONSTANT
from selip_core.pretraining.methods import SOFT_PAIRS


def recall_table(queries: pd.DataFrame, *, samples: int, seed: int) -> pd.DataFrame:
    """Return recall at 1 to 10 with its interval and chance, by direction and method."""
    rows = []
    for (direction, method), part in queries.groupby(["direction", "method"], sort=False):
        for k in range(1, K_MAX + 1):
            hits, patients, chance = hits_by_query(part, method, k)
            gallery = int(part["gallery"].iloc[0])
            estimate = worth_saying(bootstrap_interval(hits, patients, samples=samples, seed=seed), gallery, k)
            rows.append({
                "direction": direction, "method": method, "k": k, "recall": estimate.value, "low": estimate.low,
                "high": estimate.high, "chance": chance.mean(), "queries": estimate.n, "patients": estimate.n_patients,
                "gallery": gallery, "note": estimate.note,
            })  # fmt: skip
    return pd.DataFrame(rows)


def beside_constant(table: pd.DataFrame, *, value: str, by: list[str]) -> pd.DataFrame:
    """Return a table with a column ``constant``: what the constant answer has where the columns `by` are the same.

    NaN where the table has no such rows.
    """
    constant = table[table["method"] == CONSTANT].set_index(by)[value].rename("constant")
    return table.join(constant, on=by)


def group_table(queries: pd.DataFrame, by: str, *, samples: int, seed: int) -> pd.DataFrame:
    """Return image-to-text recall@10 and nDCG@10 by a column of `queries`, each method with intervals."""
    rows = []
    image = queries[queries["direction"] == "image to text"]
    for (group, method), part in image.groupby([by, "method"], sort=False):
        hits, patients, chance = hits_by_query(part, method, K_MAX)
        gallery = int(part["gallery"].iloc[0])
        recall = worth_saying(bootstrap_interval(hits, patients, samples=samples, seed=seed), gallery, K_MAX)
        gains, _ = by_query(part, "ndcg")
        ndcg = bootstrap_interval(gains, patients, samples=samples, seed=seed)
        rows.append({
            by: group, "method": method, "recall_at_10": recall.value, "low": recall.low, "high": recall.high,
            "chance": chance.mean(), "ndcg_at_10": ndcg.value, "ndcg_low": ndcg.low, "ndcg_high": ndcg.high,
            "queries": recall.n, "patients": recall.n_patients, "note": recall.note,
        })  # fmt: skip
    return pd.DataFrame(rows)


def recall_difference_table(queries: pd.DataFrame, ks: tuple[int, ...], *, samples: int, seed: int) -> pd.DataFrame:
    """Return the paired differences in recall between the pretrained methods, by direction and k, and by seed.

    Seeds are averaged before patients are resampled: the interval is over patients, and ``by_seed`` shows the rest.
    """
    rows, there = [], set(queries["method"])
    compared = [pair for pair in SOFT_PAIRS if set(pair) <= there]
    for direction, part in queries.groupby("direction", sort=False):
        for (first, second), k in product(compared, ks):
            (a, patients, _), (b, _, _) = (hits_by_query(part, method, k) for method in (first, second))
            estimate = paired_difference(a, b, patients, samples=samples, seed=seed)
            estimate = worth_saying(estimate, int(part["gallery"].iloc[0]), k)
            rows.append({
                "direction": direction, "comparison": f"{second} − {first}", "k": k, "difference": estimate.value,
                "low": estimate.low, "high": estimate.high, "p": estimate.p, "test": estimate.test,
                "queries": estimate.n, "patients": estimate.n_patients, "note": estimate.note,
                "by_seed": ", ".join(f"{d:+.3f}" for d in (b - a).mean(axis=0)),
            })  # fmt: skip
    return pd.DataFrame(rows)


def hits_by_query(queries: pd.DataFrame, method: str, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (hits (n, seeds), patients (n,), chance (n,)) of one direction and method, queries in one order."""
    part = queries[queries["method"] == method]
    hits, one = by_query(part.assign(hit=part["rank"] <= k), "hit")
    chance = chance_of_hit(one["n_relevant"].to_numpy(), int(one["gallery"].iloc[0]), k)
    return hits, one["patient_id"].to_numpy(), chance


def by_query(queries: pd.DataFrame, measure: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Return a measure of the queries that have it, (n, seeds), and a row of each of these n, in one order."""
    known = queries[queries[measure].notna()]
    wide = known.pivot(index="query", columns="seed", values=measure).sort_index()
    return wide.to_numpy(float), known.drop_duplicates("query").sort_values("query")


def worth_saying(estimate: Estimate, gallery: int, k: int) -> Estimate:
    """Withhold a recall that no model could miss: with `k` places for a gallery of `k` or fewer, all of it is found."""
    if k < gallery:
        return estimate
    nan = float("nan")
    note = f"gallery of {gallery}: recall@{k} is 1 whatever the model, not reported"
    return replace(estimate, value=nan, low=nan, high=nan, p=nan, test="", note=note)


def worth_saying_of(measure: str, estimate: Estimate, gallery: float, *, constant: bool = False) -> Estimate:
    """Withhold a recall as `worth_saying` does, its k read off the name of the measure; others are what they are.

    Parameters
    ----------
    constant : bool
        Of queries with findings the constant answer ranks one sentence fewer: it leaves the normal statement out.
    """
    ranked = int(gallery) - (constant and measure.startswith("findings"))
    return worth_saying(estimate, ranked, int(measure.rsplit("@")[-1])) if "recall@" in measure else estimate
