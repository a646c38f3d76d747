"""What image-to-text retrieval is measured by, query by query: whether the own sentence, and how much of it, is found.

Each measure is a column of the queries, NaN where it does not apply to a query, so that patients can be resampled and
real cohorts, which may have one sequence, no normal patient or no labels, lose the measure and no more.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.annotations import ABNORMAL
from selip_core.datasets.pairs import Pairs, findings_of
from selip_core.metrics.classification import auc
from selip_core.metrics.retrieval import K_MAX, ranks_of_hits
from selip_core.metrics.yardsticks import (
    CONSTANT,
    carried_by_sequence,
    constant_answers,
    mean_of_first,
    percentile_among,
    set_f1,
)
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.scores import appearance_tag

FIRST = 5
PERCENTILE = "percentile in its sequence"
KIND = "agreement of kind"
NORMAL_AUC = "normal or findings, AUC"
NORMAL_SCORE = "score of normal"
"""Column that `NORMAL_AUC` is of: the score of the normal statement less the mean of all other sentences."""

_SITE, _SIGNAL = "side and site F1", "site and signal F1"
MEASURES = (
    "recall@10", "findings recall@10", "findings recall@1", "mean reciprocal rank", PERCENTILE, f"{_SITE}, first",
    f"{_SITE}, first five", f"{_SIGNAL}, first", f"{_SIGNAL}, first five", KIND, NORMAL_AUC,
)  # fmt: skip
"""The findings recalls, the F1s and the agreement are over queries with findings alone: normal ones all have one
sentence, and whoever always answers it would be right for each of them."""

HEADLINE_METRICS = {
    "findings recall@10": "findings_only_recall_at_10", PERCENTILE: "percentile_in_its_sequence",
    f"{_SITE}, first five": "side_and_site_f1_of_first_five", NORMAL_AUC: "normal_or_findings_auc",
}  # fmt: skip
"""The measures that stand for retrieval where there is room for few, and what they are called among the metrics."""


def image_measures(
    scores: torch.Tensor, texts: list[str], pairs: Pairs, *, kinds: Mapping[str, frozenset[str]] | None = None
) -> pd.DataFrame:
    """Return the measures of every image: one row a query, a column for each of `MEASURES` and `NORMAL_SCORE`.

    Parameters
    ----------
    scores : (n, t)
        Of each image with each distinct sentence: cosines, or the constant answer's.
    texts : list of t str
        The gallery, every sentence of `pairs` once.
    pairs : Pairs of the n images
    kinds : mapping of patient to its kinds of finding, optional
        As `kinds_of_patients` returns them. Agreement is the share of the patients with the first sentence who have a
        kind in common with the query's; NaN where the query's kind is not known.

    Returns
    -------
    DataFrame
        `F1` of a set of (side and site), or of (site, signal word), between a query's findings and those of the first
        sentence; ``first five`` is the mean of the F1 of each. `PERCENTILE` is among the sentences that some image of
        the query's sequence carries. `NORMAL_AUC` itself is of all queries and is no column.
    """
    scores = scores.cpu()
    own = torch.from_numpy(text_numbers(pairs, texts))
    findings = findings_of(texts)
    carries = own[:, None] == torch.arange(len(texts))  # (n, t)
    ranks = ranks_of_hits(scores, carries).numpy()
    some = np.array([len(findings[i]) > 0 for i in own.tolist()])
    among = carried_by_sequence(carries, pairs.sequences)
    table = {
        "recall@10": (ranks <= K_MAX).astype(float), "findings recall@10": np.where(some, ranks <= K_MAX, np.nan),
        "findings recall@1": np.where(some, ranks <= 1, np.nan), "mean reciprocal rank": 1 / ranks,
        PERCENTILE: percentile_among(scores, own, among).numpy(),
    }  # fmt: skip
    sites = [frozenset(f.site for f in report) for report in findings]
    signals = [frozenset((f.site, appearance_tag(f.appearance)) for f in report) for report in findings]
    for name, sets in ((_SITE, sites), (_SIGNAL, signals)):
        f1 = set_f1(sets)[own]  # (n, t)
        for which, k in (("first", 1), ("first five", FIRST)):
            table[f"{name}, {which}"] = np.where(some, mean_of_first(scores, f1, k).numpy(), np.nan)
    same_kind = _share_of_same_kind(pairs, carries, kinds or {})
    table[KIND] = np.where(some, mean_of_first(scores, same_kind, 1).numpy(), np.nan)
    table[NORMAL_SCORE] = _normal_score(scores, texts)
    return pd.DataFrame(table)


def text_numbers(pairs: Pairs, texts: list[str]) -> np.ndarray:
    """Return the place in `texts` of each pair's sentence, (n,) int."""
    number = {text: i for i, text in enumerate(texts)}
    return np.array([number[text] for text in pairs.texts])


