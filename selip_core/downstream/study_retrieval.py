"""Retrieval by study: from a study to its whole report and back, and from a study to others that are like it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selip_core.datasets.studies import Studies, sites_of_report
from selip_core.downstream.study_constant import constant_likeness, constant_reports
from selip_core.encoders.model import SelipModel
from selip_core.encoders.study import USUAL, StudyFusion
from selip_core.metrics.retrieval import K_MAX, ranks_of_hits
from selip_core.metrics.yardsticks import CONSTANT, carried_by_sequence, mean_of_first, percentile_among, set_f1
from selip_core.pretraining.study_features import StudyFeatures, study_features

LEARNED, MEAN = "learned fusion", "mean of series"
DIRECTIONS = ("study to report", "report to study", "study to study")
FIRST = 5

FINDINGS_RECALL, PERCENTILE = "findings recall@10", "percentile among studies of the same series"
SITES, KINDS = "side and site F1, first five", "agreement of kind, first five"
MEASURES = ("recall@10", FINDINGS_RECALL, "findings recall@1", "findings MRR", PERCENTILE, SITES, KINDS)
"""Columns of the queries, each NaN where it does not apply. Those of findings are over studies and reports that have
some: all normal ones have the same report."""


def alone(sequence: str, base: str) -> str:
    """Return what one series by itself is called, as a fusion of one (`LEARNED`), or as the encoder gives it (`MEAN`).

    Examples
    --------
    >>> alone("T2", MEAN)
    'T2 alone, mean of series'
    """
    return f"{sequence} alone, {base}"


def without(sequence: str, base: str) -> str:
    """Return what a study is called of which one series is left out."""
    return f"without {sequence}, {base}"


def evaluate_studies(
    models: Mapping[tuple[str, int], Path], studies: Studies, *, device: torch.device, train: Studies | None = None,
    flip: bool = True, kinds: Mapping[str, frozenset[str]] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the queries of every model and way to make a study's feature: all its series, one alone, one left out.

    Parameters
    ----------
    models : mapping of (method, seed) to the folder of its model
        With a trained fusion both that and the mean are tried, else the mean.
    studies : Studies to evaluate on
    train : Studies that the models were trained on, optional
        With them the constant answer stands before the methods, see `selip_core.downstream.study_constant`.
    flip : bool
        Whether the models were shown mirror images too.
    kinds : mapping of patient to kinds of finding, optional
        As `selip_core.downstream.yardsticks.kinds_of_patients` returns them.

    Returns
    -------
    DataFrame with ``method``, ``seed``, ``fusion``, ``direction``, ``query`` (number of the study or report),
    ``patient_id``, ``gallery`` and `MEASURES`; no rows without a study. Whole reports that several patients share are
    kept with the first.
    """
    columns = ["method", "seed", "fusion", "direction", "query", "patient_id", "gallery", *MEASURES]
    if not len(studies):
        return pd.DataFrame(columns=columns)
    truth, tables = _Truth(studies, kinds or {}), []
    if train is not None and len(train):
        for draw, scores in enumerate(constant_reports(studies, train, flip=flip)):
            tables.append(truth.queries(scores, answers=truth.some_report).assign(seed=draw))
        tables.append(truth.likeness(constant_likeness(studies, train)).assign(seed=0))
        tables = [table.assign(method=CONSTANT, fusion=CONSTANT) for table in tables]
    for (method, seed), folder in models.items():
        model = SelipModel.from_pretrained(folder, device=str(device))
        features = study_features(model, studies)
        for name, image, text, rows in study_variants(features, model.study_fusion.cpu()):
            found = [truth.queries(image @ text.T, rows)]
            found += [truth.likeness(image @ image.T)] if rows is None else []
            tables.append(pd.concat(found).assign(method=method, seed=seed, fusion=name))
    return pd.concat(tables, ignore_index=True)[columns]


def study_variants(
    features: StudyFeatures, fusion: StudyFusion
) -> Iterator[tuple[str, torch.Tensor, torch.Tensor, np.ndarray | None]]:
    """Yield each way to make the features of studies: its name, the studies' (m, E), the reports' (t, E), and which m.

    Which is None where it is all; one series alone, or left out, is of the studies that have it and another one.
    """
    ways = {MEAN: StudyFusion(features.image.features.shape[-1], fusion.sequences)}
    if fusion.sequences:
        ways = {LEARNED: fusion, **ways}
    present = features.image.present
    with torch.inference_mode():
        for base, way in ways.items():
            text = features.text.fused(way.text)
            yield base, features.image.fused(way.image), text, None
            for place, sequence in enumerate(USUAL):
                rows = np.flatnonzero((present[:, place] & (present.sum(1) > 1)).numpy())
                only = torch.zeros_like(present[rows])
                only[:, place] = True
                for name, kept in ((alone(sequence, base), only), (without(sequence, base), present[rows] & ~only)):
                    if len(rows):
                        yield name, features.image.fused(way.image, rows, kept), text, rows


