"""Volumes as they come from a scanner, to time reading with: a head of noise, 160 × 180 × 24 voxels."""

import os
from pathlib import Path

import numpy as np

SHAPE = (24, 180, 160)
SPACING_MM = (6.0, 1.3, 1.3)
_DISTINCT = 16


def raw_volume(seed: int) -> np.ndarray:
    """Return voxels (D, H, W) uint16: an ellipsoid of noise in a background of weaker noise, as hard to compress."""
    rng = np.random.default_rng(seed)
    grid = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in SHAPE), indexing="ij", sparse=True)
    head = sum((axis / 0.85) ** 2 for axis in grid) < 1
    return np.where(head, rng.normal(600, 80, SHAPE), np.abs(rng.normal(0, 15, SHAPE))).astype(np.uint16)


def write_volumes(folder: Path, count: int) -> list[Path]:
    """Write so many NIfTI files; `_DISTINCT` of them differ, the others are links to these."""
    import nibabel as nib

    files: list[Path] = []
    for i in range(count):
        path = folder / f"{i:06d}_T1.nii.gz"
        if i < _DISTINCT:
            nib.save(nib.Nifti1Image(raw_volume(i).transpose(2, 1, 0), np.diag([*SPACING_MM[::-1], 1.0])), path)
        else:
            os.link(files[i % _DISTINCT], path)
        files.append(path)
    return files
