"""Doubts about the geometry that headers state: a side, a spacing that may be wrong, slices that may be missing."""

from collections.abc import Iterator, Mapping, Sequence

import nibabel as nib
import numpy as np

_SIZES_DIFFER, _AXES_DIFFER = 0.02, 0.98
_LARGEST_HEAD_MM, _SMALLEST_HEAD_MM = 350.0, 60.0
"""Choice: of the field of view along an axis: a brain is more than 100 mm high, a head less than 300 mm long."""

_DISTANCES = ("SpacingBetweenSlices", "SliceThickness")
_COUNTS = ("ImagesInAcquisition", "NumberOfSlices")


def geometry_doubts(image: nib.spatialimages.SpatialImage) -> list[str]:
    """Return what makes the geometry of a file doubtful though it can be read, a remark each; empty for none."""
    return list(_doubts(image)) if isinstance(image, nib.Nifti1Image) else []


def _doubts(image: nib.Nifti1Image) -> Iterator[str]:
    s_code, q_code = (int(image.header[f"{form}_code"]) for form in ("sform", "qform"))
    if not s_code and not q_code:
        yield "its header states no orientation: left and right are taken as usual, look at them"
    if s_code and q_code:
        try:
            sform, qform = image.get_sform(), image.get_qform()  # a quaternion may be none
            turned = np.abs(nib.affines.voxel_sizes(sform) / nib.affines.voxel_sizes(qform) - 1).max() > _SIZES_DIFFER
            cosines = (sform[:3, :3] * qform[:3, :3]).sum(0) / np.linalg.norm(sform[:3, :3], axis=0)
            turned = turned or (cosines / np.linalg.norm(qform[:3, :3], axis=0)).min() < _AXES_DIFFER
        except (np.linalg.LinAlgError, ValueError, ZeroDivisionError):
            turned = True
        if turned:
            yield ("sform and qform of its header disagree about orientation or spacing (the sform is used): a side in "
                   "its report may be the other one, look at it")  # fmt: skip
    yield from field_doubts(image)


def field_doubts(image: nib.spatialimages.SpatialImage) -> list[str]:
    """Return a remark where the field of view of a volume is not that of a head; empty where it is.

    Where the header states 1 mm in all directions, as programs do that know no spacing, the remark is another.
    """
    if len(image.shape) < 3:
        return []
    spacing = nib.affines.voxel_sizes(image.affine)
    field = spacing * image.shape[:3]
    if field.min() >= _SMALLEST_HEAD_MM and field.max() <= _LARGEST_HEAD_MM:
        return []
    sizes = " × ".join(f"{size:.0f}" for size in field)
    if np.allclose(spacing, 1):
        return [f"by its header every voxel is 1 mm and the field of view {sizes} mm, which fits no head: its true "
                "spacing was probably lost"]  # fmt: skip
    return [f"its field of view is {sizes} mm, which is no whole head: a slab of it, more than it, or a wrong spacing"]


def slice_doubts(headers: Sequence[Mapping]) -> list[str]:
    """Return what makes the geometry of the slices of a DICOM series doubtful, a remark each; empty for none.

    Files of several frames, and mosaics, have their geometry elsewhere.

    Parameters
    ----------
    headers : sequence of mapping
        Of each slice, as `ingest.dicom.read_slices` reads it.
    """
    several = any(one["NumberOfFrames"] not in (None, 1, "1") for one in headers)
    several = several or any("MOSAIC" in (one["ImageType"] or ()) for one in headers)
    return list(_gap_in_numbers(headers)) if several else [*_unplaced(headers), *_left_out(headers)]


def _unplaced(headers: Sequence[Mapping]) -> Iterator[str]:
    if not all(one["ImagePositionPatient"] and one["ImageOrientationPatient"] for one in headers):
        yield ("its headers state no position or orientation of its slices: their order, left and right are taken as "
               "usual, look at them")  # fmt: skip
    unmeasured = not all(one["PixelSpacing"] for one in headers)
    if unmeasured or not any(headers[0][key] for key in ("ImagePositionPatient", *_DISTANCES)):
        yield "its headers state no spacing of its pixels or slices: it is taken for 1 mm, which is rarely true"


def _left_out(headers: Sequence[Mapping]) -> Iterator[str]:
    """Yield a remark where fewer slices are there than their headers count; a derived series has its source's count."""
    derived = "DERIVED" in (headers[0]["ImageType"] or ())
    counts = [int(n) for key in _COUNTS if (n := str(headers[0][key])).isdecimal() and not derived]
    if len(headers) < max(counts, default=0):
        yield f"its header counts {max(counts)} slices, {len(headers)} are there: the others may have been left out"
    else:
        yield from _gap_in_numbers(headers)


def _gap_in_numbers(headers: Sequence[Mapping]) -> Iterator[str]:
    """Yield a remark where instance numbers are missing: slices left out at an end leave no gap in space.

    Numbers may count over several series of an examination, so this alone sets nothing aside.
    """
    numbers = {int(n) for one in headers if (n := one["InstanceNumber"]).isdigit()}
    missing = max(numbers, default=0) - len(numbers)
    if len(numbers) == len(headers) and 0 < missing < len(numbers) and min(numbers) - 1 <= missing:
        yield f"{missing} of its instance numbers are missing: slices may have been left out at an end"
