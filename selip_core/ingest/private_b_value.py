"""The b-value where a vendor keeps it: older software has it in elements of its own, and no DiffusionBValue."""

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

_GE = "GEMS_PARM_01"
_PLACES = {
    "SIEMENS MR HEADER": (0x0019, 0x0C),
    _GE: (0x0043, 0x39),
    "Philips Imaging DD 001": (0x2001, 0x03),
    "Image Private Header": (0x0065, 0x09),  # United Imaging
}
"""By the creator of a block of private elements: group, and element within the block. Of the vendors' conformance
statements, and of what the converters of the field read."""

_GE_STEP = 100_000
"""GE adds a multiple of this to b-values of newer software: 1000001000 is 1000."""
_HIGHEST = 50_000.0

PRIVATE_B_TAGS = tuple(
    tag for group, element in _PLACES.values() for tag in (group << 16 | 0x0010, group << 16 | 0x1000 | element)
)
"""What has to be read of a file before `private_b_value`: each block where vendors put it, the first of its group."""


def private_b_value(found: "Dataset", *, of_diffusion: bool = False) -> float | None:
    """Return the b-value (s/mm²) that a file tells in private elements, None where it tells none.

    An element counts where the creator of its block is the vendor whose it is. A 0 of GE counts as none, but of what is
    known to be diffusion: it stands in series of every kind.
    """
    for creator, (group, element) in _PLACES.items():
        # not pydicom's private_block, which looks through a whole group: a third of a millisecond of every slice
        said = found.get(group << 16 | 0x0010)
        held = found.get(group << 16 | 0x1000 | element)
        if said is None or held is None or str(said.value).strip() != creator:
            continue
        number = _first_number(held.value)
        if number is None or number < 0:
            continue
        if creator == _GE:
            number %= _GE_STEP
        if number < _HIGHEST and (number or of_diffusion or creator != _GE):
            return number
    return None


def _first_number(value: object) -> float | None:
    """Return the first number of an element, as it is read with a dictionary of its vendor, or without one: bytes."""
    if isinstance(value, bytes):
        written = value.decode("ascii", "replace").strip(" \0").split("\\")
        form = {4: "<f", 8: "<d"}.get(len(value))
        value = struct.unpack(form, value) if form and not _is_number(written[0]) else written
    several = not isinstance(value, str) and hasattr(value, "__getitem__")
    try:
        return float(value[0] if several else value)
    except (TypeError, ValueError, IndexError):
        return None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("+-").isdecimal()
