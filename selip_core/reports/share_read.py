"""How much of a report is read: of which too little is, a person or a language model should read it instead."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache

import pandas as pd

from selip_core.errors import SelipError
from selip_core.reports.languages import clauses_read
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.script import simplified
from selip_core.reports.text import normalise

LEAST_READ = 0.5
"""Choice: a report of which less was read is told. Of plain reports of any style nine tenths are."""
WAY_OUT = "a language model may read it: python -m selip_core.extract"
_HAN = re.compile(r"[一-鿿]")
_HIGH_LATIN = re.compile(r"[À-ÿ]")
_OTHER_SCRIPT = re.compile(r"[぀-ヿ㄰-㆏가-힣]")
"""Japanese and Korean letters: the Chinese characters beside them are not Chinese."""


def share_read(text: str) -> float:
    """Return which share of the letters of a report is understood, in any language and script.

    Of Chinese the characters of words that the lexicon knows, common ones among them, of other languages the letters
    of clauses that are read. Abbreviations, numbers and names of sequences do not count; a text without a letter is
    not read at all, an empty one fully.

    Examples
    --------
    >>> share_read("左侧额叶见片状长T1长T2信号影。"), share_read("左前頭葉にT2高信号域を認める。")
    (1.0, 0.0)
    """
    if not any(character.isalpha() for character in text):
        return float(not text.strip())
    if len(_HIGH_LATIN.findall(text)) > sum(map(str.isalpha, text)) / 3:  # Ã¤Â¸Â­: bytes read in a wrong encoding
        return 0.0
    with suppress(SelipError):  # without OpenCC: what it would convert is not read
        text = simplified(text)
    letters = read = 0
    for clause, words, understood in clauses_read(text):
        if _OTHER_SCRIPT.search(clause):
            letters += sum(character.isalpha() for character in clause)
        elif _HAN.search(clause):
            known, total = _chinese(clause)
            letters, read = letters + total, read + known * understood
        else:
            letters, read = letters + words, read + words * understood
    return read / letters if letters else 1.0


def hardly_read(texts: Iterable[str]) -> pd.DataFrame:
    """Return the reports of which less than half is read, and what they begin with.

    Returns
    -------
    DataFrame with ``report`` (its number among the texts, from 0), ``share_read``, ``begins`` and ``what_to_do``
    """
    rows = []
    for number, text in enumerate(texts):
        share = share_read(text)
        if share < LEAST_READ:
            rows.append((number, round(share, 2), " ".join(text.split())[:40], WAY_OUT))
    return pd.DataFrame(rows, columns=["report", "share_read", "begins", "what_to_do"])


def _chinese(clause: str) -> tuple[int, int]:
    """Return how many Chinese characters of a clause are those of known words, and how many there are."""
    text = normalise(clause)
    marks = bytearray(len(text))
    for found in (*load_lexicon().scan(text), *map(_Span, _known().finditer(text))):
        marks[found.start : found.end] = b"\1" * (found.end - found.start)
    there = [mark for mark, character in zip(marks, text, strict=True) if _HAN.match(character)]
    return sum(there), len(there)


class _Span:
    def __init__(self, match: re.Match):
        self.start, self.end = match.span()


@cache
def _known() -> re.Pattern:
    words = sorted((word for word in load_lexicon().known if word), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))
