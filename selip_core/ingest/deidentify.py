"""Who somebody is, taken out of the text of a report: names, dates of birth, numbers."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from selip_core.datasets.sequences import sequence_of_text
from selip_core.reports.lexicon import Lexicon, load_lexicon
from selip_core.reports.sections import begins_a_section
from selip_core.reports.text import normalise

HOLE = "＊＊"
LEAST = 2
LEAST_WITH_DIGIT = 5
"""Choice: a shorter number, or M1, is rather a size, a slice or a part of an artery than a person."""

NO_VALUES = frozenset({
    "不详", "未知", "没有", "未填", "未填写", "暂无", "其他", "其它", "本人", "同上", "待查", "未审核",
    "na", "n/a", "n.a.", "n.a", "nan", "none", "null", "unknown", "other",
})  # fmt: skip
"""What stands in a column where nothing is known."""

_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{6}[ -]?\d{8}[ -]?\d{3}[\dXxＸｘ](?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<!\d)(?:[+＋]?86[ -]?)?[1１][3-9３-９]\d(?:[ -]?\d{4}){2}(?!\d)")
_LANDLINE = re.compile(
    r"(?<![\d.])(?:[(（]0\d{2,3}[)）]|0\d{2,3}(?=[-－–— ])|[+＋]86[-－ ]?\d{2,3}(?=[-－–— ]))"
    r"[-－–— ]?[2-9２-９]\d{2,3}[- ]?\d{4}(?:[-－]\d{1,6})?(?!\d)"
)
_DATE = re.compile(r"((?:19|20)\d\d)[-/.年]?(0?[1-9]|1[0-2])[-/.月]?(0?[1-9]|[12]\d|3[01])日?(?:[ T].*)?")
_DAY_MONTH = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2((?:19|20)\d\d)(?:[ T].*)?")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_NAMED = re.compile(r"(?:(\d{1,2})[\s.-]*)?([a-z]{3,9})[\s.-]*(?:(\d{1,2})[\s,.-]+)?((?:19|20)\d\d)", re.IGNORECASE)
_CAPITALISED = r"[A-ZÀ-Þ][A-Za-zÀ-ɏ'’-]+(?:[^\S\n\r]+[A-ZÀ-Þ][A-Za-zÀ-ɏ'’-]+){0,2}"
_ONE_LINE_ON = r"(?:[^\S\n]+|[^\S\n]*\n[^\S\n]*)"
_NO_NAMES = (
    "临床|主管|主治|主任|副主任|住院|值班|接诊|开单|申请|经治|急诊|上级|管床|首诊|送检|门诊|病房|相关|责任|该|其"
)
_SIGNED = re.compile(
    r"((?:姓名|医[生师]|技师|报告者|审核者)\s*[:：]\s*)[\u4e00-\u9fff·]{2,4}(?![\u4e00-\u9fff])"
    rf"|((?i:\b(?:reported|dictated|signed|verified|read) by:?{_ONE_LINE_ON}(?:dr\.?[^\S\n\r]+)?))({_CAPITALISED})"
    rf"|(\b(?:Dr|Prof|Professor|Doctor|Mr|Mrs)\b\.?[^\S\n\r]+)({_CAPITALISED})"
    rf"|((?:告知|通知|联系)(?!{_NO_NAMES}))"
    r"(?:(?!科)[\u4e00-\u9fff]){2,3}(?=医[师生]|主任|大夫)"
)
_COMMON_WORDS = Path(__file__).with_name("common_words.yaml")
_LATIN = re.compile(r"[\u0000-\u024f\u2018\u2019]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CURLY, _STRAIGHT = {ord("'"): "’"}, {ord("’"): "'"}
_PARTS = re.compile(r"[\s^,;，、]+")
_NAME_PARTS = re.compile(r"[\s^,;，、/\\&+|.·]+")
_BRACKETS, _NUMBER_BEHIND = re.compile(r"[(（\[【].*?[)）\]】]"), re.compile(r"(?<=[^\d\s])\s*\d{1,2}$")
"""``王小明（女）``, ``王芳2``: what stands beside a name in its cell."""
_CHINESE_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_BEGIN = frozenset((
    "left", "right", "bilateral", "normal", "mild", "moderate", "multiple", "small", "large", "stable", "unchanged",
    "new", "there",
))  # fmt: skip
"""Words that sentences of reports begin with."""
_PROTOCOL = frozenset((
    "brain", "head", "image", "images", "imaging", "scan", "study", "sequence", "protocol", "spine", "neck",
))  # fmt: skip
"""Mr Brain is a title-cased MR."""
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
    spared = 0
    text, removed = _IDENTITY.subn(HOLE, text)
    text, more = _MOBILE.subn(HOLE, text)
    text, landlines = _LANDLINE.subn(HOLE, text)
    signed = _SIGNED.sub(_without_the_name, text)
    removed += more + landlines + signed.count(HOLE) - text.count(HOLE)
    text = signed
    for value in _values(identifiers):
        if not _may_hold(text, value):
            continue
        if value.casefold() in common_words("function"):  # counted, every report would have some
            text, titled = re.subn(_TITLE + re.escape(value.title()) + r"\b", rf"\1{HOLE}", text)
            removed += titled
            continue
        pieces, end = [], 0
        for match in re.finditer(_pattern(value), text, re.IGNORECASE):
            if _is_medical(text, match, lexicon) and not _has_title(text, match):
                spared += 1
                continue
            pieces += [text[end : match.start()], HOLE]
            end = match.end()
            removed += 1
        text = "".join([*pieces, text[end:]])
    return Scrubbed(text, removed, spared)


def _without_the_name(match: re.Match) -> str:
    """Return what `_SIGNED` has found with a hole for the name: in Latin letters, up to a word that is no name."""
    before = next(part for part in (match[1], match[2], match[4], match[6]) if part is not None)
    words, rest = re.split(r"(?<=\S)(?=\s)", match[3] or match[5] or ""), match.string[match.end() :]
    first, begins = words[0].casefold(), common_words("function") | common_words("medical") | _BEGIN
    no_person = (before.startswith("Mr ") and first in _PROTOCOL) or ("\n" in before and first in begins)
    if no_person or begins_a_section(words[0]):
        return match[0]
    ends = begins if match[4] else _BEGIN  # behind "reported by" May is a name, behind Dr. Smith it is not
    at = next((i for i in range(1, len(words)) if _ends_a_name("".join(words[i:]) + rest, ends)), len(words))
    return before + HOLE + "".join(words[at:])


def _ends_a_name(text: str, ends: frozenset[str]) -> bool:
    """Tell whether a text behind the first word of a name is no more of it: FINDINGS, FLAIR; Left, if it goes on."""
    word, _, more = text.strip().partition(" ")
    known = word.casefold() in ends and bool(more.strip())
    return known or begins_a_section(text) or sequence_of_text(word) != (None, "")


def may_identify(value: str) -> bool:
    """Tell whether a value of a column of unknown name may be somebody's: not a text, and no medical words."""
    lexicon, text = load_lexicon(), normalise(value.strip())
    if not LEAST <= len(text) <= LONGEST or text in lexicon.known:
        return False
    words = {word.casefold() for word in _WORD.findall(value)}
    if words & common_words("medical") and words <= _everybodys():
        return False  # Left frontal lobe; but Rose Young is somebody
    return not any(token.end - token.start >= LEAST for token in lexicon.scan(text))


