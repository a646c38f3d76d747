"""Volumes as bytes of a file, their slices as radiologists look at them, and small pictures of those."""

import gzip
import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import nibabel as nib


def nifti_bytes(image: "nib.Nifti1Image") -> bytes:
    """Return an image as a ``.nii.gz`` file, without a time stamp: equal images are equal bytes."""
    return gzip.compress(image.to_bytes(), compresslevel=1, mtime=0)


def axial_slice(volume: np.ndarray, depth: int | None = None) -> np.ndarray:
    """Return a slice of (D, H, W), the middle one where left out, seen from the feet: patient's left right, nose up."""
    depth = volume.shape[0] // 2 if depth is None else depth
    return volume[depth][::-1, ::-1]


def thumbnail_png(volume: np.ndarray, depth: int | None = None, *, height: int = 96) -> bytes:
    """Return an axial slice of (D, H, W) as PNG, seen from the feet: the patient's left on the right, nose up.

    Parameters
    ----------
    depth : int, optional
        The slice; the middle one where left out.
    height : int
        Pixels; voxels are square on it.
    """
    from PIL import Image

    image = axial_slice(volume, depth)
    low, high = np.percentile(image, [1, 99.5])
    grey = ((image - low) / max(high - low, 1e-6)).clip(0, 1) * 255
    size = (round(height * image.shape[1] / image.shape[0]), height)
    buffer = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR).save(buffer, "PNG")
    return buffer.getvalue()