class _Truth:
    """What is right for each query: the own report, and how alike studies are.

    Attributes
    ----------
    own : (n,) int64
    carries : (n, t) bool
    some, some_report : (n,) and (t,) bool
        Which studies and which reports have findings.
    """

    def __init__(self, studies: Studies, kinds: Mapping[str, frozenset[str]]):
        distinct = studies.distinct_reports
        self.patients = np.array(studies.patients, dtype=object)
        self.sequences = studies.sequences
        self.own = torch.from_numpy(studies.own)
        self.carries = self.own[:, None] == torch.arange(len(distinct))
        self.some_report = torch.tensor([any(report.values()) for report in distinct.values()])
        self.some = self.some_report[self.own]
        self._sites = set_f1([sites_of_report(report) for report in studies.reports])  # (n, n)
        self._kinds = _agreement([kinds.get(patient) for patient in studies.patients])
        self._known = torch.tensor([patient in kinds for patient in studies.patients])
        self._others = torch.from_numpy(self.patients[:, None] != self.patients[None, :])

    def queries(
        self, scores: torch.Tensor, rows: np.ndarray | None = None, answers: torch.Tensor | None = None
    ) -> pd.DataFrame:
        """Return the queries of study to report, and of all studies those of report to study, from scores (m, t).

        Parameters
        ----------
        rows : (m,) int array, optional
            The studies; all where left out.
        answers : (t,) bool, optional
            The reports among which those of studies with findings are sought; all where left out.
        """
        which = np.arange(len(self.own)) if rows is None else rows
        carries, some = self.carries[which], self.some[which]
        table = _ranked(scores, carries, some, torch.ones_like(self.some_report) if answers is None else answers)
        among = carried_by_sequence(carries, [self.sequences[row] for row in which])
        table[PERCENTILE] = percentile_among(scores, self.own[which], among).numpy()
        found = [table.assign(direction=DIRECTIONS[0], query=which, patient_id=self.patients[which])]
        if rows is None:
            first = self.carries.int().argmax(0).numpy()
            back = _ranked(scores.T, carries.T, self.some_report, torch.ones_like(some))
            reports = np.arange(len(first))
            found.append(back.assign(direction=DIRECTIONS[1], query=reports, patient_id=self.patients[first]))
        return pd.concat(found, ignore_index=True)

    def likeness(self, scores: torch.Tensor) -> pd.DataFrame:
        """Return the queries of study to study, from scores (n, n): of those with findings, among other patients.

        Agreement of kind is among those whose kinds are known.
        """
        scores, some, values = scores.double(), self.some & self._others.any(1), {}
        rows = np.flatnonzero(some.numpy())
        kinds = KINDS, self._kinds, self._others & self._known
        for name, truth, among in ((SITES, self._sites, self._others), kinds):
            first = min(FIRST, int(among[rows].sum(1).min())) if len(rows) else 0
            ranked = scores.masked_fill(~among, -torch.inf)[rows]
            values[name] = mean_of_first(ranked, truth[rows].double(), first).numpy()
        table = pd.DataFrame(values).assign(gallery=len(self.own) - 1).reindex(columns=["gallery", *MEASURES])
        return table.assign(direction=DIRECTIONS[2], query=rows, patient_id=self.patients[rows])


def _ranked(
    scores: torch.Tensor, relevant: torch.Tensor, some: torch.Tensor, answers: torch.Tensor
) -> pd.DataFrame:
    """Return what follows from ranks (Q, G): of all queries, and of those with findings (Q,) among `answers` (G,)."""
    ranks = ranks_of_hits(scores, relevant).double()
    among = torch.full_like(ranks, torch.nan)
    if some.any():
        among[some] = ranks_of_hits(scores[some][:, answers], relevant[some][:, answers]).double()
    among = among.numpy()
    none = np.isnan(among)
    found = {FINDINGS_RECALL: among <= K_MAX, "findings recall@1": among <= 1, "findings MRR": 1 / among}
    found = {name: np.where(none, np.nan, values) for name, values in found.items()}
    table = pd.DataFrame({"gallery": scores.shape[1], "recall@10": (ranks <= K_MAX).double().numpy(), **found})
    return table.reindex(columns=["gallery", *MEASURES])


def _agreement(kinds: list[frozenset[str] | None]) -> torch.Tensor:
    """Return whether two studies have a kind in common, (n, n); NaN in the row of one of which no kind is known."""
    shared = [[float(bool(a and b and a & b)) for b in kinds] for a in kinds]
    table = torch.tensor(shared, dtype=torch.float64)
    table[[not kind for kind in kinds]] = torch.nan
    return table
