"""Doubts about the geometry that a NIfTI header states: a side, a spacing that may be wrong."""

from collections.abc import Iterator

import nibabel as nib
import numpy as np

_SIZES_DIFFER, _AXES_DIFFER = 0.02, 0.98
_LARGEST_HEAD_MM, _SMALLEST_HEAD_MM = 350.0, 60.0
"""Choice: of the field of view, where the header states 1 mm in all directions, as programs do that know no spacing."""


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
    spacing = nib.affines.voxel_sizes(image.affine)
    field = spacing * image.shape[:3] if len(image.shape) >= 3 else spacing
    if np.allclose(spacing, 1) and (field.max() > _LARGEST_HEAD_MM or field.min() < _SMALLEST_HEAD_MM):
        sizes = " × ".join(f"{size:.0f}" for size in field)
        yield f"by its header every voxel is 1 mm and the field of view {sizes} mm, which fits no head: its true "\
              "spacing was probably lost"
