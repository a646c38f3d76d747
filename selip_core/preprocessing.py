"""From a raw volume to model input: one function for training, evaluation and use (method.md 1).

The volume is oriented to RAS+, smoothed where the target grid is coarser, and put onto that grid by one linear
interpolation, its field of view centred on the head. Only nibabel, numpy and scipy: workers start fast.
"""

import gzip
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
from scipy import ndimage

from selip_core._utils.file_kinds import what_it_is
from selip_core._utils.hashing import digest
from selip_core._utils.labels import as_labels
from selip_core.errors import SelipError

if TYPE_CHECKING:
    import torch

VERSION = 1
"""Raised by hand whenever `preprocess` or `preprocess_mask` gives other numbers for the same file.

tests/test_preprocessing.py holds their numbers and fails where this is forgotten. All else that is finished hangs on a
fingerprint of the code (`selip_core._utils.hashing.code_fingerprint`), which any edit may change: what is lost is time.
This one is a promise that a model carries away, to other machines and into later versions: it must outlive every
rewriting that leaves the numbers as they are, and only a declared number does.
"""

OPTIONS = ("spacing_mm", "shape", "clip_percentiles")
"""Keyword arguments of `preprocess`: what `fingerprint` takes of settings."""

FOREGROUND_SHARE = 0.15
"""Choice: foreground is above this share of the 99th percentile, after light smoothing."""

TOP_MARGIN_MM = 6.0
SPACING_RANGE_MM = (0.1, 30.0)
NIFTI_ENDINGS = (".nii", ".nii.gz")
_UNITS = {1: "meter", 3: "micron"}
"""Of NIfTI's codes for lengths, those that are not the millimetre or unknown."""
MIN_VOXELS = (2, 8, 8)
"""Choice: fewest voxels along the axes, shortest first: no head is to be seen in less."""


class VolumeError(SelipError):
    """A volume cannot be used; the message names the file and says why."""


def is_nifti_name(name: str) -> bool:
    """Return whether a file is named like NIfTI, in any case: workstations write ``SCAN.NII.GZ``."""
    return name.lower().endswith(NIFTI_ENDINGS)


def load_volume(path: str | Path) -> tuple[np.ndarray, np.ndarray, dict]:
    """Return the voxels (R, A, S) float32, the affine of the RAS+ array, and the quality that `check_volume` returns.

    Raises
    ------
    VolumeError
        If the file is missing, unreadable or cut off, is not three-dimensional, is too small, constant or holds values
        that are no real numbers, or its spacing is impossible.
    """
    path = Path(path)
    image, voxels, stated_mm = _read(path)
    if not (np.issubdtype(voxels.dtype, np.floating) or np.issubdtype(voxels.dtype, np.integer)
            or voxels.dtype == np.bool_):  # fmt: skip
        raise VolumeError(f"{path}: voxels of type {voxels.dtype} are no grey values; export the magnitude image")
    shape = voxels.shape
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim != 3:
        raise VolumeError(f"{path}: {voxels.ndim}-D with shape {shape}, not 3-D; give one volume a file")
    if any(n < least for n, least in zip(sorted(voxels.shape), MIN_VOXELS, strict=True)):
        raise VolumeError(f"{path}: shape {shape} has fewer than 2 × 8 × 8 voxels; give the whole series")
    _check_geometry(path, image, stated_mm)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused with the rest
        voxels = voxels.astype(np.float32)
    finite = np.isfinite(voxels)
    if not finite.all():
        raise VolumeError(
            f"{path}: {np.sum(~finite)} voxels ({np.mean(~finite):.1%}) are NaN or infinite; "
            "write zeros there, or export it again"
        )
    if voxels.max() == voxels.min():
        raise VolumeError(f"{path}: every voxel is {voxels.flat[0]:g}; the volume is empty, export it again")
    canonical = nib.as_closest_canonical(nib.Nifti1Image(voxels, image.affine))
    spacing = nib.affines.voxel_sizes(image.affine)
    quality = {
        "shape": "×".join(map(str, voxels.shape)), "spacing_mm": "×".join(f"{s:.2f}" for s in spacing),
        "orientation": "".join(nib.aff2axcodes(image.affine)),
        "p1": float(np.percentile(voxels, 1)), "p99": float(np.percentile(voxels, 99)),
    }  # fmt: skip
    return np.asarray(canonical.dataobj, dtype=np.float32), canonical.affine, quality


