"""The dates of a report export, however it writes them: the order of day and month is read from the whole column."""

import datetime
import re
from collections.abc import Iterable

from selip_core.ingest.comparable import without_accents

_CLOCK = (
    r"(?:[T\s,]*(?P<half>AM|PM|上午|下午|晚上|午前|午後)?\s*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    r"(?:\.\d+)?\s*(?P<behind>AM|PM)?.*)?"
)
_TIME = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?:[-/.年](?P<month>0?[1-9]|1[0-2])[-/.月](?P<day>0?[1-9]|[12]\d|3[01])(?!\d)日?"
    r"|(?P<mm>0[1-9]|1[0-2])(?P<dd>0[1-9]|[12]\d|3[01])(?!\d))" + _CLOCK,
    re.IGNORECASE,
)
_RUN_TOGETHER = re.compile(
    r"(?P<day>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
    r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?(?:\.\d+)?(?:[+-]\d{4}|Z)?(?!\d)"
)
"""A time of HL7 and DICOM, 20230601093000."""
_PARTS = re.compile(r"(?P<a>\d{1,3})(?P<sign>[-/.])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{4}|\d{1,2})(?!\d)" + _CLOCK, re.I)
_EIGHT = re.compile(r"(?P<a>\d\d)(?P<b>\d\d)(?P<c>(?:19|20)\d\d)(?!\d)" + _CLOCK, re.IGNORECASE)
_SEVEN = re.compile(r"(?P<a>\d{3})(?P<b>\d\d)(?P<c>\d\d)(?!\d)" + _CLOCK, re.IGNORECASE)
"""1120601: a year of the Republic of China."""
_ERA = re.compile(
    r"(?P<era>令和|平成|昭和|大正|民国|民國|[RHS](?=\d))\s*(?P<year>元|\d{1,3})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]"
    r"\s*(?P<day>\d{1,2})(?!\d)日?" + _CLOCK,
    re.IGNORECASE,
)
ERAS = {"民国": (1911, ""), "大正": (1911, "T"), "昭和": (1925, "S"), "平成": (1988, "H"), "令和": (2018, "R")}
"""The year before each began, and the letter that stands for it."""
_BEFORE = {name: first for era, (first, letter) in ERAS.items() for name in (era, letter) if name}
_REPUBLIC = _BEFORE["民國"] = _BEFORE["民国"]
_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})(?:ST|ND|RD|TH|ER|\.|º)?[\s/.-]*(?:DE\s+)?)?(?P<name>[A-Z]{3,10})\.?[\s/.-]*(?:DE\s+)?"
    r"(?:(?P<later>\d{1,2})(?:ST|ND|RD|TH)?[\s,/.-]+)?(?P<year>(?:19|20)\d\d|\d\d)(?!\d)" + _CLOCK
)
MONTHS = (
    "JANUARY JANUAR JANVIER ENERO JANEIRO GENNAIO", "FEBRUARY FEBRUAR FEVRIER FEBRERO FEVEREIRO FEBBRAIO",
    "MARCH MAERZ MARZ MARS MARZO MARCO", "APRIL AVRIL ABRIL APRILE", "MAY MAI MAYO MAIO MAGGIO",
    "JUNE JUNI JUIN JUNIO JUNHO GIUGNO", "JULY JULI JUILLET JULIO JULHO LUGLIO", "AUGUST AOUT AGOSTO",
    "SEPTEMBER SEPTEMBRE SEPTIEMBRE SETEMBRO SETTEMBRE", "OCTOBER OKTOBER OCTOBRE OCTUBRE OUTUBRO OTTOBRE",
    "NOVEMBER NOVEMBRE NOVIEMBRE NOVEMBRO", "DECEMBER DEZEMBER DECEMBRE DICIEMBRE DEZEMBRO DICEMBRE",
)  # fmt: skip
"""By month, without accents; three letters or more of a name stand for it."""
_WEEKDAY = re.compile(r"(?:MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*[,.]?\s+|(?:周|星期|礼拜)[一二三四五六日天]\s*")
_SERIAL = re.compile(r"(?P<days>\d{5})(?:\.(?P<part>\d+))?")
_FIRST_OF_EXCEL = datetime.datetime(1899, 12, 30)
_EARLIEST = 1975
"""Choice: nobody was examined by MR before; an older date is a placeholder, or is read in a wrong order."""
_EARLIEST_BIRTH = 1901
"""1900 is what databases write where they know no day."""
_NO_DATE = re.compile(
    r"[-/.\s]*|0+[-/.]0+[-/.]0+.*|(?:1899|1900|1753|0001|9999|2999)[-/.年]?\d.*|\(?NULL\)?|#?N/?A|NONE|NAT|NAN|NIL|无|不详|未知|空"
    r"|\d{1,2}[:：时]\d\d.*|[上下]午.*|\d{6}\.\d+"
)
"""What stands where no day is given, an hour alone among it."""
_SIX = re.compile(r"(?P<a>\d\d)(?P<b>\d\d)(?P<c>\d\d)(?!\d)" + _CLOCK, re.IGNORECASE)
_HOUR = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d")
_ORDERS = ("ymd", "dmy", "mdy")


