"""Splits of patients: none on two sides, each class by itself, and nested shares of the training patients."""

import numpy as np
import pandas as pd

from selip_core.errors import SelipError

SPLITS = ("train", "validation", "test")


def check_no_leak(splits: pd.DataFrame, where: str = "the split") -> None:
    """Raise SelipError if a patient is in two splits; the message names the patient."""
    sides = splits.groupby("patient_id")["split"].nunique()
    if (sides > 1).any():
        patient = sides[sides > 1].index[0]
        both = " and ".join(sorted(set(splits.loc[splits["patient_id"] == patient, "split"])))
        raise SelipError(f"{where}: patient {patient} is in {both}; a patient must be on one side only")


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


def nested_subsets(classes: np.ndarray, fractions: tuple[float, ...], *, seed: int) -> dict[float, np.ndarray]:
    """Return the positions of each share of the patients; a smaller share of a seed lies within a larger one.

    Each class gives the same share of its patients, rounded, and at least one.

    Parameters
    ----------
    classes : (n,) array
        The class of each training patient.
    fractions : tuple of float in (0, 1]
    seed : int

    Returns
    -------
    dict of fraction to sorted (m,) int array
        A fraction under which not every class would have a patient of its own (``fraction * n`` is under the number of
        classes) is left out: see `too_few`.

    Raises
    ------
    ValueError
        If a fraction is not in (0, 1].
    """
    classes = np.asarray(classes)
    wrong = [f for f in fractions if not 0 < f <= 1]
    if wrong:
        raise ValueError(f"fractions must be in (0, 1], not {wrong[0]}")
    rng = np.random.default_rng(seed)
    orders = {c: rng.permutation(np.flatnonzero(classes == c)) for c in np.unique(classes)}
    subsets = {}
    for fraction in sorted(fractions):
        if too_few(classes, fraction):
            continue
        parts = [order[: max(round(fraction * len(order)), 1)] for order in orders.values()]
        subsets[fraction] = np.sort(np.concatenate(parts))
    return subsets


def patient_subset(patients: list[str], fraction: float, *, seed: int) -> np.ndarray:
    """Return the positions of all that is of a share of the patients; a smaller share of a seed lies within a larger.

    Parameters
    ----------
    patients : list of n str
        The patient of each position.
    fraction : float in (0, 1]
        Of the patients; one at least is taken.
    seed : int

    Returns
    -------
    sorted (m,) int array

    Raises
    ------
    ValueError
        If the share is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction must be in (0, 1], not {fraction}")
    order = np.random.default_rng(seed).permutation(sorted(set(patients)))
    chosen = set(order[: max(round(fraction * len(order)), 1)])
    return np.flatnonzero([patient in chosen for patient in patients])


def too_few(classes: np.ndarray, fraction: float) -> str:
    """Return why a share of the patients cannot be drawn, in words for the user; empty where it can."""
    classes = np.asarray(classes)
    kinds, wanted = len(np.unique(classes)), fraction * len(classes)
    if wanted + 1e-9 >= kinds:
        return ""
    whole = f"{fraction:.0%} of {len(classes)} training patients is {wanted:.1f}"
    return f"{whole}: fewer than one of each class, not run"


def shares_left_out(classes: np.ndarray, fractions: tuple[float, ...]) -> list[str]:
    """Return why shares of the training patients cannot be drawn, in words for the user."""
    return [reason for fraction in sorted(fractions) if (reason := too_few(classes, fraction))]
