"""The embedded BraTS cohort: gliomas that never lived, in the layout of the 2019 challenge.

Head and tumour come from the same engine as the embedded cohort, but what a scanner makes of them is another: skull
stripped, isotropic 2 mm in place of thick slices, all series on one grid, and other timings of every sequence.
"""

import shutil
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage
from tqdm.auto import tqdm

from selip_core._utils.files import read_json, replacing, write_json
from selip_core._utils.hashing import code_fingerprint
from selip_core._utils.images import nifti_bytes
from selip_core.datasets.synthetic.anatomy import GRID_ORIGIN_MM, GRID_SHAPE, TISSUES, draw_anatomy, grid_affine
from selip_core.datasets.synthetic.catalogue import Lesion, catalogue, draw_lesions
from selip_core.datasets.synthetic.cohort import for_each_patient
from selip_core.datasets.synthetic.lesions import LesionMaps, draw_lesion_maps
from selip_core.datasets.synthetic.signal import (
    enhanced_t1,
    inversion_recovery,
    null_inversion_time,
    spin_echo,
    tissue_book,
)
from selip_core.errors import SelipError

DATA_SOURCE = "embedded synthetic BraTS cohort"
SPACING_MM = 2.0

TIMING = {
    "t1": {"tr_ms": 300, "te_ms": 6},
    "t1ce": {"tr_ms": 300, "te_ms": 6},
    "t2": {"tr_ms": 6500, "te_ms": 130},
    "flair": {"tr_ms": 11000, "te_ms": 140},
}
"""Heavier weighting than the embedded cohort's protocol: a contrast that pretraining did not see."""

_KINDS = {"HGG": "high_grade_tumour", "LGG": "low_grade_tumour"}
_BRAIN = ("grey_matter", "deep_grey", "white_matter", "csf", "venous")
_LABELS = {"necrosis": 1, "high_grade_solid": 1, "low_grade_solid": 1, "vasogenic_oedema": 2, "high_grade_rim": 4}
_WEAK_HGG, _ENHANCING_LGG = 0.15, 0.3
"""Choice: shares of high-grade tumours that hardly enhance and of low-grade ones that do, so that no ring decides."""
_MARK = "embedded.json"  # written last: without it the folder is not complete


