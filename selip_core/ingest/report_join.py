"""Reports and studies brought together by their ids; both sides' orphans are listed, nothing is guessed."""

import datetime

import pandas as pd

from selip_core.ingest.examinations import Examination, date_of, is_another_day
from selip_core.ingest.report_doubles import without_doubles
from selip_core.ingest.report_tables import PROBLEM_COLUMNS, REPORT_COLUMNS, ReportTable, plain_id

STUDY_KEYS = ("study_id", "accession", "study_uid")
ENOUGH_DAYS = 3
"""Choice: where of so many reports none is of the day of its patient's study, the source's dates are shifted ones."""


class _Keys:
    """The studies by the ids that a report may name."""

    def __init__(self, studies: pd.DataFrame, columns: tuple[str, ...]):
        self.exact: dict[str, set[str]] = {}
        self.loose: dict[str, set[str]] = {}
        for column in columns:
            if column in studies:
                for value, study in zip(studies[column].fillna("").astype(str), studies["study_id"], strict=True):
                    if value := plain_id(value):
                        self.exact.setdefault(value, set()).add(study)
                        self.loose.setdefault(value.lstrip("0"), set()).add(value)

    def find(self, value: str, ignore_zeros: bool) -> tuple[set[str], str]:
        """Return the studies of an id, and an id that differs from it by leading zeros only where that is no match."""
        if not value or value in self.exact:
            return self.exact.get(value, set()), ""
        near = sorted(self.loose.get(value.lstrip("0"), ()))
        if not near:
            return set(), ""
        if ignore_zeros and len(near) == 1:
            return self.exact[near[0]], ""
        return set(), near[0]