def _read(path: Path):
    """Return the image, its voxels, and the spacing that `_stated_spacing` finds.

    Raises
    ------
    VolumeError
        If the file is missing, or what it states of itself is not what it holds.
    """
    if not (path.is_file() or path.is_dir()):  # of a folder `what_it_is` tells
        raise VolumeError(f"{path}: no such file; correct its path, or put it there")
    try:
        with nib.imageglobals.LoggingOutputSuppressor(), usually_named(path) as named:  # nibabel reports what it mends
            image = nib.load(named)
            voxels = np.asanyarray(image.dataobj)
            stated_mm = _stated_spacing(named, image)
            _check_size(named, image)
    except Exception as error:  # a damaged header makes nibabel raise nearly anything
        known = what_it_is(path)
        reason = known or f"cannot be read as a volume ({_first_line(error)}); export it again"
        raise VolumeError(f"{path}: {reason}") from None
    if not isinstance(image, nib.spatialimages.SpatialImage):  # CIFTI, which is named .nii all the same
        raise VolumeError(f"{path}: values on the surface of the brain (CIFTI), no volume; give the volume they are of")
    return image, voxels, stated_mm


@contextmanager
def usually_named(path: Path) -> Iterator[Path]:
    """Give a file under a name that nibabel reads: it knows ``.nii.gz``, and ``.NII.GZ``, but no mixture."""
    if path.name.endswith(NIFTI_ENDINGS) or not is_nifti_name(path.name):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / ("volume.nii.gz" if path.name.lower().endswith(".gz") else "volume.nii")
        link.symlink_to(path.resolve())
        yield link


def check_header(path: str | Path) -> nib.spatialimages.SpatialImage:
    """Check what a file of any number of volumes states of itself; return it as nibabel reads it.

    Raises
    ------
    VolumeError
        If it is missing or unreadable, holds another number of voxels than it states, or its spacing is impossible.
    """
    path = Path(path)
    image, _, stated_mm = _read(path)
    _check_geometry(path, image, stated_mm)
    return image


def check_volume(path: str | Path) -> dict:
    """Return what a volume's header and voxels say: shape, spacing_mm, orientation, p1, p99.

    ``orientation`` is of the file (``LPS``); the percentiles are of the raw intensities.

    Raises
    ------
    VolumeError
        If the volume cannot be used, see `load_volume`.
    """
    return load_volume(path)[2]


def _stated_spacing(path: Path, image) -> np.ndarray | None:
    """Return the spacing as the file itself states it where the affine comes from it: nibabel turns zeros into 1 mm."""
    header = image.header
    if not isinstance(image, nib.Nifti1Image) or int(header["sform_code"]) > 0:
        return None
    with nib.openers.ImageOpener(path) as file:
        return type(header).from_fileobj(file, check=False)["pixdim"][1:4]


def _check_size(path: Path, image) -> None:
    """Raise ValueError if a NIfTI file holds a slice more than its header states: its dimensions or type are wrong.

    Reading to the end also lets gzip compare its checksum.
    """
    if not isinstance(image, nib.Nifti1Image):
        return
    slice_bytes = int(np.prod(image.shape[:2])) * image.get_data_dtype().itemsize
    with nib.openers.ImageOpener(path) as file:
        file.seek(image.dataobj.offset + slice_bytes * int(np.prod(image.shape[2:])))
        try:
            more = len(file.read(slice_bytes))
        except gzip.BadGzipFile as error:
            if not str(error).startswith("Not a gzipped file"):
                raise
            more = 0  # bytes behind the gzip stream, whose checksum was right: some exports pad files
        if slice_bytes and more == slice_bytes:
            raise ValueError(f"it holds more than the {'×'.join(map(str, image.shape))} voxels that its header states")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _check_geometry(path: Path, image: nib.spatialimages.SpatialImage, stated_mm: np.ndarray | None) -> None:
    affine = image.affine
    unit = _UNITS.get(int(image.header["xyzt_units"]) & 7) if isinstance(image, nib.Nifti1Image) else None
    if unit:
        raise VolumeError(f"{path}: its header gives sizes in {unit}s; convert it to millimetres")
    missing = stated_mm is not None and not (np.abs(stated_mm) > 0).all()
    if missing or not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-6:
        raise VolumeError(f"{path}: the header has no usable affine (zero or missing spacing); convert it again")
    spacing = nib.affines.voxel_sizes(affine)
    low, high = SPACING_RANGE_MM
    if spacing.min() < low or spacing.max() > high:
        sizes = " × ".join(f"{s:g}" for s in spacing)
        raise VolumeError(f"{path}: voxels of {sizes} mm, outside {low:g} to {high:g} mm; the header must be wrong")


