"""What the headers of a series' slices say of the volume that they make, where a converter may make another one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from selip_core.datasets.sequences import LOW_B_VALUE
from selip_core.ingest.dicom_text import header_text
from selip_core.ingest.private_b_value import PRIVATE_B_TAGS, private_b_value

if TYPE_CHECKING:
    from pydicom import Dataset

SLICE_TAGS = (
    "ImagePositionPatient", "ImageOrientationPatient", "NumberOfFrames", "ImageType", "EchoTime", "Rows", "Columns",
    "DiffusionBValue", *PRIVATE_B_TAGS,
)  # fmt: skip
"""What has to be read of each file."""
TYPICAL_B_VALUE = 1000.0
"""s/mm²; of several b-values the one nearest to this is taken (Choice: what reports of head MRI call DWI)."""
SAME_PLACE_MM = 0.1
"""Slices that lie nearer to each other lie in one place: no slice is so thin, and positions are rounded."""
UNEVEN, _ROUNDED_MM = 0.1, 0.2
"""Choice: gaps between slices differ by more than this share of the usual one, and by more than rounding may do."""
SAME_ECHO = 0.05
"""Choice: echo times that differ by a smaller share are of one echo, which the scanner has not written alike."""


def places_mm(heads: Sequence["Dataset"]) -> np.ndarray:
    """Return where the slices of a series lie along the stack, each place once, in order.

    Empty where the headers of the files do not tell it: of mosaics, several frames, slices without a position.
    """
    turned, places = heads[0].get("ImageOrientationPatient"), [head.get("ImagePositionPatient") for head in heads]
    if not turned or not all(places) or any(_holds_several(head) for head in heads):
        return np.empty(0)
    along = np.sort(np.array(places, float) @ np.cross(*np.array(turned, float).reshape(2, 3)))
    return along[np.diff(along, prepend=-np.inf) > SAME_PLACE_MM]


def _holds_several(head: "Dataset") -> bool:
    return int(head.get("NumberOfFrames") or 1) > 1 or "MOSAIC" in (head.get("ImageType") or ())


def is_one_echo(heads: Sequence["Dataset"]) -> bool:
    """Return whether slices of a series differ a little in echo time, and none of the times has a whole stack.

    Two echoes of an acquisition are whole each, or differ by more.
    """
    try:
        times = np.array([float(header_text(head, "EchoTime")) for head in heads])
    except ValueError:
        return False
    if not 0 < np.ptp(times) < SAME_ECHO * times.max():
        return False
    whole = len(places_mm(heads))
    stacks = ([head for head, its in zip(heads, times, strict=True) if its == time] for time in np.unique(times))
    return all(len(places_mm(stack)) < whole for stack in stacks)


def doubt_of_slices(shape: Sequence[int], heads: Sequence["Dataset"]) -> str:
    """Return why a volume of some shape does not hold all slices of its series, each in its place; or an empty text."""
    places = places_mm(heads)
    used = int(np.prod(shape[:3])) // (int(heads[0].Rows) * int(heads[0].Columns)) if len(places) else 0
    if used < len(places):
        return f"dcm2niix used {used} of its {len(places)} slices: in echo time, or in another setting, they differ"
    gaps = np.diff(places)
    if len(gaps) and np.ptp(gaps) > max(UNEVEN * np.median(gaps), _ROUNDED_MM):
        return f"uneven: its slices lie {gaps.min():.2g} to {gaps.max():.2g} mm apart; export it as it was acquired"
    return ""


def nearest_shell(b_values: np.ndarray) -> np.ndarray | None:
    """Return which of some images have the b-value nearest to the typical one; None where none is weighted."""
    shells = np.unique(b_values[b_values >= LOW_B_VALUE].round(-2))
    return b_values.round(-2) == shells[np.argmin(np.abs(shells - TYPICAL_B_VALUE))] if len(shells) else None


def own_shell(heads: Sequence["Dataset"]) -> np.ndarray | None:
    """Return which slices of a diffusion series have the b-value nearest to the typical one, by what each says itself.

    None where some do not say it, or all say one: GE gives weighted images without a direction, which dcm2niix takes
    for those of b 0.
    """
    if any(_holds_several(head) for head in heads):
        return None
    b_values = [_b_value(head) for head in heads]
    if None in b_values or len(set(b_values)) < 2:
        return None
    return nearest_shell(np.array(b_values, float))


def _b_value(head: "Dataset") -> float | None:
    said = head.get("DiffusionBValue")
    if said is None:
        return private_b_value(head, of_diffusion=True)
    return float(said) if isinstance(said, int | float) else None
