"""Reports in other languages, and mixed ones, in the words and the order of Chinese ones: one parser reads them all.

Findings of all languages end in one set of sites and appearances; their similarity is that of method.md 3. A language
is a file beside ``zh.yaml``, ``lexicons/en.yaml``; ``words`` finds its words, ``scope`` how far they reach,
``translation`` what a sentence says, and ``narrative`` puts it into Chinese sentences. Each sentence is of the language
that knows most of it. A clause of whose words the lexicon knows too few is another language's or another subject's: it
is left unread, never half read.
"""

import re
from collections.abc import Iterator
from functools import cache

from selip_core.reports.abbreviations import GOES_ON
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.narrative import Narrative
from selip_core.reports.scope import words_in_scope
from selip_core.reports.translation import replaced
from selip_core.reports.words import LANGUAGE_SHARE, Language, languages, understood
from selip_core.sequences import TABLE

_SENTENCE = re.compile(r"(?<=[.;!?])\s+|[。；！？\n]+")
_GOES_ON = re.compile(GOES_ON)
_CHINESE = re.compile(r"[一-鿿]")
_LATIN = re.compile(r"[A-Za-z]{3,}")
_LETTER = re.compile(r"[^\W\d_]")
_FOREIGN = re.compile(r"(?![一-鿿])[^\W\d_]|[↑↓]")
_RUN = re.compile(r"[^一-鿿，,、：:；;。()（）]+")
_EPONYM = re.compile(
    r"[A-Z][a-zà-ÿ]+(?:[ -][A-Z]?[a-zà-ÿ]+)*(?:['’]s)?\s*\d*\s*"
    r"(?=氏|综合[征症]|[征症病囊腔环孔池管裂束瘤级型期]|分[级期型]|评分|大?静脉|畸形|间隙|脑病|窝|三角|导水管|现象|结节)"
)
"""A name within Chinese speech, `Virchow-Robin间隙`."""


def _sentences(text: str) -> list[str]:
    """Return the sentences of a text; the full stop of an abbreviation, `bil. thalami`, ends none."""
    sentences: list[str] = []
    for part in _SENTENCE.split(text):
        if _GOES_ON.match(part) and sentences and any(one.abbreviations.at_end(sentences[-1]) for one in languages()):
            sentences[-1] += f" {part}"
        else:
            sentences.append(part)
    return sentences


def _language_of(sentences: list[str]) -> tuple[Language, bool]:
    """Return the language that knows most of what is not Chinese, and whether enough of it is known at all."""
    foreign = [sentence for sentence in sentences if sentence.strip() and not _CHINESE.search(sentence)]
    totals = dict.fromkeys(languages(), 0)
    words, unknown = 0, ()
    for sentence in foreign:
        counts = [(language, language.count(language.prepare(sentence))) for language in languages()]
        for language, (_, missed) in counts:
            totals[language] += len(missed)
        count, missed = min((one for _, one in counts), key=lambda one: len(one[1]))
        words, unknown = words + count, unknown + missed
    return min(totals, key=totals.get), understood(words, unknown, LANGUAGE_SHARE)


def _of_sentence(sentence: str, main: Language) -> tuple[Language, str]:
    """Return the language that knows most of a sentence, the report's own where none knows more, and it prepared."""
    known = [(language, language.prepare(sentence)) for language in languages()]

    def strangeness(one: tuple[Language, str]) -> tuple[int, int, bool]:
        language, text = one
        covered = sum(word.end - word.start for word in language.scan(text))
        return len(language.count(text)[1]), -covered, language is not main

    return min(known, key=strangeness)


def _not_understood(language: Language, text: str) -> list[str]:
    """Return the words of a text that keep it from being read: none where enough of its words are known."""
    count, unknown = language.count(text)
    return [] if understood(count, unknown) else [word for word in unknown if len(word) > 2]


@cache
def _sequences() -> re.Pattern:
    """Return what finds sequences as Chinese reports write them, glued together too: `T2FLAIR`, `T1WI/T2WI`."""
    book = load_lexicon().book
    words = [word for group in book["sequences"].values() for word in group] + list(book["other_sequences"])
    latin = sorted({*TABLE, *(word for word in words if word.isascii())}, key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, latin))})+(?![A-Za-z])", re.IGNORECASE)


def _is_chinese(text: str) -> bool:
    """Return whether each sentence is Chinese, and the names of sequences are all that it has of other letters.

    It is then read without the other lexicons, which take a process seconds to load; one with a unit, `5mm`, needs
    them.
    """
    told = all(_CHINESE.search(part) for part in _SENTENCE.split(text) if _LETTER.search(part))
    return told and not _FOREIGN.search(_sequences().sub("", text))


