"""Which sequence a series is, from its description, its file name, its DICOM header or its name in a table."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from selip_core.datasets import header_words
from selip_core.datasets.acquisition import contradiction, is_susceptible, number, of_acquisition, times
from selip_core.datasets.image_types import header_values, is_derived, of_image_type
from selip_core.datasets.sequence_words import (
    BOTH_WORDS,
    CODE_WORDS,
    DIFFUSION_MAP,
    END,
    EXPONENTIAL_ADC,
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
_MASK, _PLAIN, _BOTH, _EXPONENTIAL = map(_any, (MASK_WORDS, PLAIN_WORDS, BOTH_WORDS, EXPONENTIAL_ADC))
_RULED = ("T1", "T2", "FLAIR", "DWI", "ADC", "T1ce")
"""Sequences whose words occur together, so that `sequence_of_text` has rules for them."""
_AGENT, _NAMED_AGENT, _NO_AGENT = map(_any, (header_words.AGENTS, header_words.AGENT_OF_A_NAME, header_words.NO_AGENT))
_VEIN = _any(header_words.VEIN)
_PHANTOM, _NAMED_PHANTOM, _TEST_OF_A_SCANNER = map(
    _any, (header_words.PHANTOM, header_words.NAMED_PHANTOM, header_words.TEST_OF_A_SCANNER)
)
_LESION = re.compile(r"(?<![A-Z0-9])LESIONS?(?![A-Z0-9])(?![-_ ]*(?:MASK|SEG|LABEL|ROI))", re.IGNORECASE)
_INDICATION, _NO_NAME = _any(header_words.INDICATIONS), _any(header_words.NO_NAME)
_HEAD, _NO_HEAD_AT_ALL, _ORGAN = _any(header_words.HEAD), _any(header_words.NO_HEAD_AT_ALL), _any(header_words.ORGANS)
_JOINED = re.compile(
    r"(?<![A-Z])(?:O?(?:AX(?:IAL)?|SAG(?:ITTAL)?|COR(?:ONAL)?|TRA(?:NS(?:VERSE)?)?)|[23]D)+"
    r"(?=T[12]|E?DWI|D?ADC|FLAIR|FLA|PD|SWI|TOF|STIR)"
)
"""Plane or dimension that are written without a gap before the sequence: ``SAGT1FLAIR``, ``3DT1C``."""
_SPACE_OF = rf"(?:T[12](?:WI?|CE|C)?(?:[ -]?FLAIR)?|FLAIR|MP2?RAGE|DWI|ADC|B0){END}(?: SPACE{END})?"
_TARGET = re.compile(
    rf"[ -]+(?:(?:CO-?)?REG[A-Z]*|ALIGNED|WARPED|RESAMPLED|RESLICED)(?:[ -]+(?:TO|IN|INTO|ONTO))?[ -]+{_SPACE_OF}"
    rf"|[ -]+(?:TO|IN|INTO|ONTO)[ -]+{_SPACE_OF}|[ -]+SPACE-(?!FLAIR){_SPACE_OF}"
    rf"|(?<=[A-SU-Z])2{_SPACE_OF}|(?<=[A-Z0-9])TO{_SPACE_OF}"
)
"""The image onto which another was registered: ``FLAIR_to_T1``, ``T2_space-T1``, ``flair2t1``.

