"""Several reports of one study: versions give the final one, contradictions none."""

import datetime

import pytest

from selip_core.ingest.examinations import Examination
from selip_core.ingest.report_doubles import without_doubles

NOON, LATER = datetime.datetime(2024, 1, 2, 12), datetime.datetime(2024, 1, 2, 15)
FINAL, DRAFT = Examination(final=True), Examination(final=False)
NONE = Examination()


def kept(*rows, study="S1"):
    ids = {"patient_id": "P1", "study_id": study, "impression": ""}
    rows = [{**ids, "findings": text, "where": str(i), "examination": seen} for i, (text, seen) in enumerate(rows)]
    problems = []
    found = without_doubles(rows, problems, key=lambda row: row["study_id"])
    return [row["findings"] for row in found], [problem[3] for problem in problems]


@pytest.mark.parametrize(
    ("rows", "final"),
    [
        ([("a", DRAFT), ("b", FINAL)], "b"), ([("b", FINAL), ("a", DRAFT), ("c", DRAFT)], "b"),
        ([("a", Examination(reported=NOON)), ("b", Examination(reported=LATER))], "b"),
        ([("a", Examination(final=True, reported=LATER)), ("b", Examination(final=True, reported=NOON))], "a"),
    ],
)  # fmt: skip
def test_the_final_version_replaces_the_others(rows, final):
    texts, problems = kept(*rows)
    assert texts == [final] and set(problems) == {"an earlier version of a report"} and len(problems) == len(rows) - 1


@pytest.mark.parametrize(
    "rows",
    [
        [("a", NONE), ("b", NONE)], [("a", FINAL), ("b", FINAL)], [("a", DRAFT), ("b", DRAFT)],
        [("a", NONE), ("b", FINAL)],
        [("a", Examination(reported=NOON)), ("b", Examination(reported=NOON))],
        [("a", Examination(reported=NOON)), ("b", NONE)],
        [("a", DRAFT), ("补充报告：b", FINAL)], [("a", DRAFT), ("Addendum: b", FINAL)],
        [("a", DRAFT), ("b", Examination("another part", final=True))],
        [("a", DRAFT), ("b", Examination(date=NOON.date(), final=True))],
    ],
)  # fmt: skip
def test_contradictions_and_additions_are_not_decided(rows):
    texts, problems = kept(*rows)
    assert texts == [] and set(problems) == {"2 reports of one study differ"} and len(problems) == 2


def test_the_same_text_is_kept_once():
    assert kept(("a", DRAFT), ("a", FINAL)) == (["a"], ["report given twice, the same text"])


def test_without_a_study_the_days_of_a_patient_are_examinations_of_their_own():
    rows = [("a", Examination(date=NOON.date())), ("b", Examination(date=datetime.date(2020, 1, 1)))]
    assert kept(*rows, study="")[0] == ["a", "b"]
    assert kept(("a", NONE), ("b", Examination("by CT")), study="")[0] == ["a", "b"]
    assert kept(("a", NONE), ("b", NONE), study="")[0] == []
