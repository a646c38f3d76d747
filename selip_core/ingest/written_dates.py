"""A day as a text may write it: the expression that finds it, whichever way its column writes it."""

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
    return str(number) in digits and any(one in digits for one in years)


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
            names, unnamed = f"{era}|{letter}" if letter else era, "?" if era == "民国" and year - first > 9 else ""
            forms.append(rf"(?:{names}){unnamed}\s?(?:{of_era})\s?[年./-]\s?{m}\s?[月./-]\s?{d}日?")
    return f"(?:{'|'.join(forms)})"


def _wide(digits: str) -> str:
    """Return an expression for digits of either width."""
    return "".join(f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in digits)