T2 SPACE-FLAIR is a FLAIR.
"""
_MOVED = re.compile(rf"{START}[RW]{{1,2}}(?=T[12]|FLAIR)")
"""The letter that SPM puts before what it has registered."""
_CODE = re.compile(rf"(?P<code>(?:{'|'.join(CODE_WORDS)})[-_ ]?[0-9]+)[-_ ]+(?P<rest>.+)", re.IGNORECASE)
_DERIVED = "derived of another series, and its own name tells no sequence; that of the protocol is of the other"
_B_VALUE = re.compile(r"(?:(?<![A-Z0-9])|(?<=B0))B[ =-]?(?:VALUES?)?[ =:]*([0-9]{1,4})(?![0-9])")
_B_BEHIND = re.compile(rf"{START}([0-9]{{2,4}})B{END}")
_B_NEXT = re.compile(rf"{START}([0-9]{{1,2}}[05]0){END}")
_BOTH_DIFFUSION = re.compile(rf"DWI ?[+/&,] ?ADC{END}")
"""A protocol whose images and map carry one name."""
_LOW_B = re.compile(rf"LOW.?B{END}")
LOW_B_VALUE = 400.0
"""s/mm²; below it a diffusion image is T2-weighted. Choice: what is called DWI begins well above."""
BY_TIMES_ALONE = "nothing calls it by its sequence: repetition and echo time alone tell it"
"""A remark; `ingest.series` ranks such a series behind those that are called by their sequence."""


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
    bare = _bare(text)
    bare = re.sub(r"POST(ERIOR)?.?FOSSA", "", bare)  # a place, no contrast agent
    bare = _JOINED.sub(r"\g<0> ", bare)
    if _MASK.search(bare):
        return "mask", ""
    sequence, reason = _of_words(_without_target(bare))
    elsewhere = (sequence or _NO_NAME.search(bare)) and _of_another_part(bare)
    return (None, "not of the head") if elsewhere else (sequence, reason)


def sequence_of_file(name: str) -> tuple[str | None, str]:
    """Return what `sequence_of_text` does of a file that somebody named: a patient's code before it tells nothing.

    Examples
    --------
    >>> sequence_of_file("PD_01_T1"), sequence_of_text("PD_01_T1")
    (('T1', ''), (None, 'proton-density-weighted'))
    """
    return sequence_of_text(without_code(name)[1])


def without_code(name: str) -> tuple[str, str]:
    """Return the code of a patient that begins the name of a file as a word of a sequence does, and what follows it.

    The code is empty where there is none: it is one only before a text that tells a sequence.
    """
    match = _CODE.fullmatch(name)
    if match and sequence_of_text(match["rest"])[0] not in (None, "mask"):
        return match["code"], match["rest"]
    return "", name


def b_values_of_text(text: str) -> list[float]:
    """Return the b-values, s/mm², that a description or a file name tells: 0 and 1000 of ``DWI_b0_1000``."""
    bare = _bare(text)
    diffusion = _WORDS["DWI"].search(bare)
    found = [
        match for match in (*_B_VALUE.finditer(bare), *_B_BEHIND.finditer(bare))
        if int(match[1]) >= LOW_B_VALUE or (  # B12_DWI is a patient
            int(match[1]) % 50 == 0 and (diffusion is None or match.start() >= diffusion.start()))
    ]  # fmt: skip
    values = [float(match[1]) for match in found]
    if found:  # what follows without a b is one only where it looks like one: a series has a number too
        values += (float(match[1]) for match in _B_NEXT.finditer(bare, max(match.end() for match in found)))
    return values


def _bare(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper().replace("_", " ")


def _without_target(bare: str) -> str:
    """Return a name without the image onto which it was registered, if what stands before that tells a sequence."""
    match = _TARGET.search(bare)
    moved = _MOVED.sub("", bare[: match.start()]) if match else ""
    return moved + bare[match.end() :] if moved and _of_words(moved) != (None, "") else bare


def other_part(text: str) -> str:
    """Return the part of the body that a text names where it names no head beside it, else ""; in upper-case."""
    bare = _bare(text)
    return _ORGAN.search(bare)[0] if _of_another_part(bare) else ""


def _of_the_head(bare: str) -> bool:
    return _HEAD.search(_NO_HEAD_AT_ALL.sub("", bare)) is not None


def _of_another_part(bare: str) -> bool:
    """Return whether a text names another part of the body, and the head not beside it."""
    return _ORGAN.search(bare) is not None and not _of_the_head(bare)


def _weak(b_value: float) -> str:
    return f"diffusion without weighting (b-value {b_value:g})"


def _of_words(bare: str) -> tuple[str | None, str]:
    """Return the sequence and the reason of `sequence_of_text`, of a text in upper-case."""
    if _WORDS["ADC"].search(bare) and not _EXPONENTIAL.search(bare):
        return "ADC", ""
    if _WORDS["DWI"].search(bare) and not _DIFFUSION_MAP.search(bare):
        highest = max(b_values_of_text(bare), default=0.0 if _LOW_B.search(bare) else LOW_B_VALUE)
        return ("DWI", "") if highest >= LOW_B_VALUE else (None, _weak(highest))
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
        ``Modality``, ``ImageType`` (list), ``SeriesDescription``, ``ProtocolName``, ``StudyDescription``,
        ``BodyPartExamined``, ``SequenceName``, ``ScanningSequence`` (list), ``ContrastBolusAgent``,
        ``ContrastBolusVolume``, ``ContrastBolusRoute``;
        ``RepetitionTime``, ``EchoTime``, ``InversionTime`` in ms; ``b_value``, the highest, in s/mm², None where it is
        not known. Each may be missing.
    """
    return _judged(header)[:2]


