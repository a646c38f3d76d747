"""The embedded cohort: series, masks and reports of patients that never lived, in the format of any cohort.

Head (``anatomy``) and lesions (``lesions``) are shares of tissue in each voxel; the signal equations (``signal``) make
images of them; the scanner adds thick slices, a bias field, noise, motion and its own storage order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import nibabel as nib
import numpy as np
from scipy import ndimage

from selip_core.datasets.synthetic.anatomy import GRID_MM, TISSUES, Anatomy, draw_anatomy, grid_affine
from selip_core.datasets.synthetic.catalogue import Lesion, catalogue
from selip_core.datasets.synthetic.lesions import LesionMaps, draw_lesion_maps
from selip_core.datasets.synthetic.signal import B_VALUE, SCANNED, apparent_diffusion, signal_table
from selip_core.sequences import TABLE

ACQUIRED = tuple(name for name in SCANNED if not TABLE[name].contrast)
"""Sequences of every protocol; tumour patients get those after contrast medium as well."""

TUMOURS = ("high_grade_tumour", "low_grade_tumour")

FIELD_OF_VIEW_MM = (186.0, 228.0)
COVERAGE_MM = 146.0

# Storage order of the array axes and how often it is met. Axial slices are stored last by nearly all scanners.
_ORIENTATIONS = {"LPS": 0.4, "RAS": 0.2, "LAS": 0.2, "RPS": 0.08, "LPI": 0.06, "PLS": 0.03, "SAR": 0.03}


@dataclass
class PatientImages:
    """The images of one patient.

    Parameters
    ----------
    series : dict of str to nibabel.Nifti1Image
        One image a sequence that was acquired, int16, in varying storage order.
    lesion_masks : nibabel.Nifti1Image
        uint8, the number of the lesion (1-based, in the order drawn), RAS, 3 mm, in the space of the series.
    oedema_masks : nibabel.Nifti1Image
        uint8, the number of the lesion that the oedema surrounds.
    volumes_mm3 : list of float
        Volume of each lesion's mask.
    tissue_shares : dict of str to numpy.ndarray
        Share of each voxel of the mask's grid that each lesion tissue fills.
    """

    series: dict[str, nib.Nifti1Image]
    lesion_masks: nib.Nifti1Image
    oedema_masks: nib.Nifti1Image
    volumes_mm3: list[float]
    tissue_shares: dict[str, np.ndarray] = field(default_factory=dict)


def synthesise_patient(lesions: Sequence[Lesion], rng: np.random.Generator, *, noise: bool = True) -> PatientImages:
    """Make the images of one patient.

    Head, scanner and noise are drawn apart from the lesions: the same generator state with other lesions gives the
    same head, seen by the same scanner.

    Parameters
    ----------
    lesions : sequence of Lesion
        Empty for a normal patient.
    rng : numpy.random.Generator
        The only source of chance.
    noise : bool
        Whether the scanner adds noise, bias field and motion.

    Returns
    -------
    PatientImages
    """
    head_rng, lesion_rng, protocol_rng, tissue_rng, *series_rngs = rng.spawn(4 + len(SCANNED))
    sites = {name: site["centre_mm"] for name, site in catalogue()["sites"].items()}
    anatomy = draw_anatomy(head_rng, lesions, sites)
    maps = draw_lesion_maps(lesions, anatomy, lesion_rng)
    contrasts = _contrasts(anatomy, maps, tissue_rng)
    offset = np.eye(4)
    offset[:3, 3] = protocol_rng.normal(0, 6, 3)  # where the head lies in the scanner
    sequences = _protocol(lesions, protocol_rng)
    scanner = _Scanner(protocol_rng, noise)
    series = {
        name: scanner.acquire(name, contrasts, offset, generator)
        for name, generator in zip(SCANNED, series_rngs, strict=True)
        if name in sequences
    }
    counts = np.bincount(maps.labels.ravel(), minlength=len(lesions) + 1)[1:]
    masks = (nib.Nifti1Image(labels, offset @ grid_affine()) for labels in (maps.labels, maps.oedema))
    return PatientImages(series, *masks, [float(n) * GRID_MM**3 for n in counts], maps.shares)


def _protocol(lesions: Sequence[Lesion], rng: np.random.Generator) -> set[str]:
    """Choose what is acquired: sometimes one sequence is missing, tumours mostly get contrast medium."""
    book = catalogue()
    missing, which, contrast = rng.random(), int(rng.integers(len(ACQUIRED))), rng.random()
    acquired = set(ACQUIRED) - ({ACQUIRED[which]} if missing < book["missing_sequence"] else set())
    if any(lesion.kind in TUMOURS for lesion in lesions) and contrast < book["contrast_given"]:
        acquired |= set(SCANNED) - set(ACQUIRED)
    return acquired


def _contrasts(anatomy: Anatomy, maps: LesionMaps, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the signal of every voxel of the working grid: the mixture of what is in it."""
    names = [*TISSUES, *maps.shares]
    table = signal_table(names, rng)
    healthy = anatomy.fractions
    if maps.shares:
        healthy = healthy * (1 - np.clip(sum(maps.shares.values()), 0, 1))[..., None]
    columns = np.stack(list(table.values()), 1).astype(np.float32)  # (tissues, images)
    mixed = healthy.reshape(-1, len(TISSUES)) @ columns[: len(TISSUES)]
    for row, share in enumerate(maps.shares.values(), len(TISSUES)):
        filled = np.flatnonzero(share)
        mixed[filled] += share.ravel()[filled, None] * columns[row]
    return {name: np.ascontiguousarray(mixed[:, i]).reshape(healthy.shape[:3]) for i, name in enumerate(table)}


