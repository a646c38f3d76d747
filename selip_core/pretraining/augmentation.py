"""Training augmentation of the paper (method.md 1), for a whole batch at once on its own device.

Zoom, rotation and elastic deformation share one interpolation, so a volume is blurred once, and only the volumes that
drew one of them are interpolated. (MONAI's per-volume transforms took two thirds of a training step here.)
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

ZOOM_RANGE = (0.9, 1.1)
ROTATION_RAD = 0.53
GAMMA_RANGE = (0.9, 1.1)
SCALE_RANGE = (0.9, 1.1)
ELASTIC_VOXELS = 1.0
"""Choice: "small" elastic is a smooth displacement of about one voxel in-plane."""
PROBABILITY = {"zoom": 0.2, "rotation": 0.2, "gamma": 0.2, "scale": 0.2, "elastic": 0.1}


@dataclass(frozen=True)
class Parameters:
    """What was drawn for each of n volumes; a volume that drew nothing has the neutral value.

    Parameters
    ----------
    zoom : (n,) float
        Larger is larger.
    angle : (n,) float
        In-plane, in radians.
    elastic : (n,) bool
        Whether `bumps` apply.
    bumps : (n, 2, 3, 4, 4) float
        Displacements in x and y on a coarse grid, in units of `ELASTIC_VOXELS`.
    gamma, scale : (n,) float
    """

    zoom: torch.Tensor
    angle: torch.Tensor
    elastic: torch.Tensor
    bumps: torch.Tensor
    gamma: torch.Tensor
    scale: torch.Tensor


def draw_parameters(generator: torch.Generator, n: int, *, share: slice = slice(None)) -> Parameters:
    """Return what each volume of a batch of n is to be augmented with, each kind with its own probability.

    Parameters
    ----------
    generator : torch.Generator
        On the CPU whatever the device of the volumes, so that the same draws are made everywhere.
    share : slice
        The rows of the batch that are wanted; they are drawn as in the whole batch.
    """

    def drawn(name: str) -> torch.Tensor:
        return torch.rand(n, generator=generator)[share] < PROBABILITY[name]

    def uniform(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(n, generator=generator)[share]

    zoom = torch.where(drawn("zoom"), uniform(*ZOOM_RANGE), 1.0)
    angle = torch.where(drawn("rotation"), uniform(-ROTATION_RAD, ROTATION_RAD), 0.0)
    elastic = drawn("elastic")
    bumps = torch.randn(n, 2, 3, 4, 4, generator=generator)[share] * elastic[:, None, None, None, None]
    gamma = torch.where(drawn("gamma"), uniform(*GAMMA_RANGE), 1.0)
    scale = torch.where(drawn("scale"), uniform(*SCALE_RANGE), 1.0)
    return Parameters(zoom, angle, elastic, bumps, gamma, scale)


def augment(
    volumes: torch.Tensor, generator: torch.Generator, *, share: slice = slice(None), batch_size: int | None = None
) -> torch.Tensor:
    """Return ``(B, C, D, H, W)``, warped and changed in intensity; masks take part in `warp` alone.

    Parameters
    ----------
    volumes : (B, C, D, H, W)
        Channels of a volume are moved alike; gamma takes each in its own range.
    generator : torch.Generator
        On the CPU whatever the device of the volumes.
    share : slice
        Rows of the batch that `volumes` are; they are augmented as in the whole batch.
    batch_size : int, optional
        Of the whole batch; by default `volumes` are all of it.
    """
    drawn = draw_parameters(generator, batch_size or len(volumes), share=share)
    return intensity(warp(volumes, drawn), drawn)


def warp(volumes: torch.Tensor, drawn: Parameters, *, mode: str = "bilinear") -> torch.Tensor:
    """Return volumes, or masks, ``(B, C, D, H, W)``, under the drawn zoom, rotation and elastic deformation.

    Parameters
    ----------
    mode : {"bilinear", "nearest"}
        How is interpolated between voxels; with ``nearest`` labels stay labels.
    """
    moved = ((drawn.zoom != 1) | (drawn.angle != 0) | drawn.elastic).nonzero().flatten()
    out = volumes.clone()
    if len(moved):
        grid = _grid(volumes[moved], drawn.zoom[moved], drawn.angle[moved], drawn.bumps[moved], drawn.elastic[moved])
        out[moved] = functional.grid_sample(volumes[moved], grid, mode=mode, padding_mode="border", align_corners=False)
    return out


def intensity(volumes: torch.Tensor, drawn: Parameters) -> torch.Tensor:
    """Return volumes ``(B, C, D, H, W)`` under the drawn gamma and scale: for images, never for masks."""
    return _gamma(volumes, drawn.gamma.to(volumes.device)) * _per_volume(drawn.scale.to(volumes.device))


def _per_volume(values: torch.Tensor) -> torch.Tensor:
    return values.view(-1, 1, 1, 1, 1)


def _gamma(volumes: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    """Apply the exponent to each channel's range brought to [0, 1], and bring it back."""
    low, high = volumes.amin((2, 3, 4), keepdim=True), volumes.amax((2, 3, 4), keepdim=True)
    span = (high - low).clamp_min(1e-6)
    return ((volumes - low) / span).clamp_min(0) ** _per_volume(gamma) * span + low


def _grid(
    volumes: torch.Tensor, zoom: torch.Tensor, angle: torch.Tensor, bumps: torch.Tensor, elastic: torch.Tensor
) -> torch.Tensor:
    """Return where each voxel comes from, ``(n, D, H, W, 3)`` as (x, y, z): rotation and zoom in-plane, elastic."""
    n, _, depth, height, width = volumes.shape
    cos, sin = (angle.cos() / zoom).to(volumes), (angle.sin() / zoom).to(volumes)
    aspect = height / width  # grid coordinates run from -1 to 1 on each axis, whatever its length
    theta = torch.zeros(n, 3, 4, device=volumes.device, dtype=volumes.dtype)
    theta[:, 0, 0], theta[:, 0, 1] = cos, -sin * aspect
    theta[:, 1, 0], theta[:, 1, 1] = sin / aspect, cos
    theta[:, 2, 2] = 1.0
    # in-plane, a slice is moved as any other: (n, 1, H, W, 3) as (x, y, z), for all (n, D, H, W, 3)
    grid = functional.affine_grid(theta, [n, 1, 1, height, width], align_corners=False).repeat(1, depth, 1, 1, 1)
    still = functional.affine_grid(theta[:1], [1, 1, depth, 1, 1], align_corners=False)
    grid[..., 2] = still[..., 2]
    chosen = elastic.nonzero().flatten()
    if len(chosen):
        bumps = bumps[chosen].to(volumes)
        shift = functional.interpolate(bumps, size=volumes.shape[2:], mode="trilinear", align_corners=True)
        voxel = torch.tensor([2 / width, 2 / height], device=volumes.device, dtype=volumes.dtype)
        grid[chosen, ..., :2] += shift.permute(0, 2, 3, 4, 1) * ELASTIC_VOXELS * voxel
    return grid
