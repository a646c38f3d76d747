"""What the runs of the ablation say: retrieval and probes of every variant, where retrieval fails, and the gap."""

import numpy as np
import pandas as pd

from selip_core.downstream.classification_tables import prediction_arrays
from selip_core.downstream.retrieval_tables import hits_by_query, worth_saying
from selip_core.metrics.classification import auc_difference, auc_interval
from selip_core.metrics.resampling import bootstrap_interval, holm, paired_difference
from selip_core.similarity.scores import ReportCorpus

K = 10
SCORES = {"recall": "image-to-text recall@10", "probe": "linear probe, AUC"}


def variant_scores(
    queries: pd.DataFrame, predictions: pd.DataFrame | None, *, samples: int, seed: int, reference: str = "SeLIP"
) -> pd.DataFrame:
    """Return each variant's retrieval and probe with intervals, and its difference from `reference`.

    Parameters
    ----------
    queries : DataFrame from `selip_core.downstream.retrieval.evaluate_runs`, ``method`` being the variant
    predictions : DataFrame from `selip_core.downstream.classification.probe_predictions`, or None where there is none

    Returns
    -------
    DataFrame with ``variant``, ``score`` (key of `SCORES`), ``value``, ``low``, ``high`` (95 % over patients, seeds
    averaged), ``difference``, ``difference_low``, ``difference_high``, ``p``, the ``test`` that it is of,
    ``patients``, ``seeds``, ``p_holm`` (corrected over the variants of a score)
    """
    image = queries[queries["direction"] == "image to text"]
    tables = [_retrieval_rows(image, reference, samples, seed)]
    if predictions is not None:
        tables.append(_probe_rows(predictions, reference, samples, seed))
    for table in tables:
        table["p_holm"] = holm(table["p"])
    return pd.concat(tables, ignore_index=True)


def _retrieval_rows(image: pd.DataFrame, reference: str, samples: int, seed: int) -> pd.DataFrame:
    own, patients, _ = hits_by_query(image, reference, K)
    gallery = int(image["gallery"].iloc[0])
    rows = []
    for variant in image["method"].unique():
        hits, _, _ = hits_by_query(image, variant, K)
        estimate = worth_saying(bootstrap_interval(hits, patients, samples=samples, seed=seed), gallery, K)
        difference = paired_difference(own, hits, patients, samples=samples, seed=seed)
        difference = worth_saying(difference, gallery, K)
        rows.append(_row(variant, "recall", estimate, difference, variant == reference, hits.shape[1]))
    return pd.DataFrame(rows)


def _probe_rows(predictions: pd.DataFrame, reference: str, samples: int, seed: int) -> pd.DataFrame:
    parts = prediction_arrays(predictions)
    truth, own, _ = parts[reference]
    rows = []
    for variant, (_, scores, _) in parts.items():
        estimate = auc_interval(truth, scores, samples=samples, seed=seed)
        difference = auc_difference(truth, own, scores, samples=samples, seed=seed)
        rows.append(_row(variant, "probe", estimate, difference, variant == reference, scores.shape[2]))
    return pd.DataFrame(rows)


def _row(variant: str, score: str, estimate, difference, is_reference: bool, seeds: int) -> dict:
    row = {
        "variant": variant, "score": score, "value": estimate.value, "low": estimate.low, "high": estimate.high,
        "difference": difference.value, "difference_low": difference.low, "difference_high": difference.high,
        "p": difference.p, "test": difference.test, "patients": estimate.n_patients, "seeds": seeds,
    }  # fmt: skip
    if is_reference:
        row |= dict.fromkeys(("difference", "difference_low", "difference_high", "p"), float("nan")) | {"test": ""}
    return row


def text_disagreement(texts: list[str]) -> np.ndarray:
    """Return how far wording and meaning of each text disagree: the mean distance of the two to all others, (n,)."""
    syntax, semantic = (ReportCorpus(texts, kind=kind).similarity().numpy() for kind in ("syntax", "semantic"))
    return np.abs(syntax - semantic).sum(axis=1) / max(len(texts) - 1, 1)


def recall_by_disagreement(
    queries: pd.DataFrame, texts: list[str], *, bins: int = 3, samples: int, seed: int
) -> pd.DataFrame:
    """Return image-to-text recall@10 of queries with findings, by how far their text's wording and meaning disagree.

    Parameters
    ----------
    queries : DataFrame from `selip_core.downstream.retrieval.evaluate_runs`, with ``normal``
    texts : list of str
        The text of each image, in the order of the queries.
    bins : int
        Groups of equal numbers of queries, from agreement to disagreement.
    """
    distinct = list(dict.fromkeys(texts))
    of_text = dict(zip(distinct, text_disagreement(distinct), strict=True))
    image = queries[(queries["direction"] == "image to text") & ~queries["normal"]].copy()
    image["disagreement"] = [of_text[texts[q]] for q in image["query"]]
    one = image.drop_duplicates("query").set_index("query")["disagreement"]
    group = (one.rank(method="first") * bins / (len(one) + 1)).astype(int)
    image["group"] = image["query"].map(group)
    rows = []
    for (number, method), part in image.groupby(["group", "method"], sort=True):
        hits, patients, chance = hits_by_query(part, method, K)
        gallery = int(part["gallery"].iloc[0])
        estimate = worth_saying(bootstrap_interval(hits, patients, samples=samples, seed=seed), gallery, K)
        rows.append({
            "group": number, "disagreement": part["disagreement"].mean(), "method": method, "recall": estimate.value,
            "low": estimate.low, "high": estimate.high, "chance": chance.mean(), "queries": estimate.n,
        })  # fmt: skip
    columns = ["group", "disagreement", "method", "recall", "low", "high", "chance", "queries"]
    return pd.DataFrame(rows, columns=columns)


def gap_table(validations: pd.DataFrame, patients: int) -> pd.DataFrame:
    """Return the loss on validation less that on training patients at the end of each run, by method and share.

    Parameters
    ----------
    validations : DataFrame from `selip_core.downstream.ablation.run_plans`
    patients : int
        Training patients in all.
    """
    last = validations.sort_values("step").groupby(["variant", "seed", "fraction"], sort=False).tail(1)
    last = last.assign(gap=last["loss"] - last["train_loss"], training_patients=(patients * last["fraction"]).round())
    best = validations.groupby(["variant", "seed", "fraction"])["recall_at_10"].max().rename("best_recall_at_10")
    last = last.merge(best.reset_index(), on=["variant", "seed", "fraction"])
    columns = ["loss", "train_loss", "gap", "best_recall_at_10"]
    grouped = last.groupby(["variant", "training_patients"], sort=False)
    table = grouped[columns].mean().join(grouped["gap"].agg(low="min", high="max", runs="count"))
    return table.reset_index().rename(columns={"variant": "method"})
