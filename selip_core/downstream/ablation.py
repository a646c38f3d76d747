"""The ablation: pretraining runs that differ from SeLIP in one thing each, and runs on fewer patients."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from tqdm.auto import tqdm

from selip_core.config import AblationSettings, PretrainingSettings
from selip_core.datasets.pairs import Pairs
from selip_core.datasets.splits import patient_subset
from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.pretraining.checkpoints import load_checkpoint
from selip_core.pretraining.loop import Pretraining, pretrain
from selip_core.pretraining.methods import PRETRAINED, VARIANTS, run_folder


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
        Its variants are keys of `VARIANTS`, or all of them; CLIP and SeLIP are always there.
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
    chosen = set(VARIANTS) if settings.variants == "all" else set(settings.variants)
    unknown = sorted(chosen - set(VARIANTS))
    if unknown:
        raise ValueError(f"unknown variant {unknown[0]!r}: choose among {', '.join(VARIANTS)}")
    variants = [v for v in VARIANTS if v in PRETRAINED or v in chosen]
    seeds = seeds[: settings.n_seeds]
    plans = []
    for s in seeds:
        for v in variants:
            folder = run_folder(shared if v in PRETRAINED else own, v, s)
            plans.append(Plan(v, s, 1.0, folder, shared=v in PRETRAINED))
    few = seeds[: settings.fraction_seeds]
    return plans + [
        Plan(m, s, f, own / f"{m}_{f:g}_of_the_patients_seed{s}")
        for s in few
        for f in settings.fractions
        for m in PRETRAINED
    ]


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
    model = SelipModel.from_pretrained(start, device=str(device))
    chosen = train.take(patient_subset(train.patients, plan.fraction, seed=plan.seed))
    pairs = {"train": chosen, "validation": validation}
    settings = VARIANTS[plan.variant].settings(settings)
    if plan.shared:
        _check_finished(Pretraining(model, pairs, settings, plan.directory, seed=plan.seed))
    run = pretrain(model, pairs, settings, plan.directory, seed=plan.seed)
    about = {"variant": plan.variant, "seed": plan.seed, "fraction": plan.fraction}
    return run.steps.assign(**about), run.validations.assign(**about)


def _check_finished(run: Pretraining) -> None:
    """Refuse a run that would have to be trained: pretraining must not write into another notebook's results."""
    found = load_checkpoint(run.directory)
    if found is None or found[1]["fingerprint"] != run.fingerprint or found[1]["step"] < run.settings.steps:
        raise SelipError(
            f"{run.directory} is not finished, or of other data, settings or code: run 04_pretraining again first"
        )
