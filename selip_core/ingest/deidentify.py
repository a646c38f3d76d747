"""Who somebody is, taken out of the text of a report: names, dates of birth, numbers."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from selip_core._utils.encodings import first_byte
from selip_core._utils.extras import needs
from selip_core.ingest.cell_text import without_invisible
from selip_core.ingest.person_words import HOLE, common_words
from selip_core.ingest.signatures import without_signatures
from selip_core.reports.lexicon import Lexicon, load_lexicon
from selip_core.reports.text import normalise

LEAST = 2
LEAST_WITH_DIGIT = 5
"""Choice: a shorter number, or M1, is rather a size, a slice or a part of an artery than a person."""

NO_VALUES = frozenset({
    "不详", "未知", "没有", "未填", "未填写", "暂无", "其他", "其它", "本人", "同上", "待查", "未审核",
    "na", "n/a", "n.a.", "n.a", "nan", "none", "null", "unknown", "other",
})  # fmt: skip
"""What stands in a column where nothing is known."""

_DAY = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])\d{6}[ -]?\d{8}[ -]?\d{3}[\dXxＸｘ](?![0-9A-Za-z])"
    rf"|(?<=[A-Za-z])\d{{6}}{_DAY}\d{{3}}[\dXx](?![0-9A-Za-z])"
)
_OLD_IDENTITY = re.compile(r"((?:身份证|证件)(?:件)?(?:号码?)?(?:为|是)?\s{0,9}[:：]?\s{0,9}(?:ID)?)\d{15}(?!\d)")
"""Of fifteen digits, as any number may be: where it is called so."""
_MOBILE = re.compile(r"(?<!\d)(?:[+＋]?86[ -]?)?[1１][3-9３-９]\d(?:[ -]?\d{4}){2}(?!\d)")
_LANDLINE = re.compile(
    r"(?<![\d.])(?:[(（]0\d{2,3}[)）]|0\d{2,3}(?=[-－–— ])|[+＋]86[-－ ]?\d{2,3}(?=[-－–— ]))"
    r"[-－–— ]?[2-9２-９]\d{2,3}[- ]?\d{4}(?:[-－]\d{1,6})?(?!\d)"
)
_NUMBERS = (
    (_IDENTITY, HOLE), (_OLD_IDENTITY, rf"\1{HOLE}"), (_MOBILE, HOLE), (_LANDLINE, HOLE),
)  # fmt: skip
_DATE = re.compile(r"((?:19|20)\d\d)[-/.年]?(0?[1-9]|1[0-2])[-/.月]?(0?[1-9]|[12]\d|3[01])日?(?:[ T].*)?")
_DAY_MONTH = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2((?:19|20)\d\d)(?:[ T].*)?")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_NAMED = re.compile(r"(?:(\d{1,2})[\s.-]*)?([a-z]{3,9})[\s.-]*(?:(\d{1,2})[\s,.-]+)?((?:19|20)\d\d)", re.IGNORECASE)
_LATIN = re.compile(r"[\u0000-\u024f\u2018\u2019]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CURLY, _STRAIGHT = {ord("'"): "’"}, {ord("’"): "'"}
_PARTS = re.compile(r"[\s^,;，、]+")
_DOTS = "·•・‧∙⋅"
"""Between the parts of a name of western China, whichever a keyboard has."""
_DOTTED = re.compile(rf"(?<=[\u4e00-\u9fff])\s*[{_DOTS}.]\s*(?=[\u4e00-\u9fff])")
_NAME_PARTS = re.compile(rf"[\s^,;，、/\\&+|.{_DOTS}]+")
_BRACKETS, _NUMBER_BEHIND = re.compile(r"[(（\[【].*?[)）\]】]"), re.compile(r"(?<=[^\d\s])\s*\d{1,2}$")
"""``王小明（女）``, ``王芳2``: what stands beside a name in its cell."""
_CHINESE_NAME, _CHINESE_PART = re.compile(r"[\u4e00-\u9fff]{2,4}"), re.compile(r"[\u4e00-\u9fff]{2,12}")
_LONG_NAME = re.compile(r"[\u4e00-\u9fff]{5,}")
_OFFICES = re.compile(
    r".*(?:医[师生]|技师|主任|教授|护士|主治|住院|进修|院长|科|室|病房|病区|中心|医院|院区|影像|放射|磁共振|核磁|检查|诊断"
    r"|患者|病人|家属|测试|先生|女士|小姐|婴儿)"
)
_CONTEXT = 10
_TITLE = r"\b((?i:dr|doctor|prof|professor|mr|mrs|ms|miss|sir|patient|name|physician|radiologist)\b[.:]?\s+)"
LONGEST = 40
"""Choice: a longer value of a column of unknown name is a text, no identifier."""


@dataclass(frozen=True)
class Scrubbed:
    """A text without identifiers.

    Parameters
    ----------
    text : str
    removed : int
        Places where something was taken out.
    spared : int
        Places where a value is, or cuts into, a word of the lexicon; they were left.
    """

    text: str
    removed: int
    spared: int


def scrub(text: str, identifiers: Iterable[str], *, lexicon: Lexicon | None = None) -> Scrubbed:
    """Replace the identifiers by ``＊＊``, and of any person identity and phone numbers and the name under a report.

    Characters that nobody sees are dropped from the text. A name is found in traditional and simplified characters,
    with white space or a line's end within it.

    A name that is a medical word (海马), or that cuts into one where it stands (高明 in 信号增高明显), makes no hole:
    such places are counted for somebody to look at. Words of common English (``common_words.yaml``) make one only where
    they stand as a name does: Dr. Long.

    Parameters
    ----------
    text : str
    identifiers : iterable of str
        Values of the report's row, in any width and case; those shorter than two characters, with a digit shorter than
        five, and words for nothing (不详) are passed over.
    lexicon : Lexicon, optional
        The Chinese one where left out.
    """
    lexicon = lexicon or load_lexicon()
    spared = removed = 0
    text = without_invisible(text)
    for number, instead in _NUMBERS:
        text, found = number.subn(instead, text)
        removed += found
    signed = without_signatures(text)
    removed += signed.count(HOLE) - text.count(HOLE)
    text, compared = signed, _in_simplified(signed)
    identifiers = list(identifiers)
    units = common_words("unit") & {normalise(identifier).strip().casefold() for identifier in identifiers}
    for value in _values(identifiers):
        if not _may_hold(compared, value):
            continue
        if value.casefold() in common_words("function"):  # counted, every report would have some
            text, titled = re.subn(_TITLE + re.escape(value.title()) + r"\b", rf"\1{HOLE}", text)
            compared = _in_simplified(text)
            removed += titled
            continue
        pieces, end = [], 0
        for match in re.finditer(_pattern(value), compared, re.IGNORECASE):
            of_all = value.casefold() in units or _is_medical(compared, match, lexicon)
            if of_all and not _has_title(compared, match):
                spared += 1
                continue
            pieces += [text[end : match.start()], HOLE]
            end = match.end()
            removed += 1
        if pieces:
            text = "".join([*pieces, text[end:]])
            compared = _in_simplified(text)
    return Scrubbed(text, removed, spared)


def may_identify(value: str) -> bool:
    """Tell whether a value of a column of unknown name may be somebody's: not a text, and no medical words."""
    lexicon, text = load_lexicon(), normalise(value.strip())
    if not LEAST <= len(text) <= LONGEST or text in lexicon.known:
        return False
    if sum(character.isdigit() for character in text) >= LEAST_WITH_DIGIT:
        return True  # CT0012345 is somebody's number, whatever its letters say
    words = {word.casefold() for word in _WORD.findall(value)}
    if words & common_words("medical") and words <= _everybodys():
        return False  # Left frontal lobe; but Rose Young is somebody
    return not any(token.end - token.start >= LEAST for token in lexicon.scan(text))


