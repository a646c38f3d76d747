"""A head for every patient: the MNI152 template of nilearn with skull and scalp, deformed.

Nothing is downloaded: the template and its grey and white matter maps come with nilearn. What nilearn leaves out (the
template is stripped of its skull) is built around the brain by distance. All coordinates are RAS millimetres.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from scipy import ndimage

from selip_core.datasets.synthetic.catalogue import Lesion

TISSUES = ("grey_matter", "deep_grey", "white_matter", "csf", "venous", "bone", "marrow", "fat", "muscle")
"""Tissues of a head without lesions, in the order of the last axis of every array of fractions."""

_GREY, _DEEP, _WHITE, _CSF = range(4)
SULCAL, _VENTRICLE = len(TISSUES), len(TISSUES) + 1  # helper maps behind the tissues
_TEMPLATE_MM = 2.0
_POINTS_A_BLOCK = 2048  # interpolated at once: what lies between stays in the processor's cache
_PAD = 12  # voxels of air added on every side of the template, for skull and scalp

GRID_MM = 3.0
GRID_ORIGIN_MM = np.array([-90.0, -126.0, -75.0])
GRID_SHAPE = (61, 74, 56)
"""The working grid of a patient: isotropic, RAS, large enough for the head."""

FAR_MM = 1e4
"""Template coordinate of points outside the head: no lesion reaches them."""


@dataclass(frozen=True)
class Template:
    """The template head.

    Parameters
    ----------
    maps : numpy.ndarray
        ``(X, Y, Z, len(TISSUES) + 2)`` float32: tissue fractions, nearness of a sulcus, ventricular fluid; 0 to 1.
    origin_mm : numpy.ndarray
        ``(3,)``, MNI coordinates of voxel 0; voxels are 2 mm.
    reach : numpy.ndarray
        Working grid, bool: points that can be in the head of a patient.
    brain : numpy.ndarray
        ``(X, Y, Z)`` bool: voxels in or next to the brain and the fluid around it.
    """

    maps: np.ndarray
    origin_mm: np.ndarray
    reach: np.ndarray
    brain: np.ndarray

    @cached_property
    def inside(self) -> np.ndarray:
        """Positions (N,) of `reach` in the flattened working grid: numpy gathers by them faster than by a mask."""
        return np.flatnonzero(self.reach)

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Return the maps at ``(N, 3)`` points, ``(N, channels)``; air outside.

        Trilinear in the brain; the nearest voxel around it, which is blurred anyway and saves half of the time.
        """
        x = (points_mm - self.origin_mm.astype(np.float32)) / np.float32(_TEMPLATE_MM)
        x = np.clip(x, 0, np.array(self.maps.shape[:3], np.float32) - 1.001)
        strides = np.array([self.maps.shape[1] * self.maps.shape[2], self.maps.shape[2], 1])
        flat = self.maps.reshape(-1, self.maps.shape[3])
        nearest = np.round(x).astype(np.int32) @ strides
        out = flat.take(nearest, axis=0)
        inner = np.flatnonzero(self.brain.ravel().take(nearest))
        for start in range(0, len(inner), _POINTS_A_BLOCK):
            block = inner[start : start + _POINTS_A_BLOCK]
            out[block] = _trilinear(flat, x[block], strides)
        return out


def _trilinear(flat: np.ndarray, x: np.ndarray, strides: np.ndarray) -> np.ndarray:
    """Return maps (voxels, channels) at points (N, 3) in voxels, (N, channels)."""
    low = x.astype(np.int32)
    high_part, corner = (x - low).T.copy(), low @ strides
    low_part = 1 - high_part
    mixed = np.zeros((len(x), flat.shape[1]), np.float32)
    for i, j, k in np.ndindex(2, 2, 2):
        weight = (low_part, high_part)[i][0] * (low_part, high_part)[j][1] * (low_part, high_part)[k][2]
        mixed += flat.take(corner + int(np.dot((i, j, k), strides)), axis=0) * weight[:, None]
    return mixed


@dataclass
class Anatomy:
    """The head of one patient on the working grid.

    Parameters
    ----------
    fractions : numpy.ndarray
        ``GRID_SHAPE + (len(TISSUES),)`` float32; sums to 1 in the head and to 0 in air.
    ventricle : numpy.ndarray
        Share of each voxel that is ventricular fluid.
    template_mm : numpy.ndarray
        ``GRID_SHAPE + (3,)``: MNI coordinates of what lies at each point; ``FAR_MM`` outside the head.
    affine : numpy.ndarray
        ``(3, 4)`` from patient to MNI millimetres, before the smooth deformation.
    widened, displaced : numpy.ndarray or None
        Where atrophy made fluid of tissue, and how far (mm) a mass pushed the tissue.
    """

    fractions: np.ndarray
    ventricle: np.ndarray
    template_mm: np.ndarray
    affine: np.ndarray
    widened: np.ndarray | None = None
    displaced: np.ndarray | None = None

    @property
    def tissue(self) -> np.ndarray:
        """Share of each voxel that is grey or white matter."""
        return self.fractions[..., :3].sum(-1)


