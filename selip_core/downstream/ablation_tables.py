"""What the runs of the ablation say: measures of every variant, where retrieval fails, the gap, what was kept."""

import numpy as np
import pandas as pd

from selip_core.downstream.classification_tables import prediction_arrays
from selip_core.downstream.measured import difference_between, estimate_of
from selip_core.metrics.classification import auc_difference, auc_interval
from selip_core.metrics.resampling import Estimate, holm
from selip_core.metrics.yardsticks import CONSTANT, FINDINGS_RECALL, SITE_F1
from selip_core.similarity.scores import ReportCorpus

PROBE = "kinds, linear probe, AUC"
"""The measure of `variant_scores` that takes predictions."""

SHOWN = (FINDINGS_RECALL, SITE_F1, PROBE)
"""The measures of its figure."""

SCORES = [
    "variant", "measure", "value", "low", "high", "difference", "difference_low", "difference_high", "p", "test",
    "p_holm", "patients", "seeds", "note",
]  # fmt: skip


def variant_scores(
    values: pd.DataFrame, predictions: pd.DataFrame | None, *, samples: int, seed: int, reference: str = "SeLIP"
) -> pd.DataFrame:
    """Return each variant's measures with intervals, and its difference from `reference`.

    Parameters
    ----------
    values : DataFrame of `selip_core.downstream.measured.VALUES`, ``method`` being the variant
    predictions : DataFrame from `selip_core.downstream.classification.probe_predictions`, or None where there is none

    Returns
    -------
    DataFrame of `SCORES`
        ``value`` with ``low`` and ``high`` is of all ``seeds`` of the variant; ``difference`` and its interval, with
        ``p``, are of the seeds that both have run in, so that they are not the difference of two values where
        `reference` has more. Intervals are 95 % over patients, seeds averaged; ``test`` is what ``p`` is of, and
        ``p_holm`` is corrected over the variants of a measure.
    """
    drawing, tables = {"samples": samples, "seed": seed}, []
    for measure, part in values.groupby("measure", sort=False):
        found = dict(iter(part.groupby("method", sort=False)))
        rows = []
        for variant, of_variant in found.items():
            difference = difference_between(found[reference], of_variant, **drawing) if variant != reference else None
            runs = of_variant["seed"].nunique()
            rows.append(_row(variant, measure, estimate_of(of_variant, **drawing), difference, runs))
        tables.append(pd.DataFrame(rows))
    if predictions is not None:
        tables.append(_probe_rows(predictions, reference, drawing))
    for table in tables:
        table["p_holm"] = holm(table["p"])
    return pd.concat(tables, ignore_index=True)[SCORES]


def shown_differences(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `variant_scores` that its figure shows: of `SHOWN`, where a variant's difference is known.

    The constant answer is left out: it is no variant, and so far off that the variants would not be told apart.
    """
    shown = scores["measure"].isin(SHOWN) & scores["difference"].notna() & (scores["variant"] != CONSTANT)
    return scores[shown].reset_index(drop=True)


def _probe_rows(predictions: pd.DataFrame, reference: str, drawing: dict[str, int]) -> pd.DataFrame:
    seeds = predictions.groupby("method", sort=False)["seed"].unique()
    rows = []
    for variant in seeds.index:
        both = set(seeds[variant]) & set(seeds[reference])
        methods = predictions["method"].isin([variant, reference])
        parts = prediction_arrays(predictions[methods & predictions["seed"].isin(both)])
        truth, scores, _ = parts[variant]
        difference = auc_difference(truth, parts[reference][1], scores, **drawing) if variant != reference else None
        rows.append(_row(variant, PROBE, auc_interval(truth, scores, **drawing), difference, scores.shape[2]))
    return pd.DataFrame(rows)


def _row(variant: str, measure: str, found: Estimate, difference: Estimate | None, seeds: int) -> dict:
    nan = float("nan")
    d = difference or Estimate(nan, nan, nan, 0, 0)
    return {
        "variant": variant, "measure": measure, "value": found.value, "low": found.low, "high": found.high,
        "difference": d.value, "difference_low": d.low, "difference_high": d.high, "p": d.p, "test": d.test,
        "patients": found.n_patients, "seeds": seeds, "note": found.note,
    }  # fmt: skip


def text_disagreement(texts: list[str]) -> np.ndarray:
    """Return how far wording and meaning of each text disagree: the mean distance of the two to all others, (n,)."""
    syntax, semantic = (ReportCorpus(texts, kind=kind).similarity().numpy() for kind in ("syntax", "semantic"))
    return np.abs(syntax - semantic).sum(axis=1) / max(len(texts) - 1, 1)


def by_disagreement(values: pd.DataFrame, texts: list[str], *, bins: int = 3, samples: int, seed: int) -> pd.DataFrame:
    """Return a measure of queries with findings, by how far their text's wording and meaning disagree.

    Parameters
    ----------
    values : DataFrame of `selip_core.downstream.measured.VALUES`
        Of one measure of queries with findings; the constant answer among the methods.
    texts : list of str
        The text of each image, in the order of the queries.
    bins : int
        Groups of equal numbers of queries, from agreement to disagreement.
    """
    distinct = list(dict.fromkeys(texts))
    of_text = dict(zip(distinct, text_disagreement(distinct), strict=True))
    disagreement = values["query"].map(lambda query: of_text[texts[query]])
    one = disagreement.groupby(values["query"]).first()
    group = (one.rank(method="first") * bins / (len(one) + 1)).astype(int)
    values = values.assign(disagreement=disagreement, group=values["query"].map(group))
    rows = []
    for number, of_group in values.groupby("group"):
        for method, part in of_group.groupby("method", sort=False):
            found = estimate_of(part, samples=samples, seed=seed)
            rows.append({
                "group": number, "disagreement": part["disagreement"].mean(), "method": method, "recall": found.value,
                "low": found.low, "high": found.high, "queries": found.n,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["group", "disagreement", "method", "recall", "low", "high", "queries"])


def gap_table(validations: pd.DataFrame) -> pd.DataFrame:
    """Return the loss on validation less that on training patients at the end of each run, by method and share.

    Parameters
    ----------
    validations : DataFrame from `selip_core.pretraining.runs.run_plans`
    """
    keys = ["variant", "seed", "fraction"]
    last = validations.sort_values("step", kind="stable").groupby(keys, sort=False).tail(1)
    last = last.assign(gap=last["loss"] - last["train_loss"])
    best = validations.groupby(keys)["recall_at_10"].max().rename("best_recall_at_10")
    last = last.merge(best.reset_index(), on=keys)
    columns = ["training_patients", "loss", "train_loss", "gap", "best_recall_at_10"]
    grouped = last.groupby(["variant", "fraction"], sort=False)
    table = grouped[columns].mean().join(grouped["gap"].agg(low="min", high="max", runs="count"))
    return table.reset_index().rename(columns={"variant": "method"})
