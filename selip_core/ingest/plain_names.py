"""What the names of plain files tell beside their sequence: whose they are, and what is doubtful of that."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from selip_core.datasets.sequences import sequence_of_text, without_code

_Series = TypeVar("_Series")  # `ingest.layouts.FoundSeries`, which is made with what stands here

STUDIES_OF_A_SITE = 4
"""Choice: so many studies of one sequence in one folder rather are those of several people."""

_SEPARATOR = re.compile(r"[_\-. ]+")
_STAMP = re.compile(r"(?:^|(?<=[_\-. ]))((?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d[0-2]\d[0-5]\d[0-5]\d)"
                    r"(?:_\d{1,5}[a-z]?)?(?=$|[_\-. ])")  # fmt: skip
"""The time of an examination and the number of a series, as dcm2niix writes them: ``_20240101120000_3``."""
_PLANES = (
    r"[o0]?(?:ax|axi|axial|sag|sagittal|cor|coronal|tra|trans|transverse|transversal)|[23]d"
    "|轴位|矢状位?|冠状位?|横断位?"
)
_BEFORE = re.compile(_PLANES, re.IGNORECASE)
"""What goes before the sequence: no more than planes, for two letters there may be somebody's initials."""
_BEHIND = re.compile(
    rf"{_PLANES}|se|fse|tse|frfse|gre|ffe|tfe|ir|tir|spc|space|vibe|fl[23]d|dark|fluid|blade|propeller|haste|dixon|epi|iso"
    r"|isotropic|\d*mm|iso\d+mm|fs|fatsat|fat|sat|spair|spir|wip|rst|nd|dis[23]d|mpr|ref|reformat|b1?\d00"
    "|to|onto|in|reg|coreg|registered|aligned|bias|n4|brain|bet|stripped|norm|denoised|mni"
    r"|corrected|resampled|resliced|cropped|defaced|preprocessed|maps?|copy|kopie|copie|cópia|copia|副本|複本|コピー|복사본"
    r"|\(?(?:c[+-]|\+c|\+)\)?|\+?(?:ce|gd|gad|gadolinium|km|mdc|civ|ivkm)\+?|(?:post|nach)(?:c|ce|gd|gad|km|[ck]ontrast)|pre|post|plain|nativ[aeo]?|enhanced"
    r"|[ck]ontrast[aeo]?|pos-?contraste|平[扫掃]|[增増][强強]|[强強]化|[显顯]影|造影[前后後]?|조영",
    re.IGNORECASE,
)
"""What goes behind the sequence: how it was acquired, whether with a contrast agent, onto what it was registered."""
_MOVED = re.compile(r"^[rw]{1,2}(?=t[12]|flair)", re.IGNORECASE)
"""The letters that SPM puts before the name of what it has registered."""
_LETTER = re.compile(
    r"p[2-6]|e\d|c|\(\d\)|ph|phase|con|sin|com|sem|mit|ohne|sans|avec|senza|dopo|nach|after|before|with|without|p[oó]s",
    re.IGNORECASE,
)
_B_VALUE = re.compile(r"b\d{1,4}|(?:[5-9]|1[025]|[23]0)00", re.IGNORECASE)
"""Parallel imaging, echo, contrast, the number of a copy, phase, words before a contrast medium; of diffusion a
b-value. Or a patient P2, B12, (2), Sin, where no id with a number stands before the sequence: a site may."""
_DATE = re.compile(
    r"(?:19|20)\d\d([-._])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])([-._])"
    r"(?:0?[1-9]|1[0-2])\2(?:19|20)\d\d|(?:19|20)\d\d年\d{1,2}月\d{1,2}日"
)
_COMPACT_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
"""Or the number of a patient."""
_VISIT = re.compile(
    r"(?:ses|sess|session|visit|v|t|tp|time|timepoint|scan|exam|study|series|baseline|bl|follow|fu|followup|day|week|month|m)"
    r"[-_ ]*\d*|anat|func|dwi|fmap|perf|pre-?op|post-?op",
    re.IGNORECASE,
)
"""Folders within those of a patient."""
_NO_CODE = re.compile(r"\d(?:[.,]\d)?T|MRI?\d{0,4}|(?:19|20)\d\d", re.IGNORECASE)
"""Numbers that are no patient's: 3T T1 (1), MRI2023 FLAIR (2)."""
_NOBODY = re.compile(
    r"dicom|dcm|nii|nifti|im|img|images?|series|scans?|mri?|anon|export|data|study|brain|head", re.IGNORECASE
)