def _values(identifiers: Iterable[str]) -> list[str]:
    """Return the values to look for, the longest first, and the ways in which a name is written."""
    found = set()
    for identifier in identifiers:
        value = _in_simplified(unicodedata.normalize("NFKC", without_invisible(identifier))).strip()
        found |= {value, *_within(value)}
    least = {v: LEAST_WITH_DIGIT if v.isascii() and any(c.isdigit() for c in v) else LEAST for v in found}
    looked_for = (
        v for v in found
        if len(v) >= least[v] and v.casefold() not in NO_VALUES and any(c.isalnum() for c in v)  # not ^^^^, -, ***
    )
    return sorted(looked_for, key=lambda v: (-len(v), v))


def _within(value: str) -> set[str]:
    """Return the names in a value that may hold something beside them: a sex, the number of a visit, another name."""
    unbracketed = _BRACKETS.sub(" ", value).strip()
    bare = _NUMBER_BEHIND.sub("", unbracketed).strip()
    if any(c.isdigit() for c in bare) or bare.casefold() in NO_VALUES:
        return set()
    dotted = _DOTTED.search(bare)
    if bare != unbracketed and not (_CHINESE_NAME.fullmatch(bare) or len(_WORD.findall(bare)) > 1):
        return set()  # MR12 is no name, and MR a word of many reports
    parts = [part for part in _NAME_PARTS.split(bare) if (_CHINESE_PART if dotted else _CHINESE_NAME).fullmatch(part)]
    return _names(bare) | {part for part in parts if not _OFFICES.fullmatch(part)}


