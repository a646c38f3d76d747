"""Which sequence a series is, from its description, its file name, its DICOM header or its name in a table."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from selip_core.datasets.sequence_words import (
    DIFFUSION_MAP,
    END,
    MASK_SUFFIXES,
    MASK_WORDS,
    NAMES,
    OTHER_SEQUENCES,
    PLAIN_WORDS,
    SET_ASIDE,
    START,
)  # fmt: skip
from selip_core.sequences import TABLE

BIDS_SUFFIXES = {suffix: name for name, one in NAMES.items() for suffix in one.bids} | dict.fromkeys(
    MASK_SUFFIXES, "mask"
)
"""The sequence, or ``mask``, of a suffix of BIDS."""

SEQUENCES_OF_BRATS = {word: name for name, one in NAMES.items() for word in one.brats} | {"seg": "mask"}
"""The sequence, or ``mask``, of a file of BraTS: ``NAME_t1ce.nii.gz`` up to 2021, ``NAME-t1c.nii.gz`` from 2023."""

BRATS_FILE = re.compile(
    rf"(?P<name>.+)[_-](?P<what>{'|'.join(sorted(SEQUENCES_OF_BRATS, key=len, reverse=True))})\.nii(?:\.gz)?",
    re.IGNORECASE,
)
_TIME_POINT = re.compile(r"(?P<patient>BraTS-[A-Za-z]+-\d{5})-\d{3}")
"""2023: the last field is the visit; the visits of a patient must not be on two sides of a split."""


def _any(words: Iterable[str]) -> re.Pattern:
    return re.compile("|".join(words) or r"(?!)")


_WORDS = {name: _any(one.words) for name, one in NAMES.items()}
_ASIDE, _OTHER = (
    [(aside.reason, _any(aside.words), _any(aside.hints)) for aside in kinds] for kinds in (SET_ASIDE, OTHER_SEQUENCES)
)
_DIFFUSION_MAP = _any(DIFFUSION_MAP.words + DIFFUSION_MAP.hints)
_MASK, _PLAIN = _any(MASK_WORDS), _any(PLAIN_WORDS)
_RULED = ("T1", "T2", "FLAIR", "DWI", "ADC", "T1ce")
"""Sequences whose words occur together, so that `sequence_of_text` has rules for them."""
_NO_AGENT = re.compile(
    r"none|no|n|not? given|nil|without.*|w/?o|n\.?/?a\.?|unknown|false|0|无|没有|[-–. ]+", re.IGNORECASE
)
_JOINED = re.compile(
    r"(?<![A-Z])(?:O?(?:AX(?:IAL)?|SAG(?:ITTAL)?|COR(?:ONAL)?|TRA(?:NS(?:VERSE)?)?)|[23]D)+"
    r"(?=T[12]|E?DWI|D?ADC|FLAIR|FLA|PD|SWI|TOF|STIR)"
)
"""Plane or dimension that are written without a gap before the sequence: ``SAGT1FLAIR``, ``3DT1C``."""
_OTHER_BODY = _any((
    "SPINE", "NECK", "CERVICAL", "THORAC", "LUMBAR", "KNEE", "ABDOM", "PELVI", "HEART", "BREAST", "SHOULDER"
))  # fmt: skip
_BOTH = re.compile(r"增强|WITH.?(AND|&|\+).?WITHOUT|WITHOUT.?(AND|&|\+).?WITH|W.?(AND|&|\+).?W.?O")
_PHASE = {"P", "PHASE", "R", "REAL", "I", "IMAGINARY", "PHASE MAP"}
_MAGNITUDE = {"M", "M_SE", "M_FFE", "M_IR"}
_B_ZERO = re.compile(rf"{START}B[ =-]?(VALUE)?[ =]*0+{END}")
LOW_B_VALUE = 400.0
"""s/mm²; below it a diffusion image is T2-weighted. Choice: what is called DWI begins well above."""


def standard_sequence(name: str) -> str | None:
    """Return the sequence that a name in a table stands for (``t1wi``, ``T2-FLAIR``, ``T1+C``), or None if unknown."""
    bare = "".join(char for char in name.upper() if char.isalnum())
    aliases = {name: NAMES[name].aliases if name in NAMES else () for name in TABLE}
    return next((name for name in TABLE if bare in (name.upper(), *aliases[name])), None)


def patient_of(study: str) -> str:
    """Return the patient of a study of BraTS: its name, without the visit that 2023 adds to it."""
    match = _TIME_POINT.fullmatch(study)
    return match["patient"] if match else study


def sequence_of_text(text: str) -> tuple[str | None, str]:
    """Return the sequence that a description or file name tells, and why it is set aside where it tells another thing.

    Returns
    -------
    sequence : T1, T2, FLAIR, DWI, ADC, T1ce, ``mask`` (of a structure or lesion), or None
    reason : str
        Empty where the sequence is known, and where the text says nothing.

    Examples
    --------
    >>> sequence_of_text("t2_tse_dark-fluid_tra")
    ('FLAIR', '')
    >>> sequence_of_text("SWI_Images")
    (None, 'susceptibility-weighted')
    """
    bare = unicodedata.normalize("NFKC", text).upper().replace("_", " ")
    bare = re.sub(r"POST(ERIOR)?.?FOSSA", "", bare)  # a place, no contrast agent
    bare = _JOINED.sub(r"\g<0> ", bare)
    if _MASK.search(bare):
        return "mask", ""
    if _WORDS["ADC"].search(bare) and not re.search(r"E.?ADC|EXPONENTIAL", bare):
        return "ADC", ""
    if _WORDS["DWI"].search(bare) and not _DIFFUSION_MAP.search(bare):
        return (None, "diffusion without weighting (b-value 0)") if _B_ZERO.search(bare) else ("DWI", "")
    t1, t2, flair = (_WORDS[name].search(bare) for name in ("T1", "T2", "FLAIR"))
    weighted = t1 or t2 or flair
    if reason := _reason(bare, _ASIDE, weighted):
        return None, reason
    for name, words in _WORDS.items():
        if name not in _RULED and words.search(bare):  # SWI, once it is in the table, is no longer set aside
            return name, ""
    if reason := _reason(bare, _OTHER, weighted):
        return None, reason
    if flair and not t1:  # T1 FLAIR is T1-weighted
        return "FLAIR", ""
    if t1:
        return ("T1ce" if _WORDS["T1ce"].search(bare) and not _PLAIN.search(bare) else "T1"), ""
    return ("T2", "") if t2 else (None, "")


def _reason(bare: str, kinds: Iterable[tuple[str, re.Pattern, re.Pattern]], weighted: re.Match | None) -> str:
    """Return why a text is set aside by the first of some kinds that fits; empty where none does."""
    fitting = (reason for reason, words, hints in kinds if words.search(bare) or (not weighted and hints.search(bare)))
    return next(fitting, "")


def sequence_of_header(header: Mapping) -> tuple[str | None, str]:
    """Return the sequence of a DICOM series, or None and the reason for which it is set aside.

    What the image is (``ImageType``) comes first, then what the technician called it, then how it was acquired.

    Parameters
    ----------
    header : mapping
        ``Modality``, ``ImageType`` (list), ``SeriesDescription``, ``ProtocolName``, ``BodyPartExamined``,
        ``SequenceName``, ``ContrastBolusAgent``; ``RepetitionTime``, ``EchoTime``, ``InversionTime`` in ms; ``b_value``
        in s/mm². Each may be missing.
    """
    if header.get("Modality") not in (None, "", "MR"):
        return None, "not MRI"
    body = str(header.get("BodyPartExamined") or "").upper()
    if _OTHER_BODY.search(body) and not re.search("HEAD|BRAIN", body):
        return None, "not of the head"
    kinds = header.get("ImageType") or []
    kinds = {str(kind).upper() for kind in (kinds.split("\\") if isinstance(kinds, str) else kinds)}
    if "LOCALIZER" in kinds:
        return None, "a scout"
    if kinds & _PHASE and not kinds & _MAGNITUDE:
        return None, "a phase image"
    if any("SUBTRACT" in kind for kind in kinds):
        return None, "a subtraction"
    if any("PROJECTION" in kind or kind in ("MIP", "MNIP", "MIN IP") for kind in kinds):
        return None, "a projection"
    if "ADC" in kinds or "ADC_MAP" in kinds:
        return "ADC", ""
    if kinds & {"FA", "TENSOR", "EADC", "EXP", "COLFA"}:
        return None, "a diffusion map other than ADC"
    sequence, reason = None, ""
    for key in ("SeriesDescription", "ProtocolName", "SequenceName"):
        if sequence is None and not reason:
            sequence, reason = sequence_of_text(str(header.get(key) or ""))
    if sequence is None and not reason:
        sequence, reason = _of_acquisition(header)
    if sequence == "mask":
        return None, "a segmentation"
    return _outranked(sequence, header) if sequence else (None, reason)


def _outranked(sequence: str, header: Mapping) -> tuple[str | None, str]:
    """Return a named sequence as the header lets it stand: contrast, inversion and b-value outrank what it is called.

    A protocol is often copied, and its name with it; where the two exclude each other the series is set aside.
    """
    b_value = header.get("b_value") or 0
    inversion, echo = (_number(header.get(key)) for key in ("InversionTime", "EchoTime"))
    if sequence in ("T1", "T2", "FLAIR") and b_value >= LOW_B_VALUE:
        return None, f"it is called {sequence}, but its b-value is {b_value:g} s/mm²"
    dark_fluid = inversion is not None and inversion >= 1500 and echo is not None and echo >= 70
    if sequence == "T2" and dark_fluid:
        return "FLAIR", ""
    if sequence == "FLAIR" and inversion is not None and 0 < inversion < 300:
        return None, f"it is called FLAIR, but its inversion time is {inversion:g} ms: fat is dark in it, not fluid"
    if sequence == "FLAIR" and inversion is not None and 300 <= inversion < 1500 and echo is not None and echo < 50:
        sequence = "T1"  # T1 FLAIR, of whose name a part was lost
    agent = str(header.get("ContrastBolusAgent") or "").strip()
    if sequence == "T1" and agent and not _NO_AGENT.fullmatch(agent) and not _said_plain(header):
        return "T1ce", ""
    return sequence, ""


def _said_plain(header: Mapping) -> bool:
    """Return whether a series is called plain; a protocol of plain and enhanced series says nothing of one of them."""
    for key in ("SeriesDescription", "ProtocolName"):
        said = str(header.get(key) or "").upper().replace("_", " ")
        if _PLAIN.search(said):
            return key == "SeriesDescription" or not _BOTH.search(said)
        if _WORDS["T1ce"].search(said):
            return False
    return False


def _of_acquisition(header: Mapping) -> tuple[str | None, str]:
    """Return the sequence that the times of acquisition tell. Choice: ranges of clinical spin and gradient echo."""
    if (header.get("b_value") or 0) >= LOW_B_VALUE:
        return "DWI", ""
    repetition, echo, inversion = (_number(header.get(k)) for k in ("RepetitionTime", "EchoTime", "InversionTime"))
    if repetition is None or echo is None:
        return None, "its sequence is not known: neither description nor times of acquisition tell it"
    if inversion is not None and inversion >= 1500 and echo >= 70:
        return "FLAIR", ""
    if echo <= 30 and (repetition <= 1000 or (inversion is not None and inversion <= 1300)):
        return "T1", ""
    if echo >= 70 and repetition >= 2000:
        return "T2", ""
    return None, f"its sequence is not known: repetition time {repetition:g} ms, echo time {echo:g} ms fit none"


def _number(value) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
