"""Whether what reports and headers tell can be compared at all: anonymising changes days, births and names."""

import datetime
from collections.abc import Iterable

import pandas as pd

from selip_core.ingest.dates import date_of
from selip_core.ingest.examinations import DAYS, Examination
from selip_core.ingest.identity import CALLED, FIELDS, Person, both_tell, disagreeing
from selip_core.ingest.report_doubles import APART, is_addition
from selip_core.ingest.report_ids import plain_id

ENOUGH = 3
"""Choice: where of so many reports none is of the day of its patient's study, the source's dates are shifted ones."""
FEW = datetime.timedelta(days=7)
"""Choice: a report whose number leads to a study may be dated so many days from it."""
EARLY, LATE = 30, 183
"""Choice: a report is not written so many days before its examination, and not so many after it."""
_FIELDS_OF_HEADER = {
    "patient_id": ("patient ids", "patient_id"), "patient": ("patient ids", "patient_id"),
    "accession": ("accession numbers", "study_id"), "study_uid": ("study UIDs", "study_id"),
    "study_id": ("studies", "study_id"), "study_number": ("StudyID of the headers", ""),
}  # fmt: skip
_LEAST_SHARE = 0.5
"""Choice: of the values of a column those that the source has, for the column to be meant."""

Problem = tuple[str, str, str, str, str]


