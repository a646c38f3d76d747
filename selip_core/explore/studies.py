"""Studies of several series, each with one feature: made of the features of its series, and asked like them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core.errors import SelipError
from selip_core.explore.gallery import check_size
from selip_core.reports.queries import Query

if TYPE_CHECKING:
    from selip_core.encoders.dual import DualEncoder
    from selip_core.encoders.model import SelipModel

JOINED = "+"
"""Between the names of a study's sequences."""

_AT_ONCE = 4096


class StudyGallery:
    """The studies of series whose features are known; made once, asked often.

    Parameters
    ----------
    model : SelipModel
        Whose features they are; its fusion makes one of those of a study.
    series : DataFrame with ``patient_id``, ``study_id``, ``sequence``
        A row a series. A study has one of each sequence.
    features : (p, E) float32, unit norm

    Attributes
    ----------
    studies : DataFrame with ``patient_id``, ``study_id``, ``sequences`` ("T1+DWI", in the order of the rows, ? unknown)
        A row a study, n of them, in order of appearance.
    features : (n, E) float32, unit norm
    of_series : (p,) int array
        The study of each series.

    Raises
    ------
    SelipError
        If a study has a sequence twice.
    """

    def __init__(self, model: "DualEncoder", series: pd.DataFrame, features: np.ndarray):
        self.of_series, ids = pd.factorize(series["study_id"])
        order = np.argsort(self.of_series, kind="stable")
        parts = np.split(order, np.cumsum(np.bincount(self.of_series, minlength=len(ids)))[:-1]) if len(ids) else []
        sequences, patients = series["sequence"].to_numpy(), series["patient_id"].to_numpy()
        names = [sequences[rows].tolist() for rows in parts]
        check_each_once(series)
        self.features = fused_features(model, features[order], names)
        self.studies = pd.DataFrame({
            "patient_id": [patients[rows[0]] for rows in parts], "study_id": ids,
            "sequences": [JOINED.join(name or "?" for name in of_study) for of_study in names],
        })  # fmt: skip

    def __len__(self) -> int:
        return len(self.studies)

    def like(self, study: int, allowed: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the studies of other patients that are closest to one, the closest first, and their cosines.

        Parameters
        ----------
        allowed : (n,) bool
            Studies that may be found.
        """
        from selip_core.similarity.nearest import greatest

        others = allowed & (self.studies["patient_id"] != self.studies["patient_id"].iloc[study]).to_numpy()
        scores = np.where(others, self.features @ self.features[study], -np.inf)
        rows = greatest(scores, top)
        return rows, scores[rows]


def check_each_once(series: pd.DataFrame) -> None:
    """Raise SelipError if a study of series (``study_id``, ``sequence``) has a known sequence twice."""
    twice = series[series.duplicated(["study_id", "sequence"]) & (series["sequence"] != "")]
    if len(twice):
        raise SelipError(
            f"study {twice['study_id'].iloc[0]} has several series of {twice['sequence'].iloc[0]}, and one of each can "
            "be fused: give each study a folder of its own or, in the series.csv of a cohort, a study_id"
        )


def fused_features(model: "DualEncoder", features: np.ndarray, names: Sequence[Sequence[str]]) -> np.ndarray:
    """Return the features (n, E) of studies from those of their series (p, E), which stand one study after another."""
    import torch

    ends, found = np.cumsum([0, *map(len, names)]), [np.empty((0, features.shape[1]), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            part = np.ascontiguousarray(features[ends[start] : ends[start + len(some)]], dtype=np.float32)
            found.append(model.fuse_series(torch.from_numpy(part).to(model.device), some).cpu().numpy())
    return np.concatenate(found)


def closest_studies(
    model: "SelipModel", studies: pd.DataFrame, features: np.ndarray, query: Query, *, top: int = 10,
    sequence: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the studies that are closest to a query, the closest first.

    Parameters
    ----------
    studies : DataFrame with ``sequences``, as `StudyGallery.studies`
    features : (n, E), unit norm
    query : Query
        Its sentences, each named by the sequence it speaks of, are compared together as a report.
    sequence : str, optional
        Studies that have a series of it.

    Returns
    -------
    DataFrame: `studies` with ``score`` (cosine) and ``query`` (what is compared)

    Raises
    ------
    SelipError
        If no study is left to search, or features and model are of different sizes.
    """
    import torch

    from selip_core.similarity.nearest import greatest

    has = np.array([sequence in (None, *names.split(JOINED)) for names in studies["sequences"]], dtype=bool)
    if not has.any():
        raise SelipError(f"no study{f' with {sequence}' if sequence else ''} among {len(studies)}")
    check_size(model, features, "studies")
    with torch.inference_mode():
        asked = model.eval().encode_reports([query.sentences])[0].cpu().numpy()
    scores = np.where(has, features @ asked, -np.inf)
    rows = greatest(scores, top)
    told = "; ".join(f"{name}: {text}" if name else text for name, text in query.sentences.items())
    return studies.iloc[rows].assign(score=scores[rows], query=told)
