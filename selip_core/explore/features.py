"""The features of a cohort by one model: computed once, kept on disk."""

from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from selip_core._utils.hashing import digest, weights_digest
from selip_core._utils.resumable import kept_arrays
from selip_core.datasets.volume_cache import VolumeCache
from selip_core.errors import SelipError
from selip_core.preprocessing import fingerprint

_ENCODED_AT_ONCE = 256


def cohort_features(
    model, cache: VolumeCache, rows: np.ndarray, texts: list[str], store: Path, *, progress: bool = True
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
    check_preprocessing(model, cache)
    weights = weights_digest(model)
    key = digest(cache.cohort_fingerprint, cache.preprocessing_fingerprint, *texts, rows.tobytes(), weights)

    def make() -> dict[str, np.ndarray]:
        return {"series": _encode(model, cache, rows, progress), "texts": _encode_texts(model, texts)}

    kept = kept_arrays(store / f"features_{key}.npz", key, make)  # a file each: several models are compared in turn
    return kept["series"], kept["texts"]


def _encode(model, cache: VolumeCache, rows: np.ndarray, progress: bool) -> np.ndarray:
    from selip_core.encoders.inference import encode_series

    starts = range(0, len(rows), _ENCODED_AT_ONCE)
    starts = tqdm(starts, desc="embedding", unit=f"{_ENCODED_AT_ONCE} series", disable=not progress)
    return np.concatenate([encode_series(model, cache.volumes, rows[i : i + _ENCODED_AT_ONCE]) for i in starts])


def _encode_texts(model, texts: list[str]) -> np.ndarray:
    import torch

    parts = range(0, len(texts), _ENCODED_AT_ONCE)
    with torch.inference_mode():
        return np.concatenate([model.encode_text(texts[i : i + _ENCODED_AT_ONCE]).cpu().numpy() for i in parts])


def check_preprocessing(model, cache: VolumeCache) -> None:
    """Raise SelipError, naming both fingerprints, if a model was not trained on volumes like those of a cache."""
    options = model.config.get("preprocessing")
    trained = model.config.get("preprocessing_fingerprint")
    if not options or trained != cache.preprocessing_fingerprint or trained != fingerprint(options):
        raise SelipError(
            f"the model was trained with preprocessing {trained}, the volumes of this cohort were made with "
            f"{cache.preprocessing_fingerprint}: choose a model that 04_pretraining trained on them, or run "
            "01_data_curation with the model's settings"
        )