def own_name(name: str) -> tuple[str, str]:
    """Return what is left of a name without its sequence and how that was acquired, and the time of an examination.

    Both may be empty. Two patients are never made one: a patient's code stays, and so do numbers.

    Examples
    --------
    >>> own_name("P001_t1_mprage_sag_20240101120000_3"), own_name("study1_Ax_FLAIR"), own_name("GD_01_T1_C+")
    (('P001', '20240101120000'), ('study1', ''), ('GD_01', ''))
    """
    code, rest = without_code(name)
    match = _STAMP.search(rest)
    stamp = match[1] if match else ""
    if match:  # a number behind a stamp that begins the name may be the patient's
        rest = rest[: match.start()] + rest[match.end() if match.start() else match.end(1) :]
    parts = _parts(rest)
    at = next((i for i, part in enumerate(parts) if _tells_a_sequence(part)), len(parts))
    before = [part for part in parts[:at] if not _BEFORE.fullmatch(part)]
    behind = [part for part in parts[at:] if not _tells_a_sequence(part) and not _BEHIND.fullmatch(part)]
    if code or any(any(map(str.isdigit, part)) and not _NO_CODE.fullmatch(part) for part in before):
        diffusion = sequence_of_text(rest)[0] in ("DWI", "ADC")
        behind = [p for p in behind if not (_LETTER.fullmatch(p) or (diffusion and _B_VALUE.fullmatch(p)))]
    elif behind and not before:  # T1_wang_se: behind a name two letters rather are more of it
        at += parts[at:].index(behind[0])
        behind = [part for part in parts[at:] if part in behind or _may_be_initials(part)]
    return "_".join([*filter(None, [code]), *before, *behind]), stamp


def patient_of_name(name: str) -> str:
    """Return the patient of a file that lies in no folder, or "" where its name tells nothing but a sequence.

    Where only words of a protocol are left it is the examination's time, which the series of one have in common, or
    those words: somebody's initials may look like them.
    """
    own, stamp = own_name(name)
    if own and not (stamp and all(map(_NOBODY.fullmatch, own.split("_")))):
        return own
    words = "_".join(part for part in _parts(name) if not _tells_a_sequence(part))
    return "_".join(filter(None, [own, stamp])) or words


def date_folders(paths: Iterable[str]) -> set[str]:
    """Return the first folders of relative paths that are a date and below which each folder, or file, is of a patient.

    A date in eight digits may be a patient's number too: it is one unless two patients lie below one of them.

    Examples
    --------
    >>> date_folders(["2020-01-01/P001/T1.nii.gz", "2020-01-02/visit1/T1.nii.gz", "20200103/anat/T1.nii.gz"])
    {'2020-01-01'}
    """
    below: dict[str, set[str]] = {}
    for path in paths:
        folder, *rest = path.split("/")
        if rest and (_DATE.fullmatch(folder) or _COMPACT_DATE.fullmatch(folder)):
            below.setdefault(folder, set()).add(rest[0] if len(rest) > 1 else own_name(rest[0].split(".nii")[0])[0])
    dates = {folder: names for folder, names in below.items() if all(map(_may_be_a_patient, names))}
    eight = [names for folder, names in dates.items() if _COMPACT_DATE.fullmatch(folder)]
    # 20200101/before, 20200101/after, 20200102/before: what is below several of them is no patient
    below_each = Counter(name for names in eight for name in names if not any(map(str.isdigit, name)))
    again = any(count > 1 for count in below_each.values())
    compact = any(len(names) > 1 for names in eight) and not again
    return {folder for folder in dates if compact or _DATE.fullmatch(folder)}


