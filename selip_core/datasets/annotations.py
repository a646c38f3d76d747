"""What a cohort may add for the downstream tasks: ``labels.csv`` and ``masks.csv`` (data/README.md defines them).

Labels also as a matrix, and which of them a test can say something about.
"""

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from selip_core._utils.tables import read_table
from selip_core.datasets.cohort import Cohort, inside, on_disk
from selip_core.errors import SelipError
from selip_core.reports.sentences import parse_sentence

NORMAL = "normal"
"""The label of a patient without a finding; 正常 and other cases of the letters stand for it too."""

ABNORMAL = "abnormal"
"""The label of a patient with a finding whose kind is not told."""

_RESERVED = {"正常": NORMAL, "异常": ABNORMAL, NORMAL: NORMAL, ABNORMAL: ABNORMAL}


@dataclass(frozen=True)
class Annotations:
    """A table of annotations, and the rows that cannot be used.

    Parameters
    ----------
    table : DataFrame
        Labels: ``patient_id``, ``label``. Masks: ``patient_id``, ``study_id``, ``target``, ``path``, ``values``.
    problems : DataFrame with ``where``, ``patient_id``, ``problem``, ``consequence``
    """

    table: pd.DataFrame
    problems: pd.DataFrame


def read_labels(cohort: Cohort) -> Annotations:
    """Return the labels of a cohort's patients, a row for each of a patient's labels; empty without ``labels.csv``.

    Raises
    ------
    SelipError
        If a patient is called normal and something else, or the file is no table.
    """
    path = cohort.directory / "labels.csv"
    columns = ["patient_id", "label"]
    if not path.exists():
        return _annotations(pd.DataFrame(columns=columns), [])
    table = read_table(path, tuple(columns))
    table["label"] = [_RESERVED.get(label.casefold(), label) for label in table["label"]]
    problems = _unknown_patients(table, cohort, path.name)
    for row in table[table["label"] == ""].itertuples():
        problems.append((f"{path.name} line {row.line}", row.patient_id, "no label", "row left out; fill it in"))
    kept = table[table["patient_id"].isin(cohort.series["patient_id"]) & (table["label"] != "")]
    kept = kept.drop_duplicates(columns)
    both = kept.groupby("patient_id")["label"].agg(set)
    for patient, labels in both.items():
        if NORMAL in labels and len(labels) > 1:
            others = ", ".join(sorted(labels - {NORMAL}))
            raise SelipError(f"{path}: patient {patient} is both {NORMAL} and {others}; keep what is true")
    return _annotations(kept[columns], problems)


def read_masks(cohort: Cohort) -> Annotations:
    """Return the masks of a cohort's studies, a row for each study and target; empty without ``masks.csv``.

    A mask whose file is missing is left out with its reason. ``values`` is a tuple of the voxel values that belong to
    the target; an empty one stands for all that are not 0.

    Raises
    ------
    SelipError
        If a target of a study is given twice, values are no whole numbers, a path leaves the cohort's folder, or the
        file is no table.
    """
    path = cohort.directory / "masks.csv"
    columns = ["patient_id", "study_id", "target", "path", "values"]
    if not path.exists():
        return _annotations(pd.DataFrame(columns=columns), [])
    table = read_table(path, ("patient_id", "target", "path"))
    problems = _unknown_patients(table, cohort, path.name)
    table = _with_studies(table, cohort, path)
    given = table.get("values", [""] * len(table))
    table["values"] = [_values(text, path, line) for text, line in zip(given, table["line"], strict=True)]
    doubled = table[table.duplicated(["study_id", "target"], keep=False)]
    if len(doubled):
        row = doubled.iloc[0]
        raise SelipError(f"{path}: {row['target']} of study {row['study_id']} is given twice; keep one")
    table["path"] = [on_disk(cohort.directory, given) for given in table["path"]]
    usable = table["patient_id"].isin(cohort.series["patient_id"])
    for row in table[usable].itertuples():
        if not inside(cohort.directory, row.path):
            raise SelipError(f"{path} line {row.line}: path {row.path!r} must lie inside the cohort folder")
        if not os.path.isfile(cohort.directory / row.path):
            usable[row.Index] = False
            problems.append((f"{path.name} line {row.line}", row.patient_id, f"mask {row.path} is missing",
                             "mask left out; put the file there, or correct its path"))  # fmt: skip
    return _annotations(table.loc[usable, columns], problems)


def _with_studies(table: pd.DataFrame, cohort: Cohort, path) -> pd.DataFrame:
    """Return the table with the study of every row: the one given, or the only one of its patient.

    Raises
    ------
    SelipError
        If a study belongs to another patient, or a patient has several and the row names none.
    """
    owner = cohort.series.drop_duplicates("study_id").set_index("study_id")["patient_id"]
    studies = cohort.series.groupby("patient_id")["study_id"].agg(lambda ids: sorted(set(ids)))
    given = table["study_id"] if "study_id" in table else pd.Series("", index=table.index)
    found = []
    for row, study in zip(table.itertuples(), given, strict=True):
        known = studies.get(row.patient_id, [row.patient_id])
        if study and owner.get(study, row.patient_id) != row.patient_id:
            raise SelipError(
                f"{path} line {row.line}: study {study} belongs to patient {owner[study]}, not {row.patient_id}"
            )
        if not study and len(known) > 1:
            raise SelipError(
                f"{path} line {row.line}: patient {row.patient_id} has several studies ({', '.join(known)}); give the "
                "study_id of the mask"
            )
        found.append(study or known[0])
    return table.assign(study_id=found)


def _values(text: str, path, line: int) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise SelipError(f"{path} line {line}: values {text!r} must be whole numbers separated by spaces") from None


def _unknown_patients(table: pd.DataFrame, cohort: Cohort, name: str) -> list[tuple[str, str, str, str]]:
    known = set(cohort.series["patient_id"])
    return [
        (f"{name} line {row.line}", row.patient_id, "patient has no series", "row not used; check the patient_id")
        for row in table.itertuples()
        if row.patient_id not in known
    ]


def _annotations(table: pd.DataFrame, problems: list) -> Annotations:
    columns = ["where", "patient_id", "problem", "consequence"]
    return Annotations(table.reset_index(drop=True), pd.DataFrame(problems, columns=columns))


def site_labels(sentences: pd.DataFrame) -> pd.DataFrame:
    """Return the sites, with their sides, that the reports name: a table of labels, a row for each of a patient's.

    Parameters
    ----------
    sentences : DataFrame with ``patient_id``, ``sentence``
        Canonical, of all series. A patient whose series are all normal has the label ``normal``.
    """
    named = sentences.drop_duplicates(["patient_id", "sentence"])
    rows = [
        (patient, finding.site)
        for patient, text in zip(named["patient_id"], named["sentence"], strict=True)
        for finding in parse_sentence(text)
    ]
    table = pd.DataFrame(rows, columns=["patient_id", "label"]).drop_duplicates()
    normal = sorted(set(named["patient_id"]) - set(table["patient_id"]))
    return pd.concat([table, pd.DataFrame({"patient_id": normal, "label": NORMAL})], ignore_index=True)


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