def date_of(text: str) -> datetime.date | None:
    """Return the day that a date, its year first, or the beginning of a time is; None where it is none."""
    time = time_of(text)
    return time.date() if time else None


def time_of(text: str) -> datetime.datetime | None:
    """Return the time that a text begins with, its year first, at midnight where it tells a day alone."""
    found = _TIME.match(text.strip())
    if not found:
        return None
    return _at(int(found["year"]), int(found["month"] or found["mm"]), int(found["day"] or found["dd"]), found)


def column_times(values: Iterable[str], *, of_birth: bool = False) -> list[tuple[datetime.datetime, ...]]:
    """Return what the dates of a column may be: nothing, one time, or two where nobody can tell day from month.

    A column has one order of year, month and day: the one that all of its values allow. Where several do, each value
    has all of its readings; years of the Republic of China, eras, names of months and Excel's numbers have one.

    Parameters
    ----------
    of_birth : bool
        Whether they are days of birth: of the last century too, and 39/01/01 may be a year of the Republic.
    """
    earliest = _EARLIEST_BIRTH if of_birth else _EARLIEST
    texts = [_plain(value) for value in values]
    republic = any(len(found["a"]) == 3 for text in texts if (found := _PARTS.match(text)))
    # 230601 is six past eleven as well; 240601 is no time, and tells that the column holds days
    hours = all(_HOUR.fullmatch(text) for text in texts if _SIX.fullmatch(text))
    # a column may mix its shapes, as 1/6/2023 and 2023-06-01; each shape has its own order
    shapes: dict[tuple, list[dict[str, datetime.datetime]]] = {}
    found: list[dict[str, datetime.datetime] | tuple[datetime.datetime, ...]] = []
    for text in texts:
        certain = _certain(text, earliest)
        parts = None if certain else _PARTS.match(text) or _EIGHT.match(text) or (not hours and _SIX.match(text))
        if not parts:
            found.append((certain,) if certain else ())
            continue
        readings = _readings(parts, republic, earliest)
        shapes.setdefault(_shape(parts), []).append(readings)
        found.append(readings)
    orders = {id(one): _common(group) for group in shapes.values() for one in group}
    return [
        one if isinstance(one, tuple) else
        tuple(dict.fromkeys(time for order, time in one.items() if order in orders[id(one)] or not orders[id(one)]))
        for one in found
    ]  # fmt: skip


def is_no_date(text: str) -> bool:
    """Tell whether a cell of a column of dates is as good as empty: a sign, a word for nothing, an hour alone."""
    text = _plain(text)
    hour = _HOUR.fullmatch(text) and not _readings(_SIX.match(text), republic=False, earliest=_EARLIEST)
    return bool(hour) or _NO_DATE.fullmatch(text) is not None


def _plain(text: str) -> str:
    """Return a text in upper case and half width, without accents, the day of the week and gaps beside signs."""
    text = without_accents(text).upper().strip()
    text = _WEEKDAY.sub("", text, count=1)
    return re.sub(r"(?<=\d)\s*([-/.年月])\s*(?=\d)", r"\1", text)


