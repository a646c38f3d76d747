"""Templates: each voxel measured against the training volumes of its sequence, so that what is unusual stands out.

# Choice: a network that sees a volume as it is has to learn the anatomy before it can tell what is unusual about it,
# and on a thousand patients it learns the patients by heart instead (method.md 2).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

FLOOR = 0.05
"""Added to the deviation, in units of the preprocessed volumes: outside the head it is nearly 0."""
LIMIT = 6.0
"""No voxel is further from the mean than so many deviations."""
FEWEST_VOLUMES = 8
"""A sequence with fewer training volumes has no template of its own; its volumes take the nearest."""

_BYTES_AT_ONCE = 2**28


class Templates(nn.Module):
    """Volumes ``(B, 1, D, H, W)`` in deviations from the mean of the training volumes of their sequence.

    A volume takes the template whose mean it is nearest to (least squares): it need not say what sequence it is.
    Without a template volumes pass as they are.

    Parameters
    ----------
    names : sequence of str
        The sequences that have one, S of them.
    shape : (D, H, W)

    Attributes
    ----------
    mean, deviation : (S, 1, D, H, W) buffers
        Kept in the model's file.
    """

    def __init__(self, names: Sequence[str], shape: tuple[int, int, int]):
        super().__init__()
        self.names = tuple(names)
        if self.names:
            self.register_buffer("mean", torch.zeros(len(self.names), 1, *shape))
            self.register_buffer("deviation", torch.ones(len(self.names), 1, *shape))

    def nearest(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return which template each of the volumes ``(B, 1, D, H, W)`` is nearest to, ``(B,)`` int64.

        The square of a distance is that of the volume, less what is computed here: one product of matrices.
        """
        with torch.autocast(volumes.device.type, enabled=False):  # and in float32: half precision ends below such sums
            mean = self.mean.flatten(1).float()
            return (volumes.flatten(1).float() @ mean.T - mean.square().sum(1) / 2).argmax(1)

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return ``(B, 1, D, H, W)`` in [-LIMIT, LIMIT]."""
        if not self.names:
            return volumes
        which = self.nearest(volumes)
        mean, deviation = (table[which].to(volumes) for table in (self.mean, self.deviation))
        return ((volumes - mean) / (deviation + FLOOR)).clamp(-LIMIT, LIMIT)

    @classmethod
    def of(cls, statistics: Mapping[str, tuple[np.ndarray, np.ndarray]], shape: tuple[int, int, int]) -> "Templates":
        """Return templates (D, H, W) of mean and deviation by sequence, as `volume_statistics` returns them."""
        return cls(tuple(statistics), shape).load(statistics)

    def load(self, statistics: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> "Templates":
        """Take mean and deviation of each sequence, as `volume_statistics` returns them; return the module."""
        for i, name in enumerate(self.names):
            for table, values in zip((self.mean, self.deviation), statistics[name], strict=True):
                table[i, 0] = torch.from_numpy(values)
        return self


def volume_statistics(
    volumes: np.ndarray, rows: np.ndarray, sequences: Sequence[str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return mean and deviation of the volumes of each sequence, and of their mirror images.

    They are symmetric, for volumes are mirrored in training.

    Parameters
    ----------
    volumes : (N, 1, D, H, W)
        The volume cache.
    rows : (n,) int
        The volumes that count: of training patients.
    sequences : n str

    Returns
    -------
    dict of sequence to (mean, deviation), (D, H, W) float32 each
        In alphabetical order; sequences with fewer than `FEWEST_VOLUMES` volumes are left out.
    """
    names, found = np.asarray(sequences), {}
    at_once = max(_BYTES_AT_ONCE // (8 * int(np.prod(volumes.shape[2:]))), 1)
    for name in sorted(set(sequences)):
        chosen = np.sort(np.asarray(rows)[names == name])
        if len(chosen) < FEWEST_VOLUMES:
            continue
        sums = np.zeros((2, *volumes.shape[2:]))
        for start in range(0, len(chosen), at_once):
            part = np.asarray(volumes[chosen[start : start + at_once], 0], dtype=np.float64)
            sums += part.sum(0), np.square(part).sum(0)
        mean, square = (sums + sums[..., ::-1]) / (2 * len(chosen))
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        found[name] = mean.astype(np.float32), deviation.astype(np.float32)
    return found
