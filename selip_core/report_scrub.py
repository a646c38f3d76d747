"""Who somebody is, taken out of the text of a report: names, dates of birth, numbers."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from selip_core.lexicon import Lexicon, load_lexicon
from selip_core.report_text import normalise

HOLE = "＊＊"
LEAST = 2
LEAST_WITH_DIGIT = 5
"""Choice: a shorter number, or M1, is rather a size, a slice or a part of an artery than a person."""

NO_VALUES = frozenset({
    "不详", "未知", "没有", "未填", "未填写", "暂无", "其他", "其它", "本人", "同上", "待查", "未审核",
    "na", "n/a", "nan", "none", "null", "unknown", "other",
})  # fmt: skip
"""What stands in a column where nothing is known."""

ENGLISH_WORDS = frozenset({
    "white", "gray", "grey", "black", "brown", "green", "bright", "long", "short", "small", "little", "large", "low",
    "high", "left", "right", "head", "brain", "bone", "foot", "hand", "wall", "horn", "cross", "case", "lane", "may",
    "young", "old", "new", "normal", "mild", "major", "minor", "front", "back", "deep", "ring",
})  # fmt: skip
"""Family names that are words of an English report."""

_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{6}[ -]?\d{8}[ -]?\d{3}[\dXxＸｘ](?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<!\d)(?:[+＋]?86[ -]?)?[1１][3-9３-９]\d(?:[ -]?\d{4}){2}(?!\d)")
_DATE = re.compile(r"((?:19|20)\d\d)[-/.年]?(0?[1-9]|1[0-2])[-/.月]?(0?[1-9]|[12]\d|3[01])日?(?:[ T].*)?")
_SIGNED = re.compile(
    r"((?:姓名|医[生师]|技师|报告者|审核者)\s*[:：]\s*)[\u4e00-\u9fff·]{2,4}(?![\u4e00-\u9fff])"
    r"|((?i:\b(?:reported|dictated|signed|verified|read) by:?\s+(?:dr\.?\s+)?))[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+){0,2}"
)
_PARTS = re.compile(r"[\s^,;，、]+")
_CONTEXT = 10


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
    """Replace the identifiers by ``＊＊``, and of any person identity and mobile numbers and the name under a report.

    A name that is a medical word (海马), or that cuts into one where it stands (高明 in 信号增高明显), makes no hole:
    such places are counted for somebody to look at.

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
    text, signed = _SIGNED.subn(lambda match: (match[1] or match[2]) + HOLE, text)
    removed += more + signed
    for value in _values(identifiers):
        if not _may_hold(text, value):
            continue
        pieces, end = [], 0
        for match in re.finditer(_pattern(value), text, re.IGNORECASE):
            if _is_medical(text, match, lexicon):
                spared += 1
                continue
            pieces += [text[end : match.start()], HOLE]
            end = match.end()
            removed += 1
        text = "".join([*pieces, text[end:]])
    return Scrubbed(text, removed, spared)


def _values(identifiers: Iterable[str]) -> list[str]:
    """Return the values to look for, the longest first, and the parts of a name in Latin letters."""
    found = set()
    for identifier in identifiers:
        value = unicodedata.normalize("NFKC", identifier).strip()
        parts = [part for part in _PARTS.split(value) if len(part) > LEAST and part.isalpha() and part.isascii()]
        found |= {value, *(parts if not any(c.isdigit() for c in value) else [])}
    least = {v: LEAST_WITH_DIGIT if v.isascii() and any(c.isdigit() for c in v) else LEAST for v in found}
    looked_for = (v for v in found if len(v) >= least[v] and v.casefold() not in NO_VALUES)
    return sorted(looked_for, key=lambda v: (-len(v), v))


def _may_hold(text: str, value: str) -> bool:
    """Tell quickly that a text cannot hold a value; most do not."""
    squeezed = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()
    if _DATE.fullmatch(value):
        return value[:4] in squeezed
    return re.sub(r"[\W_]", "", value).casefold() in squeezed


def _pattern(value: str) -> str:
    """Return an expression for a value in either width, white space within or not; for a date, however written."""
    date = _DATE.fullmatch(value)
    if date:
        year, month, day = date.groups()
        body = f"{_wide(year)}[-/.年]?0?{_wide(month.lstrip('0'))}[-/.月]?0?{_wide(day.lstrip('0'))}日?"
    else:
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
    """Tell whether a word of the lexicon is the match, holds it, or overlaps one of its ends."""
    if match[0].casefold() in ENGLISH_WORDS:
        return True
    before, found, after = (
        normalise(part)
        for part in (text[max(match.start() - _CONTEXT, 0) : match.start()], match[0], text[match.end() :][:_CONTEXT])
    )
    start, end = len(before), len(before) + len(found)
    return any(
        token.start < end
        and token.end > start
        and (token.start < start or token.end > end or token.end - token.start == len(found))
        for token in lexicon.scan(before + found + after)
    )