def _share_of_same_kind(pairs: Pairs, carries: torch.Tensor, kinds: Mapping[str, frozenset[str]]) -> torch.Tensor:
    """Return of each query and sentence the share of its patients with a kind of the query's, (n, t); NaN if unknown.

    Patients count once a sentence, and those without a known kind do not: a sentence of such alone is no agreement.
    """
    patients = list(dict.fromkeys(pairs.patients))
    number = {patient: i for i, patient in enumerate(patients)}
    of_pair = torch.tensor([number[patient] for patient in pairs.patients])
    names = sorted({kind for patient in patients for kind in kinds.get(patient, ())})
    has = torch.tensor([[kind in kinds.get(p, ()) for kind in names] for p in patients]).reshape(len(patients), -1)
    has = has.double()  # (patients, kinds)
    known = has.any(1).double()
    of_patient = torch.zeros(len(patients), carries.shape[1], dtype=torch.float64)
    of_patient.index_put_((of_pair, carries.int().argmax(1)), torch.tensor(1.0, dtype=torch.float64))  # (patients, t)
    alike = ((has @ has.T) > 0).double() @ of_patient
    share = alike / (known @ of_patient).clamp_min(1)  # (patients, t)
    share[known == 0] = torch.nan
    return share[of_pair]


def _normal_score(scores: torch.Tensor, texts: list[str]) -> np.ndarray:
    if NORMAL_STATEMENT not in texts or len(texts) < 2:
        return np.full(len(scores), np.nan)
    place = texts.index(NORMAL_STATEMENT)
    mine = scores[:, place]
    score = mine - (scores.sum(1) - mine) / (len(texts) - 1)
    return score.double().round(decimals=7).numpy()  # the order that the constant answer's ties come in is no score


def kinds_of_patients(labels: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Return the labels of each patient, but for ``abnormal``, which names no kind.

    Parameters
    ----------
    labels : DataFrame with ``patient_id``, ``label``
        Of `selip_core.datasets.annotations.read_labels`; may be empty.
    """
    told = labels[labels["label"] != ABNORMAL]
    return {patient: frozenset(part) for patient, part in told.groupby("patient_id")["label"]}


def yardsticks_of(
    image_features: torch.Tensor, text_features: torch.Tensor, pairs: Pairs, train: Pairs, *,
    kinds: Mapping[str, frozenset[str]] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return every measure of a model as a number beside that of the constant answer, for trials.

    Parameters
    ----------
    image_features : (n, E), unit norm
        Of the images of `pairs`, in their order.
    text_features : (t, E), unit norm
        Of the distinct sentences of `pairs`, each where it first stands, as `encode_pairs` returns them.
    pairs, train : Pairs
        Of the patients to test on, and of those the model was trained on.
    kinds : as of `image_measures`

    Returns
    -------
    DataFrame with one row for each of `MEASURES`, and the columns ``model`` and ``constant answer``
    """
    texts = list(dict.fromkeys(pairs.texts))
    model = _means(image_measures(image_features.cpu() @ text_features.cpu().T, texts, pairs, kinds=kinds), pairs)
    answers = constant_answers(pairs.sequences, texts, train.sequences, train.texts)
    draws = [_means(image_measures(scores, texts, pairs, kinds=kinds), pairs) for scores in answers]
    return pd.DataFrame({"model": model, CONSTANT: pd.concat(draws, axis=1).mean(axis=1)})


def _means(measured: pd.DataFrame, pairs: Pairs) -> pd.Series:
    normal = np.array([text == NORMAL_STATEMENT for text in pairs.texts])
    means = measured.mean().drop(NORMAL_SCORE, errors="ignore")
    means[NORMAL_AUC] = float("nan") if measured[NORMAL_SCORE].isna().all() else auc(normal, measured[NORMAL_SCORE])
    return means.reindex(MEASURES)
