"""Who somebody is, taken out of the text of a report: names, dates of birth, numbers."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from selip_core.ingest.addresses import addresses
from selip_core.ingest.cell_names import DOTS, DOTTED, LEAST, WORD, within
from selip_core.ingest.cell_text import without_invisible
from selip_core.ingest.comparable import comparable, composed, spelt_out
from selip_core.ingest.numbers import numbers
from selip_core.ingest.person_words import NO_VALUES, NOBODYS, common_words, everybodys, with_holes
from selip_core.ingest.report_words import is_of_the_report
from selip_core.ingest.signatures import signatures
from selip_core.ingest.written_dates import day_pattern, days, may_hold_day
from selip_core.reports.lexicon import Lexicon, load_lexicon
from selip_core.reports.text import normalise

LEAST_WITH_DIGIT = 5
"""Choice: a shorter number, or M1, is rather a size, a slice or a part of an artery than a person."""

_PARTS = re.compile(r"[\s^,;，、]+")
_WRITTEN_NUMBER = re.compile(r"(\d{5,})\.0+|['’‘](\w*\d{4}[\w-]*)")
"""An id as a table of numbers, or Excel's sign for a text, leaves it."""
_LONG_NAME = re.compile(r"[\u4e00-\u9fff]{5,}")
_LONG_WORD, _SPELT_OUT = re.compile(r"[A-Za-z]{5,}"), re.compile("ae|oe|ue|ss|aa", re.IGNORECASE)
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
    they stand as a name does: Dr. Long. So do words of the report's own language and eponyms (`report_words`).

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
    text = composed(without_invisible(text))
    spared = removed = 0
    for places in (numbers, addresses, signatures):
        text, made = with_holes(text, places(comparable(text)))
        removed += made
    compared, identifiers = comparable(text), list(identifiers)
    squeezed = _squeezed(unicodedata.normalize("NFKC", compared))  # holes only make it shorter
    units = common_words("unit") & {_bare(normalise(one)) for one in identifiers}
    found, shortened = _values(identifiers)
    for value in found:
        of_value = sorted(days(value))
        if _squeezed(value) not in squeezed and not any(may_hold_day(squeezed, day) for day in of_value):
            continue  # most do not
        if value.casefold() in common_words("function"):  # counted, every report would have some
            titled = [m.span(2) for m in re.finditer(_TITLE + f"({re.escape(value.title())})" + r"\b", compared)]
            text, made = with_holes(text, titled)
            compared, removed = comparable(text), removed + made
            continue
        places = []
        for match in re.finditer(_pattern(value, of_value), compared, re.IGNORECASE):
            if value in shortened and text[match.start() : match.end()].isascii():
                continue  # MULLER of MUELLER is met as Müller alone
            of_all = (
                _bare(value) in units or _is_medical(compared, match, lexicon) or is_of_the_report(compared, match)
            )
            if of_all and not _has_title(compared, match):
                spared += 1
            else:
                places.append(match.span())
        if places:
            text, made = with_holes(text, places)
            compared, removed = comparable(text), removed + made
    return Scrubbed(text, removed, spared)


def _bare(value: str) -> str:
    """Return a value in small letters, without the signs of a header around it: LT^ is lt."""
    return value.strip(" ^*.,=-").casefold()


def may_identify(value: str) -> bool:
    """Tell whether a value of a column of unknown name may be somebody's: not a text, and no medical words."""
    lexicon, text = load_lexicon(), normalise(value.strip())
    if not LEAST <= len(text) <= LONGEST or text in lexicon.known:
        return False
    if sum(character.isdigit() for character in text) >= LEAST_WITH_DIGIT:
        return True  # CT0012345 is somebody's number, whatever its letters say
    words = {word.casefold() for word in WORD.findall(value)}
    if words & common_words("medical") and words <= everybodys():
        return False  # Left frontal lobe; but Rose Young is somebody
    if words & common_words("function") and words <= everybodys() | common_words("unit"):
        return False  # Ohne KM
    return not any(token.end - token.start >= LEAST for token in lexicon.scan(text))