def join(
    reports: ReportTable, studies: pd.DataFrame, *, ignore_leading_zeros: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each report its study.

    By the study's id, its accession number or its UID; else by the patient's id, if that patient has one study and the
    report's row does not say that it is of another device, another part of the body or another day. Where the study ids
    of reports and source are of one numbering (some are found), an id that is not found is another examination, and the
    patient's id does not stand for it. Where the patient ids are of one numbering, a study whose report names a patient
    that is not found is another patient's.

    Parameters
    ----------
    reports : ReportTable
    studies : DataFrame with ``patient_id``, ``study_id`` and, if there are any, ``accession``, ``study_uid``
        ``folder``, by which a study of the report's own patient alone is found, and ``patient``, another name of the
        patient, which several may have; ``date``, the day of the examination. One or more rows a study.
    ignore_leading_zeros : bool
        Let ``007`` be ``7``, where nothing else could be.

    Returns
    -------
    matched : DataFrame with ``patient_id``, ``study_id`` of the source, ``findings``, ``impression``, ``where``
    problems : DataFrame of `PROBLEM_COLUMNS`: those of the join only, those of the file are in `reports`
    """
    studies = studies.assign(patient_id=studies["patient_id"].astype(str), study_id=studies["study_id"].astype(str))
    by_study, by_patient = _Keys(studies, STUDY_KEYS), _Keys(studies, ("patient_id", "patient"))
    by_folder = _Keys(studies, ("folder",)).exact
    owner = dict(zip(studies["study_id"], studies["patient_id"], strict=True))
    rows = _rows(reports)
    found = [by_study.find(row["study_id"], ignore_leading_zeros) for row in rows]
    folders = [by_folder.get(row["study_id"], set()) for row in rows]
    found_patients = [by_patient.find(row["patient_id"], ignore_leading_zeros) for row in rows]
    of_patients = [their for their, _ in found_patients]
    one_numbering = any(map(any, found)) or _folders_are_exams(folders, of_patients, by_folder)
    one_patient_numbering = any(map(any, found_patients))
    dates, problems = _dates(studies, rows, [bool(hits) for hits, _ in found], of_patients)
    matched, zeros = [], {}  # of a study: the report's id that differs by leading zeros
    for row, (hits, near), folder, (patients, near_patient) in zip(rows, found, folders, found_patients, strict=True):
        # a visit is called V1 of every patient: it is this one's, or of a table without ids
        hits = hits if hits or near else folder & patients if row["patient_id"] else folder
        other_exam = bool(row["study_id"]) and one_numbering
        unknown = bool(row["patient_id"]) and one_patient_numbering and not patients and not near_patient
        problem, other = _refusal(hits, near, patients, near_patient, other_exam), ""
        if hits and unknown:
            problem = problem or "its study is in the source, its patient id is not, though others of the reports are"
        if not problem:
            study = next(iter(hits or patients))
            problem = other = "" if hits else _other_examination(row["examination"], dates.get(study))
        if not problem:
            matched.append({**row, "patient_id": owner[study], "study_id": study})
            continue
        if near or (near_patient and not hits and not other_exam):
            close = by_study.exact[near] if near else by_patient.exact[near_patient]
            zeros |= dict.fromkeys(close, row["study_id"] if near else row["patient_id"])
        told = f"report not joined: {problem}", f"report not used; {_what_to_do(problem, other)}"
        problems.append((row["where"], row["patient_id"], row["study_id"], *told))
    matched = without_doubles(matched, problems, key=lambda row: row["study_id"])
    problems += _without_a_report(owner, {row["study_id"] for row in matched}, zeros)
    return pd.DataFrame(matched, columns=REPORT_COLUMNS, dtype=str), pd.DataFrame(problems, columns=PROBLEM_COLUMNS)


def _rows(reports: ReportTable) -> list[dict]:
    """Return the reports, each with its ``examination``."""
    rows = reports.reports.to_dict("records")
    seen = reports.examinations or [Examination()] * len(rows)
    return [{**row, "examination": one} for row, one in zip(rows, seen, strict=True)]


def _what_to_do(problem: str, other: str) -> str:
    if other:
        return "if it is of this study after all, give it the study's id"
    return "correct the ids" + (", or ignore leading zeros if they mean nothing" if "zeros" in problem else "")


def _dates(
    studies: pd.DataFrame, rows: list[dict], by_study: list[bool], of_patients: list[set[str]]
) -> tuple[dict[str, datetime.date | None], list[tuple[str, str, str, str, str]]]:
    """Return the day of each study, of none where anonymising has shifted all of them, and that as a problem.

    Parameters
    ----------
    rows : list of n dict
        The reports, with their ``examination``.
    by_study : list of n bool
        Whether a study of the report's own id was found.
    of_patients : list of n sets
        The studies of its patient.
    """
    days = studies["date"].astype(str) if "date" in studies else [""] * len(studies)
    dates = dict(zip(studies["study_id"], map(date_of, days), strict=True))
    dated = [
        (row["examination"].date, date, known)
        for row, known, their in zip(rows, by_study, of_patients, strict=True)
        if len(their) == 1 and row["examination"].date and (date := dates[next(iter(their))])
    ]
    if _one_calendar(dated):
        return dates, []
    if all(known for *_, known in dated):
        return {}, []
    return {}, [(
        "reports", "", "", "no report is of the day of its patient's study: the source's dates may be shifted",
        "dates were not compared; see that reports joined by the patient are of the study",
    )]  # fmt: skip


def _without_a_report(owner: dict[str, str], joined: set[str], zeros: dict[str, str]) -> list[tuple[str, ...]]:
    """Return the problem of each study, of its patient, that no report was joined to."""
    found = []
    for study, patient in sorted(owner.items()):
        if study not in joined:
            why = f": ⟦{zeros[study]}⟧ of the reports differs by leading zeros only" if study in zeros else ""
            found.append(("reports", patient, study, f"study has series but no report{why}",
                          "kept for images, not paired; add its report, or correct its ids"))  # fmt: skip
    return found


def _folders_are_exams(folders: list[set[str]], of_patients: list[set[str]], by_folder: dict[str, set[str]]) -> bool:
    """Return whether folders of studies are called as the reports call exams.

    One may be so by chance; most of those whose patients the reports name are not.

    Parameters
    ----------
    folders, of_patients : of the same length
        The studies that each report's exam, and patient, may be.
    """
    named = set().union(*of_patients) & set().union(*by_folder.values())
    theirs = set().union(*(folder & patients for folder, patients in zip(folders, of_patients, strict=True)))
    return 2 * len(theirs) > len(named)


def _one_calendar(dated: list[tuple[datetime.date, datetime.date, bool]]) -> bool:
    """Tell whether the days of reports and of their patients' studies can be compared: anonymising shifts some."""
    return len(dated) < ENOUGH_DAYS or any(not is_another_day(one, other) for one, other, _ in dated)


def _other_examination(report: Examination, date: datetime.date | None) -> str:
    """Return why a report that its patient alone joins is of another examination than the study; "" if it is not."""
    if report.other:
        return f"{report.other}, and its patient's id alone leads to a study"
    if is_another_day(report.date, date):
        return "it is of another day than the study, to which its patient's id alone leads"
    return ""


def _refusal(hits: set[str], near: str, patients: set[str], near_patient: str, other_exam: bool) -> str:
    """Return why a report is not joined, "" where it is."""
    if near:
        return f"its study id differs from ⟦{near}⟧ of the source by leading zeros only"
    if hits and patients and not hits & patients:
        return "its study belongs to another patient in the source"
    if not hits and other_exam:
        return "no series of its study"
    if not hits and near_patient:
        return f"its patient id differs from ⟦{near_patient}⟧ of the source by leading zeros only"
    if not hits and not patients:
        return "no series of its study or patient"
    n = len(hits or patients)
    return f"{n} studies may be meant" if n > 1 else ""
