"""A day as a text may write it: the expression that finds it, whichever way its column writes it."""

import re

from selip_core.ingest.dates import ERAS, MONTHS, column_times


def days(value: str) -> set[tuple[int, int, int]]:
    """Return the days (year, month, day) that a value of a person's row may be, 3/2/1960 in both orders.

    Examples
    --------
    >>> days("民国59年4月12日"), days("12-Apr-1970"), days("left frontal")
    ({(1970, 4, 12)}, {(1970, 4, 12)}, set())
    """
    return {(time.year, time.month, time.day) for time in column_times([value], of_birth=True)[0]}


def may_hold_day(digits: str, day: tuple[int, int, int]) -> bool:
    """Tell quickly that a text of these digits and letters cannot hold a day."""
    year, month, number = day
    years = (str(year), f"{year % 100:02}", *(str(year - first) for first, _ in ERAS.values() if year > first), "元")
    return (str(number) in digits and any(one in digits for one in years)) or _IN_NUMERALS.search(digits) is not None


def day_pattern(day: tuple[int, int, int]) -> str:
    """Return an expression for a day: with year, month and day in any order, the month's name, an era's year.

    A year of two digits counts where signs stand between the numbers.
    """
    year, month, number = day
    names = MONTHS[month - 1].casefold().split()
    name = rf"(?:{'|'.join(names)}|(?:{'|'.join(sorted({one[:3] for one in names} | {one[:4] for one in names}))})\.?)"
    y, short = _wide(str(year)), _wide(f"{year % 100:02}")
    m, d = f"[0０]?{_wide(str(month))}", f"[0０]?{_wide(str(number))}"
    sign, gap, nth = r"\s?[-/.／．－]\s?", r"[\s,.，-]*", "(?:st|nd|rd|th)?"
    either = f"(?:{y}|{short})"
    forms = [
        rf"{y}\s?[-/.年／．－]?\s?{m}\s?[-/.月／．－]?\s?{d}日?", rf"{short}{sign}{m}{sign}{d}",
        rf"{m}{sign}{d}{sign}{either}", rf"{d}{sign}{m}{sign}{either}",
        rf"{name}{gap}{d}{nth}{gap}{y}", rf"{d}{nth}{gap}(?:of |de )?{name}{gap}(?:de )?{either}",
    ]  # fmt: skip
    for era, (first, letter) in ERAS.items():
        if year > first:
            of_era = _wide(str(year - first)) + ("|元" if year - first == 1 else "")
            names = f"{_era(era)}|{letter}" if letter else _era(era)
            unnamed = "?" if era == "民国" and year - first > 9 else ""
            forms.append(rf"(?:{names}){unnamed}\s?(?:{of_era})\s?[年./-]\s?{m}\s?[月./-]\s?{d}日?")
    return f"(?:{'|'.join([*forms, _spelled(day)])})"


_NUMERALS = ["〇零○◯ＯOo", "一壹", "二贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"]
_ANY = f"[{''.join(_NUMERALS)}十拾廿卅百千元]"
_IN_NUMERALS = re.compile(rf"{_ANY}年[{_ANY[1:-1]}\d]{{1,3}}月|年{_ANY}{{1,3}}月|月{_ANY}{{1,3}}[日号號]")
"""Some day in Chinese numerals, in a text of which letters and digits alone are left."""


def _spelled(day: tuple[int, int, int]) -> str:
    """Return an expression for a day in Chinese numerals, 一九七〇年四月十二日, or some of it: 1970年四月12日."""
    year, month, number = day
    years = [_wide(str(year)), *_numerals(year)]
    for era, (first, _) in ERAS.items():
        if year > first:
            of_era = [_wide(str(year - first)), *_numerals(year - first), *["元"] * (year - first == 1)]
            years.append(rf"{_era(era)}\s?(?:{'|'.join(of_era)})")
    months, days = ("|".join([f"[0０]?{_wide(str(n))}", *_numerals(n)]) for n in (month, number))
    return rf"(?:{'|'.join(years)})\s?年\s?(?:{months})\s?月\s?(?:{days})\s?[日号號]"


def _numerals(number: int) -> list[str]:
    """Return expressions for a number in Chinese numerals: digit by digit, and where it is under 200 as it is said."""
    found = ["".join(f"[{_NUMERALS[int(digit)]}]" for digit in str(number))]
    hundreds, rest = divmod(number, 100)
    if hundreds < 2:
        tens, ones = divmod(rest, 10)
        few = f"[{_NUMERALS[ones]}]" if ones else ""
        many = {0: "[〇零○]?" if hundreds and ones else "", 2: "(?:[二贰貳][十拾]|廿)", 3: "(?:[三叁參][十拾]|卅)"}
        begin = "[一壹]?" if tens == 1 else f"[{_NUMERALS[tens]}]"
        found.append(("[一壹]?百" if hundreds else "") + many.get(tens, f"{begin}[十拾]") + few)
    return found + ["[二贰貳][千仟]"] * (number == 2000)


def _era(name: str) -> str:
    return name.replace("国", "[国國]")


def _number(number: int) -> str:
    """Return an expression for a number under 200 in Chinese numerals."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    few = f"[{_NUMERALS[ones]}]" if ones else ""
    many = {0: "[〇零]?" if hundreds and ones else "", 2: "(?:[二贰貳][十拾]|廿)", 3: "(?:[三叁參][十拾]|卅)"}
    begin = "[一壹]?" if tens == 1 else f"[{_NUMERALS[tens]}]"
    return ("[一壹]?百" if hundreds else "") + many.get(tens, f"{begin}[十拾]") + few


def _wide(digits: str) -> str:
    """Return an expression for digits of either width."""
    return "".join(f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in digits)
