"""Dates of a column: the order of day and month is that which all of its values allow, and is never guessed."""

import datetime

import pytest

from selip_core.ingest.dates import column_times, is_no_date

DAY = datetime.date(2023, 6, 1)
SWAPPED = datetime.date(2023, 1, 6)


def days(*values, **options):
    return [[time.date() for time in times] for times in column_times(values, **options)]


@pytest.mark.parametrize(
    "text",
    ["2023-06-01", "2023/6/1 10:30", "20230601", "2023年6月1日", "2023-06-01T09:30:00+08:00", "20230601093000",
     "202306010930",
     "20230601093000.123+0800", "01-Jun-2023", "01JUN2023", "June 1, 2023 3:15 PM", "1st Jun 2023",
     "Thu, 01 Jun 2023 09:30",
     "星期四 2023-06-01", "1. Juni 2023", "1er juin 2023", "1 de junio de 2023", "1 de junho de 2023", "112/06/01",
     "112.6.1", "1120601", "民國112年6月1日", "令和5年6月1日", "R5.6.1", "45078", "45078.396", "２０２３／６／１",
     "2023. 6. 1."],
)  # fmt: skip
def test_a_day_that_can_be_read_in_one_way(text):
    assert days(text) == [[DAY]]


@pytest.mark.parametrize("text", ["06/01/2023", "01.06.2023", "1-6-2023", "06/01/2023 09:30", "01062023"])
def test_where_nobody_can_tell_day_from_month_both_are_kept(text):
    assert set(days(text)[0]) == {DAY, SWAPPED}


@pytest.mark.parametrize(("other", "day"), [("13/06/2023", SWAPPED), ("06/13/2023", DAY)])
def test_one_value_of_a_column_tells_the_order_of_all(other, day):
    first = "06/01/2023"
    assert days(first, other)[0] == [SWAPPED if other.startswith("13") else DAY] == [day]


def test_a_column_that_contradicts_itself_decides_nothing():
    assert set(days("06/01/2023", "13/06/2023", "06/13/2023")[0]) == {DAY, SWAPPED}


def test_years_of_two_digits_are_read_by_the_column_too():
    assert DAY in days("23-06-01")[0]
    assert days("23-06-01", "23-06-30", "22-12-31")[0] == [DAY]
    assert days("112/06/01", "97/06/01")[1] == [datetime.date(2008, 6, 1)]
    assert DAY in days("230601", "240630")[0] and days("230601", "120000") == [[], []]


@pytest.mark.parametrize(
    "text",
    ["31/31/2023", "2023-06", "2023/13/01", "12345", "June", "31-Jun-2023", "x",
     "123/456"],
)  # fmt: skip
def test_what_is_no_day_is_none(text):
    assert days(text) == [[]] and not is_no_date(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "NULL", "(null)", "N/A", "无", "0000-00-00", "1900-01-01", "09:30",
     "193245.1"],
)  # fmt: skip
def test_what_stands_where_no_day_is_given(text):
    assert is_no_date(text) and not days(text)[0]


def test_days_of_birth_are_of_the_last_century_too():
    assert days("19500612", "1950-06-12", of_birth=True) == [[datetime.date(1950, 6, 12)]] * 2
    assert days("19500612") == [[]]
    assert datetime.date(1950, 1, 2) in days("39/01/02", of_birth=True)[0]  # of the Republic of China


def test_the_hour_is_kept_for_versions_of_a_report():
    assert column_times(["20230601093000"])[0] == column_times(["01-Jun-2023 9:30 AM"])[0]
