"""Reports and studies brought together by their ids; both sides' orphans are listed, nothing is guessed."""

import datetime
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from selip_core.ingest.examinations import Examination
from selip_core.ingest.join_checks import (
    comparable_days,
    comparable_fields,
    contradicted,
    days_of,
    far_times,
    hints,
    of_other_examinations,
    people_of,
)
from selip_core.ingest.report_doubles import without_doubles
from selip_core.ingest.report_ids import Keys
from selip_core.ingest.report_tables import PROBLEM_COLUMNS, REPORT_COLUMNS, ReportTable

STUDY_KEYS = ("study_id", "accession", "study_uid")


@dataclass
class _Found:
    """What a report's ids lead to.

    Parameters
    ----------
    hits, patients : sets of str
        The studies of its own id, and of its patient.
    folder : set of str
        Those whose folder is called as its study.
    near, near_patient : str
        Ids that differ from its own by leading zeros only.
    study : str
        The one that it is joined to; "" where there is a `problem`.
    other : bool
        Whether the problem is that it is of another examination.
    by_accession : bool
        Whether its accession number alone, which hospitals give anew, led to the hits.
    """

    hits: set[str]
    near: str
    folder: set[str]
    patients: set[str]
    near_patient: str
    study: str = ""
    problem: str = ""
    other: bool = False
    by_accession: bool = False


