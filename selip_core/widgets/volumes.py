"""What a viewer is sent: a volume as a NIfTI file, and the saliency of a text in it."""

import gzip
from functools import lru_cache

import nibabel as nib
import numpy as np

from selip_core.explore.explorer import Explorer
from selip_core.explore.own_volume import OwnVolume


def nifti_bytes(volume: np.ndarray, spacing_mm: tuple[float, float, float]) -> bytes:
    """Return a preprocessed volume (D, H, W) as a gzipped NIfTI file in RAS, millimetres, centred on the origin.

    Parameters
    ----------
    volume : (D, H, W)
        From inferior to superior, posterior to anterior, left to right.
    spacing_mm : (D, H, W)
    """
    voxels = np.ascontiguousarray(np.asarray(volume, dtype=np.float32).transpose(2, 1, 0))  # (R, A, S)
    spacing = np.array(spacing_mm[::-1], dtype=float)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(voxels.shape) - 1) / 2
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=1, mtime=0)


@lru_cache(maxsize=8)
def positive_saliency(explorer: Explorer, shown: int | OwnVolume, text: str) -> np.ndarray:
    """Return what speaks for a text in a volume, (D, H, W) float32, 0 and more; computed once for all viewers."""
    from selip_core.inspection.saliency import volume_saliency

    volume = explorer.volume(shown) if isinstance(shown, int) else shown.volume
    return np.maximum(np.asarray(volume_saliency(explorer.model, volume, text), dtype=np.float32), 0)
