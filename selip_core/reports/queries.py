"""A query in free words as the canonical sentences that a model has learnt."""

import re
from dataclasses import dataclass

from selip_core.errors import SelipError
from selip_core.reports.parser import describe_series, parse_report
from selip_core.reports.sentences import NORMAL_STATEMENT, SEQUENCES, canonical_sentence, findings_by_sequence

CANONICAL, READ, WORD_FOR_WORD = "canonical", "read", "word for word"


@dataclass(frozen=True)
class Query:
    """A text that was asked for, and how it was read; made by `read_query`.

    Parameters
    ----------
    text : str
        As it was typed, without the spaces around it.
    sentences : dict of str to str
        What is compared: a sentence for each sequence it speaks of, under ``""`` for any sequence.
    reading : {"canonical", "read", "word for word"}
        Whether the text is a canonical sentence, was read by the report parser, or neither.
    """

    text: str
    sentences: dict[str, str]
    reading: str


def read_query(text: str, *, longest: int | None = None) -> Query:
    """Return what a text asks for.

    The model has learnt canonical sentences (``在左侧额叶表现为长信号``): such a one is taken as it is, under ``""``
    for any sequence; free text is read by the report parser, and a finding that names no sequence holds for any; what
    it cannot read is taken word for word.

    Parameters
    ----------
    text : str
    longest : int, optional
        A text of more characters is refused before it is read.

    Raises
    ------
    SelipError
        If it is no text, empty or too long.

    Examples
    --------
    >>> read_query("左侧额叶片状高信号")
    Query(text='左侧额叶片状高信号', sentences={'': '在左侧额叶表现为片状高信号'}, reading='read')
    """
    if not isinstance(text, str):
        raise SelipError(f"a query must be a text, not {text!r}")
    text = text.strip()
    if not text:
        raise SelipError("the query is empty: type a finding, such as 左侧基底节区片状高信号")
    if longest is not None and len(text) > longest:
        raise SelipError(f"the query has {len(text):,} characters, and {longest:,} are the most: ask for one finding")
    try:
        named = findings_by_sequence(text)
        as_it_is = not set(named) - {""}
        said = {"": text} if as_it_is else {s: canonical_sentence(findings) for s, findings in named.items()}
        return Query(text, said, CANONICAL)
    except ValueError:
        pass
    by_sequence = describe_series(text, SEQUENCES)
    if not by_sequence:
        sentence = _of_any_sequence(text)
        return Query(text, {"": sentence or text}, READ if sentence else WORD_FOR_WORD)
    if set(by_sequence.values()) == {NORMAL_STATEMENT}:
        by_sequence = {"": NORMAL_STATEMENT}
    return Query(text, by_sequence, READ)


def query_sentences(text: str) -> dict[str, str]:
    """Return the canonical sentence that a text means, for each sequence it speaks of; see `read_query`.

    Raises
    ------
    SelipError
        If the text is empty.

    Examples
    --------
    >>> query_sentences("左侧额叶见片状长T2信号")
    {'T2': '在左侧额叶表现为片状长信号'}
    """
    return read_query(text).sentences


def _of_any_sequence(text: str) -> str:
    """Return the sentence of a finding that names no sequence, read as if it were said of one; empty without one."""
    sequence = "FLAIR"
    sentences = [part for part in re.split(r"[。；;！？!?\n]+", text) if part.strip()]
    named = "。".join(f"{sequence}示{part}" for part in sentences)  # Chinese names it first, English need not
    for report in (named, text) if re.search("[\u4e00-\u9fff]", text) else (text,):
        findings = parse_report(report, default_sequence=sequence).get(sequence)
        if findings:
            return canonical_sentence(findings)
    return ""
