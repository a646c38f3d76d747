"""What may be asked for, in Chinese and English, and the words that are near to one that is not known."""

import difflib
import re
from functools import cache

from selip_core.reports.book import load_language
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.queries import CANONICAL, WORD_FOR_WORD, Query
from selip_core.reports.sentences import SEQUENCES, Finding, canonical_sentence

_SIDES = ("左侧", "右侧", "双侧")
_SIGNALS = {
    "高信号": "hyperintense", "低信号": "hypointense", "等信号": "isointense", "混杂信号": "mixed signal",
    "长信号": "long relaxation (dark on T1, bright on T2)", "短信号": "short relaxation (bright on T1, dark on T2)",
    "信号升高": "raised (ADC)", "信号降低": "lowered (ADC)", "环形强化": "ring enhancement", "强化": "enhancement",
}  # fmt: skip
"""Choice: the signals of the canonical sentences; the lexicon has more words for them."""
_SHAPES = (
    "点状", "斑点状", "斑片状", "片状", "大片状", "结节状", "团块状", "环形", "条状", "类圆形", "小圆形", "囊状",
    "不规则形",
)  # fmt: skip
_CLOSE = 0.7
"""Choice: the least likeness (difflib) of a word that is suggested."""
LONGEST, _LOOKED_AT, _QUOTED = 1000, 80, 60
"""Choice: characters that a query of a page may have, that are looked at for suggestions, that a sentence quotes."""


def _label(word: str, group: str) -> str:
    """Return a Chinese word with its first English one: ``额叶 · frontal lobe``."""
    english = next(iter(load_language("en")[group].get(word, [])), "").replace("*", "")
    return f"{word} · {english}" if english else word


def sites() -> list[tuple[str, str]]:
    """Return (label, site) of every site of the lexicon; the label has the English name where there is one.

    Examples
    --------
    >>> sites()[0]
    ('额叶 · frontal lobe', '额叶')
    """
    return [(_label(site, "sites"), site) for site in load_lexicon().book["sites"]]


def sides(site: str) -> list[tuple[str, str]]:
    """Return (label, side) of what a site may stand with; a midline site stands alone."""
    alone = ("no side · 中线", "")
    return [alone] if site in load_lexicon().midline else [(_label(side, "sides"), side) for side in _SIDES]


def shapes() -> list[tuple[str, str]]:
    """Return (label, shape), the first one no shape at all."""
    return [("any shape · 不限", ""), *((_label(shape, "shapes"), shape) for shape in _SHAPES)]


def signals() -> list[tuple[str, str]]:
    """Return (label, signal or enhancement)."""
    return [(f"{word} · {english}", word) for word, english in _SIGNALS.items()]


def sequences() -> list[tuple[str, str]]:
    """Return (label, sequence), the first one any sequence."""
    return [("any sequence · 不限", ""), *((_label(name, "sequences"), name) for name in SEQUENCES)]


def sentence_of(side: str, site: str, shape: str, signal: str) -> str:
    """Return the canonical sentence of a choice.

    Examples
    --------
    >>> sentence_of("左侧", "基底节区", "片状", "高信号")
    '在左侧基底节区表现为片状高信号'
    """
    return canonical_sentence([Finding(side + site, shape + signal)])


def reading(query: Query) -> str:
    """Return how a query was read, as a sentence for the user."""
    if query.reading == CANONICAL:
        return "Read as the canonical sentence that it is."
    if query.reading != WORD_FOR_WORD:
        read = [f"{sentence}{f' on {sequence}' if sequence else ''}" for sequence, sentence in query.sentences.items()]
        return f"Read as: {'; '.join(read)}."
    text = query.text
    quoted = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
    near = suggestions(text)
    named = [word for word in near if word in text.lower()]
    hint = " Name a site and a signal, such as 左侧基底节区高信号."
    if len(near) > len(named):
        hint = f" Did you mean {', '.join(word for word in near if word not in named)}?"
    elif named:
        hint = f" It names {', '.join(named)}; name a site and its signal, such as 左侧基底节区高信号."
    return f"No finding of the lexicon is recognised in “{quoted}”: it is searched word for word.{hint}"


def suggestions(text: str, most: int = 3) -> list[str]:
    """Return words of the lexicons that a part of the text's beginning resembles, the likest first.

    Examples
    --------
    >>> suggestions("basel ganglia")
    ['basal ganglia']
    """
    # difflib, not rapidfuzz: 80 characters against 117 words take 0.3 s at most, for a query that cannot be read
    text = text.strip().lower()[:_LOOKED_AT]
    likeness: dict[str, float] = {}
    for word in _terms():
        for part in _parts(text, len(word), chinese=word > "一"):
            likeness[word] = max(likeness.get(word, 0.0), difflib.SequenceMatcher(None, part, word.lower()).ratio())
    good = sorted((word for word, ratio in likeness.items() if ratio >= _CLOSE), key=lambda w: (-likeness[w], w))
    return good[:most]


@cache
def _terms() -> tuple[str, ...]:
    """Return the sites and signals of both languages that may be suggested."""
    book = load_language("en")
    english = [word for group in ("sites", "signals") for words in book[group].values() for word in words]
    plain = [word for word in english if "*" not in word and "." not in word and len(word) > 3]
    return (*load_lexicon().book["sites"], *_SIGNALS, *plain)


def _parts(text: str, length: int, *, chinese: bool) -> list[str]:
    """Return the parts of a text to compare with a word: as long as it in Chinese, as many words in English."""
    if chinese:
        return [text[i : i + length] for i in range(max(len(text) - length, 0) + 1)]
    words = re.findall(r"[a-z0-9-]+", text)
    return [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
