"""Stacks of slices as TCGA-LGG is published (`selip_core.datasets.lgg`), each folder into three volumes and a mask."""

from collections import Counter, defaultdict
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image

from selip_core.datasets.lgg import SLICE, coded_sentences, patient_of_study, read_codes
from selip_core.errors import SelipError
from selip_core.ingest.layouts import FoundSeries

CHANNELS = ("T1", "FLAIR", "T1ce")
FIELD_MM, HEIGHT_MM = 240.0, 150.0
"""Choice: the files have no geometry. The field of view of most heads, and the height of the slices together."""
_NOTE = (
    "from slices without geometry: spacing estimated (a field of view of {:.0f} mm, {:.0f} mm over the slices); "
    "columns are taken to run to the patient's left, rows to posterior, slices up"
)


def is_slice(path: Path) -> bool:
    """Return whether a file is a slice, or the mask of one, in the folder of its study."""
    match = SLICE.fullmatch(path.name)
    return bool(match) and path.parent.name == match["study"]


def stacked_series(files: list[Path], work: Path) -> tuple[list[FoundSeries], list[tuple[str, str]]]:
    """Return the series of stacks of slices, written below `work` as NIfTI, and (path, reason) of what is none.

    A channel that repeats FLAIR, as the collection fills a sequence that was not acquired, is set aside.
    """
    studies: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        studies[path.parent].append(path)
    series, refused = [], []
    for folder, slices in sorted(studies.items()):
        try:
            series += _series_of(folder, slices, work / folder.name)
        except (OSError, ValueError, SelipError) as error:
            refused.append((str(folder), f"a stack of slices that cannot be read: {error}"))
    return series, refused


def _series_of(folder: Path, files: list[Path], target: Path) -> list[FoundSeries]:
    images, masks = {}, {}
    for path in files:
        match = SLICE.fullmatch(path.name)
        (masks if match["mask"] else images)[int(match["slice"])] = path
    numbers = sorted(images)
    if not numbers:
        raise SelipError("there are masks but no slices")
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise SelipError(f"slices are missing between {numbers[0]} and {numbers[-1]}")
    voxels = _stack([images[number] for number in numbers])
    if voxels.ndim != 4 or voxels.shape[3] != 3:
        raise SelipError("its slices are not of three channels")
    volumes = {name: voxels[..., i] for i, name in enumerate(CHANNELS)}
    reasons = {
        name: "repeats FLAIR: the sequence was not acquired" if np.array_equal(volume, volumes["FLAIR"]) else ""
        for name, volume in volumes.items() if name != "FLAIR"
    }  # fmt: skip
    if masks:
        volumes["mask"], reasons["mask"] = _mask(masks, numbers, voxels.shape[:3])
    study, notes = folder.name, (_NOTE.format(FIELD_MM, HEIGHT_MM),)
    return [
        FoundSeries(
            (_written(volume, target / f"{name}.nii.gz"),), patient_of_study(study), study, name,
            f"{study}: {name}", reasons.get(name, ""), "lgg", notes=notes,
        )
        for name, volume in volumes.items()
    ]  # fmt: skip


def _mask(masks: dict[int, Path], numbers: list[int], shape: tuple[int, ...]) -> tuple[np.ndarray, str]:
    """Return the mask of a stack, and why it cannot be used."""
    nothing = np.zeros(shape, np.uint8)
    if sorted(masks) != numbers:
        return nothing, "some of its slices have no mask"
    mask = _stack([masks[number] for number in numbers])
    if mask.shape != shape:
        return nothing, "its masks are not of one channel, or of another size than the slices"
    return (mask > 127).astype(np.uint8), ""


def _stack(paths: list[Path]) -> np.ndarray:
    """Return slices as (columns, rows, slices[, channels])."""
    slices = []
    for path in paths:
        with Image.open(path) as image:
            slices.append(np.asarray(image))
    sizes = Counter(one.shape for one in slices)
    if len(sizes) > 1:
        raise SelipError(f"its slices have {len(sizes)} sizes")
    return np.stack(slices).swapaxes(0, 2) if slices[0].ndim == 2 else np.stack(slices).transpose(2, 1, 0, 3)


def _written(volume: np.ndarray, path: Path) -> Path:
    """Write a volume (columns, rows, slices); of an interrupted call it may be there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        columns, rows, slices = volume.shape
        affine = np.diag([-FIELD_MM / columns, -FIELD_MM / rows, HEIGHT_MM / slices, 1.0])
        partial = path.with_name(f"partial-{path.name}")
        nib.save(nib.Nifti1Image(np.ascontiguousarray(volume), affine), partial)
        partial.replace(path)
    return path


def coded_texts(series: list[FoundSeries], roots: list[Path]) -> dict[str, dict[str, str]]:
    """Return what the table of codes beside stacks says of each of their studies, by sequence."""
    for root in roots:
        if (root / "data.csv").is_file() or (root / "clinical.csv").is_file():
            said = coded_sentences(read_codes(root))
            return {one.study_id: said[one.patient_id] for one in series if one.patient_id in said}
    return {}
