"""Several pretraining runs: what each is, training them side by side, and how each ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from selip_core._utils.side_by_side import is_beside_others, side_by_side
from selip_core.config import PretrainingSettings
from selip_core.datasets.pairs import Pairs
from selip_core.datasets.splits import patient_subset
from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError
from selip_core.pretraining.checkpoints import load_checkpoint
from selip_core.pretraining.loop import Pretraining, plateau_exit, pretrain
from selip_core.pretraining.sampler import fitting_batch_size
from selip_core.pretraining.start import take_templates_of


@dataclass(frozen=True)
class Plan:
    """One pretraining run.

    Parameters
    ----------
    variant : str
        Key of `selip_core.pretraining.methods.VARIANTS`.
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


def share_of(train: Pairs, fraction: float, seed: int) -> Pairs:
    """Return the training pairs of a share of the patients; a smaller share of a seed lies within a larger one."""
    return train.take(patient_subset(train.patients, fraction, seed=seed))


def shares_that_train(
    train: Pairs, fractions: tuple[float, ...], seeds: list[int], *, flip: bool
) -> tuple[tuple[float, ...], list[str]]:
    """Return the shares of the training patients that have sentences to tell apart in every seed, and why others not.

    Parameters
    ----------
    fractions : tuple of float in (0, 1)
    flip : bool
        Whether volumes are mirrored, see `fitting_batch_size`.
    """
    kept, said = [], []
    for fraction in fractions:
        try:
            for seed in seeds:
                fitting_batch_size(share_of(train, fraction, seed).findings, 2, flip=flip)
        except SelipError:
            said.append(f"{fraction:g} of the training patients have fewer than two sentences to tell apart in some "
                        "seed: no method is trained on them")  # fmt: skip
        else:
            kept.append(fraction)
    return tuple(kept), said


def run_plans(
    plans: Sequence[Plan], starts: dict[int, Path], train: Pairs, validation: Pairs, *, device: torch.device
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train every run that is not finished yet, on a CPU side by side; return steps and validations of all."""
    work = partial(_run, starts=starts, train=train, validation=validation, device=device)
    steps = sum(plan.settings.steps for plan in plans)
    done = list(side_by_side(work, plans, steps=steps, device=device, task="pretraining runs"))
    return pd.concat([steps for steps, _ in done]), pd.concat([validations for _, validations in done])


def _run(plan: Plan, *, starts: dict[int, Path], **about: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    return run_plan(plan, starts[plan.seed], **about)


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
    run = pretrain(
        model, pairs, plan.settings, plan.directory, seed=plan.seed, progress=not is_beside_others()
    )
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


def run_table(steps: pd.DataFrame, validations: pd.DataFrame) -> pd.DataFrame:
    """Return one row a run: its steps, when it leaves the plateau, which state was kept, and how it ended.

    A run that is kept early and goes on to tell its own training pairs apart better and better learns them by heart.

    Parameters
    ----------
    steps, validations : DataFrames from `run_plans`
    """
    keys, rows = ["variant", "seed", "fraction"], []
    validated = dict(iter(validations.groupby(keys)))
    for about, run in steps.groupby(keys, sort=False):
        looks = validated[about].sort_values("step")
        kept, last = looks.iloc[int(looks["mean_reciprocal_rank"].argmax())], looks.iloc[-1]
        rows.append({
            **dict(zip(keys, about, strict=True)), "training_patients": last["training_patients"], "steps": len(run),
            "leaves the plateau at": plateau_exit(run["clip"].to_numpy(), run["batch_size"].iloc[0]),
            "kept at": int(kept["step"]), "kept, MRR": kept["mean_reciprocal_rank"],
            "kept, recall@10": kept["recall_at_10"], "constant answer": kept["constant_at_10"],
            "chance": kept["chance_at_10"],
            "end, MRR": last["mean_reciprocal_rank"], "end, in-batch accuracy": run["accuracy"].tail(25).mean(),
            "end, logit scale": run["logit_scale"].iloc[-1], "minutes": run["seconds"].sum() / 60,
        })  # fmt: skip
    return pd.DataFrame(rows)
