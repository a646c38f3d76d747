"""What pretraining starts from: pairs and studies of the training and validation patients, and where they come from."""

from pathlib import Path

import pandas as pd

from selip_core._utils.tables import read_saved_table
from selip_core.config import Settings
from selip_core.datasets.pairs import Pairs, make_pairs
from selip_core.datasets.studies import Studies, make_studies
from selip_core.datasets.volume_cache import VolumeCache, open_cache
from selip_core.errors import SelipError
from selip_core.pretraining.validation import NOTHING_TO_EVALUATE


def pretraining_pairs(curation: Path, findings: Path) -> tuple[VolumeCache, dict[str, Pairs]]:
    """Return the cached volumes, and the pairs of ``train`` and ``validation``.

    Parameters
    ----------
    curation, findings : Path
        Results folders of ``01_data_curation`` (volumes, split) and ``02_report_findings`` (sentences).

    Raises
    ------
    SelipError
        If one of the two has no pair: told here, before anything is trained.
    """
    cache, sentences, patients = _read(curation, findings)
    pairs = {split: make_pairs(cache.volumes, cache.index, sentences, ids) for split, ids in patients.items()}
    for split, called in (("train", "training"), ("validation", "validation")):
        if not len(pairs[split]):
            raise SelipError(NOTHING_TO_EVALUATE.format(called))
    return cache, pairs


def pretraining_studies(curation: Path, findings: Path) -> dict[str, Studies]:
    """Return the studies of the same patients, as `pretraining_pairs` takes its arguments."""
    cache, sentences, patients = _read(curation, findings)
    return {split: make_studies(cache.volumes, cache.index, sentences, ids) for split, ids in patients.items()}


def _read(curation: Path, findings: Path) -> tuple[VolumeCache, pd.DataFrame, dict[str, set[str]]]:
    splits = read_saved_table(curation / "splits.csv")
    patients = {split: set(splits.loc[splits["split"] == split, "patient_id"]) for split in ("train", "validation")}
    return open_cache(curation / "cache"), read_saved_table(findings / "sentences.csv"), patients


def model_origin(cache: VolumeCache, settings: Settings, data_source: str) -> dict:
    """Return what a pretrained model's configuration says about its data; a run is of this data or is put aside."""
    return {
        "data_source": data_source,
        "preprocessing": settings.preprocessing.model_dump(mode="json"),
        "preprocessing_fingerprint": cache.preprocessing_fingerprint,
        "cohort_fingerprint": cache.cohort_fingerprint,
    }
