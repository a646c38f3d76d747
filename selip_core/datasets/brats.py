"""BraTS folders as a cohort: the 2018/2019 layout (HGG/, LGG/) and the flat ones of 2020, 2021 and 2023."""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from selip_core._utils.files import expanded, what_is_there
from selip_core._utils.hashing import folder_fingerprint
from selip_core._utils.tables import read_table
from selip_core.datasets.cohort import Cohort
from selip_core.datasets.sequences import BRATS_FILE, SEQUENCES_OF_BRATS, patient_of
from selip_core.datasets.splits import stratified_split
from selip_core.errors import SelipError
from selip_core.preprocessing import is_nifti_name, usually_named

GRADES = ("HGG", "LGG")

REGIONS = {"whole": (1, 2, 3, 4), "core": (1, 3, 4), "enhancing": (3, 4)}
"""Voxel values of each region: enhancing tumour is 4 up to 2021 and 3 from 2023; the two are never in one file."""

_GRADE_TABLES = ("grades.csv", "name_mapping.csv")
_GRADE_COLUMNS = ("grade",)
_NAME_COLUMNS = ("patient_id", "brats_2020_subject_id", "brats_2019_subject_id", "brats_2021_id", "brats_id", "id")
_LAYOUTS = (
    "known are HGG/NAME/NAME_t1ce.nii.gz beside LGG/ (2018, 2019), and NAME/NAME_t1ce.nii.gz (2020, 2021) or "
    "NAME/NAME-t1c.nii.gz (2023) with a table grades.csv (patient_id,grade) or name_mapping.csv"
)
SPLIT_FRACTIONS = {"validation_fraction": 0.15, "test_fraction": 0.3}
"""Choice: the challenge's own test set has no public grades, so its training set is split, each grade by itself."""


@dataclass(frozen=True)
class Brats:
    """A BraTS folder.

    Parameters
    ----------
    cohort : Cohort
        Series T1, T1ce, T2 and FLAIR; no reports.
    grades : Series of HGG or LGG by patient
        Of those whose grade is known.
    segmentations : Series of path, relative to the folder, by study
        Of those that have a usable one. A study is named like its folder; to 2021 that is the patient.
    """

    cohort: Cohort
    grades: pd.Series
    segmentations: pd.Series


def load_brats(directory: str | Path, *, data_source: str | None = None) -> Brats:
    """Read a BraTS folder.

    A patient without a grade, without a segmentation, or with one that holds a value that BraTS does not know, is kept
    for what is left and told in ``cohort.problems``.

    Parameters
    ----------
    directory : str or Path
    data_source : str, optional
        What figures and tables are stamped with; ``BraTS folder NAME`` where left out.

    Raises
    ------
    SelipError
        If the folder does not exist, has an unknown layout, or gives a patient twice.
    """
    directory = expanded(directory).resolve()
    if not directory.is_dir():
        raise SelipError(f"BraTS folder {directory} {what_is_there(directory, wanted='folder')}")
    files, grades = _find(directory)
    problems: list[tuple[str, str, str, str]] = []
    listed = _listed_grades(directory, problems)
    rows, segmentations, known = [], {}, {}
    for study, found in files.items():
        patient = patient_of(study)
        rows += [(patient, study, s, p) for s, p in found.items() if s != "mask"]
        where = str(Path(next(iter(found.values()))).parent)
        grade = grades.get(study) or listed.get(study) or listed.get(patient)
        if grade is None:
            problems.append((where, patient, "no grade", "not used for HGG against LGG; add it to grades.csv"))
        elif known.setdefault(patient, grade) != grade:
            raise SelipError(f"{directory}: patient {patient} is {known[patient]} and {grade}; correct the grade table")
        if "mask" not in found:
            problems.append((where, patient, "no segmentation (*_seg.nii.gz)", "not used for segmentation"))
        elif reason := _bad_segmentation(directory / found["mask"]):
            problems.append((found["mask"], patient, reason, "not used for segmentation"))
        else:
            segmentations[study] = found["mask"]
    series = pd.DataFrame(rows, columns=["patient_id", "study_id", "sequence", "path"])
    cohort = Cohort(
        directory,
        directory.name,
        data_source or f"BraTS folder {directory.name}",
        False,
        series,
        pd.DataFrame(columns=["patient_id", "study_id", "findings", "impression"]),
        pd.DataFrame(problems, columns=["where", "patient_id", "problem", "consequence"]),
        folder_fingerprint(directory),
    )
    return Brats(cohort, pd.Series(known, dtype=object), pd.Series(segmentations, dtype=object))


