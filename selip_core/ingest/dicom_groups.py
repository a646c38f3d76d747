"""What enhanced DICOM files tell of an image in sequences, where others have an attribute of the header itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

_SHARED, _FRAMES = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
_TIMES = {
    "RepetitionTime": ("MRTimingAndRelatedParametersSequence", "RepetitionTime"),
    "EchoTime": ("MREchoSequence", "EffectiveEchoTime"),
    "InversionTime": ("MRModifierSequence", "InversionTimes"),
}
_PLACES = (
    ("PlanePositionSequence", "ImagePositionPatient"), ("PlaneOrientationSequence", "ImageOrientationPatient"),
)  # fmt: skip
_ECHOES = {"SPIN": ["SE"], "GRADIENT": ["GR"], "BOTH": ["SE", "GR"]}
_REGION = "AnatomicRegionSequence"
GROUP_TAGS = (_SHARED, _FRAMES, "ContrastBolusAgentSequence", "EchoPulseSequence", _REGION)
"""What has to be read of a file before `of_groups` and `frame_places`."""


def of_groups(found: "Dataset") -> dict:
    """Return what the sequences of a file tell, under the keywords that the header of a plain file has for it.

    Of ``RepetitionTime``, ``EchoTime``, ``InversionTime``, ``DiffusionBValue``, ``ContrastBolusAgent``,
    ``ScanningSequence`` and ``BodyPartExamined`` those that are there: what all frames share, else of the first frame;
    the highest b-value.
    """
    told: dict = {}
    shared, frames = list(found.get(_SHARED) or ()), list(found.get(_FRAMES) or ())
    for key, (sequence, keyword) in _TIMES.items():
        value = next(_within([*shared[:1], *frames[:1]], sequence, keyword), None)
        if value is not None:
            told[key] = str(value)
    b_values = [float(value) for value in _within([*shared, *frames], "MRDiffusionSequence", "DiffusionBValue")]
    if b_values:
        told["DiffusionBValue"] = max(b_values)
    if agents := _meanings([found], "ContrastBolusAgentSequence"):
        told["ContrastBolusAgent"] = "; ".join(agents)
    anatomy = [item for group in [*shared[:1], *frames[:1]] for item in group.get("FrameAnatomySequence") or ()]
    if regions := _meanings([found, *anatomy], _REGION):
        told["BodyPartExamined"] = " ".join(regions)
    if echoes := _ECHOES.get(str(found.get("EchoPulseSequence") or "")):
        told["ScanningSequence"] = echoes
    return told


def frame_places(found: "Dataset") -> list[list[float]] | None:
    """Return of each frame of a file the position and the orientation, nine numbers; None where one has none."""
    shared, frames = list(found.get(_SHARED) or ())[:1], list(found.get(_FRAMES) or ())
    places = []
    for frame in frames:
        try:
            position, turned = (_numbers([frame, *shared], *where) for where in _PLACES)
        except (TypeError, ValueError):  # N/A
            return None
        if len(position) != 3 or len(turned) != 6:
            return None
        places.append([*position, *turned])
    return places or None


def _numbers(groups: list["Dataset"], sequence: str, keyword: str) -> list[float]:
    """Return the numbers of an attribute of the first group that has it."""
    items = (item for group in groups for item in list(group.get(sequence) or ())[:1])
    return next(([float(number) for number in item.get(keyword) or ()] for item in items), [])


def _meanings(groups: list["Dataset"], sequence: str) -> list[str]:
    """Return what the codes of a sequence mean, of all groups that have it."""
    meanings = (str(item.get("CodeMeaning") or "") for group in groups for item in group.get(sequence) or ())
    return list(filter(None, meanings))


def _within(groups: list["Dataset"], sequence: str, keyword: str) -> Iterator:
    """Yield the first value of an attribute in each group that has it."""
    for group in groups:
        for item in list(group.get(sequence) or ())[:1]:
            value = item.get(keyword)
            several = not isinstance(value, str) and hasattr(value, "__getitem__")
            if value is not None and not (several and not len(value)):
                yield value[0] if several else value
