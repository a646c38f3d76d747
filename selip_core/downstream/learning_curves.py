"""Learning curves: every way of pretraining on shares of the training patients, tested on the same test patients."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selip_core.config import PreprocessingSettings, SegmentationSettings
from selip_core.datasets.cohort import Cohort
from selip_core.datasets.pairs import Pairs
from selip_core.downstream.ablation import best_models
from selip_core.downstream.ablation_tables import PROBE
from selip_core.downstream.classification import ClassificationTask, probe_predictions, series_features
from selip_core.downstream.measured import VALUES, measured_queries
from selip_core.downstream.retrieval import evaluate_runs
from selip_core.downstream.segmentation import segmentation_results, split_cases
from selip_core.downstream.segmentation_data import Cases, cohort_cases
from selip_core.pretraining.methods import PRETRAINED
from selip_core.pretraining.runs import Plan, share_of

FEW_LABELS = "kinds, few labels, AUC"
"""Linear probes on the labels of the share's patients alone."""

DICE_OF = ("region", "case", "patient_id", "method", "seed", "fraction", "dice")
"""The columns of segmentation results that a learning curve reads."""


def share_models(plans: list[Plan], fraction: float) -> dict[tuple[str, int], Path]:
    """Return the folder of the kept model of each compared run on a share, by (method, seed)."""
    return {run: folder for run, folder in best_models(plans, fraction).items() if run[0] in PRETRAINED}


def share_values(
    plans: list[Plan], fraction: float, train: Pairs, test: Pairs, *, device: torch.device
) -> pd.DataFrame:
    """Return what the runs on a share measure on the test patients, and the constant answer of the share's patients.

    Returns
    -------
    DataFrame of `selip_core.downstream.measured.VALUES`, and ``fraction``
        All variants where the share is 1. A smaller share holds other patients in each seed, and so the constant answer
        has a seed for each.
    """
    tables = []
    models = best_models(plans, fraction)
    for seed in dict.fromkeys(seed for _, seed in models) if fraction < 1 else (0,):
        of_share = share_of(train, fraction, seed)
        queries = evaluate_runs({}, test, device=device, train=of_share, flip=plans[0].settings.flip)
        tables.append(measured_queries(queries).assign(seed=seed))
    tables.append(measured_queries(evaluate_runs(models, test, device=device)))
    return pd.concat(tables, ignore_index=True).assign(fraction=fraction)


def share_patients(plans: list[Plan], fraction: float, train: Pairs) -> dict[int, set[str]]:
    """Return the training patients of a share by seed: those that its runs were pretrained on."""
    seeds = dict.fromkeys(seed for _, seed in share_models(plans, fraction))
    return {seed: set(share_of(train, fraction, seed).patients) for seed in seeds}


def patients_by_share(plans: list[Plan], train: Pairs) -> dict[float, int]:
    """Return how many training patients each share has, the smallest share first."""
    shares = sorted({plan.fraction for plan in plans})
    return {f: max(len(of_seed) for of_seed in share_patients(plans, f, train).values()) for f in shares}


def share_probes(
    models: dict[tuple[str, int], Path], task: ClassificationTask, patients: Mapping[int, set[str]], fraction: float, *,
    device: torch.device,
) -> pd.DataFrame:  # fmt: skip
    """Return the test predictions of linear probes on the encoders of a share: with all labels, and with the share's.

    Parameters
    ----------
    models : dict of (method, seed) to model folder, from `share_models`
    task : ClassificationTask
    patients : dict of seed to training patients, from `share_patients`
    fraction : float
        Of the pretraining patients; the name of the share in the table.

    Returns
    -------
    DataFrame of `PREDICTION_COLUMNS` and ``measure``: `PROBE` or `FEW_LABELS`
    """
    features = series_features(models, task, device=device)
    tables = [probe_predictions(features, task, (1.0,)).assign(measure=PROBE)]
    for seed, chosen in patients.items():
        of_seed = {run: values for run, values in features.items() if run[1] == seed}
        few = _with_labels_of(task, chosen)
        if of_seed and len(few.parts["train"]):
            tables.append(probe_predictions(of_seed, few, (1.0,)).assign(measure=FEW_LABELS))
    return pd.concat(tables, ignore_index=True).assign(fraction=fraction)


def _with_labels_of(task: ClassificationTask, patients: set[str]) -> ClassificationTask:
    train = task.parts["train"]
    chosen = train[np.isin(task.truth.index[train], sorted(patients))]
    return replace(task, parts={**task.parts, "train": chosen})


def segmentation_tasks(
    study: Cohort, masks: pd.DataFrame, split_of: pd.Series, settings: SegmentationSettings,
    preprocessing: PreprocessingSettings, directory: Path,
) -> dict[str, dict[str, Cases]]:  # fmt: skip
    """Return the cases of each target by split, of the targets that every split has cases of.

    Parameters
    ----------
    masks : DataFrame from `selip_core.datasets.annotations.read_masks`
    directory : Path
        Where ``07_segmentation`` has kept the preprocessed cases.
    """
    tasks = {}
    for target in masks["target"].unique():
        cases, _ = cohort_cases(
            study, masks, target, settings.sequences.get(target, ("FLAIR",)), preprocessing, directory
        )
        parts = split_cases(cases, split_of)
        if all(map(len, parts.values())):
            tasks[target] = parts
    return tasks


def share_segmentation(
    models: dict[tuple[str, int], Path], tasks: dict[str, dict[str, Cases]], patients: Mapping[int, set[str]],
    fraction: float, settings: SegmentationSettings, **about: object,
) -> pd.DataFrame:  # fmt: skip
    """Return segmentation results of the encoders of a share, trained with the masks of the share's patients alone.

    A target of which the share has no mask in some seed is left out.

    Parameters
    ----------
    models, patients, fraction
        As `share_probes` takes them.
    tasks : dict of target to Cases by split
    **about
        ``spacing_mm``, ``preprocessing_fingerprint``, ``device`` and ``kept`` of
        `selip_core.downstream.segmentation.segmentation_results`.
    """
    whole, tables = settings.model_copy(update={"fractions": (1.0,)}), []
    for target, parts in tasks.items():
        picked = {seed: np.flatnonzero(np.isin(parts["train"].patients, sorted(p))) for seed, p in patients.items()}
        if not all(map(len, picked.values())):
            continue
        for seed, positions in picked.items():
            of_seed = {run: folder for run, folder in models.items() if run[1] == seed}
            few = {**parts, "train": parts["train"].take(positions)}
            results, _ = segmentation_results(of_seed, few, [target], whole, task=target, **about)
            tables.append(results.assign(fraction=fraction))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(DICE_OF))


def dice_values(results: pd.DataFrame) -> pd.DataFrame:
    """Return Dice as a measure of each test case: `selip_core.downstream.measured.VALUES`, and ``fraction``.

    Parameters
    ----------
    results : DataFrame from `share_segmentation` or, for all patients, from ``07_segmentation``
    """
    of_cases = results[list(DICE_OF)].assign(measure=results["region"] + ", Dice", gallery=np.nan)
    return of_cases.rename(columns={"case": "query", "dice": "value"})[[*VALUES, "fraction"]]
