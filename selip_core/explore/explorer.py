"""Asking a cohort: the series closest to a finding, the reports closest to a volume. The widgets only show this."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core._utils.images import thumbnail_png
from selip_core.datasets.annotations import read_masks
from selip_core.datasets.cohort import Cohort
from selip_core.datasets.splits import SPLITS
from selip_core.datasets.volume_cache import VolumeCache
from selip_core.errors import SelipError
from selip_core.explore.features import cohort_features
from selip_core.explore.gallery import Gallery, greatest
from selip_core.explore.own_volume import OwnVolume, named_file
from selip_core.preprocessing import preprocess_array, preprocess_mask, target_affine

if TYPE_CHECKING:
    from selip_core.encoders.model import SelipModel

NOT_TEST = tuple(split for split in SPLITS if split != "test")
"""Choice: test patients are found only where they are asked for, so that looking around does not spend them."""

SERIES_COLUMNS = ("patient_id", "study_id", "sequence", "split", "sentence", "report")


@dataclass(frozen=True, eq=False)
class Explorer:
    """A cohort, its features by one model, and the questions one may ask; made by `open_explorer`.

    Parameters
    ----------
    model : SelipModel
    cohort : Cohort
    cache : VolumeCache
    gallery : Gallery
        Its ``series`` has a row each volume of the cache: ``row`` (in the cache), ``path`` and `SERIES_COLUMNS`.
        "A series" below is the number of such a row.
    sentences : list of str
        The distinct sentences.
    sentence_features : (t, E), unit norm
    masks : DataFrame from `selip_core.datasets.annotations.read_masks`
    store : Path
        Folder of kept features.
    """

    model: "SelipModel"
    cohort: Cohort
    cache: VolumeCache
    gallery: Gallery
    sentences: list[str]
    sentence_features: np.ndarray
    masks: pd.DataFrame
    store: Path

    @property
    def series(self) -> pd.DataFrame:
        return self.gallery.series

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Of a preprocessed volume, (D, H, W)."""
        return tuple(self.model.config["preprocessing"]["spacing_mm"])

    def volume(self, series: int) -> np.ndarray:
        """Return the preprocessed volume (D, H, W) float32 of a series."""
        return np.asarray(self.cache.volumes[self.series["row"].iloc[series], 0], dtype=np.float32)

    def mask(self, series: int) -> np.ndarray | None:
        """Return the findings' mask (D, H, W) bool on the grid of a series; None where its study has none.

        Raises
        ------
        SelipError
            If the mask or the series cannot be read any more.
        """
        row = self.series.iloc[series]
        masks = self.masks[self.masks["study_id"] == row["study_id"]]
        if masks.empty:
            return None
        options = self.model.config["preprocessing"]
        path = self.cohort.directory / row["path"]
        target = target_affine(path, spacing_mm=options["spacing_mm"], shape=options["shape"])
        parts = [
            preprocess_mask(self.cohort.directory / m.path, target, values=m.values, shape=options["shape"])
            for m in masks.itertuples()
        ]
        return np.any(parts, axis=0)

    def closest_series(
        self, query: str, sequence: str | None = None, top: int = 8, splits: tuple[str, ...] = NOT_TEST
    ) -> pd.DataFrame:
        """Return the series closest to a text, the closest first.

        Parameters
        ----------
        query : str
            A finding in free words, Chinese or English, or a canonical sentence.
        sequence : str, optional
            Series of this sequence only.
        splits : tuple of str
            Of the patients who may be found.

        Returns
        -------
        DataFrame with ``series``, ``score`` (cosine), ``query`` (the sentence compared), `SERIES_COLUMNS`, and
        ``thumbnail`` (PNG of the middle slice)

        Raises
        ------
        SelipError
            If the query is empty, or no series is left to search.
        """
        found = self.gallery.search(self.model, query, top=top, sequence=sequence, keep=self._of(splits))
        return self._told(found.index.to_numpy(), found["score"].to_numpy()).assign(query=found["query"].to_list())

    def closest_other_series(self, series: int, top: int = 4, splits: tuple[str, ...] = NOT_TEST) -> pd.DataFrame:
        """Return the series of other patients whose volumes are closest to that of a series; see `closest_series`.

        Choice: the same patient's other series are left out, for they are close without telling anything.
        """
        patient = self.series["patient_id"].iloc[series]
        keep = self._of(splits) & (self.series["patient_id"] != patient).to_numpy()
        scores = np.where(keep, self.gallery.features @ self.gallery.features[series], -np.inf)
        found = greatest(scores, top)
        return self._told(found, scores[found])

    def closest_reports(
        self, series: int | OwnVolume, top: int = 4, splits: tuple[str, ...] = NOT_TEST
    ) -> pd.DataFrame:
        """Return the distinct sentences closest to a volume, each with one series that carries it.

        Parameters
        ----------
        series : int or OwnVolume

        Returns
        -------
        DataFrame with ``series`` (that carries it), ``score``, `SERIES_COLUMNS`, ``carriers`` (series that do), ``own``
        (the series itself carries it) and ``thumbnail``
        """
        own = isinstance(series, OwnVolume)
        feature = series.feature if own else self.gallery.features[series]
        kept = self.series[self._of(splits) & (self.series["sentence"] != "").to_numpy()]
        by_sentence = kept.groupby("sentence").indices
        may = np.array([sentence in by_sentence for sentence in self.sentences], dtype=bool)
        scores = np.where(may, self.sentence_features @ feature, -np.inf)
        found = greatest(scores, top)
        texts = [self.sentences[i] for i in found]
        carriers = [kept.index[by_sentence[text]] for text in texts]
        told = self._told(np.array([rows[0] for rows in carriers], dtype=int), scores[found])
        mine = None if own else self.series["sentence"].iloc[series]
        return told.assign(carriers=[len(rows) for rows in carriers], own=[text == mine for text in texts])

    def read_volume(self, path: str | Path) -> OwnVolume:
        """Return a NIfTI file as the model sees it.

        Raises
        ------
        SelipError
            If the path is empty, is not that of a NIfTI file, or the volume cannot be used (missing, broken, no head):
            the message says why.
        """
        path, options = named_file(path), self.model.config["preprocessing"]
        volume, _ = preprocess_array(path, **{k: options[k] for k in ("spacing_mm", "shape", "clip_percentiles")})
        return self.embedded(path.name, volume)

    def embedded(self, name: str, volume: np.ndarray) -> OwnVolume:
        """Return a volume (D, H, W) float32 that is not of the cohort, preprocessed already, with its feature."""
        import torch

        with torch.inference_mode():
            feature = self.model.eval().encode_image(torch.from_numpy(volume)[None, None]).cpu().numpy()[0]
        return OwnVolume(name, volume, feature)

    def with_model(self, model: "SelipModel") -> "Explorer":
        """Return the same cohort under another model.

        Raises
        ------
        SelipError
            If the model was trained on volumes of another preprocessing.
        """
        rows = self.series["row"].to_numpy()
        features, sentence_features = cohort_features(
            model, self.cache, rows, self.sentences, self.store, progress=False
        )
        gallery = Gallery(self.series, features)
        return replace(self, model=model, gallery=gallery, sentence_features=sentence_features)

    def _of(self, splits: tuple[str, ...]) -> np.ndarray:
        return self.series["split"].isin(splits).to_numpy()

    def _told(self, found: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
        """Return series with what is shown of them."""
        table = self.series.loc[found, list(SERIES_COLUMNS)].reset_index(drop=True)
        table.insert(0, "series", found)
        table.insert(1, "score", scores)
        return table.assign(thumbnail=[thumbnail_png(self.volume(i)) for i in found])


def open_explorer(
    model: "SelipModel",
    cache: VolumeCache,
    cohort: Cohort,
    *,
    sentences: pd.DataFrame,
    splits: pd.DataFrame,
    store: Path,
) -> Explorer:
    """Return the explorer of a cohort; features are computed once and kept in `store`.

    Parameters
    ----------
    model : SelipModel
    sentences : DataFrame with ``study_id``, ``sequence``, ``sentence``
        A series without a row is found by its volume alone.
    splits : DataFrame with ``patient_id``, ``split``

    Raises
    ------
    SelipError
        If the model was trained on volumes of another preprocessing, or no series has a sentence.
    """
    series = cache.index[["row", "patient_id", "study_id", "sequence", "path"]]
    series = series.merge(sentences[["study_id", "sequence", "sentence"]], on=["study_id", "sequence"], how="left")
    series = series.merge(splits[["patient_id", "split"]], on="patient_id", how="left")
    reports = cohort.reports[["study_id", "findings"]].rename(columns={"findings": "report"})
    series = series.merge(reports, on="study_id", how="left").fillna({"sentence": "", "split": "", "report": ""})
    texts = [text for text in dict.fromkeys(series["sentence"]) if text]
    if not texts:
        raise SelipError("no series has a sentence: look at 02_report_findings for what the reports were read as")
    features, text_features = cohort_features(model, cache, series["row"].to_numpy(), texts, Path(store))
    masks = read_masks(cohort).table
    return Explorer(model, cohort, cache, Gallery(series, features), texts, text_features, masks, Path(store))
