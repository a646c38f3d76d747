"""Maps that a program has computed of an image and put beside it, with a few letters before the image's name."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from selip_core.preprocessing import NIFTI_ENDINGS

_Series = TypeVar("_Series")  # `ingest.layouts.FoundSeries`, which is made with what stands here

COMPUTED = "a map computed of the image beside it (its name with letters before it, as SPM, CAT12 and LST write them)"
_LETTERS = re.compile(
    r"(?:s?m?w?r?(?:c[1-6]|p[0-6])|u_rc1|i?y_|ples_l[gp]a_(?:\d[\d.]*_)?)(?=(?P<moved>r?m?))"
)
"""Tissues (``c1``, ``mwp1``), deformations (``y_``), lesions (``ples_lpa_m``): the programs write them lower-case."""


def set_maps_aside(found: list[_Series]) -> list[_Series]:
    """Return series in which a computed map is none, where the image lies in its folder or in the one above.

    A patient whose name only begins so stays, for there is no image of the rest of the name.
    """
    there = {(one.files[0].parent, _stem(one.files[0])) for one in found if one.files}
    return [
        replace(one, sequence=None, reason=COMPUTED) if one.files and _image_of(one.files[0], there) else one
        for one in found
    ]  # fmt: skip


def _image_of(path: Path, there: set[tuple[Path, str]]) -> bool:
    match = _LETTERS.match(path.name)
    if not match:
        return False
    stem = _stem(path)[match.end() :]
    names = {stem, stem.removeprefix(match["moved"])}
    return any((folder, name) in there for folder in (path.parent, path.parent.parent) for name in names)


def _stem(path: Path) -> str:
    ending = next((ending for ending in NIFTI_ENDINGS if path.name.lower().endswith(ending)), "")
    return path.name[: len(path.name) - len(ending)]
