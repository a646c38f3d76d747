"""A day as it may be written: what days a value may be, and the expression that finds a day in a text."""

import re
from datetime import date, timedelta

_DATE = re.compile(r"((?:19|20)\d\d)[-/.年]?(0?[1-9]|1[0-2])[-/.月]?(0?[1-9]|[12]\d|3[01])日?(?:[ T].*)?")
_DAY_MONTH = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2((?:19|20)?\d\d)(?:[ T].*)?")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_NAMED = re.compile(
    r"(?:(\d{1,2})[\s.-]*)?([a-z]{3,9})[\s.-]*(?:(\d{1,2})[\s,.-]+)?((?:19|20)?\d\d)(?:[ T].*)?", re.IGNORECASE
)
_ERAS = {"民国": 1911, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
"""The year before each began."""
_LETTERS = {"T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_ERA = re.compile(
    rf"({'|'.join(_ERAS)}|[TSHR](?=\d{{1,2}}[./-]))\s?(\d{{1,3}}|元)\s?[年./-]\s?(\d{{1,2}})\s?[月./-]\s?(\d{{1,2}})日?"
)
_REPUBLIC = re.compile(r"(\d{2,3})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
"""A year of the Republic of China without its name, 59/04/12, as tables of Taiwan have it."""
_FIRST_SERIAL, _LAST_SERIAL = 7306, 54788
"""Excel's numbers of the first day of 1920 and of the last of 2049."""

Day = tuple[int, int, int]
"""Year, month and day."""


def days(value: str) -> set[Day]:
    """Return the days that a value may be, 3/2/1960 in both orders, 12/04/70 of either century; empty for no date.

    Characters are simplified ones (`comparable`).

    Examples
    --------
    >>> days("民国59年4月12日"), days("12-Apr-1970"), days("left frontal")
    ({(1970, 4, 12)}, {(1970, 4, 12)}, set())
    """
    value = value.strip()
    found: set[tuple[int, int, int]] = set()
    if match := _DATE.fullmatch(value):
        found.add(tuple(map(int, match.groups())))
    elif match := _ERA.fullmatch(value):
        first = _ERAS[_LETTERS.get(match[1], match[1])]
        found.add((first + (1 if match[2] == "元" else int(match[2])), int(match[3]), int(match[4])))
    else:
        if match := _DAY_MONTH.fullmatch(value):
            first, second = int(match[1]), int(match[3])
            found |= {(year, *order) for year in _years(match[4]) for order in ((first, second), (second, first))}
        if match := _REPUBLIC.fullmatch(value):
            year, month, day = map(int, match.groups())
            found.add((year + _ERAS["民国"], month, day))
            found |= {(of, month, day) for of in (_years(match[1]) if year < 100 else ())}
        if (match := _NAMED.fullmatch(value)) and (day := match[1] or match[3]):
            months = [i for i, month in enumerate(_MONTHS, 1) if month.startswith(match[2].casefold())]
            found |= {(year, month, int(day)) for month in months for year in _years(match[4])}
    return {day for day in found if _is_a_day(*day)}


def day_of_serial(value: str) -> str:
    """Return the day, 1970-04-12, whose number in a spreadsheet a value may be, 25670; "" for any other value."""
    number = value.removesuffix(".0")
    if not (number.isascii() and number.isdigit() and _FIRST_SERIAL <= int(number) <= _LAST_SERIAL):
        return ""
    return (date(1899, 12, 30) + timedelta(days=int(number))).isoformat()


def _years(digits: str) -> list[int]:
    return [int(digits)] if len(digits) == 4 else [1900 + int(digits), 2000 + int(digits)]


def _is_a_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return 1900 <= year < 2100


def may_hold_day(digits: str, day: Day) -> bool:
    """Tell quickly that a text of these digits and letters cannot hold a day."""
    year, month, number = day
    years = (str(year), f"{year % 100:02}", *(str(year - first) for first in _ERAS.values() if year > first), "元")
    return str(number) in digits and any(one in digits for one in years)


def day_pattern(day: Day) -> str:
    """Return an expression for a day: with year, month and day in any order, the month's name, an era's year.

    A year of two digits counts where signs stand between the numbers.
    """
    year, month, number = day
    full = _MONTHS[month - 1]
    name = f"{full[:3]}(?:{full[3:]})?" if full != "september" else "sept?(?:ember)?"
    y, short = _wide(str(year)), _wide(f"{year % 100:02}")
    m, d = f"[0０]?{_wide(str(month))}", f"[0０]?{_wide(str(number))}"
    sign, gap, nth = r"\s?[-/.／．－]\s?", r"[\s,.，-]*", "(?:st|nd|rd|th)?"
    either = f"(?:{y}|{short})"
    forms = [
        rf"{y}\s?[-/.年／．－]?\s?{m}\s?[-/.月／．－]?\s?{d}日?", rf"{short}{sign}{m}{sign}{d}",
        rf"{m}{sign}{d}{sign}{either}", rf"{d}{sign}{m}{sign}{either}",
        rf"{name}{gap}{d}{nth}{gap}{y}", rf"{d}{nth}{gap}(?:of )?{name}{gap}{either}",
    ]  # fmt: skip
    for era, first in _ERAS.items():
        if year > first:
            of_era = _wide(str(year - first)) + ("|元" if year - first == 1 else "")
            letter = next((f"|{letter}" for letter, of in _LETTERS.items() if of == era), "")
            unnamed = "?" if era == "民国" and year - first > 9 else ""
            forms.append(rf"(?:{era}{letter}){unnamed}\s?(?:{of_era})\s?[年./-]\s?{m}\s?[月./-]\s?{d}日?")
    return f"(?:{'|'.join(forms)})"


def _wide(digits: str) -> str:
    """Return an expression for digits of either width."""
    return "".join(f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in digits)
