"""The ablation: pretraining runs that differ from SeLIP in one thing each, and runs on fewer patients."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from selip_core.config import AblationSettings, PretrainingSettings
from selip_core.datasets.pairs import Pairs
from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.pretraining.checkpoints import load_checkpoint
from selip_core.pretraining.loop import Pretraining, pretrain

METHODS = ("CLIP", "SeLIP")

VARIANTS: dict[str, dict] = {
    "CLIP": {"soft_target_weight": 0.0},
    "SeLIP": {},
    "syntax only": {"similarity": "syntax"},
    "semantics only": {"similarity": "semantic"},
    "best matching": {"matching": "best"},
    "without the diagonal": {"include_positive": False},
    "label smoothing": {"similarity": "even"},
    "fixed temperature": {"train_logit_scale": False},
}
"""What each variant changes in SeLIP's settings. Label smoothing is of equal strength, row by row."""


@dataclass(frozen=True)
class Plan:
    """One pretraining run of the ablation.

    Parameters
    ----------
    variant : str
        Key of `VARIANTS`.
    seed : int
    fraction : float in (0, 1]
        Share of the training patients.
    directory : Path
        Where its checkpoints lie.
    shared : bool
        Whether another notebook has trained it, so that it is only read.
    """

    variant: str
    seed: int
    fraction: float
    directory: Path
    shared: bool = False


def plan_runs(settings: AblationSettings, seeds: list[int], *, shared: Path, own: Path) -> list[Plan]:
    """Return the runs of the ablation: every variant on all patients, CLIP and SeLIP on each smaller share too.

    Parameters
    ----------
    settings : AblationSettings
        Its variants are keys of `VARIANTS`; CLIP and SeLIP are always there.
    seeds : list of int
        Of the profile; the first ones are used.
    shared : Path
        Folder of the models of ``04_pretraining``, which holds CLIP and SeLIP on all patients already.
    own : Path
        Folder for all others.

    Raises
    ------
    ValueError
        If a variant is unknown.
    """
    unknown = sorted(set(settings.variants) - set(VARIANTS))
    if unknown:
        raise ValueError(f"unknown variant {unknown[0]!r}: choose among {', '.join(VARIANTS)}")
    variants = [v for v in VARIANTS if v in METHODS or v in settings.variants]
    seeds = seeds[: settings.n_seeds]
    plans = []
    for s in seeds:
        for v in variants:
            folder = (shared if v in METHODS else own) / f"{_slug(v)}_seed{s}"
            plans.append(Plan(v, s, 1.0, folder, shared=v in METHODS))
    few = seeds[: settings.fraction_seeds]
    return plans + [
        Plan(m, s, f, own / f"{m}_{f:g}_of_the_patients_seed{s}")
        for s in few
        for f in settings.fractions
        for m in METHODS
    ]


def _slug(variant: str) -> str:
    return variant.replace(" ", "_")


def run_plans(
    plans: list[Plan], starts: dict[int, Path], train: Pairs, validation: Pairs, settings: PretrainingSettings, *,
    device: torch.device,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Train every run that is not finished yet; return the steps and the validations of all."""
    done = [
        run_plan(plan, starts[plan.seed], train, validation, settings, device=device)
        for plan in tqdm(plans, desc="pretraining runs", unit="run")
    ]
    return pd.concat([steps for steps, _ in done]), pd.concat([validations for _, validations in done])


def run_plan(
    plan: Plan, start: Path, train: Pairs, validation: Pairs, settings: PretrainingSettings, *, device: torch.device
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train one run, or read it where it is finished; return its steps and validations with the plan as columns.

    Raises
    ------
    SelipError
        If a shared run is not the one that this code, data and settings would give: it belongs to another notebook.
    """
    changes = dict(VARIANTS[plan.variant])
    weight = changes.pop("soft_target_weight", settings.soft_target_weight)
    model = SelipModel.from_pretrained(start, device=str(device))
    pairs = patient_subset(train, plan.fraction, seed=plan.seed)
    settings = PretrainingSettings(**{**settings.model_dump(), **changes})
    if plan.shared:
        _check_finished(Pretraining(model, pairs, validation, settings, weight, plan.seed, plan.directory))
    run = pretrain(
        model, pairs, validation, settings, soft_target_weight=weight, seed=plan.seed, directory=plan.directory
    )
    about = {"variant": plan.variant, "seed": plan.seed, "fraction": plan.fraction}
    return run.steps.assign(**about), run.validations.assign(**about)


def _check_finished(run: Pretraining) -> None:
    """Refuse a run that would have to be trained: pretraining must not write into another notebook's results."""
    found = load_checkpoint(run.directory)
    if found is None or found[1]["fingerprint"] != run.fingerprint or found[1]["step"] < run.settings.steps:
        raise SelipError(
            f"{run.directory} is not finished, or of other data, settings or code: run 04_pretraining again first"
        )


def patient_subset(pairs: Pairs, fraction: float, *, seed: int) -> Pairs:
    """Return the pairs of a share of the patients; of one seed, a smaller share lies within a larger one.

    Raises
    ------
    ValueError
        If the share is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction must be in (0, 1], not {fraction}")
    patients = np.random.default_rng(seed).permutation(sorted(set(pairs.patients)))
    chosen = set(patients[: max(round(fraction * len(patients)), 1)])
    return pairs.take(np.flatnonzero([patient in chosen for patient in pairs.patients]))