def preprocess_array(
    path: str | Path,
    *,
    spacing_mm: tuple[float, float, float],
    shape: tuple[int, int, int],
    clip_percentiles: tuple[float, float],
    target: np.ndarray | None = None,
) -> tuple[np.ndarray, dict]:
    """Return the model input (D, H, W) float32 as an array, and the header's quality; see `preprocess`.

    `target` is the grid of another volume of the same study, from `target_affine`, for what is to lie voxel on voxel.
    """
    _check_options(spacing_mm=spacing_mm, shape=shape, clip_percentiles=clip_percentiles)
    voxels, affine, quality = load_volume(path)
    own = _target_affine(path, voxels, affine, spacing_mm, shape)  # refuses a volume without a head in any case
    target = own if target is None else target
    factor = np.maximum(np.array(spacing_mm[::-1]) / nib.affines.voxel_sizes(affine), 1.0)
    smooth = ndimage.gaussian_filter(voxels, (factor - 1) / 2) if factor.max() > 1.2 else voxels
    sampled = _onto(smooth, affine, target, shape, cval=float(np.percentile(voxels, 0.1)))
    low, high = np.percentile(sampled, clip_percentiles)
    if high <= low:
        raise VolumeError(f"{path}: constant inside the field of view; look at it, or leave it out")
    clipped = sampled.clip(low, high)
    head = clipped > low + FOREGROUND_SHARE * (high - low)
    values = clipped[head] if head.any() else clipped
    normalised = (clipped - values.mean()) / max(float(values.std()), 1e-6 * (high - low))
    return np.ascontiguousarray(normalised.transpose(2, 1, 0), dtype=np.float32), quality  # (R, A, S) -> (D, H, W)


def _check_options(
    *, spacing_mm: Sequence[float] = (1, 1, 1), shape: Sequence[int] = (1, 1, 1),
    clip_percentiles: Sequence[float] = (0, 100),
) -> None:  # fmt: skip
    """Raise SelipError, which names the option, where no volume could meet one: no VolumeError, for no file is bad."""
    if not (_are_numbers(spacing_mm, 3) and min(spacing_mm) > 0):
        raise SelipError(f"spacing_mm must be three sizes above 0 (D, H, W), not {spacing_mm!r}")
    if not (_are_numbers(shape, 3) and min(shape) > 0 and all(size == int(size) for size in shape)):
        raise SelipError(f"shape must be three whole numbers above 0 (D, H, W), not {shape!r}")
    if not (_are_numbers(clip_percentiles, 2) and 0 <= clip_percentiles[0] < clip_percentiles[1] <= 100):
        raise SelipError(f"clip_percentiles must be (low, high), 0 <= low < high <= 100, not {clip_percentiles!r}")


def _are_numbers(values: object, count: int) -> bool:
    several = isinstance(values, Iterable) and not isinstance(values, str) and len(list(values)) == count
    return several and all(isinstance(value, Real) and np.isfinite(value) for value in values)


def target_affine(
    path: str | Path, *, spacing_mm: tuple[float, float, float], shape: tuple[int, int, int]
) -> np.ndarray:
    """Return the (4, 4) affine, RAS, of the grid that `preprocess` puts a volume onto; errors as there."""
    _check_options(spacing_mm=spacing_mm, shape=shape)
    voxels, affine, _ = load_volume(path)
    return _target_affine(path, voxels, affine, spacing_mm, shape)


def preprocess_mask(
    path: str | Path, target: np.ndarray, *, values: tuple[int, ...], shape: tuple[int, int, int]
) -> np.ndarray:
    """Return a mask (D, H, W) bool on the grid of `target`: voxels that it fills by half or more.

    Parameters
    ----------
    path : str or Path
        NIfTI file in the space of the study, on any grid.
    target : (4, 4)
        From `target_affine` of the volume that the mask belongs to.
    values : tuple of int
        Voxel values that count; empty for all that are not 0.
    shape : (D, H, W)

    Raises
    ------
    VolumeError
        If the file cannot be used as a mask.
    SelipError
        If `shape` is not three whole numbers of at least 1.
    """
    _check_options(shape=shape)
    path = Path(path)
    try:
        with usually_named(path) as named:
            image = nib.as_closest_canonical(nib.load(named))
            voxels = np.asanyarray(image.dataobj)
    except Exception as error:  # a damaged header makes nibabel raise nearly anything
        raise VolumeError(f"{path}: cannot be read as a mask ({_first_line(error)}); export it again") from None
    labels, reason = as_labels(voxels)
    if reason:
        raise VolumeError(f"{path}: {reason}")
    _check_geometry(path, image, None)
    inside = (np.isin(labels, values) if values else labels != 0).astype(np.float32)
    spacing = nib.affines.voxel_sizes(image.affine)
    factor = np.maximum(np.linalg.norm(target[:3, :3], axis=0) / spacing, 1.0)
    # averaged over the target's voxel, so that a share of one half decides
    sampled = _onto(ndimage.gaussian_filter(inside, (factor - 1) / 2), image.affine, target, shape, cval=0.0)
    return np.ascontiguousarray(sampled.transpose(2, 1, 0) >= 0.5)