class _Scanner:
    """What all series of one visit share: noise level, coil, slice angle, habits of storage."""

    def __init__(self, rng: np.random.Generator, noise: bool):
        self.noise = noise
        self.snr = rng.uniform(22, 50)
        self.bias = rng.normal(0, [0.06, 0.06, 0.05, 0.05, 0.06, 0.05])
        self.tilt = rng.normal(0, [0.05, 0.02, 0.02])
        self.thickness_mm = rng.uniform(5, 7.5)
        self.pixel_mm = rng.uniform(2.7, 3.3)
        codes, chances = list(_ORIENTATIONS), np.array(list(_ORIENTATIONS.values()))
        self.code = codes[rng.choice(len(codes), p=chances / chances.sum())]

    def acquire(self, name, contrasts, offset, rng: np.random.Generator) -> nib.Nifti1Image:
        """Return one series as its file would hold it."""
        own = rng.random() < 0.25  # planned apart from the others
        thickness = rng.uniform(5, 7.5) if own else self.thickness_mm
        pixel = rng.uniform(2.7, 3.3) if own else self.pixel_mm
        shape = (*(int(round(f / pixel)) for f in FIELD_OF_VIEW_MM), int(round(COVERAGE_MM / thickness)))
        affine = _slices(shape, (pixel, pixel, thickness), self.tilt + rng.normal(0, 0.01, 3), rng.normal(0, 2, 3))
        motion = _rigid(rng.normal(0, 0.012, 3), rng.normal(0, 0.6, 3)) if self.noise else np.eye(4)
        to_grid = np.linalg.inv(grid_affine()) @ motion @ affine
        sources = ("B0", "DWI") if name == "ADC" else (name,)
        slices = [_sample(contrasts[source], to_grid, shape, thickness) for source in sources]
        level = np.percentile(slices[0][slices[0] > 0.05 * slices[0].max()], 50)
        sensitivity = self._sensitivity(shape, rng)
        slices = [self._measured(s * sensitivity, level, rng) for s in slices]
        image = _adc(*slices, level) if name == "ADC" else slices[-1] * (rng.uniform(250, 900) / level)
        stored = nib.Nifti1Image(np.clip(np.round(image), 0, 32767).astype(np.int16), offset @ affine)
        code = "LPS" if own else self.code
        return _reorient(stored, code)

    def _sensitivity(self, shape, rng: np.random.Generator) -> np.ndarray:
        if not self.noise:
            return np.ones(shape, np.float32)
        a, b, c, d, e, f = self.bias + rng.normal(0, 0.015, 6)
        x, y, z = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
        # Brighter towards the coil, and a slope that differs from patient to patient.
        field = a * x + b * y + c * z + d * x * y + e * y * z + f * x * z + 0.07 * (x**2 + y**2)
        return np.exp(field).astype(np.float32)

    def _measured(self, signal: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
        """Return the magnitude of the signal with Gaussian noise in both channels (Rician)."""
        if not self.noise:
            return signal
        spread = np.float32(level / self.snr)
        real = signal + spread * rng.standard_normal(signal.shape, dtype=np.float32)
        return np.hypot(real, spread * rng.standard_normal(signal.shape, dtype=np.float32))


def _adc(b0: np.ndarray, weighted: np.ndarray, level: float) -> np.ndarray:
    """Return the ADC map in 10^-6 mm2/s, as scanners store it; 0 where the image has no signal."""
    adc = apparent_diffusion(b0, weighted, b_value=B_VALUE)
    return np.where(b0 > 0.3 * level, np.clip(1000 * adc, 0, 4000), 0)


def _slices(shape, spacing_mm, tilt, centre_mm) -> np.ndarray:
    """Return the affine of axial slices with a small tilt, centred on the head."""
    affine = _rigid(tilt, np.array([0, -17, 8]) + centre_mm) @ np.diag([*spacing_mm, 1.0])
    middle = np.eye(4)
    middle[:3, 3] = -(np.array(shape) - 1) / 2
    return affine @ middle


def _rigid(turn_rad, shift_mm) -> np.ndarray:
    """Return the ``(4, 4)`` matrix that turns about x, y, z and shifts."""
    a, b, c = turn_rad
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = about_x @ about_y @ about_z, shift_mm
    return matrix


def _sample(volume: np.ndarray, to_grid: np.ndarray, shape, thickness_mm: float) -> np.ndarray:
    """Return slices of the given thickness: the profile is a Gaussian of the box's standard deviation."""
    blurred = ndimage.gaussian_filter1d(volume, thickness_mm / np.sqrt(12) / GRID_MM, axis=2, truncate=2.5)
    return ndimage.affine_transform(blurred, to_grid[:3, :3], to_grid[:3, 3], output_shape=shape, order=1)


def _reorient(image: nib.Nifti1Image, code: str) -> nib.Nifti1Image:
    """Return the same image with its array axes stored in the order `code`; the affine follows."""
    target = nib.orientations.axcodes2ornt(tuple(code))
    here = nib.io_orientation(image.affine)
    return image.as_reoriented(nib.orientations.ornt_transform(here, target))
