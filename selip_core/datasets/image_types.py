"""What ``ImageType`` and the class of a DICOM file tell of an image, before what anybody called it."""

import re
from collections.abc import Mapping

_PHASE = {"P", "PHASE", "R", "REAL", "I", "IMAGINARY", "PHASE MAP"}
_MAGNITUDE = {"M", "M_SE", "M_FFE", "M_IR"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_LIKE_ITS_SOURCE = ("MPR", "REFORM", "RESAMPL", "COMPOS", "DIXON", "WATER")
_LOSSY = "01"


def of_image_type(header: Mapping) -> tuple[str | None, str]:
    """Return the sequence that the type of an image tells, or why it sets the series aside; None and "" for neither.

    A secondary capture counts as a picture of a screen where it states no position: some programs write volumes so.
    """
    kinds = header_values(header, "ImageType")
    if "LOCALIZER" in kinds:
        return None, "a scout"
    captured = str(header.get("SOPClassUID") or "").startswith(_SECONDARY_CAPTURE)
    if any("SCREEN" in kind for kind in kinds) or (captured and not header.get("ImagePositionPatient")):
        return None, "a capture of a screen, no volume"
    if kinds & _PHASE and not kinds & _MAGNITUDE:
        return None, "a phase image"
    if "SUB" in kinds or any("SUBTRACT" in kind for kind in kinds):
        return None, "a subtraction"
    if any("PROJECTION" in kind or kind in ("MIP", "MNIP", "MIN IP") for kind in kinds):
        return None, "a projection"
    if any(re.fullmatch(r"[TR][12]\*?[ _](STAR[ _])?MAP", kind) for kind in kinds):
        return None, "a quantitative map"
    if kinds & {"FAT", "FAT_FRACTION"} or {"F", "DIXON"} <= kinds or _twice_fat(header):
        return None, "a fat image"
    if "ADC" in kinds or "ADC_MAP" in kinds:
        return "ADC", ""
    if kinds & {"FA", "TENSOR", "EADC", "EXP", "COLFA"}:
        return None, "a diffusion map other than ADC"
    return ("DWI" if "TRACEW" in kinds else None), ""


def _twice_fat(header: Mapping) -> bool:
    """Return whether the type is Philips' of a fat image, ``DERIVED\\PRIMARY\\F\\F\\DERIVED``; a lone F is no fat."""
    kinds = header.get("ImageType") or []
    return [str(kind).upper() for kind in (kinds.split("\\") if isinstance(kinds, str) else kinds)][2:4] == ["F", "F"]


def is_derived(header: Mapping) -> bool:
    """Return whether a series was computed of another, whose protocol and times it carries.

    A reformat looks like its source, and what was compressed with loss is called derived too: neither counts.
    """
    kinds = header_values(header, "ImageType")
    alike = any(word in kind for kind in kinds for word in _LIKE_ITS_SOURCE)
    return "DERIVED" in kinds and not alike and str(header.get("LossyImageCompression") or "") != _LOSSY


def header_values(header: Mapping, key: str) -> set[str]:
    """Return the values of an attribute that may have several, in upper-case."""
    values = header.get(key) or []
    return {str(value).upper() for value in (values.split("\\") if isinstance(values, str) else values)}
