"""Patients who may be two: the headers of their studies tell of people who cannot be one."""

from collections import defaultdict

from selip_core.ingest.identity import CALLED, Person, disagreeing
from selip_core.ingest.series import Task

TWO = "the headers of this patient's studies disagree in {}: perhaps two people under one id, who need one each"

_MOST = 20
"""People of a patient that each other one is compared with: an export may have one id for all."""


def doubts_of_people(tasks: list[Task], reasons: list[str]) -> dict[int, str]:
    """Return a remark for each series that is used whose patient may be two people, by its number.

    # Choice: they must disagree in two of name, birth date and sex. A name alone changes with a marriage, a date alone
    # by a slip of the pen or where it is shifted study by study.

    Parameters
    ----------
    tasks, reasons : of the same length and order
    """
    series = defaultdict(list)
    for i, reason in enumerate(reasons):
        if not reason and tasks[i].series.patient_id:
            series[tasks[i].series.patient_id].append(i)
    doubts = {}
    for of_patient in series.values():
        fields = _disagreement(list({tasks[i].series.study_id: tasks[i].series.person for i in of_patient}.values()))
        if fields:
            doubts |= dict.fromkeys(of_patient, TWO.format(" and ".join(CALLED[field] for field in fields)))
    return doubts


def _disagreement(people: list[Person]) -> list[str]:
    """Return the fields in which two of the people disagree, the first two who are not one."""
    people = list(dict.fromkeys(people))
    for i, one in enumerate(people):
        for other in people[: min(i, _MOST)]:
            if len(fields := disagreeing(one, other)) > 1:
                return fields
    return []
