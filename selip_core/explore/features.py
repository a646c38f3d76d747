"""The features of a cohort by one model: computed once, kept on disk."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selip_core._utils.hashing import digest
from selip_core._utils.resumable import kept_arrays
from selip_core.datasets.volume_cache import VolumeCache

if TYPE_CHECKING:
    from selip_core.encoders.model import SelipModel


def cohort_features(
    model: "SelipModel", cache: VolumeCache, rows: np.ndarray, texts: list[str], store: Path, *, progress: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of volumes and of texts, from `store` where this model gave them before.

    Parameters
    ----------
    model : SelipModel
    rows : (n,) int
        Of the cache.
    texts : list of t str
    store : Path
        Folder; a file is kept there for each model and cohort.

    Returns
    -------
    (n, E) and (t, E) float32, unit norm

    Raises
    ------
    SelipError
        If the model was trained on volumes of another preprocessing, or `store` cannot be written.
    """
    from selip_core.encoders.inference import encode_series, encode_texts, encoding_fingerprint

    model.check_preprocessing(cache.preprocessing_fingerprint)
    data = (cache.cohort_fingerprint, cache.preprocessing_fingerprint)
    key = digest(*data, *texts, rows.tobytes(), encoding_fingerprint(model))

    def make() -> dict[str, np.ndarray]:
        series = encode_series(model, cache.volumes, rows, progress=progress)
        return {"series": series, "texts": encode_texts(model, texts)}

    kept = kept_arrays(store / f"features_{key}.npz", key, make)  # a file each: several models are compared in turn
    return kept["series"], kept["texts"]
