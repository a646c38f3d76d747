import re

import pytest

from selip_core.ingest.deidentify import scrub
from selip_core.ingest.written_dates import day_pattern, days, may_hold_day

DAY = (1970, 4, 12)
WRITTEN = [
    "1970-04-12",
    "19700412",
    "1970年4月12日",
    "12.04.1970",
    "4/12/1970",
    "4/12/70",
    "12.04.70",
    "70/4/12",
    "12-Apr-70",
    "April 12, 1970",
    "12th of April 1970",
    "民国59年4月12日",
    "59年4月12日",
    "昭和45年4月12日",
    "S45.4.12",
    "１９７０年４月１２日",
    "一九七〇年四月十二日",
    "一九七零年四月十二号",
    "民国五十九年四月十二日",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_day_is_found_however_it_is_written(text):
    squeezed = re.sub(r"[\W_]", "", text).translate({ord("０") + i: str(i) for i in range(10)})
    assert re.fullmatch(day_pattern(DAY), text, re.IGNORECASE) and may_hold_day(squeezed.casefold(), DAY)


@pytest.mark.parametrize(
    "value",
    [
        *WRITTEN[:9],
        *(text for text in WRITTEN[11:15] if text[0] != "5"),
        "59/04/12",
        "1970-04-12 00:00:00",
        "12 Apr 1970",
    ],
)
def test_a_value_may_be_that_day(value):
    assert DAY in days(value)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ((2010, 10, 20), "二〇一〇年十月二十日"),
        ((2010, 10, 20), "民國九十九年十月廿日"),
        ((2015, 1, 31), "民国一百零四年一月三十一日"),
        ((2021, 12, 9), "民国一百一十年十二月九日"),
        ((1989, 2, 3), "平成元年二月三日"),
        ((2019, 11, 11), "贰零壹玖年十一月十一号"),
        ((2019, 11, 11), "二〇一九 年 一一 月 十一 日"),
        ((1970, 4, 12), "一九七○年四月十二日"),
        ((1970, 4, 12), "一九七Ｏ年四月一二日"),
        ((1970, 4, 12), "一九七◯年4月12日"),
        ((1970, 4, 12), "1970年四月十二日"),
        ((1970, 4, 12), "民國五九年四月12日"),
        ((2000, 4, 12), "二千年四月十二日"),
    ],
)
def test_a_day_is_found_in_chinese_numerals(day, text):
    value = f"{day[0]}-{day[1]:02}-{day[2]:02}"
    scrubbed = scrub(f"患者生于{text}，颅脑平扫三月余。", [value]).text
    assert re.fullmatch(day_pattern(day), text) and "年" not in scrubbed and "颅脑平扫三月余" in scrubbed
    year, month, number = day
    for other in ((year, month, number % 28 + 1), (year, month % 12 + 1, number), (year + 1, month, number)):
        assert not re.search(day_pattern(other), text)


@pytest.mark.parametrize(
    "value", ["", "left", "1970-13-12", "31/02/1970", "12345678", "2.5-3.5", "T1", "3/2", "1234/5/6", "昭和"]
)
def test_what_is_no_day_is_none(value):
    assert days(value) == set()


def test_the_number_of_a_day_in_a_spreadsheet_is_that_day():
    assert days("25670") == {DAY}


@pytest.mark.parametrize(
    "text", ["1970-04-13", "12/05/70", "112/04/1970", "民国60年4月12日", "12.04.71", "4.12", "昭和46年4月12日"]
)
def test_another_day_is_not_taken_for_it(text):
    assert not re.fullmatch(day_pattern(DAY), text, re.IGNORECASE)