def comparable_days(
    studies: pd.DataFrame, rows: list[dict], by_study: list[bool], of_patients: list[set[str]]
) -> tuple[dict[str, datetime.date | None], list[Problem]]:
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
    dates = days_of(studies)
    dated = [
        (row["examination"], date, known)
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


def _one_calendar(dated: list[tuple[Examination, datetime.date, bool]]) -> bool:
    """Tell whether the days of reports and of their patients' studies can be compared: anonymising shifts some."""
    return len(dated) < ENOUGH or any(not one.is_of_another_day(other) for one, other, _ in dated)


def days_of(studies: pd.DataFrame) -> dict[str, datetime.date | None]:
    """Return the day of each study, as the source has it."""
    days = studies["date"].astype(str) if "date" in studies else [""] * len(studies)
    return dict(zip(studies["study_id"], map(date_of, days), strict=True))


def of_other_examinations(
    rows: list[dict], studies: list[str], confirmed: list[bool], dates: dict[str, datetime.date | None]
) -> dict[int, str]:
    """Return which rows are of another examination than the study to which their number leads, and why.

    Where two of device, part of the body and day are another, or the day alone and the row's patient does not lead
    there too.
    Days count only where two reports at least, and half of those that tell one, are of the day of their study:
    anonymising shifts days.

    Parameters
    ----------
    rows : list of n dict
        The reports.
    studies : list of n str
        The study to which the number of each leads, "" where none does.
    confirmed : list of n bool
        Whether its patient's id leads there too.
    """
    dated = {
        i: day for i, (row, study) in enumerate(zip(rows, studies, strict=True))
        if (day := dates.get(study)) and (row["examination"].date or row["examination"].or_date)
    }  # fmt: skip
    agree = sum(not rows[i]["examination"].is_of_another_day(day) for i, day in dated.items())
    one_calendar = agree > 1 and 2 * agree >= len(dated)
    found = {}
    for i, (row, study) in enumerate(zip(rows, studies, strict=True)):
        seen: Examination = row["examination"]
        days = [day for day in (seen.date, seen.or_date) if day]
        most = FEW if row["patient_id"] else APART  # an order may be dated weeks before
        far = i in dated and one_calendar and all(abs(day - dated[i]) > most for day in days)
        reasons = [*filter(None, (seen.other, seen.other_too)), *["it is of another day than the study"] * far]
        if study and (len(reasons) > 1 or (far and not confirmed[i])):
            found[i] = f"{'; '.join(reasons)}, though its number leads to the study"
    return found


def far_times(
    rows: list[dict], studies: list[str], by_number: list[bool], dates: dict[str, datetime.date | None]
) -> tuple[dict[int, str], list[Problem]]:
    """Return which rows' reports were written too far from the day of their study to be of it, and why; and doubts.

    Of those alone that neither a number nor a day ties to it, and that are no addition. Where fewer than half of the
    studies have a report of the weeks after them, the source's dates may be shifted ones: nothing is refused.

    Parameters
    ----------
    rows : list of n dict
        The reports.
    studies : list of n str
        The study that each leads to, "" where it leads to none.
    by_number : list of n bool
        Whether its own number does so.
    """
    after = [_days_after(row["examination"], dates.get(study)) for row, study in zip(rows, studies, strict=True)]
    n = sum(days is not None for days in after)
    near = [days is not None and -DAYS <= days <= APART.days for days in after]
    answered = {study for study, one in zip(studies, near, strict=True) if one}
    told = {study for study, days in zip(studies, after, strict=True) if days is not None}
    far = {}
    for i, (row, days) in enumerate(zip(rows, after, strict=True)):
        if days is None or by_number[i] or any(row["examination"].day) or is_addition(row):
            continue
        if days < -EARLY or days > (APART.days if studies[i] in answered else LATE):
            when = "long before" if days < 0 else "many weeks after"
            far[i] = f"it was written {when} the study, to which its patient's id alone leads"
    if far and 2 * len(answered) >= len(told):
        return far, []
    if far and n >= ENOUGH:
        return {}, [(
            "reports", "", "", f"{len(far)} of {n} reports were written long before or many weeks after their study: "
            "the source's dates may be shifted",
            "times were not compared; see that reports joined by the patient are of the study",
        )]  # fmt: skip
    return {}, [(rows[i]["where"], rows[i]["patient_id"], rows[i]["study_id"], f"report joined, but {why}",
                 "used; see that it is of this study") for i, why in far.items()]  # fmt: skip


def _days_after(report: Examination, day: datetime.date | None) -> int | None:
    return (report.reported.date() - day).days if report.reported and day else None


def people_of(studies: pd.DataFrame) -> dict[str, list[Person]]:
    """Return what the headers of each study tell of its patient."""
    found: dict[str, list[Person]] = {}
    if "person" in studies:
        for study, person in zip(studies["study_id"], studies["person"], strict=True):
            found.setdefault(study, []).append(person)
    return found


def contradicted(person: Person, people: Iterable[Person], fields: Iterable[str]) -> str:
    """Return the field, as it is called, in which a report is of nobody of a study; "" where there is none."""
    for field in fields:
        of_field = [one for one in people if both_tell(person, one, field)]
        if of_field and all(field in disagreeing(person, one) for one in of_field):
            return CALLED[field]
    return ""


def comparable_fields(pairs: list[tuple[Person, list[Person]]]) -> tuple[list[str], list[Problem]]:
    """Return in what reports and headers can be compared, and as problems what cannot be.

    Anonymising changes births and names of all, and leaves the sex as it is or replaces it by one. Where the sexes of
    many disagree, the ids of table and source are of two numberings, and everything is compared.

    Parameters
    ----------
    pairs : list of (Person, list of Person)
        Of a report, and of the study that its id leads to.
    """
    fields, problems = [], []
    told = {field: [(one, people) for one, people in pairs if any(both_tell(one, other, field) for other in people)]
            for field in FIELDS}  # fmt: skip
    wrong = {field: sum(contradicted(one, people, [field]) != "" for one, people in told[field]) for field in FIELDS}
    one_sex = len({other.sex for _, people in told["sex"] for other in people} - {""}) == 1
    two_numberings = len(told["sex"]) >= ENOUGH and 3 * wrong["sex"] > len(told["sex"]) and not one_sex
    for field in FIELDS:
        n, called = len(told[field]), CALLED[field]
        most = 2 * wrong[field] > n or (field == "sex" and one_sex and 3 * wrong[field] > n)
        if n < ENOUGH or two_numberings or not most:
            fields.append(field)
        else:
            problems.append((
                "reports", "", "", f"{wrong[field]} of {n} reports have another {called} than the header of their "
                "study: anonymising may have changed it, or the ids are of two numberings",
                f"the {called} was not compared; see that the ids mean the same patients",
            ))  # fmt: skip
    if two_numberings:
        problems.append((
            "reports", "", "", f"{wrong['sex']} of {len(told['sex'])} reports have another sex than the header of "
            "their study: the ids may be of two numberings",
            "what a header contradicts is set aside; see that the ids mean the same patients",
        ))  # fmt: skip
    return fields, problems


def hints(held: dict[str, frozenset[str]], studies: pd.DataFrame, used: dict[str, str]) -> list[Problem]:
    """Return which columns of a table, no report of which was joined, hold ids of the source.

    Parameters
    ----------
    held : dict
        The values of each column.
    used : dict
        The name of each column that was used, by what for.
    """
    found, hinted = [], set()
    for column, (called, role) in _FIELDS_OF_HEADER.items():
        theirs = {plain_id(value) for value in studies.get(column, pd.Series(dtype=str)).fillna("").astype(str)} - {""}
        for name, values in held.items():
            n = len(values & theirs)
            few = not n or n < _LEAST_SHARE * min(len(values), len(theirs))
            if few or name in hinted or (role and used.get(role) == name):
                continue
            hinted.add(name)
            way_out = (f"if they are meant, give --columns {role}={name}" if role else
                       "reports are not joined by it; add a column with the accession numbers")  # fmt: skip
            found.append(("reports", "", "", f"no report was joined, but the table's column {name} holds {n} of the "
                          f"source's {called}", way_out))  # fmt: skip
    return found