def _onto(voxels: np.ndarray, affine: np.ndarray, target: np.ndarray, shape, cval: float) -> np.ndarray:
    """Return voxels (R, A, S) on the grid of `target`, by one linear interpolation."""
    to_source = np.linalg.inv(affine) @ target
    size = tuple(np.array(shape[::-1]))
    return ndimage.affine_transform(voxels, to_source[:3, :3], to_source[:3, 3], size, order=1, cval=cval)


def _target_affine(path, voxels: np.ndarray, affine: np.ndarray, spacing_mm, shape) -> np.ndarray:
    """Return the affine of the target grid, its field of view centred on the head."""
    spacing_ras, shape_ras = np.array(spacing_mm[::-1], float), np.array(shape[::-1])
    foreground = _foreground(voxels)
    if not foreground.any():
        raise VolumeError(f"{path}: no head was found above the background; look at it, or leave it out")
    centre = _centre_mm(foreground, affine, spacing_ras[2] * shape_ras[2])
    target = np.diag([*spacing_ras, 1.0])
    target[:3, 3] = centre - spacing_ras * (shape_ras - 1) / 2
    return target


def _foreground(voxels: np.ndarray) -> np.ndarray:
    """Return the head as (R, A, S) bool: smoothed, so that single noisy background voxels stay out."""
    step = tuple(max(n // 96, 1) for n in voxels.shape)  # finding the head needs no full resolution
    coarse = voxels[:: step[0], :: step[1], :: step[2]]
    level = np.percentile(coarse, 0.1)
    coarse = ndimage.uniform_filter(coarse - level, 3)
    mask = coarse > FOREGROUND_SHARE * np.percentile(coarse, 99)
    return mask.repeat(step[0], 0).repeat(step[1], 1).repeat(step[2], 2)[tuple(slice(n) for n in voxels.shape)]


def _centre_mm(foreground: np.ndarray, affine: np.ndarray, height_mm: float) -> np.ndarray:
    """Return the centre of the field of view in RAS mm: the middle of the head, or hung from its top if it is taller.

    The bounding box leaves out the outermost 0.5 % on each side. A scan that reaches down the neck would otherwise
    pull the brain out of the field of view.
    """
    low, high = np.zeros(3), np.zeros(3)
    for axis in range(3):
        share = np.cumsum(foreground.sum(axis=tuple(i for i in range(3) if i != axis)))
        low[axis], high[axis] = np.searchsorted(share, np.array([0.005, 0.995]) * share[-1])
    centre = (affine @ np.r_[(low + high) / 2, 1])[:3]
    top = (affine @ np.r_[(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[2], 1])[2]
    bottom = (affine @ np.r_[(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2], 1])[2]
    if top - bottom > height_mm - TOP_MARGIN_MM:
        centre[2] = top + TOP_MARGIN_MM - height_mm / 2
    return centre


def preprocess(
    path: str | Path,
    *,
    spacing_mm: tuple[float, float, float] = (8.0, 4.0, 4.0),
    shape: tuple[int, int, int] = (16, 48, 40),
    clip_percentiles: tuple[float, float] = (0.1, 99.9),
) -> "torch.Tensor":
    """Return the model input of one volume.

    Parameters
    ----------
    path : str or Path
        A NIfTI file, or what else nibabel reads.
    spacing_mm : (D, H, W) voxel size of the model input, millimetres
    shape : (D, H, W) voxels of the model input
    clip_percentiles : (low, high), percent

    Returns
    -------
    torch.Tensor
        ``(1, D, H, W)`` float32: D from inferior to superior, H from posterior to anterior, W from left to right;
        foreground mean 0 and standard deviation 1.

    Raises
    ------
    VolumeError
        If the volume cannot be used; the message names the file and says why.
    SelipError
        If an option cannot be met: sizes above 0, shape of whole numbers, percentiles 0 <= low < high <= 100.
    """
    import torch

    array, _ = preprocess_array(path, spacing_mm=spacing_mm, shape=shape, clip_percentiles=clip_percentiles)
    return torch.from_numpy(array)[None]


def fingerprint(settings: dict) -> str:
    """Return the fingerprint of settings (keyword arguments of `preprocess`) and of this code's version."""
    values = [settings[key] for key in OPTIONS]
    return digest(str(VERSION), *(str([float(x) for x in value]) for value in values))
