"""Asking a cohort: the series closest to a finding, the reports closest to a volume. The widgets only show this."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from selip_core._utils.images import thumbnail_png
from selip_core.datasets.annotations import read_labels, read_masks
from selip_core.datasets.cohort import Cohort
from selip_core.datasets.splits import SPLITS
from selip_core.datasets.volume_cache import VolumeCache
from selip_core.errors import SelipError
from selip_core.explore.features import cohort_features
from selip_core.explore.gallery import Gallery
from selip_core.explore.own_volume import OwnVolume, named_file
from selip_core.explore.studies import StudyGallery
from selip_core.inspection.embedding_map import first_sites
from selip_core.preprocessing import preprocess_mask, target_affine
from selip_core.reports.queries import Query, read_query
from selip_core.similarity.nearest import greatest

if TYPE_CHECKING:
    from selip_core.encoders.model import SelipModel

NOT_TEST = tuple(split for split in SPLITS if split != "test")
"""Choice: test patients are found only where they are asked for, so that looking around does not spend them."""

SERIES_COLUMNS = ("patient_id", "study_id", "sequence", "split", "sentence", "report")

SEVERAL, UNKNOWN = "several kinds", "kind unknown"


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
    studies : StudyGallery
        Of the same series, a feature each study.
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
    studies: StudyGallery
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

    def thumbnail(self, series: int) -> bytes:
        """Return a PNG of the middle slice of a series."""
        return thumbnail_png(self.volume(series))

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
        self, query: str | Query, sequence: str | None = None, top: int = 8, splits: tuple[str, ...] = NOT_TEST
    ) -> pd.DataFrame:
        """Return the series closest to a text, the closest first.

        Parameters
        ----------
        query : str or Query
            A finding in free words, Chinese or English, or a canonical sentence; or one that is read already.
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
        query = query if isinstance(query, Query) else read_query(query)
        found = self.gallery.search(self.model, query, top=top, sequence=sequence, allowed=self._of(splits))
        table = self._described(found.index.to_numpy(), found["score"].to_numpy())
        return table.assign(query=found["query"].to_list())

    def closest_other_series(self, series: int, top: int = 4, splits: tuple[str, ...] = NOT_TEST) -> pd.DataFrame:
        """Return the series of other patients whose volumes are closest to that of a series; see `closest_series`.

        Choice: the same patient's other series are left out, for they are close without telling anything.
        """
        patient = self.series["patient_id"].iloc[series]
        allowed = self._of(splits) & (self.series["patient_id"] != patient).to_numpy()
        scores = np.where(allowed, self.gallery.features @ self.gallery.features[series], -np.inf)
        rows = greatest(scores, top)
        return self._described(rows, scores[rows])

    def closest_patients(self, series: int, top: int = 4, splits: tuple[str, ...] = NOT_TEST) -> pd.DataFrame:
        """Return the studies of other patients that are closest to the study of a series, all of its series fused.

        Returns
        -------
        DataFrame as of `closest_series`, with ``sequences`` (of the study, "T1+DWI"); ``series`` is the study's series
        of the sequence in view, or its first
        """
        studies = self.studies
        of_study = studies.of_series
        allowed = np.zeros(len(studies), dtype=bool)
        allowed[of_study[self._of(splits)]] = True
        rows, scores = studies.like(int(of_study[series]), allowed, top)
        same = (self.series["sequence"] == self.series["sequence"].iloc[series]).to_numpy()
        shown = [min(np.flatnonzero(of_study == row), key=lambda place: (not same[place], place)) for row in rows]
        table = self._described(np.array(shown, dtype=int), scores)
        return table.assign(sequences=studies.studies["sequences"].iloc[rows].to_list())

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
        carriers_of = self.series[self._of(splits) & (self.series["sentence"] != "")].groupby("sentence").groups
        allowed = np.array([sentence in carriers_of for sentence in self.sentences], dtype=bool)
        scores = np.where(allowed, self.sentence_features @ feature, -np.inf)
        places = greatest(scores, top)
        texts = [self.sentences[place] for place in places]
        carriers = [carriers_of[text] for text in texts]
        table = self._described(np.array([series[0] for series in carriers], dtype=int), scores[places])
        own_text = None if own else self.series["sentence"].iloc[series]
        return table.assign(carriers=[len(series) for series in carriers], own=[text == own_text for text in texts])

    def read_volume(self, path: str | Path) -> OwnVolume:
        """Return a NIfTI file as the model sees it.

        Raises
        ------
        SelipError
            If the path is empty, is not that of a NIfTI file, or the volume cannot be used (missing, broken, no head):
            the message says why.
        """
        path = named_file(path)
        return self.embedded(path.name, self.model.preprocess(path)[0].numpy())

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
        gallery, studies = Gallery(self.series, features), StudyGallery(model, self.series, features)
        return replace(self, model=model, gallery=gallery, studies=studies, sentence_features=sentence_features)

    def _of(self, splits: tuple[str, ...]) -> np.ndarray:
        return self.series["split"].isin(splits).to_numpy()

    def _described(self, series: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
        """Return series with what is shown of them."""
        table = self.series.loc[series, list(SERIES_COLUMNS)].reset_index(drop=True)
        table.insert(0, "series", series)
        table.insert(1, "score", scores)
        return table.assign(thumbnail=[self.thumbnail(i) for i in series])


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
    galleries = Gallery(series, features), StudyGallery(model, series, features)
    return Explorer(model, cohort, cache, *galleries, texts, text_features, masks, Path(store))


def mapped_series(explorer: Explorer, splits: tuple[str, ...] = NOT_TEST) -> np.ndarray:
    """Return the numbers of the series that the map shows: those of these patients that have a sentence."""
    series = explorer.series
    return np.flatnonzero(series["split"].isin(splits) & (series["sentence"] != ""))


def map_labels(explorer: Explorer, series: np.ndarray) -> dict[str, list[str]]:
    """Return what a map is coloured by: the sequence, the site of the first finding, the kind of the patient's finding.

    Parameters
    ----------
    series : (M,) int

    Returns
    -------
    dict of name to list of M str
        ``kind`` is of the cohort's ``labels.csv``, and left out where that says nothing.
    """
    rows = explorer.series.iloc[series]
    labels = {"sequence": rows["sequence"].tolist(), "site": first_sites(rows["sentence"].tolist())}
    table = read_labels(explorer.cohort).table
    if table.empty:
        return labels
    of_patient = table.groupby("patient_id")["label"].agg(lambda kinds: kinds.iloc[0] if len(kinds) == 1 else SEVERAL)
    kinds = rows["patient_id"].map(of_patient).fillna(UNKNOWN)
    return {**labels, "kind": kinds.str.replace("_", " ").tolist()}
