"""One series of a source into one clean NIfTI file of a cohort, and what is to be said of it."""

import base64
import errno
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from selip_core._utils.labels import as_labels
from selip_core.datasets.sequences import BY_TIMES_ALONE, LOW_B_VALUE, b_values_of_text
from selip_core.errors import SelipError
from selip_core.ingest.conversion import convert, write_clean
from selip_core.ingest.geometry import field_doubts, geometry_doubts
from selip_core.ingest.layouts import FoundSeries
from selip_core.ingest.own_slices import TYPICAL_B_VALUE
from selip_core.ingest.quality import thumbnail
from selip_core.preprocessing import VolumeError, check_header, check_volume, is_nifti_name

RELEASED_FIELD_MM = (144.0, 230.0, 230.0)
"""Choice: field of view (D, H, W) of arrays of the released layout, which come without geometry: a head in a coil."""
MOST_FILLED = 0.5
"""Choice: a mask that fills more of a volume is looked at: background is rarely less than the half of it."""
WHOLE_MM = 100.0
"""Choice: a series that extends so far along its slices is no thin slab; beyond that more slices are better."""
_TOO_SMALL = re.compile(r"shape \(([^)]*)\) has (?=fewer than)")


@dataclass(frozen=True)
class Task:
    """One series, the file that it becomes, and the folder for work in progress (on the same disk)."""

    series: FoundSeries
    target: Path
    work: Path

    @property
    def key(self) -> str:
        """Return what tells this task from others: files with size and time of change, and the place they go to."""
        parts = [str(self.target), self.series.reason, str(self.series.sequence)]
        for path in self.series.files:
            state = path.stat()
            parts.append(f"{path.name} {state.st_size} {state.st_mtime_ns}")
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def process_series(task: Task) -> dict:
    """Write the volume of a series that can be used; return what the quality report says of it.

    Returns
    -------
    dict with ``reason`` (empty where it was written), ``shape``, ``spacing_mm``, ``orientation``, ``rank`` (more is
    better, among series of one sequence in a study), ``thumbnail`` (base64, may be empty) and ``notes``

    Raises
    ------
    SelipError
        If the disk is full.
    """
    found = {"reason": "", "shape": "", "spacing_mm": "", "orientation": "", "rank": [], "thumbnail": "", "notes": []}
    with tempfile.TemporaryDirectory(dir=task.work) as name:
        volume = Path(name) / "volume.nii.gz"
        try:
            if is_nifti_name(task.series.files[0].name):
                found["notes"] = geometry_doubts(check_header(task.series.files[0]))
            found["reason"] = _write(task.series, volume)
            if not found["reason"] and not task.series.reason:
                quality = _quality(task.series, volume)
                found |= quality | {"notes": [*found["notes"], *quality["notes"]]}
        except VolumeError as error:
            found["reason"] = _in_users_words(str(error), task.series.files[0], volume)
            if shape := _TOO_SMALL.search(str(error)):
                found["shape"] = "×".join(re.findall(r"\d+", shape[1]))
        except Exception as error:  # one bad series never stops a cohort, whatever is wrong with it
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SelipError(
                    f"cannot write {task.target.parent}: {error.strerror}; free some space and run again"
                ) from None
            found["reason"] = f"cannot be read ({type(error).__name__}); export it again"
        found["reason"] = task.series.reason or found["reason"]
        picture = thumbnail(volume) if volume.exists() else None
        found["thumbnail"] = base64.b64encode(picture).decode() if picture else ""
        if not found["reason"]:
            task.target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(volume, task.target)
    return found


def _in_users_words(message: str, *paths: Path) -> str:
    """Return a message without the paths of files, wherever they stand: they may hold names, or be of this machine.

    The size of what is too small goes too: it is told beside, so that all such series are counted together.
    """
    message = _TOO_SMALL.sub("a single slice, or too small: ", message)
    for path in paths:
        for form in (str(path), path.as_posix(), path.name):
            message = message.replace(form, "the file")
    return message.removeprefix("the file: ")


