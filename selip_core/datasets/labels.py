"""The labels of patients as a matrix, and which of them a test can say something about."""

import numpy as np
import pandas as pd

from selip_core.datasets.annotations import ABNORMAL, NORMAL


def label_matrix(labels: pd.DataFrame, patients: list[str]) -> pd.DataFrame:
    """Return patients by labels, bool: ``abnormal`` first, then the kinds of finding, the most frequent first.

    A patient called ``abnormal`` and nothing else has no kind that is known, so counts as having none of them.

    Parameters
    ----------
    labels : DataFrame with ``patient_id``, ``label``
    patients : list of str
        Those to return; a patient without a label is left out, never taken for normal.
    """
    known = labels[labels["patient_id"].isin(patients)]
    abnormal = set(known.loc[known["label"] != NORMAL, "patient_id"])
    found = known[~known["label"].isin([NORMAL, ABNORMAL])]
    kinds = found["label"].value_counts(sort=True).index.tolist()
    labelled = set(known["patient_id"])
    order = [patient for patient in dict.fromkeys(patients) if patient in labelled]
    matrix = pd.crosstab(found["patient_id"], found["label"]).astype(bool).reindex(order, fill_value=False)
    matrix = matrix.reindex(columns=kinds, fill_value=False)
    matrix.insert(0, ABNORMAL, [patient in abnormal for patient in order])
    matrix.index.name, matrix.columns.name = "patient_id", None
    return matrix


def support(matrix: pd.DataFrame, split_of: pd.Series, *, fewest: int) -> pd.DataFrame:
    """Return how many patients have each label in each split, and why a label is not scored.

    Parameters
    ----------
    matrix : DataFrame from `label_matrix`
    split_of : Series of split by patient
    fewest : int
        A label is scored where the training patients and the test patients have so many with and so many without it.

    Returns
    -------
    DataFrame with ``label``, ``train``, ``validation``, ``test`` (patients with it) and ``not_scored`` (why, or empty)
    """
    split = split_of.reindex(matrix.index)
    rows = []
    for label in matrix.columns:
        has = matrix[label]
        counts = {name: int(has[split == name].sum()) for name in ("train", "validation", "test")}
        without = {name: int((~has[split == name]).sum()) for name in ("train", "test")}
        short = [f"{counts[s]} {s} patients with it" for s in ("train", "test") if counts[s] < fewest]
        short += [f"{without[s]} {s} patients without it" for s in ("train", "test") if without[s] < fewest]
        rows.append({"label": label, **counts, "not_scored": "; ".join(short)})
    return pd.DataFrame(rows)


def by_split(matrix: pd.DataFrame, split_of: pd.Series) -> dict[str, np.ndarray]:
    """Return the positions in `matrix` of the patients of each split."""
    split = split_of.reindex(matrix.index).to_numpy()
    return {name: np.flatnonzero(split == name) for name in ("train", "validation", "test")}
