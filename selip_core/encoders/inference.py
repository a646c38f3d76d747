"""Frozen features of patients: the image embeddings of their series, side by side."""

import numpy as np
import pandas as pd
import torch

from selip_core.encoders.model import SelipModel


@torch.inference_mode()
def encode_series(model: SelipModel, volumes: np.ndarray, rows: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Return unit-norm image features ``(n, E)`` of the cached volumes in `rows`."""
    model.eval()
    parts = [
        model.encode_image(torch.from_numpy(np.asarray(volumes[rows[i : i + batch_size]], dtype=np.float32))).cpu()
        for i in range(0, len(rows), batch_size)
    ]
    return torch.cat(parts).numpy()


def patient_features(
    features: np.ndarray, index: pd.DataFrame, patients: list[str], sequences: list[str]
) -> np.ndarray:
    """Return one row a patient: the features of each sequence side by side, and whether it is there.

    Parameters
    ----------
    features : (n, E)
        One row a row of `index`.
    index : DataFrame with ``patient_id``, ``sequence``
    patients, sequences : list of str
        Order of the rows, and of the blocks in a row.

    Returns
    -------
    (patients, sequences · (E + 1))
        The mean over a patient's studies; zeros where a patient has no series of a sequence.
    """
    size = features.shape[1] + 1
    place = {patient: i for i, patient in enumerate(patients)}
    out = np.zeros((len(patients), len(sequences), size), np.float32)
    seen = np.zeros((len(patients), len(sequences), 1), np.float32)
    for row, patient, sequence in zip(features, index["patient_id"], index["sequence"], strict=True):
        if patient in place and sequence in sequences:
            at = place[patient], sequences.index(sequence)
            out[at] += np.append(row, 1.0)
            seen[at] += 1
    return (out / np.maximum(seen, 1)).reshape(len(patients), -1)