def grid_affine() -> np.ndarray:
    """Return the ``(4, 4)`` affine of the working grid."""
    affine = np.diag([GRID_MM, GRID_MM, GRID_MM, 1.0])
    affine[:3, 3] = GRID_ORIGIN_MM
    return affine


def grid_points() -> np.ndarray:
    """Return the coordinates of the working grid, ``GRID_SHAPE + (3,)`` float32 millimetres."""
    axes = [GRID_ORIGIN_MM[i] + GRID_MM * np.arange(GRID_SHAPE[i]) for i in range(3)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(np.float32)


_adopted: list[Template] = []


def write_template(template: Template, folder: Path) -> None:
    """Write a template for other processes to adopt."""
    for field in fields(Template):
        np.save(folder / f"{field.name}.npy", getattr(template, field.name))


def adopt_template(folder: Path) -> None:
    """Use a template that another process has built and written, instead of building it again; its memory is shared."""
    arrays = {field.name: np.load(folder / f"{field.name}.npy", mmap_mode="r") for field in fields(Template)}
    _adopted[:] = [Template(**{name: np.asarray(array) for name, array in arrays.items()})]


def template() -> Template:
    """Return the template head, built once in a process (some seconds) or adopted."""
    return _adopted[0] if _adopted else _build_template()


@cache
def _build_template() -> Template:
    from nilearn.datasets import load_mni152_brain_mask, load_mni152_gm_template, load_mni152_wm_template

    mask = load_mni152_brain_mask(resolution=2)
    origin = mask.affine[:3, 3] - _PAD * _TEMPLATE_MM
    brain, grey, white = (
        np.pad(np.asarray(image.dataobj, np.float32), _PAD)
        for image in (mask, load_mni152_gm_template(resolution=2), load_mni152_wm_template(resolution=2))
    )
    brain[..., :_PAD] = brain[..., [_PAD]]  # the template ends in the medulla; the cord goes on
    grey[..., :_PAD], white[..., :_PAD] = grey[..., [_PAD]], white[..., [_PAD]]
    points = [origin[i] + _TEMPLATE_MM * np.arange(brain.shape[i]) for i in range(3)]
    x, y, z = np.meshgrid(*points, indexing="ij", sparse=True)
    inner = _brain_maps(brain > 0.5, grey, white, x, y, z)
    outer = _head_maps(brain > 0.5, x, y, z)
    maps = np.zeros(brain.shape + (len(TISSUES) + 2,), np.float32)
    within = inner[..., :4].sum(-1)
    for i in range(4):
        maps[..., i] = inner[..., i]
    for i, share in outer.items():
        maps[..., i] += share * (1 - within)
    maps[..., SULCAL], maps[..., _VENTRICLE] = inner[..., 4], inner[..., 5]
    head = maps[..., : len(TISSUES)].sum(-1) > 0.02
    nearest = np.round((grid_points() - origin) / _TEMPLATE_MM).astype(int)
    nearest = np.clip(nearest, 0, np.array(head.shape) - 1)
    reach = ndimage.binary_dilation(head, iterations=5)[tuple(np.moveaxis(nearest, -1, 0))]
    return Template(maps, origin, reach, ndimage.binary_dilation(brain > 0.5, iterations=2))


def _brain_maps(brain, grey, white, x, y, z) -> np.ndarray:
    """Return grey, deep grey, white, fluid, nearness of a sulcus and ventricle, each a map."""
    fluid = np.clip(1 - grey - white, 0, 1) * brain
    depth = ndimage.distance_transform_edt(brain, sampling=_TEMPLATE_MM)
    central = (np.abs(x) < 34) & (y > -62) & (y < 40) & (z > -8) & (z < 36)
    ventricle = ndimage.binary_dilation((fluid > 0.45) & (depth > 20) & central)
    # The average of 152 heads classes the border of ventricle and white matter as grey: give it back.
    wall = ndimage.binary_dilation(ventricle, iterations=2) & (z > 12) & (depth > 15)
    given = grey * wall * (fluid < 0.5)
    grey, white = grey - given, white + given
    # Averaging blurs the gyri: a power sharpens each fraction towards the likeliest tissue.
    sharp = np.stack([grey, white, 1.3 * fluid], -1) ** 1.7
    total = sharp.sum(-1, keepdims=True)
    sharp *= np.minimum(total * 1e3, 1) * brain[..., None] / np.maximum(total, 1e-6)
    grey, white, fluid = np.moveaxis(sharp, -1, 0)
    nuclei = (np.abs(x) < 33) & (y > -36) & (y < 26) & (z > -13) & (z < 22) & brain
    deep_part = ndimage.gaussian_filter(nuclei.astype(np.float32), 2)
    deep = grey * deep_part * (depth > 22)
    outside = fluid * ~ndimage.binary_dilation(ventricle, iterations=2)
    rim = ndimage.gaussian_filter((~brain).astype(np.float32), 1.2) * brain
    sulcal = np.clip(2.6 * ndimage.gaussian_filter(outside, 0.9) + 1.2 * rim, 0, 1) * (depth < 40)
    return np.stack([grey - deep, deep, white, fluid, sulcal, fluid * ventricle], -1).astype(np.float32)


def _head_maps(brain, x, y, z) -> dict[int, np.ndarray]:
    """Return what lies around the brain by distance from it: fluid, dura and sinus, skull, scalp, face, eyes."""

    def ball(mask, radius_mm, grow):
        distance = ndimage.distance_transform_edt(~mask if grow else mask, sampling=_TEMPLATE_MM)
        return distance <= radius_mm if grow else distance > radius_mm

    inside = ball(ball(brain, 18, True), 15.5, False) | ball(brain, 2.5, True)
    distance = ndimage.distance_transform_edt(~inside, sampling=_TEMPLATE_MM)
    face = ((x / 62) ** 2 + ((y - 22) / 66) ** 2 + ((z + 62) / 52) ** 2 < 1) & (z < -18)
    neck = ((x / 60) ** 2 + ((y + 30) / 66) ** 2 < 1) & (z < -40)
    distance_to_skin = ndimage.distance_transform_edt((distance < 14) | face | neck, sampling=_TEMPLATE_MM)
    head = distance_to_skin > 0
    near = ndimage.distance_transform_edt(~brain, sampling=_TEMPLATE_MM)
    fluid = inside & (near < 5)
    under_skull = inside & (ndimage.distance_transform_edt(inside, sampling=_TEMPLATE_MM) < 6)
    sinus = (under_skull & (np.abs(x) < 4) & (z > 5) & ~brain) | ((distance > 0) & (distance <= 1.9))
    skull = (distance > 1.9) & (distance <= 8) & head
    marrow = (distance > 3.9) & (distance <= 6) & (z > -10)
    eyes = np.sqrt((np.abs(x) - 33) ** 2 + (y - 57) ** 2 + (z + 38) ** 2) < 12
    socket = np.sqrt((np.abs(x) - 33) ** 2 + ((y - 48) / 1.5) ** 2 + (z + 38) ** 2) < 17
    air = ((x / 13) ** 2 + ((y - 50) / 26) ** 2 + ((z + 50) / 22) ** 2 < 1) & ~inside & (distance > 6)
    soft = head & ~inside & (distance > 8)
    fat = soft & (((distance_to_skin > 1.5) & (distance_to_skin < 5.5)) | (socket & (distance_to_skin > 3)))
    order = [(_CSF, eyes & soft), (None, air), (4, sinus), (6, marrow), (5, skull), (7, fat), (_CSF, fluid), (8, head)]
    free, shares = np.ones(head.shape, bool), {}
    for channel, region in order:
        if channel is not None:
            shares[channel] = shares.get(channel, 0) + (region & free & ~brain)
        free &= ~region
    # A little blur stands for partial volume and hides the steps of the distance.
    return {
        i: ndimage.gaussian_filter(np.where(brain, i == _CSF, share).astype(np.float32), 0.55)
        for i, share in shares.items()
    }


def _smooth_field(rng: np.random.Generator, spacing_mm: float, sd_mm: float) -> np.ndarray:
    """Return a smooth random displacement, ``GRID_SHAPE + (3,)`` millimetres: bells on a coarse lattice."""
    bases = []
    for size in GRID_SHAPE:
        at, knots = GRID_MM * np.arange(size), np.arange(-0.5 * spacing_mm, GRID_MM * size + spacing_mm, spacing_mm)
        bell = np.exp(-0.5 * ((at[:, None] - knots) / (0.6 * spacing_mm)) ** 2)
        bases.append((bell / np.sqrt((bell**2).sum(1, keepdims=True))).astype(np.float32))
    knots = rng.standard_normal([b.shape[1] for b in bases] + [3]).astype(np.float32) * np.float32(sd_mm)
    field = np.tensordot(bases[0], knots, (1, 0))
    field = np.tensordot(bases[1], field, (1, 1))
    field = np.tensordot(bases[2], field, (1, 2))  # (Z, Y, X, 3)
    return field.transpose(2, 1, 0, 3)


def _pose(rng: np.random.Generator) -> np.ndarray:
    """Return a ``(3, 4)`` map from patient to MNI: size, small shear and turn, small offset."""
    linear = np.diag(1 / (rng.normal(1, 0.035, 3) * rng.normal(0.955, 0.025))) + rng.normal(0, 0.02, (3, 3))
    return np.column_stack([linear, rng.normal(0, 2.5, 3)])


def _widening(points: np.ndarray, strength: float) -> np.ndarray:
    """Return where the tissue at each point came from when the ventricles grow outwards, minus the point."""
    centre = np.array([0, -12, 14], np.float32)
    away = points - centre
    reach = np.array([34, 56, 36], np.float32)
    fall = np.exp(-((away / reach) ** 2).sum(-1, keepdims=True))
    return -strength * away * fall * np.array([1.0, 0.55, 0.8], np.float32)


def _push(points: np.ndarray, from_right: bool, at_mm: np.ndarray, by_mm: float) -> np.ndarray:
    """Return how far (mm, along x) a mass pushes each point: most just medial of the mass, nothing at the skull."""
    sign = -1.0 if from_right else 1.0
    x, y, z = np.moveaxis(points, -1, 0)
    across = np.exp(-0.5 * ((x + sign * 22) / 25) ** 2)
    along = np.exp(-0.5 * ((y - 0.6 * at_mm[1]) / 48) ** 2 - 0.5 * ((z - 8 - 0.3 * at_mm[2]) / 36) ** 2)
    depth = 1 - np.sqrt((x / 72) ** 2 + ((y + 18) / 90) ** 2 + ((z - 8) / 78) ** 2)
    return (sign * by_mm * across * along * np.clip(depth / 0.3, 0, 1)).astype(np.float32)


def draw_anatomy(rng: np.random.Generator, lesions: Sequence[Lesion], site_mm: dict[str, list[float]]) -> Anatomy:
    """Draw the head of one patient, with the atrophy and the midline shift that `lesions` hold.

    The draws do not depend on `lesions`: the same generator state gives the same head with and without them.

    Parameters
    ----------
    rng : numpy.random.Generator
    lesions : sequence of Lesion
    site_mm : dict of str to list of float
        MNI centre (right side) of each site: a midline shift follows the site of its mass.
    """
    source = template()
    affine = _pose(rng)
    deformation = _smooth_field(rng, 42.0, 2.6)
    widening, gap, plain_size, push = rng.uniform([0.38, 0.55, -0.06, 9.0], [0.55, 0.85, 0.1, 14.0])
    kinds = {lesion.kind: lesion for lesion in lesions}
    points = grid_points().reshape(-1, 3).take(source.inside, axis=0)  # (N, 3)
    deformation = deformation.reshape(-1, 3).take(source.inside, axis=0)
    mni = points @ affine[:, :3].T.astype(np.float32) + affine[:, 3].astype(np.float32) + deformation
    mni += _widening(mni, plain_size)
    displaced = None
    if "midline_shift" in kinds:
        side = kinds["midline_shift"].side
        mass = next((m for m in lesions if m.site and m.side == side and m.radius_mm >= 10), None)
        moved = _push(mni, side == "右侧", np.array(site_mm[mass.site] if mass else [30, 0, 10]), push)
        mni[:, 0] -= moved
        displaced = _to_grid(np.abs(moved), source.inside)
    widened = None
    if "atrophy" in kinds:
        before = source.at(mni)
        mni += _widening(mni, widening - max(plain_size, 0))
    maps = source.at(mni)
    if "atrophy" in kinds:
        lost = maps[:, :3] * (gap * maps[:, [SULCAL]])
        maps[:, :3] -= lost
        maps[:, _CSF] += lost.sum(1)
        widened = _to_grid(maps[:, _CSF] - before[:, _CSF], source.inside)
    ventricle = _to_grid(maps[:, _VENTRICLE], source.inside)
    fractions = _to_grid(maps[:, : len(TISSUES)], source.inside)
    return Anatomy(fractions, ventricle, _to_grid(mni, source.inside, FAR_MM), affine, widened, displaced)


def _to_grid(values: np.ndarray, inside: np.ndarray, elsewhere: float = 0.0) -> np.ndarray:
    """Return values (N, ...) at N positions of the flattened working grid as an array of its shape."""
    grid = np.full((int(np.prod(GRID_SHAPE)), *values.shape[1:]), elsewhere, np.float32)
    grid[inside] = values
    return grid.reshape(*GRID_SHAPE, *values.shape[1:])