def _names(value: str) -> set[str]:
    """Return the names of a value: of Wang^Wei=王^伟 each script's, in Latin letters each part and both orders too."""
    found = set()
    for group in value.split("="):
        parts = [part for part in _NAME_PARTS.split(group) if part]
        if parts and all(_LATIN.fullmatch(part) for part in parts):
            if common_words("phrase") & {part.casefold() for part in parts}:
                continue  # an institution: its words are everybody's
            for spelt in _spellings(parts):
                words = [part for part in spelt if _WORD.fullmatch(part)]
                found |= {part for part in words if len(part) > LEAST}
                if 2 <= len(words) <= 3 and len(words[0] + words[1]) > 3:  # R. T. are sides, N/A is nobody
                    found |= {" ".join(words[:2]), " ".join(words[1::-1])}
        elif "^" in group:
            found |= {group.strip(), *(part for part in parts[:2] if len(part) >= LEAST)}
        elif "=" in value:
            found.add(group.strip())
    return found


def _spellings(parts: list[str]) -> list[list[str]]:
    """Return a name in Latin letters as it is, without accents, and with the other apostrophe: García, O’Neil."""
    plain = ["".join(c for c in unicodedata.normalize("NFKD", part) if not unicodedata.combining(c)) for part in parts]
    return [[part.translate(signs) for part in spelt] for spelt in (parts, plain) for signs in ({}, _CURLY, _STRAIGHT)]


def _dates(value: str) -> set[tuple[str, str, str]]:
    """Return the year, month and day that a value may be, 3/2/1960 in both orders; empty if it is no date."""
    if date := _DATE.fullmatch(value):
        year, month, day = date.groups()
        return {(year, month.lstrip("0"), day.lstrip("0"))}
    if date := _DAY_MONTH.fullmatch(value):
        first, second, year = date[1].lstrip("0"), date[3].lstrip("0"), date[4]
        orders = ((first, second), (second, first))
        return {(year, m, d) for m, d in orders if m and d and int(m) <= 12 and int(d) <= 31}
    if (date := _NAMED.fullmatch(value)) and (day := (date[1] or date[3] or "").lstrip("0")):
        months = [i for i, month in enumerate(_MONTHS, 1) if month.startswith(date[2].casefold())]
        return {(date[4], str(month), day) for month in months}
    return set()


def _date_pattern(year: str, month: str, day: str) -> str:
    """Return an expression for a date: year first, last with either order of day and month, or the month's name."""
    full = _MONTHS[int(month) - 1]
    name = f"{full[:3]}(?:{full[3:]})?" if full != "september" else "sept?(?:ember)?"
    y, m, d = _wide(year), f"[0０]?{_wide(month)}", f"[0０]?{_wide(day)}"
    sign, gap, nth = r"\s?[-/.／．－]\s?", r"[\s,.，-]*", "(?:st|nd|rd|th)?"
    return (
        rf"(?:{y}\s?[-/.年／．－]?\s?{m}\s?[-/.月／．－]?\s?{d}日?|{m}{sign}{d}{sign}{y}|{d}{sign}{m}{sign}{y}"
        rf"|{name}{gap}{d}{nth}{gap}{y}|{d}{nth}{gap}(?:of )?{name}{gap}{y})"
    )


