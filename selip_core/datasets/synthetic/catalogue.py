"""The catalogue of the embedded cohort: which findings there are, where, and how often (``catalogue.yaml``)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

_FILE = Path(__file__).with_name("catalogue.yaml")


@dataclass(frozen=True)
class Lesion:
    """One finding of one patient, as the truth knows it.

    Parameters
    ----------
    kind : str
        Key of ``kinds`` in the catalogue.
    site : str
        Canonical site without its side; empty for morphology (atrophy, midline shift).
    side : str
        ``左侧``, ``右侧``, ``双侧`` or empty (midline).
    shape : str
        Shape word, ``斑片状``; empty for morphology.
    foci : int
        Number of separate foci per side.
    radius_mm : float
        Mean radius of a focus.
    """

    kind: str
    site: str
    side: str
    shape: str = ""
    foci: int = 1
    radius_mm: float = 0.0


@cache
def catalogue() -> dict:
    """Return the catalogue as read from its file."""
    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def draw_lesions(rng: np.random.Generator, *, frequencies: str = "clinical") -> list[Lesion]:
    """Draw the lesions of one patient; an empty list is a normal patient.

    Parameters
    ----------
    rng : numpy.random.Generator
    frequencies : {"clinical", "uniform"}
        ``clinical`` follows the catalogue's prevalences; ``uniform`` gives every kind and every site the same chance.

    Raises
    ------
    ValueError
        If `frequencies` is neither.
    """
    if frequencies not in ("clinical", "uniform"):
        raise ValueError(f"frequencies must be 'clinical' or 'uniform', not {frequencies!r}")
    book = catalogue()
    if rng.random() < book["normal_fraction"]:
        return []
    drawable = {name: kind for name, kind in book["kinds"].items() if "prevalence" in kind}
    uniform = frequencies == "uniform"
    names: list[str] = []
    while not names:
        names = [
            n for n, kind in drawable.items() if rng.random() < (1.5 / len(drawable) if uniform else kind["prevalence"])
        ]
    names = _one_mass_at_most(names, rng)
    lesions: list[Lesion] = []
    taken: set[tuple[str, str]] = set()
    for name in names:
        lesions += _place(name, drawable[name], taken, rng, uniform)
    return lesions + _midline_shift(lesions, rng)


def _one_mass_at_most(names: list[str], rng: np.random.Generator) -> list[str]:
    """Keep one space-occupying kind: two independent masses in one head are rare enough to leave out."""
    masses = [n for n in names if n in catalogue()["kinds"]["midline_shift"]["after"]]
    if len(masses) < 2:
        return names
    kept = masses[rng.integers(len(masses))]
    return [n for n in names if n not in masses or n == kept]


def _weighted(rng: np.random.Generator, weights: dict[str, float], uniform: bool = False) -> str:
    p = np.ones(len(weights)) if uniform else np.array(list(weights.values()), float)
    return list(weights)[rng.choice(len(weights), p=p / p.sum())]


def _place(name: str, kind: dict, taken: set, rng: np.random.Generator, uniform: bool) -> list[Lesion]:
    """Give one drawn kind its sites and sides; a site and side holds one finding only."""
    if "morphology" in kind:
        return [Lesion(name, "", "")]
    lesions = []
    low, high = kind["sites_per_patient"]
    for _ in range(rng.integers(low, high + 1)):
        site = _weighted(rng, kind["sites"], uniform)
        midline = catalogue()["sites"][site]["centre_mm"][0] == 0
        side = "" if midline else "双侧" if rng.random() < kind["bilateral"] else ("左侧", "右侧")[rng.integers(2)]
        sides = {"左侧", "右侧"} if side == "双侧" else {side}
        if any((site, s) in taken for s in sides):
            continue
        taken.update((site, s) for s in sides)
        foci = int(rng.integers(kind["foci"][0], kind["foci"][1] + 1))
        lesions.append(
            Lesion(name, site, side, _weighted(rng, kind["shapes"]), foci, float(rng.uniform(*kind["radius_mm"])))
        )
    return lesions


def _midline_shift(lesions: list[Lesion], rng: np.random.Generator) -> list[Lesion]:
    """Let a lateral mass push the midline away with the chance that the catalogue gives its kind."""
    after = catalogue()["kinds"]["midline_shift"]["after"]
    for lesion in lesions:
        if lesion.side in ("左侧", "右侧") and rng.random() < after.get(lesion.kind, 0):
            return [Lesion("midline_shift", "", lesion.side)]
    return []
