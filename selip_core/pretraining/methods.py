"""What every downstream task starts from: the models of ``04_pretraining``, checked."""

from pathlib import Path

import torch

from selip_core.encoders.model import SelipModel
from selip_core.errors import SelipError

METHODS = ("scratch", "CLIP", "SeLIP")
"""The comparison: the untrained start of each seed, and what two ways of pretraining have made of it."""

PAIRS = (("scratch", "CLIP"), ("scratch", "SeLIP"), ("CLIP", "SeLIP"))
"""First and second of each comparison: the difference is the second less the first."""


def downstream_models(pretraining: Path, seeds: list[int]) -> dict[tuple[str, int], Path]:
    """Return the folder of each method's model by (method, seed), in the results of ``04_pretraining``."""
    models = Path(pretraining) / "models"
    return {
        (method, seed): models / (f"start_seed{seed}" if method == "scratch" else f"{method}_seed{seed}/best")
        for seed in seeds
        for method in METHODS
    }


def load_model(directory: Path, preprocessing_fingerprint: str, *, device: torch.device) -> SelipModel:
    """Return a model, refused if it was trained on volumes of another preprocessing.

    Raises
    ------
    SelipError
        Naming both fingerprints.
    """
    model = SelipModel.from_pretrained(directory, device=str(device))
    trained = model.config.get("preprocessing_fingerprint")
    if trained != preprocessing_fingerprint:
        raise SelipError(
            f"{directory} was trained with preprocessing {trained}, these volumes have {preprocessing_fingerprint}: "
            "run 04_pretraining again with these settings, or give volumes preprocessed with the model's"
        )
    return model
