"""What every downstream task starts from: the models of ``04_pretraining``, and a split by class."""

from pathlib import Path

import numpy as np

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


def stratified_split(
    classes: np.ndarray, *, seed: int, validation_fraction: float, test_fraction: float
) -> dict[str, np.ndarray]:
    """Return the positions of train, validation and test, each class split by itself.

    A class of one is all training; of two, one goes to the test; from three on every split has one at least.
    """
    rng = np.random.default_rng(seed)
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    classes = np.asarray(classes)
    for name in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == name)).tolist()
        n = len(members)
        n_test = max(round(test_fraction * n), 1) if n >= 2 else 0
        n_validation = max(round(validation_fraction * n), 1) if n >= 3 else 0
        parts["test"] += members[:n_test]
        parts["validation"] += members[n_test : n_test + n_validation]
        parts["train"] += members[n_test + n_validation :]
    return {name: np.array(sorted(part), int) for name, part in parts.items()}