def make_brats(
    directory: str | Path,
    *,
    patients: tuple[int, int],
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> Path:
    """Write the embedded BraTS cohort, or return at once where it is complete already.

    Parameters
    ----------
    directory : str or Path
    patients : (int, int)
        Number of high-grade and of low-grade gliomas.
    seed : int
    workers : int, optional
        Processes; the files do not depend on it.

    Raises
    ------
    SelipError
        If the folder holds something else, or cannot be written.
    """
    directory = Path(directory)
    settings = {"patients": list(patients), "seed": seed, "generator": code_fingerprint("datasets.synthetic.brats")}
    found = read_json(directory / _MARK)
    if found == settings:
        return directory
    if found is None and directory.exists() and any(directory.iterdir()) and not (directory / f".{_MARK}").exists():
        raise SelipError(f"{directory} holds something else; give the embedded BraTS cohort a folder of its own")
    shutil.rmtree(directory, ignore_errors=True)
    write_json(directory / f".{_MARK}", settings)  # says whose folder it is while it is being filled
    numbers = [(grade, n) for grade, count in zip(_KINDS, patients, strict=True) for n in range(1, count + 1)]
    made = for_each_patient(partial(_write_patient, directory=directory, seed=seed), numbers, workers)
    for _ in tqdm(made, total=len(numbers), desc="embedded BraTS cohort", unit="patient", disable=not progress):
        pass
    write_json(directory / _MARK, settings)
    return directory


def _write_patient(patient: tuple[str, int], *, directory: Path, seed: int) -> None:
    grade, number = patient
    rng = np.random.default_rng([seed, tuple(_KINDS).index(grade), number])
    lesion = _draw_tumour(_KINDS[grade], rng)
    sites = {name: site["centre_mm"] for name, site in catalogue()["sites"].items()}
    anatomy = draw_anatomy(rng, [lesion], sites)
    maps = draw_lesion_maps([lesion], anatomy, rng)
    affine = _affine(rng)
    to_grid = np.linalg.inv(grid_affine()) @ affine
    shape = tuple(int(n * 3 / SPACING_MM) - 6 for n in GRID_SHAPE)
    fractions, names = _brain(anatomy.fractions, maps)
    inside = ndimage.affine_transform(fractions.sum(-1), to_grid[:3, :3], to_grid[:3, 3], shape, order=1) > 0.5
    name = f"BraTS-embedded-{grade}-{number:03d}"
    uptake = _uptake(grade, rng)
    for sequence, signal in _signals(names, uptake, rng).items():
        image = ndimage.affine_transform(fractions @ signal, to_grid[:3, :3], to_grid[:3, 3], shape, order=1)
        _save(_measure(image, inside, rng), affine, directory / grade / name / f"{name}_{sequence}.nii.gz")
    labels = _LABELS | ({"low_grade_solid": 4} if "low_grade_solid" in uptake else {})
    seg = ndimage.affine_transform(_segmentation(maps, labels), to_grid[:3, :3], to_grid[:3, 3], shape, order=0)
    _save(np.where(inside, seg, 0).astype(np.uint8), affine, directory / grade / name / f"{name}_seg.nii.gz")


def _draw_tumour(kind: str, rng: np.random.Generator) -> Lesion:
    """Return the first tumour of this kind that the catalogue's clinic brings."""
    while True:
        for lesion in draw_lesions(rng):
            if lesion.kind == kind:
                return lesion


def _uptake(grade: str, rng: np.random.Generator) -> dict[str, float]:
    """Return the concentration of contrast medium (mmol/l) in tissues of this tumour, where it is not the book's."""
    usual = tissue_book()["tissues"]["high_grade_rim"]["gadolinium_mmol"]
    if grade == "HGG":
        weak = rng.random() < _WEAK_HGG
        return {"high_grade_rim": usual * rng.uniform(0.02, 0.15) if weak else usual * rng.uniform(0.3, 1.3)}
    return {"low_grade_solid": usual * rng.uniform(0.1, 0.5)} if rng.random() < _ENHANCING_LGG else {}


def _affine(rng: np.random.Generator) -> np.ndarray:
    """Return the affine of an isotropic grid over the head, axes stored towards left and posterior, as BraTS does."""
    extent_mm = np.array(GRID_SHAPE) * 3.0 - 12.0
    affine = np.diag([-SPACING_MM, -SPACING_MM, SPACING_MM, 1.0])
    low = GRID_ORIGIN_MM + 6.0 + rng.uniform(-2, 2, 3)
    affine[:3, 3] = [low[0] + extent_mm[0], low[1] + extent_mm[1], low[2]]
    return affine


def _brain(head: np.ndarray, maps: LesionMaps) -> tuple[np.ndarray, list[str]]:
    """Return the shares of brain and tumour in each voxel, skull and scalp taken away, and their names."""
    lesions = sum(maps.shares.values()) if maps.shares else 0.0
    healthy = head * (1 - np.clip(lesions, 0, 1))[..., None]
    kept = [TISSUES.index(tissue) for tissue in _BRAIN]
    parts = np.concatenate([healthy[..., kept], *(share[..., None] for share in maps.shares.values())], axis=-1)
    return parts.astype(np.float32), [*_BRAIN, *maps.shares]


def _signals(names: list[str], uptake: dict[str, float], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the signal of each tissue on each sequence of this scanner."""
    known = tissue_book()["tissues"]
    t1, t2, pd, gadolinium = (
        np.array([known[name].get(key, 0.0) for name in names], np.float32)
        for key in ("t1_ms", "t2_ms", "pd", "gadolinium_mmol")
    )
    gadolinium = np.array([uptake.get(n, g) for n, g in zip(names, gadolinium, strict=True)], np.float32)
    t1, t2 = t1 * (1 + 0.03 * rng.standard_normal()), t2 * (1 + 0.03 * rng.standard_normal())
    nulled = null_inversion_time(float(t1[names.index("csf")]), TIMING["flair"]["tr_ms"])
    return {
        "t1": spin_echo(t1, t2, pd, **TIMING["t1"]),
        "t1ce": spin_echo(enhanced_t1(t1, gadolinium), t2, pd, **TIMING["t1ce"]),
        "t2": spin_echo(t1, t2, pd, **TIMING["t2"]),
        "flair": inversion_recovery(t1, t2, pd, **TIMING["flair"], ti_ms=nulled),
    }


def _measure(image: np.ndarray, inside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return int16 magnitudes with a smooth bias field and Rician noise; 0 outside the brain."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape), indexing="ij", sparse=True)
    a, b, c, d = rng.normal(0, 0.05, 4)
    bias = (a * x + b * y + c * z + d * x * y)[inside]
    signal = image[inside]
    level = float(np.median(signal))
    spread = level / rng.uniform(30, 60)
    real, imaginary = (spread * rng.standard_normal(image.shape)[inside] for _ in range(2))
    noisy = np.hypot(signal * np.exp(bias) + real, imaginary)
    measured = np.zeros(image.shape, np.int16)
    measured[inside] = np.clip(noisy * (rng.uniform(300, 700) / level), 1, 32767)
    return measured


def _segmentation(maps: LesionMaps, label_of: dict[str, int]) -> np.ndarray:
    """Return the label of the tissue that fills most of each voxel, 0 where tumour and oedema fill less than half."""
    labels = {label: np.zeros(GRID_SHAPE, np.float32) for label in (1, 2, 4)}
    for tissue, share in maps.shares.items():
        if tissue in label_of:
            labels[label_of[tissue]] += share
    shares = np.stack(list(labels.values()))
    found = np.array(list(labels))[shares.argmax(0)]
    return np.where(shares.sum(0) > 0.5, found, 0).astype(np.uint8)


def _save(array: np.ndarray, affine: np.ndarray, path: Path) -> None:
    with replacing(path) as file:
        file.write_bytes(nifti_bytes(nib.Nifti1Image(array, affine)))
