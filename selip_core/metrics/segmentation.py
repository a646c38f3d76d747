"""How well regions agree: Dice, the 95 % Hausdorff distance and the error of volume, by MONAI's metrics.

Where a region is absent in truth and prediction, the two agree: Dice 1, distance 0. Where it is absent in one of them
only, Dice is 0 and the distance is not defined (NaN).
"""

import warnings

import numpy as np
import torch


def dice_scores(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the Dice coefficient ``(n, R)`` of regions ``(n, R, D, H, W)`` bool."""
    from monai.metrics import compute_dice

    predicted, truth = _tensors(predicted, truth)
    scores = compute_dice(predicted, truth, include_background=True, ignore_empty=False).numpy()
    return np.where(_both_empty(predicted, truth), 1.0, scores)


def hausdorff_95_mm(predicted: np.ndarray, truth: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Return the 95th percentile of the distances between the surfaces, ``(n, R)`` millimetres; NaN where undefined.

    Parameters
    ----------
    predicted, truth : (n, R, D, H, W) bool
    spacing_mm : (D, H, W)
    """
    from monai.metrics import compute_hausdorff_distance

    predicted, truth = _tensors(predicted, truth)
    empty = _both_empty(predicted, truth)
    one_sided = _empty(predicted) != _empty(truth)
    distances = np.full(empty.shape, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # MONAI 1.6 calls itself by an argument that it has deprecated
        for i, r in zip(*np.nonzero(~empty & ~one_sided), strict=True):
            one = compute_hausdorff_distance(
                predicted[i : i + 1, r : r + 1], truth[i : i + 1, r : r + 1], include_background=True, percentile=95,
                spacing=list(spacing_mm),
            )  # fmt: skip
            distances[i, r] = one.item()
    return np.where(empty, 0.0, distances)


def volume_errors_ml(predicted: np.ndarray, truth: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Return predicted less true volume ``(n, R)`` in millilitres."""
    voxel_ml = float(np.prod(spacing_mm)) / 1000
    return (predicted.sum(axis=(2, 3, 4)) - truth.sum(axis=(2, 3, 4), dtype=float)) * voxel_ml


def _tensors(predicted: np.ndarray, truth: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    if predicted.shape != truth.shape or predicted.ndim != 5:
        raise ValueError(f"regions must both be (n, R, D, H, W), not {predicted.shape} and {truth.shape}")
    return torch.from_numpy(np.asarray(predicted, bool)), torch.from_numpy(np.asarray(truth, bool))


def _empty(regions: torch.Tensor) -> np.ndarray:
    return ~regions.flatten(2).any(dim=2).numpy()


def _both_empty(predicted: torch.Tensor, truth: torch.Tensor) -> np.ndarray:
    return _empty(predicted) & _empty(truth)
