"""What image-to-text retrieval is measured by, query by query: whether the own sentence, and how much of it, is found.

Each measure is a column of the queries, NaN where it does not apply to a query, so that patients can be resampled and
real cohorts, which may have one sequence, no normal patient or no labels, lose the measure and no more.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.annotations import ABNORMAL, NORMAL
from selip_core.datasets.pairs import Pairs, findings_of, text_numbers
from selip_core.metrics.retrieval import K_MAX, ranks_of_hits
from selip_core.metrics.yardsticks import (
    NORMAL_AUC,
    PERCENTILE,
    SIDE,
    carried_by_sequence,
    mean_of_first,
    percentile_among,
    set_f1,
)
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.findings import appearance_tag

FIRST = 5
KIND = "agreement of kind"
NORMAL_SCORE = "score of normal"
"""Column that `NORMAL_AUC` is of: the score of the normal statement less the mean of all other sentences."""

FINDINGS_RANK = "rank, findings"
"""Column that the findings recalls are of: the rank of the own sentence of a query with findings."""

_SITE, _SIGNAL = "side and site F1", "site and signal F1"
MEASURES = (
    "recall@10", "findings recall@10", "findings recall@1", "mean reciprocal rank", PERCENTILE, SIDE,
    f"{_SITE}, first", f"{_SITE}, first five", f"{_SIGNAL}, first", f"{_SIGNAL}, first five", KIND, NORMAL_AUC,
)  # fmt: skip
"""The findings recalls, the F1s and the agreement are over queries with findings alone: normal ones all have one
sentence, and whoever always answers it would be right for each of them."""

HEADLINE_METRICS = {
    "findings recall@10": "findings_only_recall_at_10", PERCENTILE: "percentile_in_its_sequence",
    f"{_SITE}, first five": "side_and_site_f1_of_first_five", SIDE: "own_side_before_the_other",
    NORMAL_AUC: "normal_or_findings_auc",
}  # fmt: skip
"""The measures that stand for retrieval where there is room for few, and what they are called among the metrics."""


def image_measures(
    scores: torch.Tensor, texts: list[str], pairs: Pairs, *, of_mirror: torch.Tensor | None = None,
    kinds: Mapping[str, frozenset[str]] | None = None, constant: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Return the measures of every image: one row a query, a column for each of `MEASURES`, and what some are of.

    Parameters
    ----------
    scores : (n, t)
        Of each image with each distinct sentence: cosines, or the constant answer's.
    texts : list of t str
        The gallery, every sentence of `pairs` once.
    pairs : Pairs of the n images
    of_mirror : (n,), optional
        Scores of each image with the mirror image of its own sentence, whether the gallery has that or not; NaN where
        no side tells the two apart. Without them `SIDE` is NaN.
    kinds : mapping of patient to its kinds of finding, optional
        As `kinds_of_patients` returns them. Agreement is the share of the patients with the first sentence who have a
        kind in common with the query's; NaN where the query's kind is not known.
    constant : bool
        Whether the scores are the constant answer's, which in the measures over queries with findings alone leaves the
        normal statement out: that these queries have findings is known without a look at them (method.md 6).

    Returns
    -------
    DataFrame
        `F1` of a set of (side and site), or of (site, signal word), between a query's findings and those of the first
        sentence; ``first five`` is the mean of the F1 of each. `PERCENTILE` is among the sentences that some image of
        the query's sequence carries. `SIDE` is whether the own sentence scores above its mirror image, where that is
        another. `NORMAL_AUC` itself is of all queries and is no column: `NORMAL_SCORE` is.
    """
    scores = scores.cpu()
    own = torch.from_numpy(text_numbers(pairs, texts))
    carries = own[:, None] == torch.arange(len(texts))  # (n, t)
    ranks = ranks_of_hits(scores, carries).numpy()
    findings = findings_of(texts)
    table = pd.DataFrame({
        "recall@10": (ranks <= K_MAX).astype(float), "mean reciprocal rank": 1 / ranks,
        PERCENTILE: percentile_among(scores, own, carried_by_sequence(carries, pairs.sequences)).numpy(),
        NORMAL_SCORE: _normal_score(scores, texts),
    })  # fmt: skip
    if of_mirror is not None:
        table[SIDE] = _own_side(scores.gather(1, own[:, None])[:, 0], of_mirror.cpu())
    some = torch.tensor([len(report) > 0 for report in findings])
    queries, answers = some[own], some if constant else torch.ones_like(some)
    same_kind = _share_of_same_kind(pairs, carries, kinds or {})
    of_findings = _measures_of_findings(scores, own, carries, findings, same_kind, queries=queries, answers=answers)
    return table.join(of_findings).reindex(columns=[*MEASURES[:-1], NORMAL_SCORE, FINDINGS_RANK])