def _may_be_a_patient(name: str) -> bool:
    other = _VISIT.fullmatch(name) or _NOBODY.fullmatch(name) or _DATE.fullmatch(name) or _COMPACT_DATE.fullmatch(name)
    return bool(name) and not other and not _tells_a_sequence(name)


def _parts(name: str) -> list[str]:
    return [part for part in _SEPARATOR.split(name) if part]


def _may_be_initials(part: str) -> bool:
    return len(part) == 2 and part.isalpha() and not _BEFORE.fullmatch(part) and not _tells_a_sequence(part)


def _tells_a_sequence(part: str) -> bool:
    return sequence_of_text(_MOVED.sub("", part, count=1)) != (None, "")


def by_time(found: list[_Series]) -> list[_Series]:
    """Return series in which examinations of a plain patient at two times are two studies."""
    times: dict[str, set[str]] = {}
    for one in found:
        if one.layout == "plain" and one.order:
            times.setdefault(one.patient_id, set()).add(one.order)
    return [_of_its_time(one) if one.order and len(times.get(one.patient_id, ())) > 1 else one for one in found]


def _of_its_time(one: _Series) -> _Series:
    folder = "/".join(filter(None, [one.keys.get("folder"), one.order]))
    return replace(one, study_id=f"{one.study_id}/{one.order}", keys={**one.keys, "folder": folder})


def with_doubts(found: list[_Series], *, guessed: bool) -> list[_Series]:
    """Return series with a remark where their names may tell other patients than they are taken to, by a guess."""
    sites, alone = _perhaps_sites(found), _perhaps_one_patient(found) if guessed else ""
    dated = _dated(found) if guessed else {}
    return [
        replace(one, notes=(*one.notes, *filter(None, [sites.get(one.patient_id), dated.get(one.patient_id), alone])))
        if one.layout == "plain" else one for one in found
    ]  # fmt: skip


def _used(found: Iterable[_Series]) -> list[_Series]:
    return [one for one in found if one.layout == "plain" and one.sequence not in (None, "mask")]


def _perhaps_sites(found: list[_Series]) -> dict[str, str]:
    """Return a remark for each plain patient who has as many studies of one sequence as a site has patients."""
    counted: dict[str, dict[str, set[str]]] = {}
    for one in _used(found):
        if "/" in one.description or one.order:
            counted.setdefault(one.patient_id, {}).setdefault(one.sequence, set()).add(one.study_id)
    most = {patient: max(map(len, studies.values())) for patient, studies in counted.items()}
    folders = {one.patient_id for one in found if "/" in one.description}
    return {
        patient: f"{'its first folder' if patient in folders else 'what its name begins with'} is taken for one "
        f"patient, who then has {n} studies: if it is a site, say how the "
        "files lie by --pattern, as '*/{patient}/{sequence}.nii.gz', or {site} for * if two sites have a patient 001"
        for patient, n in most.items() if n >= STUDIES_OF_A_SITE
    }  # fmt: skip


def _dated(found: list[_Series]) -> dict[str, str]:
    """Return a remark for each plain patient who is called by a date, or lies below several."""
    days: dict[str, set[str]] = {}
    for one in _used(found):
        folder = one.description.split("/")[0]
        if _DATE.fullmatch(folder) or (_COMPACT_DATE.fullmatch(folder) and one.patient_id != folder):
            days.setdefault(one.patient_id, set()).add(folder)
    several = "what lies under its name in the folders of {} dates is taken for one person"
    return {
        patient: "its folder is a date and is taken for one patient: say how the files lie by --pattern"
        if patient in folders else several.format(len(folders))
        for patient, folders in days.items() if patient in folders or len(folders) > 1
    }  # fmt: skip


def _perhaps_one_patient(found: list[_Series]) -> str:
    """Return a remark where each of several plain patients has one series, and these are of several sequences."""
    used = _used(found)
    patients, sequences = {one.patient_id for one in used}, {one.sequence for one in used}
    if len(patients) < 2 or len(sequences) < 2 or len(patients) < len(used):
        return ""
    return (f"each of {len(patients)} patients has one series: if several are of one person, say how the files lie by "
            "--pattern, as '{patient}_{sequence}.nii.gz'")  # fmt: skip
