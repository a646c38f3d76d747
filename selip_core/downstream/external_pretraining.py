"""Pretraining on few real patients: sentences made of codes, one institution held out (``11_external_validation``)."""

from pathlib import Path

import pandas as pd
import torch

from selip_core.config import Settings
from selip_core.datasets.lgg import coded_sentences
from selip_core.datasets.pairs import Pairs, make_pairs
from selip_core.datasets.volume_cache import VolumeCache
from selip_core.pretraining.methods import VARIANTS, run_folder, start_folder
from selip_core.pretraining.runs import Plan, run_plans
from selip_core.pretraining.start import starting_model


def sentences_of_codes(codes: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Return the sentence of every series that the codes say something of: ``study_id``, ``sequence``, ``sentence``."""
    said = coded_sentences(codes)
    rows = [
        (row.study_id, row.sequence, said[row.patient_id][row.sequence])
        for row in index.itertuples() if row.sequence in said.get(row.patient_id, {})
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["study_id", "sequence", "sentence"]).drop_duplicates()


def fold_pairs(cache: VolumeCache, sentences: pd.DataFrame, split: pd.Series) -> dict[str, Pairs]:
    """Return the pairs of each split of a fold."""
    return {
        name: make_pairs(cache.volumes, cache.index, sentences, set(split.index[split == name]))
        for name in ("train", "validation", "test")
    }


def pretrained_on_codes(
    settings: Settings, cache: VolumeCache, sentences: pd.DataFrame, folds: dict[str, pd.Series],
    methods: tuple[str, ...], seeds: range, directory: Path, *, extra: dict, device: torch.device,
) -> tuple[dict[tuple[str, int, str], Path], pd.DataFrame]:  # fmt: skip
    """Pretrain every method and seed on the training patients of each fold, from starts made of them alone.

    Returns
    -------
    models : dict of (method, seed, institution) to folder
        The untrained starts, ``scratch``, among them.
    validations : DataFrame from `run_plans`, with ``institution``
    """
    steps = settings.external.pretraining_steps
    changes = {"steps": steps, "validate_every": max(steps // 4, 1), "warmup_steps": max(steps // 10, 1)}
    base = settings.pretraining.model_copy(update=changes)
    models, validations = {}, []
    for institution, split in folds.items():
        pairs, folder = fold_pairs(cache, sentences, split), directory / institution
        starts = {seed: start_folder(folder, seed) for seed in seeds}
        for seed, start in starts.items():
            starting_model(settings, training=pairs["train"], seed=seed, directory=start, extra=extra, progress=False)
            models["scratch", seed, institution] = start
        plans = [Plan(m, s, 1.0, VARIANTS[m].settings(base), run_folder(folder, m, s)) for s in seeds for m in methods]
        _, looks = run_plans(plans, starts, pairs["train"], pairs["validation"], device=device)
        models |= {(plan.variant, plan.seed, institution): plan.directory / "best" for plan in plans}
        validations.append(looks.assign(institution=institution))
    return models, pd.concat(validations, ignore_index=True)
