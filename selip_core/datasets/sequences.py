"""Which sequence a series is, from its description, its file name and its DICOM header."""

import re
import unicodedata
from collections.abc import Mapping

# A word stands alone between signs, digits count as part of it: "T1" is not in "T10".
_START, _END = r"(?<![A-Z0-9])", r"(?![A-Z0-9])"


def _words(*patterns: str) -> re.Pattern:
    return re.compile("|".join(patterns))


_ASIDE = {
    "a scout": _words(r"LOCALI[SZ]ER", rf"{_START}LOC{_END}", "SCOUT", "SURVEY", "SMARTBRAIN", "AAHEAD", r"3.?PLANE",
                      r"PLANE.?LOC", r"3.?PL.?LOC", "定位", "REFSCAN", rf"{_START}(REF|ASSET|CALIB)"),
    "not of the head": _words(r"SPINE", "CERVIC", "LUMBAR", "THORAC", "KNEE", "颈椎", "腰椎", "胸椎", "脊柱", "脊髓"),
    "a subtraction": _words(rf"{_START}SUB{_END}", "SUBTRACT", "减影"),
    "a quantitative map": _words(r"T[12]\*?.?MAP", "RELAXOMETRY"),
    "a phase image": _words(rf"{_START}(PHA|PHASE){_END}"),
    "susceptibility-weighted": _words(
        rf"{_START}(E?SWI|SWAN|QSM|T2.?STAR|T2\*|MIN.?IP|VEN.?BOLD|HEMO)", r"\(SW\)", "SUSCEPT", "磁敏感",
        rf"{_START}T2[A-Z]*.?(FFE|GRE|FL2D|FL3D|FLASH|MEDIC|MERGE)"),
    "an angiography": _words(r"TOF", rf"{_START}(MRA|MRV|CE.?MRA|COW|PCA)", "ANGIO", "血管成像", rf"{_START}MIP"),
    "perfusion": _words(rf"{_START}(ASL|PWI|PASL|PCASL|CBF|CBV|MTT|TTP|TMAX|DSC|DCE)", "PERF", "灌注"),
    "spectroscopy": _words(rf"{_START}(MRS|SVS|CSI|PRESS){_END}", "SPECTRO", "波谱"),
    "functional MRI": _words(rf"{_START}(BOLD|FMRI|RS.?FMRI)", "RESTING", "FIELD.?MAP", "FIELDMAP"),
    "a diffusion map other than ADC": _words(
        rf"{_START}(FA|COLFA|COLORFA|DEC|EADC|E.?ADC|RA|VR|AD|RD|MD){_END}", "TENSOR", "EXPONENTIAL", "TRACTO"),
    "proton-density-weighted": _words(rf"{_START}PD", "PROTON.?DENS", "质子"),
    "a fat-suppressed sequence of another kind": _words(rf"{_START}STIR"),
}  # fmt: skip
_MASK = _words(
    rf"{_START}(D?SEG|SEGMENTATION|MASK|MSK|GT|ROI|LABELS?|LESIONS?|CONSENSUS){_END}",
    "GROUND.?TRUTH", "GOLD.?STANDARD", "BRAIN.?MASK", "分割", "掩膜",
)  # fmt: skip
_ADC = _words(rf"{_START}D?ADC({_END}|(?=MAP))", "APPARENT.?DIFF", "表观")
_DWI = _words(
    rf"{_START}(E?DWI|DTI|DIFF|DIFFUSION|HARDI|DSI)(?![A-Z])", "TRACEW?(?![A-Z])",
    rf"{_START}B.?(VALUE.?)?(8|9|10|12|15)00", "弥散", "扩散",
)  # fmt: skip
_B_ZERO = _words(rf"{_START}B[ =-]?(VALUE)?[ =]*0+{_END}")
_FLAIR = _words("FLAIR", rf"{_START}(FLA|T2F|TIRM|FLR){_END}", "DARK.?FLUID", "水抑制", "黑水")
_T1 = _words(rf"{_START}T1", "MPRAGE", "MP2RAGE", "BRAVO", "FSPGR", "TFE3D", "3D.?TFE", r"T1W", "VIBE")
_T2 = _words(rf"{_START}T2")
_CONTRAST = _words(
    r"\+ ?C", r"C\+", rf"{_START}(CE|GD|GAD|POST|ENH|KM|CONTRAST){_END}", r"T1.?(WI?)?.?(CE|GD|C|POST|ENH)(?![A-Z])",
    "GADO", "POST.?CONTRAST", "增强",
)  # fmt: skip
_BEFORE_CONTRAST = _words(
    rf"{_START}(PRE|W.?O|NON|NO|WITHOUT).?(CE|GD|GAD|CONTRAST|C){_END}", rf"{_START}(PRE|NATIVE|PLAIN){_END}", "平扫"
)
_OTHER_BODY = _words(
    "SPINE", "NECK", "CERVICAL", "THORAC", "LUMBAR", "KNEE", "ABDOM", "PELVI", "HEART", "BREAST", "SHOULDER"
)
_PHASE = {"P", "PHASE", "R", "REAL", "I", "IMAGINARY", "PHASE MAP"}
_MAGNITUDE = {"M", "M_SE", "M_FFE", "M_IR"}
LOW_B_VALUE = 400.0
"""s/mm²; below it a diffusion image is T2-weighted. Choice: what is called DWI begins well above."""


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
    if _MASK.search(bare):
        return "mask", ""
    diffusion_map = _ASIDE["a diffusion map other than ADC"].search(bare)
    if _ADC.search(bare) and not re.search(r"E.?ADC|EXPONENTIAL", bare):
        return "ADC", ""
    if _DWI.search(bare) and not diffusion_map:
        return (None, "diffusion without weighting (b-value 0)") if _B_ZERO.search(bare) else ("DWI", "")
    for what, pattern in _ASIDE.items():
        weak = what == "a diffusion map other than ADC" and (_T1.search(bare) or _T2.search(bare))
        if pattern.search(bare) and not weak:
            return None, what
    if _FLAIR.search(bare) and not _T1.search(bare):  # T1 FLAIR is T1-weighted
        return "FLAIR", ""
    if _T1.search(bare):
        enhanced = _CONTRAST.search(bare) and not _BEFORE_CONTRAST.search(bare)
        return ("T1ce" if enhanced else "T1"), ""
    return ("T2", "") if _T2.search(bare) else (None, "")


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
    kinds = {str(kind).upper() for kind in header.get("ImageType") or []}
    if "LOCALIZER" in kinds:
        return None, "a scout"
    if kinds & {"P", "PHASE", "R", "REAL", "I", "IMAGINARY", "PHASE MAP"} and not kinds & {
        "M",
        "M_SE",
        "M_FFE",
        "M_IR",
    }:
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
    if sequence == "T1" and header.get("ContrastBolusAgent") and not _said_plain(header):
        return "T1ce", ""
    return sequence, reason


def _said_plain(header: Mapping) -> bool:
    said = " ".join(str(header.get(key) or "") for key in ("SeriesDescription", "ProtocolName"))
    return bool(_BEFORE_CONTRAST.search(said.upper().replace("_", " ")))


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
