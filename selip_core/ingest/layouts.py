"""The series in a folder, however it is laid out: BIDS, BraTS, the released SeLIP code's, DICOM, or plain folders."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from selip_core._utils.encodings import likely_text
from selip_core._utils.tables import read_text
from selip_core.datasets.sequences import (
    BRATS_FILE,
    SEQUENCES_OF_BRATS,
    b_values_of_text,
    patient_of,
    sequence_of_file,
    sequence_of_text,
    standard_sequence,
    told_plain,
    without_code,
)
from selip_core.errors import SelipError
from selip_core.ingest.bids_names import BIDS_NAME, sequence_of_bids
from selip_core.ingest.computed_maps import set_maps_aside
from selip_core.ingest.folder_words import words_beside
from selip_core.ingest.identity import NOBODY, Person
from selip_core.ingest.plain_names import by_time, date_folders, own_name, patient_of_name, with_doubts
from selip_core.preprocessing import NIFTI_ENDINGS

VOLUME_ENDINGS = (*NIFTI_ENDINGS, ".npy")
_OTHER_VOLUMES = (
    ".mha", ".mhd", ".nrrd", ".mgz", ".mgh", ".img", ".hdr", ".head", ".brik", ".mnc", ".par", ".rec", ".v",
)  # fmt: skip
_OTHER_SHAPES = {".gii": "a surface", ".trk": "fibre tracts", ".tck": "fibre tracts"}
_RELEASED = re.compile(r"nii_mri_(?P<base>[^/]+)_processed(?:_[^/]+)?/(?P<series>[^/]+)/(?P<name>[^/]+)$")
RELEASED_SPLITS = {"training": "train", "train": "train", "val": "validation", "valid": "validation",
                   "validation": "validation", "test": "test", "testing": "test"}  # fmt: skip
_PATTERN_FIELDS = ("site", "patient", "study", "sequence")
_DATASET = re.compile(
    r"(?P<dataset>.*?)/?(?:(?:derivatives|rawdata|sourcedata)/.*)?(?<![^/])(?P<below>sub-[A-Za-z0-9]+)/"
)
"""Of a BIDS file, the folder of the whole dataset."""


@dataclass(frozen=True)
class FoundSeries:
    """One series of a source, not read yet.

    Parameters
    ----------
    files : tuple of Path
        One volume, or the slices of a DICOM series.
    patient_id, study_id : str
        As the source has them.
    sequence : str or None
        ``mask`` is a segmentation of the study.
    description : str
    reason : str
        Why it is set aside; empty where it is used.
    layout : ``dicom``, ``bids``, ``brats``, ``lgg``, ``released`` or ``plain``
        A folder in the manner of BraTS whose names are not the challenge's is ``plain``.
    personal : frozenset of str
        Texts that must not be written anywhere.
    keys : dict
        What else a report may be joined by: ``accession``, ``study_uid``; ``folder``, which many patients may have, and
        ``patient``, another name of the patient.
    notes : tuple of str
    order : str
        Sorts the studies of a patient.
    b_value : float, optional
        The highest that the headers of a DICOM series, or the name of a file beside its folder's, tell, s/mm².
    place : tuple of number and time
        Sorts the series of a study of DICOM.
    told_plain : bool
        Whether something tells that no contrast medium was given.
    study_number : str
        The header's ``StudyID``: no report is joined by it, but it may explain a table's column.
    person : Person
        What the header tells of the patient; it goes no further than the join.
    by_agent : bool
        Whether a T1 is an enhanced one only because its header names a contrast agent.
    """

    files: tuple[Path, ...]
    patient_id: str
    study_id: str
    sequence: str | None
    description: str
    reason: str
    layout: str
    personal: frozenset[str] = frozenset()
    keys: dict = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    order: str = ""
    b_value: float | None = None
    place: tuple = ()
    told_plain: bool = False
    study_number: str = ""
    person: Person = NOBODY
    by_agent: bool = False


def volume_name(path: Path) -> str | None:
    """Return the name of a volume file without its ending, or None where it is no volume that is read here."""
    name = path.name
    ending = next((ending for ending in VOLUME_ENDINGS if name.lower().endswith(ending)), None)
    return name[: -len(ending)] if ending else None


def readable(name: str) -> str:
    """Return a file name that is no UTF-8, as Windows archives unpacked on Linux leave it, as what it is."""
    raw = os.fsencode(name)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return likely_text(raw)


def other_volume(path: Path) -> str:
    """Return why a file that other programs know as a volume is not read, or an empty text."""
    name = path.name.lower()
    for ending in _OTHER_VOLUMES:
        if name.endswith((ending, f"{ending}.gz")):
            return f"{ending} volumes are not read; convert it to NIfTI"
    return next((f"{ending}: {what}, no volume" for ending, what in _OTHER_SHAPES.items() if name.endswith(ending)), "")


def find_volumes(
    root: Path, files: list[Path], pattern: str | None = None, *, archive: str = ""
) -> list[FoundSeries]:
    """Return the series of the NIfTI and array files below a folder.

    Each file is taken by its own name: BIDS (``sub-01_ses-2_T1w.nii.gz``), BraTS (``NAME/NAME_t1ce.nii.gz``), the
    layout of the paper's released code (``nii_mri_1_processed/t2_tse_tra/NAME.npy``), else a plain one. There the
    patient is the first folder, the study what is left of folders and name once the sequence, and how it was acquired,
    is taken out of it; for files without a folder the patient is what is left of the name.

    Parameters
    ----------
    pattern : str, optional
        How plain files lie, ``{patient}/{study}/{sequence}.nii.gz``; ``*`` stands for anything within a name. With
        ``{site}`` patients of one number at two sites are two. What does not fit is set aside.
    archive : str
        The name of the archive that the files come from.

    Raises
    ------
    SelipError
        If the pattern is none.
    """
    fits = compile_pattern(pattern) if pattern else None
    dates = date_folders(readable(path.relative_to(root).as_posix()) for path in files)
    words = words_beside(_place(path.relative_to(root)) for path in files)
    found = [_found(root, path, fits, archive or readable(root.name), dates, words) for path in files]
    found = by_time(set_maps_aside(found))
    return _with_their_studies(with_doubts(_of_their_dataset(found), guessed=not pattern))


def _place(path: Path) -> str:
    """Return the place of a volume, a relative path, without its ending."""
    return readable(path.with_name(volume_name(path)).as_posix())


def _with_their_studies(found: list[FoundSeries]) -> list[FoundSeries]:
    """Return series in which each plain segmentation has the study that its patient has."""
    studies: dict[str, set[str]] = {}
    for one in found:
        if one.sequence not in (None, "mask"):
            studies.setdefault(one.patient_id, set()).add(one.study_id)
    return [_with_its_study(one, studies.get(one.patient_id, set())) for one in found]


def _of_their_dataset(found: list[FoundSeries]) -> list[FoundSeries]:
    """Return series in which ``sub-01`` of one BIDS dataset is another patient than ``sub-01`` of the next.

    They are two datasets where the same file lies below both; T1w/sub-01 and FLAIR/sub-01 are of one.
    """
    places: dict[str, set[str]] = {}
    for one in found:
        if one.layout == "bids" and (match := _DATASET.match(one.description)):
            places.setdefault(one.description[match.start("below") :], set()).add(match["dataset"])
    doubled = {place.split("/")[0] for place, datasets in places.items() if len(datasets) > 1}
    return [
        _renamed(one, f"{match['dataset']}/{one.patient_id}", match["dataset"])
        if one.layout == "bids" and one.patient_id in doubled and (match := _DATASET.match(one.description))
        and match["dataset"] else one for one in found
    ]  # fmt: skip


def of_their_archives(found: dict[str, list[FoundSeries]]) -> list[FoundSeries]:
    """Return the series of archives, by the archives' names, some members of which are called alike.

    Where an archive has no sequence of two patients it is a patient, and its folders are not (anat, dwi). Of the
    others the patients that two archives seem to have are told apart.
    """
    often = Counter(patient for series in found.values() for patient in {one.patient_id for one in series})
    told: list[FoundSeries] = []
    for archive, series in found.items():
        if not _of_several(series) and {one.layout for one in series} <= {"plain"}:
            words = words_beside(_place(Path(f"{archive}/{one.description}")) for one in series)
            told += _with_their_studies(by_time([_of_one_patient(one, archive, words) for one in series]))
        else:
            told += [
                _renamed(one, f"{archive}/{one.patient_id}", archive)
                if one.layout in ("plain", "bids") and one.patient_id and often[one.patient_id] > 1 else one
                for one in series
            ]  # fmt: skip
    return told


def _of_several(series: list[FoundSeries]) -> bool:
    """Return whether some sequence is there of two patients."""
    patients: dict[str, set[str]] = {}
    for one in series:
        if one.sequence not in (None, "mask"):
            patients.setdefault(one.sequence, set()).add(one.patient_id)
    return any(len(of_sequence) > 1 for of_sequence in patients.values())


def _of_one_patient(one: FoundSeries, archive: str, words: Mapping[str, str]) -> FoundSeries:
    """Return a plain series as if its archive had been unpacked into a folder of its name."""
    path, relative = one.files[0], f"{archive}/{one.description}"
    return _plain(path, readable(volume_name(path)), relative, archive, words) if one.patient_id else one


def _renamed(one: FoundSeries, patient: str, above: str) -> FoundSeries:
    """Return a series of another patient, whose folder `above` may be called after a person: a plain one."""
    note = "its patient is told apart from one of the same name elsewhere: if it is the same person, give one of both"
    keys = {**one.keys, "patient": one.patient_id}
    return replace(one, patient_id=patient, study_id=f"{above}/{one.study_id}", layout="plain", keys=keys,
                   notes=(*one.notes, note))  # fmt: skip


def _with_its_study(one: FoundSeries, studies: set[str]) -> FoundSeries:
    """Return a plain segmentation with the study that its patient has: its own name tells no study of that name."""
    if one.layout != "plain" or one.sequence != "mask" or one.study_id in studies or len(studies) != 1:
        return one
    return replace(one, study_id=next(iter(studies)))


def compile_pattern(pattern: str) -> Callable[[str], re.Match | None]:
    """Return a matcher of relative paths for a pattern such as ``{patient}/{study}/*_{sequence}.nii.gz``.

    Raises
    ------
    SelipError
        If it names unknown fields, or neither patient nor sequence.
    """
    fields = re.findall(r"\{(\w*)\}", pattern)
    unknown = sorted(set(fields) - set(_PATTERN_FIELDS))
    if unknown or not {"patient", "sequence"} <= set(fields) or len(set(fields)) < len(fields):
        raise SelipError(
            f"--pattern {pattern!r} must hold {{patient}} and {{sequence}}, may hold {{site}} and {{study}}, each once"
            + (f"; {unknown[0]!r} is unknown" if unknown else "")
        )
    parts = re.split(r"(\{\w+\}|\*)", pattern)
    return re.compile("".join(map(_expression, parts))).fullmatch


def _expression(part: str) -> str:
    if part == "{sequence}":
        return "(?P<sequence>[^/]+)"  # as much as can be: the words of a sequence are found within
    if part.startswith("{"):
        return f"(?P<{part[1:-1]}>[^/]+?)"
    return "[^/]*" if part == "*" else re.escape(part)


def _found(root: Path, path: Path, fits, own: str, dates: set[str], words: Mapping[str, str]) -> FoundSeries:
    relative, name = readable(path.relative_to(root).as_posix()), readable(volume_name(path))
    if fits:
        match = fits(relative)
        if not match:
            reason = "its path does not fit --pattern"
            return FoundSeries((path,), "", "", None, relative, reason, "plain")
        found = match.groupdict()
        patient = "/".join(found[key] for key in ("site", "patient") if found.get(key))
        study = f"{patient}/{found.get('study') or ''}".rstrip("/")
        keys = {"folder": found.get("study"), "patient": found["patient"] if found.get("site") else None}
        return _series(path, patient, study, *sequence_of_text(found["sequence"]), relative, "plain", keys)
    if match := _RELEASED.search(relative):
        study = f"{match['base']}/{name}"
        return _series(path, study, study, *sequence_of_text(match["series"]), relative, "released")
    if path.suffix == ".npy":
        return _series(path, "", "", None, "an array without geometry; give NIfTI", relative, "plain")
    if match := BIDS_NAME.fullmatch(name):
        patient, said = f"sub-{match['patient']}", words.get(_place(Path(relative)), "")
        study = f"{patient}{match['session'] or ''}"
        return _series(path, patient, study, *sequence_of_bids(match, relative, said), relative, "bids")
    if (match := BRATS_FILE.fullmatch(path.name)) and match["name"] == path.parent.name:
        sequence = SEQUENCES_OF_BRATS[match["what"].lower()]
        # 王小明/王小明_t1.nii.gz lies just so: only names of the challenge itself are known to be pseudonyms
        layout = "brats" if match["name"].lower().startswith("brats") else "plain"
        return _series(path, patient_of(match["name"]), match["name"], sequence, "", relative, layout)
    return _plain(path, name, relative, own, words, dates)


def _series(path, patient, study, sequence, reason, relative, layout, keys=None) -> FoundSeries:
    if not sequence and not reason:
        reason = _why_unknown(path, relative)
    keys = {name: value for name, value in (keys or {}).items() if value}
    plain = told_plain({"SeriesDescription": readable(volume_name(path))})
    return FoundSeries((path,), patient, study, sequence, relative, reason, layout, keys=keys, told_plain=plain)


def _why_unknown(path: Path, relative: str) -> str:
    if re.search(r"_000\d\.nii(\.gz)?$", relative, re.IGNORECASE):
        return ("its name tells only the number of a channel (nnU-Net): rename the files by the channel_names of "
                "dataset.json")  # fmt: skip
    if re.fullmatch("(images|labels)T[rs]", path.parent.name) and (path.parents[1] / "dataset.json").is_file():
        return ("one file for all sequences, whose order dataset.json has (Medical Segmentation Decathlon): write each "
                "volume of it into a file that is named after its sequence")  # fmt: skip
    return "its name tells no known sequence"


def _plain(
    path: Path, name: str, relative: str, own: str, words: Mapping[str, str], dates: Collection[str] = ()
) -> FoundSeries:
    parts = [*relative.split("/")[:-1], name]
    places = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    sequence, reason = sequence_of_file(name)
    # the folder of a sequence is needed where the name tells none
    beside = {place: words[place] for place in places
              if place in words and (sequence or reason or not standard_sequence(words[place]))}  # fmt: skip
    said = " ".join(beside.values())
    folders = [folder for folder, place in zip(parts[:-1], places[:-1], strict=True) if place not in beside]
    date = [folders.pop(0)] if folders and folders[0] in dates else []
    # T1.nii.gz beside FLAIR.nii.gz: the folder, or archive, is the patient's
    named, alone = name, own if own and (standard_sequence(name) or sequence == "mask") else name
    if sequence is None and not reason and folders:  # patient/T1/00001.nii.gz
        sequence, reason = sequence_of_text(folders[-1])
        named, alone, folders = folders[-1], name, folders[:-1]
    together = f"{without_code(named)[1]} {said}"
    if said and sequence in ("T1", "DWI"):
        sequence, reason = sequence_of_text(together)
    rest, time = own_name(named)
    if not folders:
        patient = patient_of_name(named) or alone
        one = _series(path, patient, "/".join([patient, *date]), sequence, reason, relative, "plain",
                      {"folder": "/".join(date)})  # fmt: skip
    else:
        within = [*date, *folders[1:], *([rest] if rest else [])]
        one = _series(path, folders[0], "/".join([folders[0], *within]), sequence, reason, relative, "plain",
                      {"folder": "/".join(within)})  # fmt: skip
    b_value = max(b_values_of_text(together), default=None) if said else None
    plain = one.told_plain or told_plain({"SeriesDescription": together})
    return replace(one, order=time, b_value=b_value, told_plain=plain)


def released_texts(files: list[Path]) -> dict[str, dict[str, str]]:
    """Return the texts of each study that ``text_data_BASE/*/information.json`` tells, by sequence or ``normal``.

    Raises
    ------
    SelipError
        If such a file is no JSON object of objects of texts.
    """
    found: dict[str, dict[str, str]] = {}
    for path in files:
        match = re.search(r"text_data_([^/]+)/", path.as_posix())
        try:
            texts = json.loads(read_text(path))
            for name, of_name in texts.items():
                found[f"{match[1]}/{name}" if match else name] = {str(k): str(v) for k, v in of_name.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise SelipError(
                f"{path} is no JSON of texts by name and sequence ({type(error).__name__}): correct it, or take it away"
            ) from None
    return found


def report_of_texts(texts: dict[str, str]) -> str:
    """Return one report from the texts of a study's sequences, in the words that the parser reads.

    Examples
    --------
    >>> report_of_texts({"T2": "在左侧额叶表现为长信号"})
    'T2，在左侧额叶表现为长信号。'
    """
    if set(texts) == {"normal"}:
        return texts["normal"]
    clauses = (
        f"{sequence}，{clause.strip()}。"
        for sequence, text in texts.items() if sequence != "normal"
        for clause in re.split("[，,。;；]", text) if clause.strip()
    )  # fmt: skip
    return "".join(clauses)


def released_splits(files: list[Path]) -> dict[str, str]:
    """Return the split of each study that ``nii_mri_BASE_data/split_txt/*.txt`` tell."""
    found = {}
    for path in files:
        match = re.search(r"nii_mri_([^/]+)_data/", path.as_posix())
        split = RELEASED_SPLITS.get(path.stem.lower())
        if match and split:
            names = read_text(path).splitlines()
            found |= {f"{match[1]}/{name.strip()}": split for name in names if name.strip()}
    return found
