"""The voxels of a segmentation as whole labels, whatever type a program has stored them in."""

import numpy as np

NEARLY = 1e-3
"""Choice: labels that went through single precision are off by less; resampled ones, or 0 and 1/255, are not."""
MOST_LABELS = 1000
"""Choice: atlases of the brain have some hundred labels, grey values of an image are more."""


def as_labels(voxels: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the voxels of a mask as whole numbers (three axes), and why they are none; then as they are.

    What is not finite is background: programs write NaN where there is no image.
    """
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim != 3:
        return voxels, f"{voxels.ndim}-D, not 3-D; give one mask a file"
    if voxels.dtype.kind not in "biuf":
        what = "colours" if voxels.dtype.names else f"of type {voxels.dtype}"
        return voxels, f"its voxels are {what}, no labels; export the mask as whole numbers"
    labels = voxels
    if voxels.dtype.kind == "f":
        finite = np.nan_to_num(voxels, nan=0.0, posinf=0.0, neginf=0.0)
        labels = np.round(finite)
        if np.abs(finite - labels).max(initial=0.0) > NEARLY:
            return voxels, ("its values are fractions, no labels (probabilities, or a mask that was resampled by "
                            "interpolation); export the mask as whole numbers")  # fmt: skip
    wide = labels.size and float(labels.max()) - float(labels.min()) > MOST_LABELS
    if wide and (count := len(np.unique(labels))) > MOST_LABELS:
        return voxels, f"it has {count} different values: grey values of an image, no labels; give the mask"
    return labels, ""
