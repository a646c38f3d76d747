"""Lesions of a patient as shares of voxels: irregular foci at a site, in layers of tissue, and their masks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selip_core.datasets.synthetic.anatomy import GRID_MM, GRID_ORIGIN_MM, GRID_SHAPE, SULCAL, Anatomy, template
from selip_core.datasets.synthetic.catalogue import Lesion, catalogue
from selip_core.datasets.synthetic.signal import tissue_book

MORPHOLOGY = ("atrophy", "midline_shift")
"""Kinds that are a change of form: the anatomy draws them."""

SHIFT_MM = 2.0
"""Tissue that moved further than this belongs to the mask of a midline shift."""

WIDENED = 0.3
"""Voxels in which this share of tissue became fluid belong to the mask of an atrophy."""

# What a shape word does to a focus: factor of the radius, longest to shortest half axis, roughness of the surface.
# Choice: the words of a report are loose; these only keep the words apart on average.
_SHAPES = {
    "点状": (0.85, 1.15, 0.05), "斑点状": (0.92, 1.3, 0.12), "小圆形": (0.95, 1.1, 0.04), "斑片状": (1.08, 1.6, 0.17),
    "片状": (1.2, 2.0, 0.17), "大片状": (1.5, 1.7, 0.17), "结节状": (0.95, 1.2, 0.08), "脑回状": (1.45, 1.6, 0.15),
    "不规则形": (1.05, 1.5, 0.26), "团块状": (1.0, 1.25, 0.14), "类圆形": (1.0, 1.1, 0.05), "囊状": (1.0, 1.3, 0.06),
}  # fmt: skip
_LEAST_RADIUS_MM = 3.9  # smaller foci vanish in a slice of 8 mm
_REACH_MM = 30.0  # no point of the template moves further than this


@dataclass
class LesionMaps:
    """What the lesions of one patient fill, on the working grid.

    Parameters
    ----------
    shares : dict of str to numpy.ndarray
        Lesion tissue to its share of each voxel; they sum to at most 1.
    labels : numpy.ndarray
        uint8, the number of the lesion (1-based, in the order drawn); surrounding oedema is not part of it.
    oedema : numpy.ndarray
        uint8, the number of the lesion that the oedema surrounds.
    """

    shares: dict[str, np.ndarray]
    labels: np.ndarray
    oedema: np.ndarray


def draw_lesion_maps(lesions: Sequence[Lesion], anatomy: Anatomy, rng: np.random.Generator) -> LesionMaps:
    """Place the lesions into the head of a patient; a later lesion covers an earlier one."""
    maps = LesionMaps({}, np.zeros(GRID_SHAPE, np.uint8), np.zeros(GRID_SHAPE, np.uint8))
    for number, lesion in enumerate(lesions, 1):
        if lesion.kind == "atrophy" and anatomy.widened is not None:
            maps.labels[anatomy.widened > WIDENED] = number
        elif lesion.kind == "midline_shift" and anatomy.displaced is not None:
            brain = (anatomy.fractions[..., :4].sum(-1) > 0.5) & (maps.labels == 0)
            maps.labels[brain & (anatomy.displaced > SHIFT_MM)] = number
    # Oedema first, so that no lesion disappears under that of another.
    placed = [(n, m, _place(m, rng)) for n, m in enumerate(lesions, 1) if m.kind not in MORPHOLOGY]
    for number, lesion, foci in placed:
        margin_mm = catalogue()["kinds"][lesion.kind].get("oedema_mm", 0)
        for focus in foci if margin_mm else ():
            _add_focus(maps, anatomy, lesion, number, focus, margin_mm)
    for number, lesion, foci in placed:
        for focus in foci:
            _add_focus(maps, anatomy, lesion, number, focus, 0)
    return maps


def radius_mm(lesion: Lesion) -> float:
    """Return the mean radius that a lesion has in the image: its own, unless its site is too small for that."""
    return min(lesion.radius_mm, _largest_mm(lesion.site))


def _largest_mm(site: str) -> float:
    return catalogue()["sites"][site].get("largest_mm", 30.0)


@dataclass
class _Focus:
    """An ellipsoid with a rough surface; `metric` maps offsets (mm) to units of its half axes."""

    centre_mm: np.ndarray
    radius_mm: float
    metric: np.ndarray
    waves: np.ndarray
    phases: np.ndarray
    roughness: float
    side: float


def _place(lesion: Lesion, rng: np.random.Generator) -> list[_Focus]:
    """Draw the foci of a lesion, on both sides where it is bilateral."""
    sides = {"左侧": (-1.0,), "右侧": (1.0,), "双侧": (-1.0, 1.0)}.get(lesion.side, (0.0,))
    foci = []
    for side in sides:
        centres: list[np.ndarray] = []
        for _ in range(lesion.foci):
            factor, elongation, roughness = _SHAPES[lesion.shape]
            radius = max(radius_mm(lesion) * factor * rng.uniform(0.85, 1.1), _LEAST_RADIUS_MM)
            radius = min(radius, 1.15 * _largest_mm(lesion.site))
            centres.append(_centre(lesion, side, radius, centres, rng))
            foci.append(_focus(centres[-1], radius, elongation, roughness, side, rng))
    return foci


def _centre(lesion: Lesion, side: float, radius: float, others: list, rng: np.random.Generator) -> np.ndarray:
    """Choose a centre near the site: inside the tissue that the kind prefers, apart from the other foci."""
    site = catalogue()["sites"][lesion.site]
    centre, spread = np.array(site["centre_mm"], float), np.array(site["spread_mm"], float)
    prefers = tissue_book()["lesions"][lesion.kind]["prefers"]
    scatter = 1.0 if lesion.foci > 1 else 0.6
    candidates = centre + scatter * spread * np.clip(rng.standard_normal((24, 3)), -1.7, 1.7)
    if side:
        candidates[:, 0] = side * np.maximum(np.abs(candidates[:, 0]), 4)
    if prefers == "surface":
        candidates *= rng.uniform(1, 1.2, (24, 1))  # a cyst of the arachnoid lies on the brain
    maps = template().at(candidates.astype(np.float32))
    grey, deep, white, fluid = maps[:, :4].T
    choices = {"white": white, "deep": deep + white, "tissue": grey + deep + white, "surface": maps[:, SULCAL]}
    distance = np.sqrt((((candidates - centre * [side or 1, 1, 1]) / spread) ** 2).sum(1))
    score = np.minimum(choices[prefers], 0.9) * (grey + deep + white + fluid > 0.5) - 0.02 * distance
    for other in others:
        gap = np.linalg.norm(candidates - other, axis=1) / (2 * radius)
        score -= 0.4 * np.clip(1 - gap, 0, 1)
    return candidates[score.argmax()]


def _focus(centre, radius, elongation, roughness, side, rng) -> _Focus:
    axes = np.array([elongation, 1.0, 1.0]) ** np.array([1.0, 0, 0]) * np.array([1, rng.uniform(1 / elongation, 1), 1])
    axes *= radius / np.prod(axes) ** (1 / 3)
    turn = rng.uniform(0, np.pi)  # long axis mostly within the slice, where a reader sees it
    tilt = rng.normal(0, 0.35)
    c, s, ct, st = np.cos(turn), np.sin(turn), np.cos(tilt), np.sin(tilt)
    rotation = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ np.array([[ct, 0, st], [0, 1, 0], [-st, 0, ct]])
    metric = (rotation / axes[:, None]).astype(np.float32)
    waves = rng.standard_normal((6, 3)) * (2.4 / radius)
    return _Focus(centre, radius, metric, waves.astype(np.float32), rng.uniform(0, 6.3, 6), roughness, side)


def _add_focus(maps, anatomy: Anatomy, lesion: Lesion, number: int, focus: _Focus, margin_mm: float) -> None:
    """Fill one focus, or the oedema around it where `margin_mm` is given."""
    box = _box(anatomy, focus.centre_mm, 1.8 * focus.radius_mm + margin_mm + _REACH_MM)
    offset = anatomy.template_mm[box] - focus.centre_mm.astype(np.float32)
    reach = 2.2 * focus.radius_mm + 2 * margin_mm
    near = (offset**2).sum(-1) < reach**2
    offset = offset[near]
    if not len(offset):
        return
    r = np.sqrt(((offset @ focus.metric.T) ** 2).sum(1))
    rough = np.sin(offset @ focus.waves.T + focus.phases).sum(1) / np.sqrt(3)
    r *= 1 + focus.roughness * np.clip(rough, -1.6, 1.6)
    room = _room(anatomy, box, near, lesion, focus, oedema=margin_mm > 0)
    blur = tissue_book()["lesions"][lesion.kind].get("edge_voxels", 1)  # partial volume: one voxel, infiltration: more
    soft = focus.radius_mm / GRID_MM / blur

    def within(to: float) -> np.ndarray:
        return np.clip((to - r) * soft + 0.5, 0, 1) * room

    if margin_mm:
        grown = 1 + margin_mm / focus.radius_mm
        _cover(maps, box, near, [("vasogenic_oedema", within(grown))], maps.oedema, number)
        return
    inner, layers = 0.0, []
    for layer in tissue_book()["lesions"][lesion.kind]["layers"]:
        outer = within(layer["to"])
        layers.append((layer["tissue"], outer - inner))
        inner = outer
    _cover(maps, box, near, layers, maps.labels, number)


def _cover(maps, box, near, layers, labels, number) -> None:
    """Lay tissues over what lies in the voxels, and label where they have a third of a voxel."""
    total = sum(share for _, share in layers)
    for volume in maps.shares.values():
        volume[box][near] = volume[box][near] * (1 - total)
    for tissue, share in layers:
        volume = maps.shares.setdefault(tissue, np.zeros(GRID_SHAPE, np.float32))
        volume[box][near] = volume[box][near] + share
    region = labels[box]
    region[near] = np.where(total > min(0.34, 0.8 * total.max()), number, region[near])


def _room(anatomy, box, near, lesion, focus, oedema: bool) -> np.ndarray:
    """Return the share of each voxel that the focus may take."""
    fractions, ventricle = anatomy.fractions[box][near], anatomy.ventricle[box][near]
    fills = tissue_book()["lesions"][lesion.kind]["fills"]
    grey, deep, white, fluid = fractions[:, :4].T
    if oedema:
        room = white + 0.6 * deep + 0.2 * grey  # vasogenic oedema runs along white matter
    elif lesion.shape == "脑回状":
        room = np.clip(1.5 * grey + 0.15 * white, 0, 1)
    elif fills == "intracranial":
        room = grey + deep + white + fluid
    elif fills == "parenchyma_and_sulci":
        room = np.clip(grey + deep + white + fluid - ventricle, 0, 1)
    else:
        room = grey + deep + white
    if focus.side:
        # A lesion stays in its half of the head: falx and midline are borders.
        room = room * np.clip(focus.side * anatomy.template_mm[box][near][:, 0] / GRID_MM + 0.5, 0, 1)
    return room


def _box(anatomy: Anatomy, centre_mm: np.ndarray, margin_mm: float) -> tuple[slice, slice, slice]:
    """Return the part of the grid around a point of the template."""
    patient_mm = np.linalg.solve(anatomy.affine[:, :3], centre_mm - anatomy.affine[:, 3])
    middle = (patient_mm - GRID_ORIGIN_MM) / GRID_MM
    half = margin_mm / GRID_MM
    low = np.clip(np.floor(middle - half), 0, np.array(GRID_SHAPE) - 1).astype(int)
    high = np.clip(np.ceil(middle + half) + 1, 1, GRID_SHAPE).astype(int)
    return tuple(slice(a, b) for a, b in zip(low, high, strict=True))
