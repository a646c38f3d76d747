"""Classification of patients by every method, seed and share of the labels: one table of predictions (method.md 6)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.special import expit
from tqdm.auto import tqdm

from selip_core._utils.side_by_side import side_by_side
from selip_core.datasets.annotations import ABNORMAL, by_split, label_matrix, support
from selip_core.datasets.shards import MappedVolumes
from selip_core.datasets.splits import nested_subsets, shares_left_out
from selip_core.datasets.volume_cache import VolumeCache
from selip_core.downstream.finetuning import fine_tune, predict
from selip_core.downstream.kept_runs import KeptRuns
from selip_core.downstream.probe import best_threshold, linear_probe, patient_features
from selip_core.downstream.training import Budget, trained_runs
from selip_core.downstream.zero_shot import prompt_book, zero_shot_scores
from selip_core.encoders.inference import encode_series
from selip_core.encoders.model import load_model
from selip_core.metrics.classification import mean_auc
from selip_core.sequences import SEQUENCES, TABLE

_VOLUMES_A_STEP = 100
"""So many volumes encoded take as long as a step of pretraining (`side_by_side`)."""

PREDICTION_COLUMNS = [
    "approach", "method", "seed", "fraction", "patient_id", "label", "truth", "score", "predicted", "examples",
]  # fmt: skip
"""``examples``: training patients who have the label in that share; NaN where no label is learnt from (zero-shot)."""


@dataclass(frozen=True)
class ClassificationTask:
    """What is to be told of each patient.

    Parameters
    ----------
    volumes : (N, 1, D, H, W)
        The volume cache.
    index : DataFrame with ``row``, ``patient_id``, ``sequence``
        The series that are looked at.
    truth : DataFrame of bool, patients by labels
    parts : dict of split to positions in `truth`
        ``train``, ``validation``, ``test``.
    strata : (patients,) array
        What few-shot subsets are stratified by.
    preprocessing_fingerprint : str
    """

    volumes: np.ndarray | MappedVolumes
    index: pd.DataFrame
    truth: pd.DataFrame
    parts: dict[str, np.ndarray]
    strata: np.ndarray
    preprocessing_fingerprint: str

    @property
    def labels(self) -> list[str]:
        return self.truth.columns.tolist()

    def subsets(self, fractions: tuple[float, ...], seed: int) -> dict[float, np.ndarray]:
        """Return the training patients of each share, as positions in `truth`; the same for all methods of a seed."""
        train = self.parts["train"]
        return {f: train[picked] for f, picked in nested_subsets(self.strata[train], fractions, seed=seed).items()}

    def shares_left_out(self, fractions: tuple[float, ...]) -> list[str]:
        """Return why shares of the training patients cannot be drawn, in words for the user."""
        return shares_left_out(self.strata[self.parts["train"]], fractions)


def labelled_task(
    cache: VolumeCache, labels: pd.DataFrame, split_of: pd.Series, *, fewest: int
) -> tuple[ClassificationTask, pd.DataFrame]:
    """Return the task of telling every label that can be scored, and how many patients have each label.

    Only sequences that everybody gets are looked at: contrast medium is given where a tumour is suspected, so that T1ce
    would tell by being there (`Sequence.indicated`).

    Parameters
    ----------
    labels : DataFrame with ``patient_id``, ``label``
    split_of : Series of split by patient
    fewest : int
        See `selip_core.datasets.annotations.support`.
    """
    indicated = [name for name, sequence in TABLE.items() if sequence.indicated]
    # series of patients without a label stay in: tasks of one cohort have one index, and so share its features
    index = cache.index[~cache.index["sequence"].isin(indicated)].reset_index(drop=True)
    matrix = label_matrix(labels, index["patient_id"].unique().tolist())
    counts = support(matrix, split_of, fewest=fewest)
    truth = matrix[counts.loc[counts["not_scored"] == "", "label"].tolist()]
    parts, strata = by_split(truth, split_of), matrix[ABNORMAL].to_numpy()
    return ClassificationTask(cache.volumes, index, truth, parts, strata, cache.preprocessing_fingerprint), counts


def series_features(
    models: dict[tuple[str, int], Path], task: ClassificationTask, *, device: torch.device
) -> dict[tuple[str, int], np.ndarray]:
    """Return the frozen features (n, E) of every model, one row a row of the task's index."""
    rows = task.index["row"].to_numpy()
    work = partial(_encoded, volumes=task.volumes, rows=rows, fingerprint=task.preprocessing_fingerprint, device=device)
    steps = len(models) * len(rows) // _VOLUMES_A_STEP
    found = side_by_side(work, list(models.values()), steps=steps, device=device, task="features", unit="model")
    return dict(zip(models, found, strict=True))


