"""Patients who may be one: their ids are written differently, or they have the same volume."""

import re
from collections import defaultdict
from collections.abc import Iterable

from selip_core.ingest.pseudonyms import Names
from selip_core.ingest.series import Task

SPELT = (
    "perhaps the same person as {}: their ids differ by capitals, zeros, blanks and signs alone; "
    "training and test may share one"
)
VOLUME = "the same volume as one of {}: perhaps one person, or exported twice; training and test may share a head"


def doubts_of_patients(tasks: list[Task], results: list[dict], reasons: list[str], names: Names) -> dict[int, str]:
    """Return a remark for each series that is used whose patient may be another one too, by its number.

    Parameters
    ----------
    tasks, results, reasons : of the same length and order
    names : Names
        Other patients are told by the ids of the cohort.
    """
    used = [i for i, reason in enumerate(reasons) if not reason and tasks[i].series.patient_id]
    spelt = _groups((_spelt(tasks[i].series.patient_id), i) for i in used)
    same = _groups((results[i].get("voxels", ""), i) for i in used if results[i].get("voxels"))
    doubts = {}
    for groups, remark in ((same, VOLUME), (spelt, SPELT)):
        for group in groups:
            patients = sorted({tasks[i].series.patient_id for i in group})
            for i in group if len(patients) > 1 else ():
                others = [names.patient(one) for one in patients if one != tasks[i].series.patient_id]
                doubts[i] = remark.format(", ".join(others[:3]) + (", ..." if len(others) > 3 else ""))
    return doubts


def _groups(pairs: Iterable[tuple[str, int]]) -> list[list[int]]:
    groups = defaultdict(list)
    for key, i in pairs:
        groups[key].append(i)
    return list(groups.values())


def _spelt(patient: str) -> str:
    """Return an id without what is easily lost in writing it: MRN 0012 and mrn12 are one."""
    numbers = re.sub(r"\d+", lambda digits: str(int(digits[0])), patient.casefold())
    return re.sub(r"[\W_]+", "", re.sub(r"(?<=\d)[\W_]+(?=\d)", "x", numbers))  # 1-112 is not 11-12