def header_remarks(header: Mapping) -> tuple[str, ...]:
    """Return what is doubtful of a DICOM series of which `sequence_of_header` tells the sequence."""
    return _judged(header)[2]


def _judged(header: Mapping) -> tuple[str | None, str, tuple[str, ...]]:
    if header.get("Modality") not in (None, "", "MR"):
        return None, "not MRI", ()
    if _is_phantom(header):
        return None, "a phantom, nobody's head", ()
    if _elsewhere(header):
        return None, "not of the head", ()
    sequence, reason = of_image_type(header)
    # an anonymiser that blanks descriptions leaves the protocol alone
    derived = is_derived(header) and bool(str(header.get("SeriesDescription") or "").strip())
    for key in ("SeriesDescription", *(() if derived else ("ProtocolName", "SequenceName"))):
        if sequence is None and not reason:
            sequence, reason = sequence_of_text(_of_an_image(str(header.get(key) or ""), header))
    named = sequence is not None
    if sequence is None and not reason:
        sequence, reason = (None, _DERIVED) if derived else _of_acquisition(header)
    if sequence == "mask":
        return None, "a segmentation", ()
    if sequence is None:
        return None, reason, ()
    outranked, reason = _outranked(sequence, header)
    remarks = () if named else (BY_TIMES_ALONE,)
    if outranked == "T1" and _is_agent(header) is None:
        remarks += ("its contrast agent is no known one: taken for an image without, look at it",)
    return outranked, reason, (*remarks, *_doubts_of_part(header)) if outranked else ()


def _of_an_image(text: str, header: Mapping) -> str:
    """Return what an original image is called without the lesion for which it was made, if that leaves a sequence."""
    kinds = header_values(header, "ImageType")
    left = _LESION.sub("", text) if "ORIGINAL" in kinds and "DERIVED" not in kinds else text
    return left if sequence_of_text(left)[0] not in (None, "mask") else text


def _is_phantom(header: Mapping) -> bool:
    """Return whether a series was made to check a scanner: by whom it is of, its study or its description."""
    name, *said = (_bare(str(header.get(k) or "")) for k in ("PatientName", "StudyDescription", "SeriesDescription"))
    called = _NAMED_PHANTOM.search(name) or any(map(_PHANTOM.search, said))
    return bool(called) or any(map(_TEST_OF_A_SCANNER.search, said))


def _elsewhere(header: Mapping) -> bool:
    """Return whether a series is of another part of the body than the head.

    What the series is called outranks ``BodyPartExamined``, which a technician chooses for the whole examination, or
    copies; a value that names no part is as none. Where that is not the head, a description that names it keeps the
    series, with a remark. A study may be called after what the head is examined for, `lung ca, r/o mets`.
    """
    texts = [_bare(str(header.get(key) or "")) for key in ("SeriesDescription", "ProtocolName", "StudyDescription")]
    of_the_series = next((t for t in texts[:2] if _of_the_head(t) or _of_another_part(t)), "")
    if of_the_series:
        return _of_another_part(of_the_series)
    body, study = _bare(str(header.get("BodyPartExamined") or "")), texts[2]
    if _of_the_head(body) or _of_another_part(body):
        return _of_another_part(body) and not _of_the_head(study)
    return _of_another_part(study) and not _INDICATION.search(study)