def _write(series: FoundSeries, target: Path) -> str:
    first = series.files[0]
    if series.layout == "dicom":
        return convert(series.files, series.sequence, target)
    if first.suffix == ".npy":
        return _write_array(first, target)
    if series.sequence not in ("mask", "DWI"):  # a diffusion file may hold several volumes, a mask one value
        check_volume(first)
    return write_clean(first, target, sequence=series.sequence)


def _write_array(source: Path, target: Path) -> str:
    """Write an array (D, H, W) of the released layout, whose axes run as SimpleITK gives them: to S, P and L."""
    voxels = np.load(source, allow_pickle=False)
    voxels = voxels[0] if voxels.ndim == 4 and voxels.shape[0] == 1 else voxels
    if voxels.ndim != 3 or not np.issubdtype(voxels.dtype, np.number):
        return f"an array of shape {voxels.shape} and type {voxels.dtype}, not of three axes of numbers"
    spacing = np.array(RELEASED_FIELD_MM) / voxels.shape
    affine = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
    nib.save(nib.Nifti1Image(np.asarray(voxels.transpose(2, 1, 0), np.float32), affine), target)
    return ""


def _quality(series: FoundSeries, path: Path) -> dict:
    if series.sequence == "mask":
        image = nib.load(path)
        labels, reason = as_labels(np.asanyarray(image.dataobj))
        if reason:
            raise VolumeError(f"{path}: {reason}")
        spacing = "×".join(f"{s:.2f}" for s in nib.affines.voxel_sizes(image.affine))
        return {"shape": "×".join(map(str, image.shape)), "spacing_mm": spacing, "notes": _doubts_of_mask(labels),
                "orientation": "".join(nib.aff2axcodes(image.affine)), "rank": [0]}  # fmt: skip
    quality = check_volume(path)
    told = {key: quality[key] for key in ("shape", "spacing_mm", "orientation")}
    notes = field_doubts(nib.load(path)) if series.layout == "dicom" else []  # of others the file has been doubted
    return {**told, "rank": _rank(series, path), "voxels": _voxels(path), "notes": notes}


def _voxels(path: Path) -> str:
    """Return the fingerprint of a volume's voxels in one orientation, whichever file they came from."""
    image = nib.as_closest_canonical(nib.load(path))
    return hashlib.blake2b(np.ascontiguousarray(image.dataobj, np.float32).tobytes(), digest_size=16).hexdigest()


def _doubts_of_mask(labels: np.ndarray) -> list[str]:
    filled = float(np.mean(labels != 0))
    if filled > MOST_FILLED:
        return [f"a mask that fills {filled:.0%} of the volume: look whether it is that of a lesion"]
    return [] if filled else ["a mask that fills no voxel"]


def _rank(series: FoundSeries, path: Path) -> list[float]:
    """Return how well a volume stands for its sequence.

    Choice: called by its sequence first, axial or isotropic, a whole head before a slab of it, the most slices; of
    diffusion the b-value nearest to 1000.
    """
    named = BY_TIMES_ALONE not in series.notes
    beside = -abs(_b_value(series) - TYPICAL_B_VALUE) if series.sequence == "DWI" else 0.0
    return [float(named), *_rank_of_geometry(path), beside]


def _b_value(series: FoundSeries) -> float:
    """Return the b-value of a diffusion series, s/mm²; the weakest there is where nothing tells it."""
    told = [*b_values_of_text(series.description), series.b_value]
    told = [b for b in told if b is not None and b >= LOW_B_VALUE]
    return min(told, key=lambda b: abs(b - TYPICAL_B_VALUE), default=LOW_B_VALUE)


def _rank_of_geometry(path: Path) -> list[float]:
    image = nib.load(path)
    spacing = nib.affines.voxel_sizes(image.affine)
    through = int(np.argmax(spacing))
    axial = nib.aff2axcodes(image.affine)[through] in "SI" or spacing.max() < 1.5 * spacing.min()
    whole = (spacing * image.shape).min() >= WHOLE_MM  # a slab is shortest along its slices
    return [float(axial), float(whole), float(image.shape[through]), -float(spacing.max())]
