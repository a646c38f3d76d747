"""Segmentation by every method, seed and share of the masks: one table of test results, and examples."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from selip_core.config import SegmentationSettings
from selip_core.datasets.splits import nested_subsets, shares_left_out
from selip_core.downstream.kept_runs import KeptRuns
from selip_core.downstream.segmentation_data import Cases
from selip_core.downstream.segmentation_network import segment, train_segmenter
from selip_core.downstream.training import Budget, trained_runs
from selip_core.encoders.model import load_model
from selip_core.metrics.segmentation import dice_scores, hausdorff_95_mm, volume_errors_ml


def split_cases(cases: Cases, split_of: pd.Series) -> dict[str, Cases]:
    """Return the cases of each split."""
    split = split_of.reindex(cases.patients).to_numpy()
    return {name: cases.take(np.flatnonzero(split == name)) for name in ("train", "validation", "test")}


def few_shot_cases(train: Cases, fractions: tuple[float, ...], *, seed: int) -> dict[float, np.ndarray]:
    """Return the positions of the cases of each share of the training patients; a patient's cases stay together."""
    patients = np.array(list(dict.fromkeys(train.patients)))
    subsets = nested_subsets(np.zeros(len(patients), int), fractions, seed=seed)
    return {f: np.flatnonzero(np.isin(train.patients, patients[picked])) for f, picked in subsets.items()}


def case_shares_left_out(train: Cases, fractions: tuple[float, ...]) -> list[str]:
    """Return why shares of the training patients cannot be drawn, in words for the user."""
    return shares_left_out(np.zeros(len(set(train.patients))), fractions)


def segmentation_results(
    models: dict[tuple[str, int], Path],
    parts: dict[str, Cases],
    regions: list[str],
    settings: SegmentationSettings,
    *,
    task: str,
    spacing_mm: tuple[float, float, float],
    preprocessing_fingerprint: str,
    device: torch.device,
    kept: KeptRuns | None = None,
) -> tuple[pd.DataFrame, dict[tuple[str, int], np.ndarray]]:
    """Train and test a U-Net from every model and share of the training patients.

    Parameters
    ----------
    parts : dict of split to Cases
    regions : list of str
        Name of each region of the cases.
    task : str
        Name in the table.
    kept : KeptRuns, optional
        Where finished trainings are found and kept.

    Returns
    -------
    results : DataFrame
        One row a method, seed, share, test case and region: ``dice``, ``hausdorff_95_mm``, ``volume_error_ml``,
        ``volume_ml`` (true).
    predicted : dict of (method, seed) to (test cases, regions, D, H, W) bool
        At the largest share.
    """
    subsets = {seed: few_shot_cases(parts["train"], settings.fractions, seed=seed) for _, seed in models}
    # Choice: a tenth of the steps warms up, for the decoder starts from nothing
    budget = Budget(settings.steps, settings.batch_size, settings.learning_rate, warmup_steps=settings.steps // 10)
    runs = [
        (seed, folder, picked) for (_, seed), folder in models.items() for picked in subsets[seed].values()
    ]
    work = partial(_segmented, parts=parts, budget=budget, fingerprint=preprocessing_fingerprint, device=device)
    found = trained_runs(work, runs, budget, task=f"segmentation, {task}", device=device, kept=kept)
    about = [(*run, fraction) for run in models for fraction in subsets[run[1]]]
    tables, predicted = [], {}
    for (method, seed, fraction), (_, _, picked), masks in zip(about, runs, found, strict=True):
        predicted[method, seed] = masks  # shares ascend: the largest stays
        of_run = {"training_cases": len(picked), "method": method, "seed": seed, "fraction": fraction}
        for region, table in zip(regions, _measured(masks, parts["test"], spacing_mm), strict=True):
            tables.append(table.assign(task=task, region=region, **of_run))
    return pd.concat(tables, ignore_index=True), predicted


def _segmented(
    run: tuple[int, Path, np.ndarray], *, parts: dict[str, Cases], budget: Budget, fingerprint: str,
    device: torch.device,
) -> np.ndarray:  # fmt: skip
    """Return the regions of the test cases (n, R, D, H, W) that one run finds: seed, model folder, training cases."""
    seed, folder, picked = run
    encoder = load_model(folder, fingerprint, device=device).image_encoder
    model = train_segmenter(encoder, parts["train"].take(picked), parts["validation"], budget, seed=seed)
    return segment(model, parts["test"].volumes)


def _measured(found: np.ndarray, test: Cases, spacing_mm: tuple[float, float, float]) -> Iterator[pd.DataFrame]:
    """Yield the measures of each region, one row a test case."""
    voxel_ml = float(np.prod(spacing_mm)) / 1000
    measures = {
        "dice": dice_scores(found, test.regions),
        "hausdorff_95_mm": hausdorff_95_mm(found, test.regions, spacing_mm),
        "volume_error_ml": volume_errors_ml(found, test.regions, spacing_mm),
        "volume_ml": test.regions.sum(axis=(2, 3, 4)) * voxel_ml,
    }
    for r in range(test.regions.shape[1]):
        values = {name: of_regions[:, r] for name, of_regions in measures.items()}
        yield pd.DataFrame({"patient_id": test.patients, **values, "case": range(len(test))})


def example_cases(results: pd.DataFrame, *, task: str, region: str, method: str, seed: int) -> dict[str, int]:
    """Return the positions of the worst, median and best test case of one run at the largest share."""
    part = results[(results[["task", "region", "method", "seed"]] == [task, region, method, seed]).all(axis=1)]
    part = part[part["fraction"] == part["fraction"].max()].sort_values("dice", kind="stable")
    order = part["case"].tolist()
    return {"best": order[-1], "median": order[len(order) // 2], "worst": order[0]}


def overlay_examples(chosen: dict[str, int], test: Cases, predicted: dict, *, seed: int) -> list[dict]:
    """Return what `selip_core.plotting.downstream.segmentation_overlays` shows: the first series and region of cases.

    Parameters
    ----------
    chosen : dict of title to position among the test cases
    predicted : dict of (method, seed) to (cases, regions, D, H, W) bool
    """
    examples = []
    for title, i in chosen.items():
        one = slice(i, i + 1)
        found = {
            method: (masks[i, 0], float(dice_scores(masks[one, :1], test.regions[one, :1])[0, 0]))
            for (method, of_seed), masks in predicted.items()
            if of_seed == seed
        }
        name = f"{title}\n{test.patients[i]}"
        examples.append({"title": name, "volume": test.volumes[i, 0], "truth": test.regions[i, 0], "found": found})
    return examples
