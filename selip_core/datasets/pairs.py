"""Pairs of a volume and its sentence: what pretraining and retrieval work on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from selip_core.reports.sentences import swap_sides


@dataclass(frozen=True)
class Pairs:
    """Volumes and their sentences.

    Parameters
    ----------
    volumes : array (N, 1, D, H, W)
        All preprocessed volumes, in memory or mapped.
    rows : (n,) int array
        The volume of each pair.
    texts : list of n str
        The sentence of each pair.
    patients, sequences : list of n str
    """

    volumes: np.ndarray
    rows: np.ndarray
    texts: list[str]
    patients: list[str]
    sequences: list[str]

    def __len__(self) -> int:
        return len(self.rows)

    def load(self, picked: np.ndarray) -> torch.Tensor:
        """Return the volumes of the picked pairs, ``(B, 1, D, H, W)`` float32."""
        return torch.from_numpy(np.asarray(self.volumes[self.rows[picked]], dtype=np.float32))

    def take(self, picked: np.ndarray) -> "Pairs":
        """Return the picked pairs only."""
        lists = ([values[i] for i in picked] for values in (self.texts, self.patients, self.sequences))
        return Pairs(self.volumes, self.rows[picked], *lists)


def make_pairs(volumes: np.ndarray, index: pd.DataFrame, sentences: pd.DataFrame, patients: set[str]) -> Pairs:
    """Return the pairs of some patients: every cached series that has a sentence.

    Parameters
    ----------
    volumes : array (N, 1, D, H, W)
    index : DataFrame with ``row``, ``patient_id``, ``study_id``, ``sequence``
        The series of the volume cache.
    sentences : DataFrame with ``study_id``, ``sequence``, ``sentence``
        A series that its report says nothing about has no row and is left out (METHOD 1).
    patients : set of str
    """
    chosen = index[index["patient_id"].isin(patients)]
    table = chosen.merge(sentences[["study_id", "sequence", "sentence"]], on=["study_id", "sequence"], how="inner")
    table = table.sort_values("row")
    return Pairs(
        volumes,
        table["row"].to_numpy(),
        table["sentence"].tolist(),
        table["patient_id"].tolist(),
        table["sequence"].tolist(),
    )


def distinct_texts(texts: list[str], *, flip: bool) -> tuple[list[str], np.ndarray, np.ndarray | None]:
    """Return the distinct texts (with their mirrored forms), the id of each pair's text, and of its mirrored text."""
    mirrored = [swap_sides(t) for t in texts] if flip else []
    distinct = list(dict.fromkeys([*texts, *mirrored]))
    number = {t: i for i, t in enumerate(distinct)}
    ids = np.array([number[t] for t in texts])
    return distinct, ids, np.array([number[t] for t in mirrored]) if flip else None