def _encoded(folder: Path, *, volumes: np.ndarray, rows: np.ndarray, fingerprint: str, device: torch.device):
    return encode_series(load_model(folder, fingerprint, device=device), volumes, rows)


def probe_predictions(
    features: dict[tuple[str, int], np.ndarray], task: ClassificationTask, fractions: tuple[float, ...]
) -> pd.DataFrame:
    """Return the test predictions of linear probes on frozen features, as `series_features` returns them."""
    told = tqdm(features.items(), desc="linear probes", unit="model")
    return pd.concat([_probed(item, task=task, fractions=fractions) for item in told], ignore_index=True)


def _probed(
    item: tuple[tuple[str, int], np.ndarray], *, task: ClassificationTask, fractions: tuple[float, ...]
) -> pd.DataFrame:
    """Return the test predictions of the probes of one model: its method and seed, and its features."""
    (method, seed), of_series = item
    sequences = [s for s in SEQUENCES if s in set(task.index["sequence"])]
    patients, truth = task.truth.index.tolist(), task.truth.to_numpy()
    validation, test = task.parts["validation"], task.parts["test"]
    x, tables = patient_features(of_series, task.index, patients, sequences), []
    for fraction, train in task.subsets(fractions, seed).items():
        found = linear_probe((x[train], truth[train]), (x[validation], truth[validation]), x[test])
        about = ("linear probe", method, seed, fraction)
        tables.append(_predictions(about, task, found["validation"], found["test"], train))
    return pd.concat(tables, ignore_index=True)