def _may_hold(text: str, value: str) -> bool:
    """Tell quickly that a text cannot hold a value; most do not."""
    squeezed = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()
    if dates := _dates(value):
        return any(year in squeezed for year, _, _ in dates)
    return re.sub(r"[\W_]", "", value).casefold() in squeezed


def _pattern(value: str) -> str:
    """Return an expression for a value in either width, white space within or not; for a date, however written."""
    if dates := _dates(value):
        body = "|".join(_date_pattern(*date) for date in sorted(dates))
        return rf"(?<![0-9A-Za-z])(?:{body})(?![0-9A-Za-z])"
    dotted = _DOTTED.search(value) is not None or _LONG_NAME.fullmatch(value) is not None
    parts = [_wide(part, dotted) for part in _PARTS.split(_DOTTED.sub(" ", value)) if part]
    body = (rf"[\s^,;，、.{_DOTS}]*" if dotted else r"[\s^,;，、]*").join(parts)
    before = r"(?<![0-9A-Za-z])" if value[0].isascii() and value[0].isalnum() else ""
    if value.isdigit():
        before = r"(?<![0-9])(?<![0-9][A-Za-z])"  # ID1234567
    after = r"(?![0-9A-Za-z])" if value[-1].isascii() and value[-1].isalnum() else ""
    return before + body + after


def _wide(value: str, dotted: bool = False) -> str:
    """Return an expression for a value whose characters may be full-width, white space between them.

    Between Chinese characters a line's end may stand too, and, where it is said, a dot.
    """
    body = ""
    for before, char in zip(f" {value}", value, strict=False):
        chinese = before > "\u2e7f" and char > "\u2e7f"
        body += "" if not body else rf"\s*[{_DOTS}]?\s*" if chinese and dotted else r"\s*" if chinese else r"[^\S\n]*"
        body += f"[{re.escape(char)}{chr(ord(char) + 0xFEE0)}]" if "!" <= char <= "~" else re.escape(char)
    return body


def _in_simplified(text: str) -> str:
    """Return a text of the same length, each traditional character as the simplified one."""
    return text if text.isascii() else "".join(map(_simplified, text))


@cache
def _simplified(character: str) -> str:
    if not "\u4e00" <= character <= "\u9fff" or first_byte(character, "gb2312"):
        return character
    found = _converter().convert(character)
    return found if len(found) == 1 else character


@cache
def _converter():
    needs("a name in traditional characters", "ingest", "opencc")
    import opencc

    return opencc.OpenCC("t2s")


def _is_medical(text: str, match: re.Match, lexicon: Lexicon) -> bool:
    """Tell whether a word of the lexicon is the match, holds it, or overlaps one of its ends.

    A word of common speech does so only where the rest of the match is words as well: 高明 in 高明显信号, not 王明 in
    王明显示; where a line ends within the match, it does.
    """
    in_two_lines = "\n" in match[0]
    if match[0].casefold() in _everybodys():
        return True
    before, found, after = (
        normalise(part)
        for part in (text[max(match.start() - _CONTEXT, 0) : match.start()], "".join(match[0].split()),
                     text[match.end() :][:_CONTEXT])
    )
    start, end = len(before), len(before) + len(found)
    whole = before + found + after
    if any(
        token.start < end
        and token.end > start
        and (token.start < start or token.end > end or token.end - token.start == len(found))
        for token in lexicon.scan(whole)
    ):
        return True
    known = _common(lexicon)
    words = [(i, j) for i in range(len(whole)) for j in range(max(i, start) + 1, min(len(whole), i + _CONTEXT) + 1)
             if i < end and whole[i:j] in known]  # fmt: skip
    cut = any(i < start < j or i < end < j for i, j in words)
    return cut and (in_two_lines or all(any(i <= place < j for i, j in words) for place in range(start, end)))


def _has_title(text: str, match: re.Match) -> bool:
    before = text[max(match.start() - 2 * _CONTEXT, 0) : match.start()]
    return match[0][:1].isupper() and re.search(_TITLE + r"\Z", before) is not None


@cache
def _everybodys() -> frozenset[str]:
    return common_words("function") | common_words("report") | common_words("medical")


@cache
def _common(lexicon: Lexicon) -> frozenset[str]:
    return lexicon.known
