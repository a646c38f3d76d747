"""The text of a report: normalised, cut into sentences and clauses, its words found and brought into order."""

import re
import unicodedata

from selip_core.reports.grammar import Clause, arrange, places_first
from selip_core.reports.lexicon import Lexicon
from selip_core.reports.previous import without_past
from selip_core.sequences import SEQUENCES

_SENTENCE_END = re.compile(r"[。;\n\r!?]+|\.(?!\d)|(?<![\dA-Z.=])\d{1,2}[、.)](?!\d)|\(\d{1,2}\)")
_CLAUSE_END = re.compile(r"[,|]")
_EMPHASIS = re.compile(  # 以左侧额叶为著: where it is most, not where it is
    r"\(?(?:且|并|尤)?以(?:(?!信号|强化|T[12])[^,。;()]){1,12}?(?:为[著重甚显主多]|明显|显著|多见|居多|较多|较重)\)?"
    r"|(?<=[,(])(?:左|右)侧?(?:较|更|稍)?(?:为[著重甚显]|著|明显|显著|重)\)?(?=[,。;]|$)"
)
_VARIANTS = str.maketrans("増↑↓", "增高低")
_SLIPS = (  # of optical character recognition and of typing
    (re.compile("(?<![段期端])末(?=见|查见|发现)"), "未"),
    (re.compile(r"T([12])W[1L](?!\d)"), r"T\1WI"),
    (re.compile(r"(?<![A-Z])T[IL](?=WI|[^A-Z0-9]|$)"), "T1"),
    *((re.compile(re.sub("I", "[1L]", name) + r"(?!\d)"), name) for name in SEQUENCES if "I" in name),
)


def normalise(text: str) -> str:
    """Return the text in half-width characters and upper-case Latin letters, without white space within a line."""
    text = re.sub(r"[①-⑳]", "。", text)
    text = unicodedata.normalize("NFKC", text).upper().translate(_VARIANTS)
    text = re.sub(r"[^\S\n\r]+", "", text)
    for slip, meant in _SLIPS:
        text = slip.sub(meant, text)
    return text


def _unwrap(text: str, lexicon: Lexicon) -> str:
    """Return the text with lines joined where a line break cuts a word of the lexicon in two."""
    lines = re.split(r"[\n\r]+", text)
    joined = lines[0]
    for line in lines[1:]:
        edge = len(joined[-6:])
        cut = any(token.start < edge < token.end for token in lexicon.scan(joined[-6:] + line[:6]))
        joined += ("" if cut else "\n") + line
    return joined


def split_sentences(text: str, lexicon: Lexicon) -> list[list[Clause]]:
    """Return the clauses of each sentence, their words in reading order."""
    text = normalise(text)
    if "\n" in text or "\r" in text:
        text = _unwrap(text, lexicon)
    sentences = []
    for sentence in _SENTENCE_END.split(_EMPHASIS.sub("", text)):
        clauses = []
        for part in _CLAUSE_END.split(sentence):
            if part:
                clauses.append(Clause(part, arrange(part, lexicon.scan(part), lexicon)))
        sentences.append(places_first(without_past(clauses, lexicon)))
    return sentences