def join(
    reports: ReportTable, studies: pd.DataFrame, *, ignore_leading_zeros: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each report its study.

    By the study's id, its accession number or its UID; else by the patient's id, if that patient has one study and the
    report's row does not say that it is of another device, another part of the body or another day. Where the study ids
    of reports and source are of one numbering (some are found), an id that is not found is another examination, and the
    patient's id does not stand for it. Where the patient ids are of one numbering, a study whose report names a patient
    that is not found is another patient's. A study that several patients have is that of the report's own. Where a
    header tells another sex, birth date or name than the report's row, it is another person's. Where it is an accession
    number that leads to the study, and the row says that it is of another day, or by another device and of another part
    of the body, it is another examination's.

    Parameters
    ----------
    reports : ReportTable
    studies : DataFrame with ``patient_id``, ``study_id`` and, if there are any, ``accession``, ``study_uid``
        ``folder``, by which a study of the report's own patient alone is found, and ``patient``, another name of the
        patient, which several may have; ``date``, the day of the examination; ``person``, what the header tells of the
        patient; ``study_number``, which explains a column at most. One or more rows a study.
    ignore_leading_zeros : bool
        Let ``007`` be ``7``, where nothing else could be.

    Returns
    -------
    matched : DataFrame with ``patient_id``, ``study_id`` of the source, ``findings``, ``impression``, ``where``
    problems : DataFrame of `PROBLEM_COLUMNS`: those of the join only, those of the file are in `reports`
    """
    studies = studies.assign(patient_id=studies["patient_id"].astype(str), study_id=studies["study_id"].astype(str))
    owner = dict(zip(studies["study_id"], studies["patient_id"], strict=True))
    rows = _rows(reports)
    by_study = Keys(studies, STUDY_KEYS, [row["study_id"] for row in rows])
    by_patient = Keys(studies, ("patient_id", "patient"))
    found = _all_found(rows, studies, by_study, by_patient, ignore_leading_zeros)
    by_uid = Keys(studies, ("study_id", "study_uid"))
    for row, one in zip(rows, found, strict=True):
        one.by_accession = bool(one.hits) and not by_uid.find_study(row["study_id"], ignore_leading_zeros)[0]
    problems = _decide(rows, found, studies)
    matched, zeros = [], {}  # of a study: the report's id that differs by leading zeros
    for row, one in zip(rows, found, strict=True):
        if not one.problem:
            more = {"named": row["patient_id"], "by_number": bool(one.hits)}
            matched.append({**row, **more, "patient_id": owner[one.study], "study_id": one.study})
            continue
        if one.near or (one.near_patient and "patient id differs" in one.problem):
            close = by_study.exact[one.near] if one.near else by_patient.exact[one.near_patient]
            zeros |= dict.fromkeys(close, row["study_id"] if one.near else row["patient_id"])
        told = f"report not joined: {one.problem}", f"report not used; {_what_to_do(one)}"
        problems.append((row["where"], row["patient_id"], row["study_id"], *told))
    if rows and not matched:
        problems += hints(reports.held, studies, reports.columns)
    matched = without_doubles(matched, problems, key=lambda row: row["study_id"], last=True)
    problems += _without_a_report(owner, {row["study_id"] for row in matched}, zeros)
    return pd.DataFrame(matched, columns=REPORT_COLUMNS, dtype=str), pd.DataFrame(problems, columns=PROBLEM_COLUMNS)


def _all_found(
    rows: list[dict], studies: pd.DataFrame, by_study: Keys, by_patient: Keys, ignore_zeros: bool
) -> list[_Found]:
    by_folder = Keys(studies, ("folder",)).exact
    return [
        _Found(*by_study.find_study(row["study_id"], ignore_zeros), by_folder.get(row["study_id"], set()),
               *by_patient.find(row["patient_id"], ignore_zeros)) for row in rows
    ]  # fmt: skip


def _decide(rows: list[dict], found: list[_Found], studies: pd.DataFrame) -> list[tuple[str, str, str, str, str]]:
    """Give each of what was found its study or its problem; return the problems of the table as a whole."""
    of_patients = [one.patients for one in found]
    folders = set(studies["study_id"][studies["folder"].fillna("") != ""]) if "folder" in studies else set()
    one_numbering = any(one.hits or one.near for one in found) or _folders_are_exams(found, folders)
    one_patient_numbering = any(one.patients or one.near_patient for one in found)
    dates, problems = comparable_days(studies, rows, [bool(one.hits) for one in found], of_patients)
    people = people_of(studies)
    n_rows = Counter(row["patient_id"] for row in rows if not row["examination"].other)
    for row, one in zip(rows, found, strict=True):
        # a visit is called V1 of every patient: it is this one's, or of a table without ids
        if not (one.hits or one.near):
            one.hits = one.folder & one.patients if row["patient_id"] else one.folder
        if len(one.hits) > 1:
            one.hits = one.hits & one.patients or one.hits  # two patients have examinations of one number
        other_exam = bool(row["study_id"]) and one_numbering
        unknown = bool(row["patient_id"]) and one_patient_numbering and not one.patients and not one.near_patient
        one.problem = _refusal(one, other_exam)
        if one.hits and unknown:
            one.problem = one.problem or (
                "its study is in the source, its patient id is not, though others of the reports are")  # fmt: skip
        if not one.problem:
            one.study = next(iter(one.hits or one.patients))
            if not one.hits:
                date = dates.get(one.study)
                one.problem = _other_examination(row["examination"], date, n_rows[row["patient_id"]])
                one.other = bool(one.problem)
    by_number = [one.study if one.by_accession and not one.problem else "" for one in found]
    confirmed = [bool(one.hits & one.patients) for one in found]
    for i, told in of_other_examinations(rows, by_number, confirmed, days_of(studies)).items():
        found[i].problem, found[i].other = told, True
    led = ["" if one.problem else one.study for one in found]
    far, doubts = far_times(rows, led, [bool(one.hits) for one in found], dates)
    for i, told in far.items():
        found[i].problem, found[i].other = told, True
    fields, more = comparable_fields(
        [(row["examination"].person, people.get(one.study, [])) for row, one in zip(rows, found, strict=True)
         if not one.problem]
    )  # fmt: skip
    for row, one in zip(rows, found, strict=True):
        if not one.problem and (field := contradicted(row["examination"].person, people.get(one.study, []), fields)):
            one.problem = f"its {field} is another than that in the header of the study to which its ids lead"
    return problems + doubts + more


def _rows(reports: ReportTable) -> list[dict]:
    """Return the reports, each with its ``examination``."""
    rows = reports.reports.to_dict("records")
    seen = reports.examinations or [Examination()] * len(rows)
    return [{**row, "examination": one} for row, one in zip(rows, seen, strict=True)]


def _what_to_do(found: _Found) -> str:
    if found.other:
        return "if it is of this study after all, give it the study's " + ("UID" if found.by_accession else "id")
    return "correct the ids" + (", or ignore leading zeros if they mean nothing" if "zeros" in found.problem else "")


def _without_a_report(owner: dict[str, str], joined: set[str], zeros: dict[str, str]) -> list[tuple[str, ...]]:
    """Return the problem of each study, of its patient, that no report was joined to."""
    found = []
    for study, patient in sorted(owner.items()):
        if study not in joined:
            why = f": ⟦{zeros[study]}⟧ of the reports differs by leading zeros only" if study in zeros else ""
            found.append(("reports", patient, study, f"study has series but no report{why}",
                          "kept for images, not paired; add its report, or correct its ids"))  # fmt: skip
    return found


def _folders_are_exams(found: list[_Found], with_folder: set[str]) -> bool:
    """Return whether folders of studies are called as the reports call exams.

    One may be so by chance; most of those whose patients the reports name are not.

    Parameters
    ----------
    with_folder : set of str
        The studies that lie in a folder of their own.
    """
    named = set().union(*(one.patients for one in found)) & with_folder
    theirs = set().union(*(one.folder & one.patients for one in found))
    return 2 * len(theirs) > len(named)


def _other_examination(report: Examination, date: datetime.date | None, n_rows: int) -> str:
    """Return why a report that its patient alone joins is of another examination than the study; "" if it is not."""
    if report.other:
        return f"{report.other}, and its patient's id alone leads to a study"
    if report.is_of_another_day(date):
        return "it is of another day than the study, to which its patient's id alone leads"
    if report.unread and n_rows > 1:
        return f"its date cannot be read, and the table has {n_rows} reports of its patient"
    return ""


def _refusal(found: _Found, other_exam: bool) -> str:
    """Return why a report is not joined, "" where it is."""
    hits, patients = found.hits, found.patients
    if found.near:
        return f"its study id differs from ⟦{found.near}⟧ of the source by leading zeros only"
    if hits and patients and not hits & patients:
        return "its study belongs to another patient in the source"
    if not hits and other_exam:
        return "no series of its study"
    if not hits and found.near_patient:
        return f"its patient id differs from ⟦{found.near_patient}⟧ of the source by leading zeros only"
    if not hits and not patients:
        return "no series of its study or patient"
    n = len(hits or patients)
    return f"{n} studies may be meant" if n > 1 else ""