def zero_shot_predictions(
    models: dict[tuple[str, int], Path],
    features: dict[tuple[str, int], np.ndarray],
    task: ClassificationTask,
    *,
    device: torch.device,
) -> pd.DataFrame:
    """Return the test predictions of prompts; no training label is used, thresholds come from the validation patients.

    Labels without prompts are left out. A patient of whom a label's prompts say nothing, having no such series, gets
    the mean score of the others.
    """
    prompted = [label for label in task.labels if label in prompt_book() or label == ABNORMAL]
    if not prompted:
        return pd.DataFrame(columns=PREDICTION_COLUMNS)
    task = replace(task, truth=task.truth[prompted])
    patients = task.truth.index.tolist()
    tables = []
    for (method, seed), folder in tqdm(models.items(), desc="zero-shot", unit="model"):
        model = load_model(folder, task.preprocessing_fingerprint, device=device)
        scores = zero_shot_scores(model, features[method, seed], task.index, patients, task.labels)
        known = ~np.isnan(scores)
        mean = np.where(known, scores, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        scores = np.where(known, scores, mean)
        about = ("zero-shot", method, seed, 0.0)
        tables.append(_predictions(about, task, scores[task.parts["validation"]], scores[task.parts["test"]], None))
    return pd.concat(tables, ignore_index=True)


def fine_tuning_predictions(
    models: dict[tuple[str, int], Path],
    task: ClassificationTask,
    fractions: tuple[float, ...],
    budget: Budget,
    *,
    device: torch.device,
    classes: np.ndarray | None = None,
    kept: KeptRuns | None = None,
) -> pd.DataFrame:
    """Return the test predictions of fine-tuned encoders; a patient's score is the mean over the series.

    Parameters
    ----------
    classes : (patients,) int, optional
        For one class of two, balanced batches and cross-entropy (BraTS, method.md 6); the first label of `task.truth`
        is then the second class. Left out, the labels are told apart one by one.
    kept : KeptRuns, optional
        Where finished trainings are found and kept.
    """
    subsets = {seed: task.subsets(fractions, seed) for _, seed in models}
    runs = [
        (method, seed, fraction, folder, train)
        for (method, seed), folder in models.items()
        for fraction, train in subsets[seed].items()
    ]
    work = partial(_fine_tuned, task=task, budget=budget, device=device, classes=classes)
    found = trained_runs(work, runs, budget, task="fine-tuning", device=device, kept=kept)
    tables = [
        _predictions(("fine-tuning", *about), task, *np.split(scores, [len(task.parts["validation"])]), train)
        for (*about, _, train), scores in zip(runs, found, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def _fine_tuned(
    run: tuple[str, int, float, Path, np.ndarray], *, task: ClassificationTask, budget: Budget, device: torch.device,
    classes: np.ndarray | None,
) -> np.ndarray:  # fmt: skip
    """Return the scores (validation patients, then test patients; labels) of one run.

    Parameters
    ----------
    run : method, seed, share, model folder, training patients
    """
    _, seed, _, folder, train = run
    series, one_class = _PatientSeries(task), classes is not None
    targets = np.asarray(classes) if one_class else task.truth.to_numpy()
    validation, test = task.parts["validation"], task.parts["test"]

    def validation_auc(classifier) -> float:
        if not len(series.of(validation)):
            return float("nan")
        shown = series.scores(classifier, validation, one_class=one_class)
        return mean_auc(task.truth.to_numpy()[validation], shown[:, :, None])

    encoder = load_model(folder, task.preprocessing_fingerprint, device=device).image_encoder
    picked = series.of(train)
    classifier = fine_tune(
        encoder, series.loader(picked), targets[series.owner[picked]], validation_auc, budget, seed=seed,
        balanced=one_class,
    )  # fmt: skip
    return np.concatenate([series.scores(classifier, of, one_class=one_class) for of in (validation, test)])


class _PatientSeries:
    """The series of a task: whose each one is, its volume, and the scores of patients as the mean over theirs."""

    def __init__(self, task: ClassificationTask):
        self.volumes, self.rows, self.labels = task.volumes, task.index["row"].to_numpy(), len(task.labels)
        place = {patient: i for i, patient in enumerate(task.truth.index)}
        self.owner = np.array([place.get(patient, -1) for patient in task.index["patient_id"]])

    def of(self, patients: np.ndarray) -> np.ndarray:
        """Return the positions of the series of patients, who are given as positions in the task's truth."""
        return np.flatnonzero(np.isin(self.owner, patients))

    def loader(self, picked: np.ndarray) -> Callable[[np.ndarray], torch.Tensor]:
        """Return the function from positions among the picked series to their volumes ``(B, 1, D, H, W)``."""
        return lambda at: torch.from_numpy(np.asarray(self.volumes[self.rows[picked[at]]], dtype=np.float32))

    def scores(self, classifier, patients: np.ndarray, *, one_class: bool) -> np.ndarray:
        """Return the probabilities (patients, labels), 0.5 for a patient without a series."""
        picked = self.of(patients)
        if not len(picked):  # no validation patient, say
            return np.full((len(patients), self.labels), 0.5)
        logits = predict(classifier, self.loader(picked), len(picked))
        if one_class:
            logits = logits[:, 1:] - logits[:, :1]
        return expit(_mean_by_owner(logits, self.owner[picked], patients))


def _mean_by_owner(values: np.ndarray, owner: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Return the mean over the rows of each patient (patients, K); 0 for a patient without a row."""
    total, count = np.zeros((patients.max(initial=0) + 1, values.shape[1])), np.zeros(patients.max(initial=0) + 1)
    np.add.at(total, owner, values)
    np.add.at(count, owner, 1)
    return total[patients] / np.maximum(count[patients], 1)[:, None]


def _predictions(
    about: tuple, task: ClassificationTask, validation_scores, test_scores, train: np.ndarray | None
) -> pd.DataFrame:
    """Return one row a test patient and label; thresholds are those that were best on the validation patients."""
    truth = task.truth.to_numpy()
    test, patients = task.parts["test"], task.truth.index
    tables = []
    for k, label in enumerate(task.labels):
        threshold = best_threshold(truth[task.parts["validation"], k], validation_scores[:, k])
        table = pd.DataFrame({
            "patient_id": patients[test], "label": label, "truth": truth[test, k], "score": test_scores[:, k],
            "predicted": test_scores[:, k] >= threshold,
            "examples": np.nan if train is None else int(truth[train, k].sum()),
        })  # fmt: skip
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    for name, value in zip(PREDICTION_COLUMNS[:4], about, strict=True):
        table[name] = value
    return table[PREDICTION_COLUMNS]
