"""What can be compared between reports and headers, and what the columns of a table may be."""

import datetime

import pandas as pd
import pytest

from selip_core.ingest.examinations import Examination
from selip_core.ingest.identity import Person
from selip_core.ingest.join_checks import comparable_days, comparable_fields, contradicted, hints

DAY, OTHER = datetime.date(1950, 1, 2), datetime.date(1988, 8, 8)


@pytest.mark.parametrize(
    ("n", "wrong", "fields"),
    [(2, 2, ["sex", "birth", "name"]), (6, 3, ["sex", "birth", "name"]), (6, 4, ["sex", "name"])],
)  # fmt: skip
def test_a_field_that_is_another_in_most_is_not_compared(n, wrong, fields):
    pairs = [(Person("F", (DAY,)), [Person("F", (OTHER if i < wrong else DAY,))]) for i in range(n)]
    found, problems = comparable_fields(pairs)
    assert found == fields and len(problems) == 3 - len(fields)


def test_of_a_study_of_several_headers_one_that_agrees_is_enough():
    people = [Person("M"), Person("F", (OTHER,))]
    assert contradicted(Person("F", (DAY,)), people, ["sex"]) == ""
    assert contradicted(Person("F", (DAY,)), people, ["sex", "birth"]) == "birth date"
    assert contradicted(Person(), people, ["sex", "birth", "name"]) == contradicted(Person("F"), [], ["sex"]) == ""


@pytest.mark.parametrize(("second", "told"), [(None, True), (datetime.date(2023, 6, 1), False)])
def test_days_that_may_be_read_in_two_ways_agree_by_one(second, told):
    studies = pd.DataFrame({"study_id": list("abc"), "date": ["20230601"] * 3})
    rows = [{"examination": Examination(date=datetime.date(2023, 1, 6), or_date=second)}] * 3
    dates, problems = comparable_days(studies, rows, [False] * 3, [{"a"}, {"b"}, {"c"}])
    assert bool(problems) == told and bool(dates) != told


def test_a_column_is_named_where_most_of_its_values_are_the_source_s():
    studies = pd.DataFrame({"patient_id": ["P1", "P2"], "study_id": ["S1", "S2"]})
    held = {"a": frozenset({"P1", "P2", "P3"}), "b": frozenset({"x", "y"}), "c": frozenset({"S1"})}
    told = [problem[3] for problem in hints(held, studies, {})]
    assert len(told) == 2 and "column a holds 2" in told[0] and "column c holds 1" in told[1]
    assert hints({"a": held["a"]}, studies, {"patient_id": "a"}) == []
