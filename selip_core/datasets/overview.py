"""Looking at a cohort before and after preprocessing."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from selip_core.datasets.volume_cache import VolumeCache
from selip_core.preprocessing import FOREGROUND_SHARE, usually_named

SAMPLES_A_SERIES = 20_000


def series_of_patient(cache: VolumeCache, patient_id: str) -> dict[str, np.ndarray]:
    """Return the preprocessed volumes (D, H, W) of a patient's first study by sequence."""
    rows = cache.index[cache.index["patient_id"] == patient_id]
    rows = rows[rows["study_id"] == rows["study_id"].iloc[0]]
    return {row.sequence: np.asarray(cache.volumes[row.row, 0], dtype=np.float32) for row in rows.itertuples()}


def raw_volumes(
    directory: Path, cache: VolumeCache, *, per_sequence: int, seed: int
) -> tuple[dict[str, list[np.ndarray]], dict[str, list[np.ndarray]]]:
    """Return foreground intensities on disk and after preprocessing, of some series of each sequence.

    Parameters
    ----------
    directory : Path
        The cohort's folder, to which the paths of the index are relative.
    per_sequence : int
        Series drawn of each sequence, at most.

    Returns
    -------
    before, after : dict of sequence to one flat array a series
        At most 20,000 samples each. Foreground is above a share of the 99th percentile on disk, and of the clipped
        range afterwards.
    """
    before: dict[str, list[np.ndarray]] = {}
    after: dict[str, list[np.ndarray]] = {}
    for sequence, rows in cache.index.groupby("sequence", sort=False):
        for row in rows.sample(min(per_sequence, len(rows)), random_state=seed).itertuples():
            with usually_named(directory / row.path) as named:
                raw = np.asarray(nib.load(named).dataobj, dtype=np.float32).ravel()
            raw = raw[:: max(raw.size // SAMPLES_A_SERIES, 1)]
            volume = np.asarray(cache.volumes[row.row], dtype=np.float32).ravel()
            foreground = raw[raw > FOREGROUND_SHARE * np.percentile(raw, 99)]
            if not foreground.size:  # all of it is negative
                continue
            before.setdefault(sequence, []).append(foreground)
            after.setdefault(sequence, []).append(volume[volume > volume.min() + FOREGROUND_SHARE * np.ptp(volume)])
    return before, after


def describe_counts(series: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """Return how many patients, studies, series and reports there are, as one row."""
    return pd.DataFrame([{
        "patients": series["patient_id"].nunique(), "studies": series["study_id"].nunique(), "series": len(series),
        "reports": len(reports),
    }])  # fmt: skip