def _may_be_foreign(text: str) -> bool:
    """Return whether a text may have words of another language, so that the other lexicons are asked."""
    return _LATIN.search(text) is not None and not _is_chinese(text)


def _foreign_in(language: Language, sentence: str) -> list[str]:
    """Return the words of a mixed sentence that keep it from being read, each stretch without Chinese judged alone."""
    runs = _RUN.findall(_sequences().sub("", _EPONYM.sub("", sentence))) if _LATIN.search(sentence) else []
    return [word for run in runs if _LATIN.search(run) for word in _not_understood(language, run)]


def to_chinese(text: str, *, default_sequence: str | None = None) -> str:
    """Return a report with its foreign words in Chinese; a Chinese report comes back as it is.

    A sentence without a Chinese character is put together anew in the order of a Chinese one; in a mixed sentence the
    foreign words alone are replaced. Left out is what is not understood, see `unread`: clauses of the former, the
    latter as a whole, for what is left of `…lobe 额叶 gauche` would be half of what it says.

    Parameters
    ----------
    default_sequence : str, optional
        Of a report that speaks of one sequence without naming it; given to foreign signals that name none.

    Examples
    --------
    >>> to_chinese("Patchy hyperintensity in the left frontal lobe on T2 and FLAIR.")
    '左侧额叶见片状异常信号影,T2、FLAIR呈高信号。'
    """
    if not _may_be_foreign(text):
        return text
    sentences = _sentences(text)
    main, known = _language_of(sentences)
    mixed_unread = any(_CHINESE.search(s) and _foreign_in(main, s) for s in sentences)
    if not mixed_unread and all(
        word.kind == "sequences" for one in languages()
        for word in one.scan(text if _CHINESE.search(text) else one.prepare(text))
    ):
        return text
    narrative = Narrative(default_sequence)
    for sentence in sentences:
        if not sentence.strip():
            continue
        if _CHINESE.search(sentence):
            if not (mixed_unread and _foreign_in(main, sentence)):
                sentence = main.prepare(sentence)
                narrative.add_chinese(replaced(sentence, main.scan(sentence)))
            continue
        language, sentence = _of_sentence(sentence, main)
        if known and (words := words_in_scope(language, sentence)):
            narrative.read(words)
        elif not language.scan(sentence):
            narrative.add_chinese(sentence)
    return "。".join(part.rstrip("。") for part in narrative.told()) + "。"


def without_foreign(text: str) -> str:
    """Return the sentences of a text that hold a Chinese character."""
    return "。".join(sentence for sentence in _sentences(text) if _CHINESE.search(sentence))


def clauses_read(text: str, share: float | None = None) -> Iterator[tuple[str, int, bool]]:
    """Yield each clause, how many letters its words have, and whether it is understood; a mixed sentence is one clause.

    Words of a sentence with a Chinese character are not counted. A clause is understood where such a share of its
    words is known; without one, where it is read.
    """
    sentences = _sentences(text)
    if _is_chinese(text):
        yield from ((sentence.strip(), 0, True) for sentence in sentences if sentence.strip())
        return
    main, known = _language_of(sentences)
    for sentence in sentences:
        if _CHINESE.search(sentence):
            yield sentence.strip(), 0, not _foreign_in(main, sentence)
        elif sentence.strip():
            language, sentence = _of_sentence(sentence, main)
            least = language.least_share(sentence)
            for start, end in language.clauses(sentence):
                clause = sentence[start:end]
                counted, unknown = language.count(clause)
                letters = sum(map(str.isalpha, clause)) if counted else 0
                yield clause.strip(" ,:"), letters, known and understood(counted, unknown, share or least)


def unread(text: str, share: float | None = None) -> list[str]:
    """Return what is not understood: clauses in other languages than Chinese, and mixed sentences.

    A line of abbreviations and names of sequences alone, `TSE 3.0T`, says nothing that could be missed.
    """
    if not _may_be_foreign(text):
        return []
    found = []
    for clause, letters, is_read in clauses_read(text, share):
        known = [word for one in languages() for word in one.scan(clause) if word.kind != "sequences"]
        if not is_read and (_CHINESE.search(clause) or known or letters > 2):
            found.append(clause)
    return found


def unknown_foreign_words(text: str) -> list[str]:
    """Return the words in other languages than Chinese that no lexicon knows, in lower case.

    Of a mixed sentence only those for which it is not read: `Virchow-Robin间隙` is Chinese usage.
    """
    if not _may_be_foreign(text):
        return []
    sentences = _sentences(text)
    main, _ = _language_of(sentences)
    words = []
    for sentence in sentences:
        if _CHINESE.search(sentence):
            words += _foreign_in(main, sentence)
        else:
            language, sentence = _of_sentence(sentence, main)
            words += language.count(sentence)[1]
    return [word.lower() for word in words if len(word) > 2]
