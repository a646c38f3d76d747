"""The ablation: pretraining runs that differ from SeLIP in one thing each, and runs on fewer patients."""

from pathlib import Path

from selip_core.config import AblationSettings, PretrainingSettings
from selip_core.pretraining.methods import PRETRAINED, VARIANTS, run_folder
from selip_core.pretraining.runs import Plan


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