def _certain(text: str, earliest: int) -> datetime.datetime | None:
    """Return the time of a text that can be read in one way alone; None where it cannot, or in several."""
    if together := _RUN_TOGETHER.match(text):
        day = time_of(together["day"])
        hour, minute, second = (int(together[part] or 0) for part in ("hour", "minute", "second"))
        return day and day.replace(hour=hour, minute=minute, second=second)
    if time := time_of(text):
        return time if time.year >= earliest else None
    if era := _ERA.match(text):
        year = 1 if era["year"] == "元" else int(era["year"])
        return _at(_BEFORE[era["era"]] + year, int(era["month"]), int(era["day"]), era)
    if (serial := _SERIAL.fullmatch(text)) and (time := _of_serial(serial, earliest)):
        return time
    if (seven := _SEVEN.match(text)) and (
        time := _likely(int(seven["a"]) + _REPUBLIC, seven["b"], seven["c"], seven, earliest)
    ):
        return time
    if named := _NAMED.match(text):
        day = named["day"] or named["later"]
        months = [i for i, names in enumerate(MONTHS, 1) if any(n.startswith(named["name"]) for n in names.split())]
        if day and len(months) == 1:
            return _likely(_year(named["year"]), months[0], day, named, earliest)
    return None


def _of_serial(found: re.Match, earliest: int) -> datetime.datetime | None:
    time = _FIRST_OF_EXCEL + datetime.timedelta(days=float(found[0]))
    return time.replace(microsecond=0) if earliest <= time.year <= _latest() else None


def _readings(parts: re.Match, republic: bool, earliest: int) -> dict[str, datetime.datetime]:
    """Return the time in each order of year, month and day that makes a day that may be meant."""
    a, b, c = parts["a"], parts["b"], parts["c"]
    orders = dict(zip(_ORDERS, ((a, b, c), (c, b, a), (c, a, b)), strict=True))
    if len(a) == 3 or (republic and len(c) <= 2):
        orders = {"roc": (str(int(a) + _REPUBLIC), b, c)}
    elif len(c) == 4:
        del orders["ymd"]
    elif len(c) < 2 or len(a) < 2:  # a year has two digits where it is short
        orders = {order: given for order, given in orders.items() if len(given[0]) == 2}
    if earliest == _EARLIEST_BIRTH and "ymd" in orders:
        orders["roc"] = (str(int(a) + _REPUBLIC), b, c)
    found = {order: _likely(_year(year), month, day, parts, earliest) for order, (year, month, day) in orders.items()}
    return {order: time for order, time in found.items() if time}


def _shape(parts: re.Match) -> tuple:
    return parts.groupdict().get("sign", ""), len(parts["c"]) == 4, len(parts["a"]) == 3


def _common(group: list[dict[str, datetime.datetime]]) -> set[str]:
    """Return the orders in which all values of a column are days."""
    return set(_ORDERS + ("roc",)).intersection(*(set(one) for one in group if one))


def _year(text: str) -> int:
    """Return a year; of two digits it is one of those that are over, or the next."""
    if len(text) > 2:
        return int(text)
    return int(text) + (2000 if int(text) + 2000 <= _latest() else 1900)


def _latest() -> int:
    return datetime.date.today().year + 1


def _likely(year: int, month: int | str, day: int | str, clock: re.Match, earliest: int) -> datetime.datetime | None:
    return _at(year, int(month), int(day), clock) if earliest <= year <= _latest() else None


def _at(year: int, month: int, day: int, clock: re.Match) -> datetime.datetime | None:
    """Return the time of a day and of the hour that stands behind it."""
    half = (clock["half"] or clock["behind"] or "").upper()
    hour = int(clock["hour"] or 0)
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half in ("PM", "下午", "晚上", "午後"))
    try:
        return datetime.datetime(year, month, day, hour, int(clock["minute"] or 0), int(clock["second"] or 0))
    except ValueError:  # the thirty-first of a month of thirty days
        return None