def _find(directory: Path) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Return the files of each study by sequence, and the grades that the folders tell."""
    files: dict[str, dict[str, str]] = {}
    grades: dict[str, str] = {}
    for path in sorted(directory.rglob("*")):
        match = BRATS_FILE.fullmatch(path.name)
        if match is None or match["name"] != path.parent.name:
            continue
        if path.is_dir():  # some programs unpack each volume into a folder of its name
            inside = [one for one in sorted(path.iterdir()) if is_nifti_name(one.name)]
            if len(inside) != 1:
                continue
            path = inside[0]
        patient, what = match["name"], SEQUENCES_OF_BRATS[match["what"].lower()]
        relative = path.relative_to(directory)
        if what in files.setdefault(patient, {}):
            raise SelipError(f"{directory}: patient {patient} has {what} twice ({files[patient][what]}, {relative})")
        files[patient][what] = relative.as_posix()
        grade = next((part for part in relative.parts[:-1] if part.upper() in GRADES), None)
        if grade:
            grades[patient] = grade.upper()
    if not any("T1ce" in found for found in files.values()):
        raise SelipError(f"{directory} has no BraTS layout that is known: {_LAYOUTS}")
    return files, grades


def _listed_grades(directory: Path, problems: list) -> dict[str, str]:
    """Return the grades of a table in the folder or one below it, as 2020's name_mapping.csv gives them."""
    path = next((p for name in _GRADE_TABLES for p in sorted(directory.rglob(name))), None)
    if path is None:
        return {}
    table = read_table(path, _GRADE_COLUMNS)
    name = next((column for column in _NAME_COLUMNS if column in table), None)
    if name is None:
        raise SelipError(f"{path} has no column that names the patient: call it patient_id")
    found = {}
    for row in table.to_dict("records"):
        grade = row["grade"].upper()
        if grade in GRADES:
            if found.setdefault(row[name], grade) != grade:
                who = f"line {row['line']}: patient {row[name]}"
                raise SelipError(f"{path} {who} is both HGG and LGG; keep what is true")
        else:
            reason = f"grade {row['grade']!r} is neither HGG nor LGG"
            problems.append((f"{path.name} line {row['line']}", row[name], reason, "row not used; correct it"))
    return found


def _bad_segmentation(path: Path) -> str:
    """Return why a segmentation cannot be used, or an empty text."""
    try:
        with usually_named(path) as named:
            values = np.unique(np.asarray(nib.load(named).dataobj))
    except Exception as error:  # a damaged file makes nibabel raise nearly anything
        return f"cannot be read ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
    unknown = sorted(set(values.tolist()) - {0, 1, 2, 3, 4})
    if unknown:
        return f"holds the value {unknown[0]:g}; BraTS knows 0, 1, 2, 4 (to 2021) and 0, 1, 2, 3 (2023)"
    if {3, 4} <= set(values.tolist()):
        return "holds both 3 and 4, which no BraTS year has together"
    return ""


def split_patients_by_grade(brats: Brats, *, seed: int) -> pd.Series:
    """Return the split of every patient: train, validation or test, each grade (and no grade) split by itself.

    All downstream tasks on the folder share it, so that a test patient of one is never a training patient of another.
    """
    patients = list(dict.fromkeys(brats.cohort.series["patient_id"]))
    grades = brats.grades.reindex(patients).fillna("unknown").to_numpy(str)
    split = pd.Series("", index=patients)
    for name, positions in stratified_split(grades, seed=seed, **SPLIT_FRACTIONS).items():
        split.iloc[positions] = name
    return split
