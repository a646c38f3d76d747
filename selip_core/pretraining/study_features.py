"""The features of a cohort's studies by one model: of every series and every sentence, each encoded once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from selip_core.datasets.studies import Studies, sentences_of_report
from selip_core.encoders.inference import encode_series, encode_texts
from selip_core.encoders.model import SelipModel
from selip_core.encoders.study import USUAL, SeriesFusion
from selip_core.errors import SelipError
from selip_core.pretraining.validation import NOTHING_TO_EVALUATE


@dataclass(frozen=True)
class Parts:
    """Features of the series of n studies, or of the sentences of n reports, with a place for each of `USUAL`.

    Parameters
    ----------
    features : (n, S, E) float32, unit norm where present, else 0
    present : (n, S) bool
    """

    features: torch.Tensor
    present: torch.Tensor

    def fused(
        self, fusion: SeriesFusion, rows: np.ndarray | None = None, kept: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the features ``(m, E)`` of some rows (m,), all where left out, of their parts that are `kept` (m, S).

        Where nothing else is said, all parts are kept.
        """
        rows = np.arange(len(self.present)) if rows is None else rows
        kept = self.present[rows] if kept is None else kept
        ids = torch.tensor(fusion.ids(USUAL)).expand(kept.shape)
        return fusion(self.features[rows], ids, kept)


@dataclass(frozen=True)
class StudyFeatures:
    """The features of n studies and of their t distinct reports by one model, on the CPU.

    Parameters
    ----------
    image, text : Parts
        Of the studies, and of the reports in the order of `Studies.distinct_reports`.
    own : (n,) int array
        The report of each study.
    some : (n,) bool array
        Which studies have findings.
    """

    image: Parts
    text: Parts
    own: np.ndarray
    some: np.ndarray

    @property
    def carries(self) -> torch.Tensor:
        """Which report each study has, ``(n, t)`` bool."""
        return torch.from_numpy(self.own)[:, None] == torch.arange(len(self.text.present))


def study_features(model: SelipModel, studies: Studies) -> StudyFeatures:
    """Return the features of studies.

    Raises
    ------
    SelipError
        If there is none.
    """
    if not len(studies):
        raise SelipError(NOTHING_TO_EVALUATE.format("evaluation"))
    series = [[rows.get(name) for name in USUAL] for rows in studies.rows]
    rows = sorted({row for places in series for row in places if row is not None})
    images = dict(zip(rows, encode_series(model, studies.volumes, np.array(rows)), strict=True))
    reports = [sentences_of_report(report) for report in studies.distinct_reports.values()]
    sentences = [[report.get(name) for name in USUAL] for report in reports]
    distinct = sorted({text for places in sentences for text in places if text is not None})
    texts = dict(zip(distinct, encode_texts(model, distinct), strict=True))
    some = np.array([any(report.values()) for report in studies.reports])
    return StudyFeatures(_placed(series, images), _placed(sentences, texts), studies.own, some)


def _placed(keys: list[list], features: Mapping) -> Parts:
    """Return the features of keys (n, S), 0 where a key is None."""
    present = np.array([[key is not None for key in row] for row in keys])
    placed = np.zeros((*present.shape, len(next(iter(features.values())))), np.float32)
    for row, places in zip(placed, keys, strict=True):
        for j, key in enumerate(places):
            if key is not None:
                row[j] = features[key]
    return Parts(torch.from_numpy(placed), torch.from_numpy(present))