def _values(identifiers: Iterable[str]) -> tuple[list[str], set[str]]:
    """Return the values to look for, the longest first, with the ways in which a name is written.

    The second are those of an umlaut that was spelt out, or may have been: MULLER of MUELLER.
    """
    found, shortened = set(), set()
    for identifier in identifiers:
        value = composed(unicodedata.normalize("NFKC", without_invisible(identifier))).strip()
        if number := _WRITTEN_NUMBER.fullmatch(value):
            found.add(number[1] or number[2])
        for spelt in {value, spelt_out(value)}:
            written = comparable(spelt)
            found |= {written, *within(written)}
        shorter = _LONG_WORD.sub(lambda word: _SPELT_OUT.sub(lambda two: two[0][0], word[0]), comparable(value))
        shortened |= {shorter, *within(shorter)} - found
    found |= shortened
    least = {v: LEAST_WITH_DIGIT if v.isascii() and any(c.isdigit() for c in v) else LEAST for v in found}
    looked_for = (
        v for v in found - NOBODYS
        if len(v) >= least[v] and v.casefold() not in NO_VALUES and any(c.isalnum() for c in v)  # not ^^^^, -, ***
    )
    return sorted(looked_for, key=lambda v: (-len(v), v)), shortened


def _squeezed(text: str) -> str:
    """Return letters and digits alone, for telling quickly that a text cannot hold a value."""
    return re.sub(r"[\W_]", "", text).casefold()


def _pattern(value: str, of_value: list[tuple[int, int, int]]) -> str:
    """Return an expression for a value in either width, white space within or not; for a date also however written."""
    if of_value:
        body = "|".join([*map(day_pattern, of_value), _wide(value)])
        return rf"(?<![0-9A-Za-z])(?:{body})(?![0-9A-Za-z])"
    dotted = DOTTED.search(value) is not None or _LONG_NAME.fullmatch(value) is not None
    parts = [_wide(part, dotted) for part in _PARTS.split(DOTTED.sub(" ", value)) if part]
    body = (rf"[\s^,;，、.{DOTS}]*" if dotted else r"[\s^,;，、]*").join(parts)
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
    for before, char, after in zip(f" {value}", value, f"{value[1:]} ", strict=False):
        chinese = before > "\u2e7f" and char > "\u2e7f"
        if char == "-" and before.isalpha() and after.isalpha() and len(value) > LEAST_WITH_DIGIT:
            body += r"[-‐\s]?"  # Gil-Dong is Gildong and Gil Dong; of an id H- something must stay
            continue
        body += "" if not body else rf"\s*[{DOTS}]?\s*" if chinese and dotted else r"\s*" if chinese else r"[^\S\n]*"
        body += f"[{re.escape(char)}{chr(ord(char) + 0xFEE0)}]" if "!" <= char <= "~" else re.escape(char)
    return body


def _is_medical(text: str, match: re.Match, lexicon: Lexicon) -> bool:
    """Tell whether a word of the lexicon is the match, holds it, or overlaps one of its ends.

    A word of common speech does so only where the rest of the match is words as well: 高明 in 高明显信号, not 王明 in
    王明显示; where a line ends within the match, it does.
    """
    in_two_lines = "\n" in match[0]
    if match[0].casefold() in everybodys():
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
    words = [(i, j) for i in range(len(whole)) for j in range(max(i, start) + 1, min(len(whole), i + _CONTEXT) + 1)
             if i < end and whole[i:j] in lexicon.known]  # fmt: skip
    cut = any(i < start < j or i < end < j for i, j in words)
    return cut and (in_two_lines or all(any(i <= place < j for i, j in words) for place in range(start, end)))


def _has_title(text: str, match: re.Match) -> bool:
    before = text[max(match.start() - 2 * _CONTEXT, 0) : match.start()]
    return match[0][:1].isupper() and re.search(_TITLE + r"\Z", before) is not None