def _measures_of_findings(scores, own, carries, findings, same_kind, *, queries, answers) -> pd.DataFrame:
    """Return the measures of the queries with findings (n,) bool, among the answers (t,) bool; no other rows."""
    rows = np.flatnonzero(queries.numpy())
    if not len(rows):
        return pd.DataFrame()
    scores = scores[queries][:, answers]
    ranks = ranks_of_hits(scores, carries[queries][:, answers]).numpy()
    table = {"findings recall@10": ranks <= K_MAX, "findings recall@1": ranks <= 1, FINDINGS_RANK: ranks}
    sites = [frozenset(f.site for f in report) for report in findings]
    signals = [frozenset((f.site, appearance_tag(f.appearance)) for f in report) for report in findings]
    for name, sets in ((_SITE, sites), (_SIGNAL, signals)):
        f1 = set_f1(sets)[own][queries][:, answers]
        for which, k in (("first", 1), ("first five", FIRST)):
            table[f"{name}, {which}"] = mean_of_first(scores, f1, k).numpy()
    table[KIND] = mean_of_first(scores, same_kind[queries][:, answers], 1).numpy()
    return pd.DataFrame(table, index=rows, dtype=float)


def _share_of_same_kind(pairs: Pairs, carries: torch.Tensor, kinds: Mapping[str, frozenset[str]]) -> torch.Tensor:
    """Return of each query and sentence the share of its patients with a kind of the query's, (n, t); NaN if unknown.

    Patients count once a sentence, and those of whom nothing is known do not: a sentence of such alone is no agreement.
    A patient who is known to have no kind counts among those of a sentence, and has no share of its own.
    """
    patients = list(dict.fromkeys(pairs.patients))
    number = {patient: i for i, patient in enumerate(patients)}
    of_pair = torch.tensor([number[patient] for patient in pairs.patients])
    names = sorted({kind for patient in patients for kind in kinds.get(patient, ())})
    has = torch.tensor([[kind in kinds.get(p, ()) for kind in names] for p in patients]).reshape(len(patients), -1)
    has = has.double()  # (patients, kinds)
    known = torch.tensor([patient in kinds for patient in patients]).double()
    of_patient = torch.zeros(len(patients), carries.shape[1], dtype=torch.float64)
    of_patient.index_put_((of_pair, carries.int().argmax(1)), torch.tensor(1.0, dtype=torch.float64))  # (patients, t)
    alike = ((has @ has.T) > 0).double() @ of_patient
    share = alike / (known @ of_patient).clamp_min(1)  # (patients, t)
    share[~has.any(1)] = torch.nan
    return share[of_pair]


def _own_side(mine: torch.Tensor, of_mirror: torch.Tensor) -> np.ndarray:
    """Return 1 where the own sentence scores above its mirror image, 0.5 where they tie, NaN where there is none."""
    before = (mine > of_mirror).double() + 0.5 * (mine == of_mirror)
    return before.where(~of_mirror.isnan(), torch.nan).numpy()


def _normal_score(scores: torch.Tensor, texts: list[str]) -> np.ndarray:
    if NORMAL_STATEMENT not in texts or len(texts) < 2:
        return np.full(len(scores), np.nan)
    place = texts.index(NORMAL_STATEMENT)
    mine = scores[:, place]
    score = mine - (scores.sum(1) - mine) / (len(texts) - 1)
    return score.double().round(decimals=7).numpy()  # the order that the constant answer's ties come in is no score


def kinds_of_patients(labels: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Return the kinds of finding of each patient of whom they are known; of one called ``normal``, none.

    A patient called ``abnormal`` and nothing else is left out: its kind is not told.

    Parameters
    ----------
    labels : DataFrame with ``patient_id``, ``label``
        Of `selip_core.datasets.annotations.read_labels`; may be empty.
    """
    told = labels[labels["label"] != ABNORMAL]
    return {patient: frozenset(part) - {NORMAL} for patient, part in told.groupby("patient_id")["label"]}
