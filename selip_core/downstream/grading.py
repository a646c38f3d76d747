"""HGG against LGG on a BraTS folder, from T1ce alone (method.md 6)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from selip_core.config import PreprocessingSettings
from selip_core.datasets.annotations import by_split
from selip_core.datasets.brats import Brats, split_patients_by_grade
from selip_core.datasets.volume_cache import build_cache
from selip_core.downstream.classification import ClassificationTask
from selip_core.errors import SelipError

HIGH_GRADE = "HGG"


def why_no_task(brats: Brats, *, seed: int) -> str:
    """Return why high and low grade cannot be told apart on this folder; empty where they can."""
    patients = brats.cohort.series.loc[_graded_t1ce(brats), "patient_id"].unique()
    if not len(patients):
        return "no patient has both a grade and a T1ce volume (a table grades.csv gives the grades)"
    split = split_patients_by_grade(brats, seed=seed).reindex(patients)
    for name in ("train", "test"):
        there = brats.grades.reindex(split.index[split == name]).value_counts().to_dict()
        if len(there) < 2 and (name == "train" or not there):
            return f"among the {name} patients is {there or 'nobody'}: both grades are needed"
    return ""


def _graded_t1ce(brats: Brats) -> pd.Series:
    series = brats.cohort.series
    return (series["sequence"] == "T1ce") & series["patient_id"].isin(brats.grades.index)


def brats_task(
    brats: Brats, preprocessing: PreprocessingSettings, directory: Path, *, seed: int
) -> tuple[ClassificationTask, np.ndarray]:
    """Return the task of telling high from low grade by T1ce, and the class of each patient (1 is HGG).

    Parameters
    ----------
    directory : Path
        Where the preprocessed volumes are kept.

    Raises
    ------
    SelipError
        If there are not both grades to learn from, or no T1ce of a graded patient can be used; see `why_no_task`.
    """
    if reason := why_no_task(brats, seed=seed):
        raise SelipError(f"{brats.cohort.directory}: {reason}")
    series = brats.cohort.series
    usable = _graded_t1ce(brats)
    cohort = replace(brats.cohort, series=series[usable].reset_index(drop=True))
    cache = build_cache(cohort, preprocessing, directory)
    patients = list(dict.fromkeys(cache.index["patient_id"]))
    grades = brats.grades.reindex(patients)
    truth = pd.DataFrame({HIGH_GRADE: (grades == HIGH_GRADE).to_numpy()}, index=patients)
    parts = by_split(truth, split_patients_by_grade(brats, seed=seed))
    classes = truth[HIGH_GRADE].to_numpy().astype(int)
    task = ClassificationTask(cache.volumes, cache.index, truth, parts, classes, cache.preprocessing_fingerprint)
    return task, classes
