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
from selip_core.pretraining.start import take_templates_of


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
    settings : PretrainingSettings
        With the variant's changes and the share's steps.
    directory : Path
        Where its checkpoints lie.
    shared : bool
        Whether another notebook has trained it, so that it is only read.
    """

    variant: str
    seed: int
    fraction: float
    settings: PretrainingSettings
    directory: Path
    shared: bool = False


def plan_runs(
    settings: AblationSettings, budget: PretrainingSettings, seeds: list[int], *, shared: Path, own: Path
) -> list[Plan]:
    """Return the runs of the ablation: every variant on all patients, those that are compared on smaller shares too.

    Parameters
    ----------
    settings : AblationSettings
        Its variants are keys of `VARIANTS`, or all of them; those in `PRETRAINED` are always there, in every seed.
    budget : PretrainingSettings
        Of the profile.
    seeds : list of int
        Of the profile; variants and shares take the first ones.
    shared : Path
        Folder of the models of ``04_pretraining``, which holds those in `PRETRAINED` on all patients already.
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
    few = seeds[: settings.variant_seeds]
    whole = [(v, s) for s in seeds for v in VARIANTS if v in PRETRAINED or (v in chosen and s in few)]
    plans = []
    for v, s in whole:
        folder = run_folder(shared if v in PRETRAINED else own, v, s)
        plans.append(Plan(v, s, 1.0, VARIANTS[v].settings(budget), folder, shared=v in PRETRAINED))
    for s in seeds[: settings.fraction_seeds]:
        for f in settings.fractions:
            of_share = share_settings(budget, f, power=settings.fraction_steps, fewest=settings.fewest_steps)
            for m in PRETRAINED:
                folder = run_folder(own, f"{m} {f:g} of the patients", s)
                plans.append(Plan(m, s, f, VARIANTS[m].settings(of_share), folder))
    return plans


def share_settings(budget: PretrainingSettings, fraction: float, *, power: float, fewest: int) -> PretrainingSettings:
    """Return the settings of a run on a share of the patients: fewer steps, the schedule drawn together with them.

    Parameters
    ----------
    fraction : float in (0, 1]
    power : float in [0, 1]
        The steps are ``steps * fraction ** power``: with 0 as many as on all patients, with 1 as many epochs.
    fewest : int
        Steps that a share gets at least, where a run on all patients has as many.
    """
    # Choice: between as many steps, in which few patients are learnt by heart, and as many epochs, in which nothing is
    # learnt of them: the square root. All methods alike; and the state that is kept is the best on validation patients,
    # at which as many looks are taken as in a run on all.
    steps = min(budget.steps, max(round(budget.steps * fraction**power), fewest))
    shorter = steps / budget.steps
    changes = {
        "steps": steps, "warmup_steps": round(budget.warmup_steps * shorter),
        "validate_every": max(round(budget.validate_every * shorter), 1),
    }  # fmt: skip
    return budget.model_copy(update=changes)


def best_models(plans: list[Plan], fraction: float = 1.0) -> dict[tuple[str, int], Path]:
    """Return the folder of the kept model of each run on a share of the patients, by (variant, seed)."""
    return {(p.variant, p.seed): p.directory / "best" for p in plans if p.fraction == fraction}


def share_of(train: Pairs, fraction: float, seed: int) -> Pairs:
    """Return the training pairs of a share of the patients; a smaller share of a seed lies within a larger one."""
    return train.take(patient_subset(train.patients, fraction, seed=seed))


def run_plans(
    plans: list[Plan], starts: dict[int, Path], train: Pairs, validation: Pairs, *, device: torch.device
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train every run that is not finished yet; return the steps and the validations of all."""
    done = [
        run_plan(plan, starts[plan.seed], train, validation, device=device)
        for plan in tqdm(plans, desc="pretraining runs", unit="run")
    ]
    return pd.concat([steps for steps, _ in done]), pd.concat([validations for _, validations in done])


def run_plan(
    plan: Plan, start: Path, train: Pairs, validation: Pairs, *, device: torch.device
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train one run, or read it where it is finished; return its steps and validations with the plan as columns.

    A run on a share of the patients has the templates of the share's volumes; the vocabulary of the text encoder and
    its warm start are of all training reports.

    Raises
    ------
    SelipError
        If a shared run is not the one that this code, data and settings would give: it belongs to another notebook.
    """
    model = SelipModel.from_pretrained(start, device=str(device))
    pairs = {"train": share_of(train, plan.fraction, plan.seed), "validation": validation}
    if plan.fraction < 1:
        take_templates_of(model, pairs["train"])
    if plan.shared:
        _check_finished(Pretraining(model, pairs, plan.settings, plan.directory, seed=plan.seed))
    run = pretrain(model, pairs, plan.settings, plan.directory, seed=plan.seed)
    about = {
        "variant": plan.variant, "seed": plan.seed, "fraction": plan.fraction, "batch_size": run.batch_size,
        "training_patients": len(set(pairs["train"].patients)),
    }  # fmt: skip
    return run.steps.assign(**about), run.validations.assign(**about)


def _check_finished(run: Pretraining) -> None:
    """Refuse a run that would have to be trained: pretraining must not write into another notebook's results."""
    found = load_checkpoint(run.directory)
    if found is None or found[1]["fingerprint"] != run.fingerprint or found[1]["step"] < run.settings.steps:
        raise SelipError(
            f"{run.directory} is not finished, or of other data, settings or code: run 04_pretraining again first"
        )