def _values(identifiers: Iterable[str]) -> list[str]:
    """Return the values to look for, the longest first, and the ways in which a name is written."""
    found = set()
    for identifier in identifiers:
        value = unicodedata.normalize("NFKC", identifier).strip()
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
    if bare != unbracketed and not (_CHINESE_NAME.fullmatch(bare) or len(_WORD.findall(bare)) > 1):
        return set()  # MR12 is no name, and MR a word of many reports
    parts = [part for part in _NAME_PARTS.split(bare) if _CHINESE_NAME.fullmatch(part)]
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
    parts = [_wide(part) for part in _PARTS.split(value) if part]
    body = r"[\s^,;，、]*".join(parts)
    before = r"(?<![0-9A-Za-z])" if value[0].isascii() and value[0].isalnum() else ""
    after = r"(?![0-9A-Za-z])" if value[-1].isascii() and value[-1].isalnum() else ""
    return before + body + after


def _wide(value: str) -> str:
    """Return an expression for a value whose characters may be full-width, white space between them."""
    chars = (f"[{re.escape(c)}{chr(ord(c) + 0xFEE0)}]" if "!" <= c <= "~" else re.escape(c) for c in value)
    return r"[^\S\n]*".join(chars)


def _is_medical(text: str, match: re.Match, lexicon: Lexicon) -> bool:
    """Tell whether a word of the lexicon is the match, holds it, or overlaps one of its ends.

    A word of common speech does so only where the rest of the match is words as well: 高明 in 高明显信号, not 王明 in
    王明显示.
    """
    if match[0].casefold() in _everybodys():
        return True
    before, found, after = (
        normalise(part)
        for part in (text[max(match.start() - _CONTEXT, 0) : match.start()], match[0], text[match.end() :][:_CONTEXT])
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
    return cut and all(any(i <= place < j for i, j in words) for place in range(start, end))


def _has_title(text: str, match: re.Match) -> bool:
    before = text[max(match.start() - 2 * _CONTEXT, 0) : match.start()]
    return match[0][:1].isupper() and re.search(_TITLE + r"\Z", before) is not None


@cache
def common_words(kind: str) -> frozenset[str]:
    """Return the words of ``common_words.yaml`` of one kind: ``function``, ``report``, ``medical`` or ``phrase``."""
    return frozenset(yaml.safe_load(_COMMON_WORDS.read_text(encoding="utf-8"))[kind].split())


@cache
def _everybodys() -> frozenset[str]:
    return common_words("function") | common_words("report") | common_words("medical")


@cache
def _common(lexicon: Lexicon) -> frozenset[str]:
    return lexicon.known