def _doubts_of_part(header: Mapping) -> tuple[str, ...]:
    """Return a remark where a text of a header names another part of the body than the head."""
    keys = ("SeriesDescription", "ProtocolName", "StudyDescription", "BodyPartExamined")
    others = [key for key in keys if _of_another_part(_bare(str(header.get(key) or "")))]
    return (f"taken for the head, though {' and '.join(others)} names another part of the body",) if others else ()


def _called(header: Mapping) -> str:
    return "\n".join(_bare(str(header.get(key) or "")) for key in ("SeriesDescription", "ProtocolName"))


def _of_acquisition(header: Mapping) -> tuple[str | None, str]:
    if (header.get("b_value") or 0) >= LOW_B_VALUE:
        return "DWI", ""
    return of_acquisition(header, _called(header))


def _outranked(sequence: str, header: Mapping) -> tuple[str | None, str]:
    """Return a named sequence as the header lets it stand: contrast, inversion and b-value outrank what it is called.

    A protocol is often copied, and its name with it; where the two exclude each other the series is set aside.
    """
    b_value = header.get("b_value")
    _, echo, inversion = times(header)
    if sequence in ("T1", "T2", "FLAIR") and b_value is not None and b_value >= LOW_B_VALUE:
        return None, f"it is called {sequence}, but its b-value is {b_value:g} s/mm²"
    if sequence == "DWI" and b_value is not None and b_value < LOW_B_VALUE:
        return None, _weak(b_value)
    if sequence == "ADC" and (b_value or 0) >= LOW_B_VALUE and _BOTH_DIFFUSION.search(_called(header)):
        kinds = header_values(header, "ImageType")
        is_map = any(kind.startswith("ADC") for kind in kinds) or "ORIGINAL" not in kinds
        return ("ADC" if is_map else "DWI"), ""
    if sequence == "T2" and is_susceptible(header, _called(header)):
        return None, "susceptibility-weighted"
    dark_fluid = inversion is not None and inversion >= 1500 and echo is not None and echo >= 70
    if sequence == "T2" and dark_fluid:
        return "FLAIR", ""
    if sequence == "FLAIR" and inversion is not None and 0 < inversion < 300:
        return None, f"it is called FLAIR, but its inversion time is {inversion:g} ms: fat is dark in it, not fluid"
    if sequence == "FLAIR" and inversion is not None and 300 <= inversion < 1500 and echo is not None and echo < 50:
        sequence = "T1"  # T1 FLAIR, of whose name a part was lost
    if reason := contradiction(sequence, header):
        return None, reason
    if sequence == "T1" and _is_agent(header) and not _said_plain(header):
        return "T1ce", ""
    return sequence, ""


def _is_agent(header: Mapping) -> bool | None:
    """Return whether a header names a contrast agent, or how much was injected; None where its name is not known."""
    agent = _bare(str(header.get("ContrastBolusAgent") or "")).strip()
    if not agent and _VEIN.search(_bare(str(header.get("ContrastBolusRoute") or ""))):
        return (number(header.get("ContrastBolusVolume")) or 0) > 0
    denied, given, named = (words.search(agent) for words in (_NO_AGENT, _AGENT, _NAMED_AGENT))
    if denied and not (given and given.start() < denied.start()):
        return False
    if denied and not (named and named.start() < denied.start()):
        return None  # contrast: not known
    return True if given else None


def _said_plain(header: Mapping) -> bool:
    """Return whether a series is called plain; a protocol of plain and enhanced series says nothing of one of them."""
    for key in ("SeriesDescription", "ProtocolName"):
        said = str(header.get(key) or "").upper().replace("_", " ")
        if _PLAIN.search(said):
            return key == "SeriesDescription" or not _BOTH.search(said)
        if _WORDS["T1ce"].search(said):
            return False
    return False


def told_plain(header: Mapping) -> bool:
    """Return whether a name, or what the header has of a contrast agent, tells that none was given."""
    agent = str(header.get("ContrastBolusAgent") or "").strip()
    return _said_plain(header) or (bool(agent) and _is_agent(header) is False)
