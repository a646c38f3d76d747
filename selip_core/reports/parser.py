"""From a free-text report to findings for each sequence, by lexicons that are data (``lexicons/*.yaml``).

``languages`` brings English and French reports into Chinese words and their order, ``text`` normalises the text and
cuts it into clauses, ``grammar`` brings the words of a clause into one order, ``previous`` leaves out what a previous
study showed, and ``reader`` puts the words together into lesions (``lesion``, their ``parts``) and changes of shape
(``organs``).
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from selip_core._utils.words import check_several
from selip_core.errors import SelipError
from selip_core.reports.languages import to_chinese, unknown_foreign_words, unread
from selip_core.reports.lesion import ReportedLesion
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.reader import Reader
from selip_core.reports.script import simplified
from selip_core.reports.sections import findings_part, present_part
from selip_core.reports.sentences import NORMAL_STATEMENT, Finding, canonical_sentence
from selip_core.reports.text import normalise, split_sentences
from selip_core.reports.words import READ_SHARE
from selip_core.sequences import SEQUENCES

__all__ = ["Finding", "describe_series", "is_normal_report", "parse_report", "tokenize", "unknown_words"]


def _read(chinese: str) -> Reader:
    lexicon = load_lexicon()
    reader = Reader(lexicon)
    for clauses in split_sentences(chinese, lexicon):
        reader.read_sentence(clauses)
    return reader


def _findings(reader: Reader) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for item in reader.items:
        for sequence, finding in item.findings() if isinstance(item, ReportedLesion) else [item]:
            known = found.setdefault(sequence, [])
            if finding not in known:
                known.append(finding)
    return {sequence: found[sequence] for sequence in SEQUENCES if sequence in found}


def _checked(text: str, what: str = "a report") -> str:
    """Return a text; raise SelipError if it is none, as what pandas has for an empty cell."""
    if not isinstance(text, str):
        raise SelipError(f"{what} must be a text, not {text!r}: an empty cell of a table is no report, leave it out")
    return text


def parse_report(text: str, *, default_sequence: str | None = None) -> dict[str, list[Finding]]:
    """Return what a report says of each sequence.

    Parameters
    ----------
    text : str
        Findings in free Chinese (检查所见), simplified or traditional, English, French, or mixed; an impression may
        follow. Of a report with headed sections the findings alone are read (`selip_core.reports.sections`).
    default_sequence : str, optional
        Of an English or French report on one sequence that does not name it.

    Returns
    -------
    dict of sequence (``T1 T2 FLAIR DWI ADC T1ce``) to list of Finding
        Only sequences with a finding; in the order of the text, each finding once. What is negated gives nothing.

    Raises
    ------
    SelipError
        If it is no text: None, or the NaN that stands for an empty cell of a table.

    Examples
    --------
    >>> parse_report("左侧基底节区见片状长T1长T2信号影，DWI呈明显高信号。")["DWI"]
    [Finding(site='左侧基底节区', appearance='片状高信号')]
    >>> parse_report("Patchy hyperintensity in the left basal ganglia on DWI.")["DWI"]
    [Finding(site='左侧基底节区', appearance='片状高信号')]
    """
    text = findings_part(simplified(_checked(text)))
    return _findings(_read(to_chinese(text, default_sequence=default_sequence)))


def is_normal_report(text: str) -> bool:
    """Return whether a report has no finding and says that something is normal.

    A lesion without a described signal, `左侧基底节区梗死灶，余未见异常`, is no finding, but the report is not normal;
    nor is one of which a clause about the brain is in a language that is not read. Errors as of `parse_report`.
    """
    text = present_part(simplified(_checked(text)))
    if unread(text, READ_SHARE):
        return False
    chinese = to_chinese(text)
    reader = _read(chinese)
    return not _findings(reader) and not reader.abnormal and bool(reader.lexicon.normal.search(normalise(chinese)))


def describe_series(findings: str, sequences: Iterable[str], *, impression: str = "") -> dict[str, str]:
    """Return the sentence of each series of a study that its report describes.

    Parameters
    ----------
    findings, impression : str
        The report. The impression only helps to tell a normal report.
    sequences : iterable of str
        The series that exist.

    Returns
    -------
    dict of sequence to str
        The canonical sentence; the normal statement for every series of a normal patient; a series of an abnormal
        patient that the report says nothing about has no key (method.md 1).

    Raises
    ------
    SelipError
        If findings or impression are no text, or the sequences one text.
    """
    check_several(sequences, "sequences", "name")
    _checked(impression, "an impression")
    found = parse_report(findings)
    if not found:
        normal = is_normal_report(f"{findings}\n{impression}")
        return dict.fromkeys(sequences, NORMAL_STATEMENT) if normal else {}
    return {sequence: canonical_sentence(found[sequence]) for sequence in sequences if sequence in found}


@cache
def _segmenter():
    """Return jieba's tokenizer with the lexicon's words in its dictionary; no writable temporary folder is needed."""
    import logging
    import tempfile

    import jieba

    jieba.setLogLevel(logging.CRITICAL)  # a cache that cannot be written is no error: the dictionary is read again
    segmenter = jieba.Tokenizer()
    try:
        segmenter.tmp_dir = tempfile.gettempdir()
    except FileNotFoundError:  # no folder at all; jieba's own attempt to write here is then refused, which it survives
        segmenter.tmp_dir = "."
    for word in load_lexicon().words:
        segmenter.add_word(word)
    return segmenter


def tokenize(text: str) -> list[str]:
    """Return the words of a text, by jieba with the lexicon's terms; joined they are the text again."""
    return _segmenter().lcut(text)


def unknown_words(texts: Iterable[str]) -> Counter:
    """Return how often each word occurs that is neither in a lexicon nor common speech; signs and numbers aside.

    Words of sentences in other languages are among them, in lower case: a clause with many such words is not read.

    Raises
    ------
    SelipError
        If it is one text, or one of them is none.
    """
    counts: Counter = Counter()
    check_several(texts, "texts")
    for text in (simplified(_checked(text)) for text in texts):  # as they are read
        counts.update(unknown_foreign_words(text))
        for word in tokenize(normalise(text)):
            if is_unknown(word) and re.search(r"[\u4e00-\u9fff]", word):
                counts[word] += 1
    return counts


def is_unknown(word: str) -> bool:
    """Return whether a word is neither in a lexicon nor common speech, nor says by itself that something is normal.

    jieba takes 未见异常 for one word, which the lexicon has as two.
    """
    return word not in _known() and not load_lexicon().normal.fullmatch(word)


@cache
def _known() -> frozenset[str]:
    return load_lexicon().known
