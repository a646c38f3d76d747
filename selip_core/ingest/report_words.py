"""Words of a report that somebody may be called too: petit, blanche, a disease that has somebody's name."""

import re
from functools import cache

from selip_core.ingest.comparable import comparable
from selip_core.ingest.person_words import HAN, common_words
from selip_core.reports.book import load_language
from selip_core.reports.sections import begins_a_section

_LANGUAGES = ("en", "fr")
_LEAST_BEGIN, _MOST_ENDING = 4, 2
"""Choice: so many letters an entry for any ending has that tells a word; so many may follow where it is capitalised."""
_ENTRY_WORD = re.compile(r"(?<![*\w])([^\W\d_]+)(\*?)")
_CHINESE = re.compile(HAN)
_SENTENCE_BEGINS = re.compile(r"(?:\A|\n|(?:[a-z]{5,}|[\d)%＊]|[A-Z]{3,})[.!?](?=\s))\s*\Z")
"""The text before a sentence: the stop of ``gez.``, ``Mme.`` ends none."""
_HEADING = re.compile(r"([^\W\d_]+)\s*[:：]\s*\Z")
_GOES_ON = re.compile(
    r"[^\S\n]+(?!(?:is|was|were|has|had|have|will|did|does|and|presents?|presented|presenting|underwent|reports?|reported"
    r"|denie[sd]|came|returned|saw|signs?|signed|called|agreed|reviewed|suffers|complain(?:s|ed)"
    r"|est|etait|avait|vient|presente|consulte|souffre|ist|war|hat|hatte|wird|wurde|und|klagt|kommt|berichtet"
    r"|foi|tem|esta|apresenta|refere|fue|tiene|presenta|refiere|acude)\b)([a-z]{3,})"
)
"""A word in small letters that is none of what somebody is or does: ``Petit hypersignal``, not ``Petit presents``."""
_SENTENCE_SIGNS = re.compile(r"[.;:!?\n]")
_NOUNS = (
    "diseases?|syndrom[es]{0,2}|malformations?|spaces?|palsy|grade|index|scale|score|fissure|sulcus|cave|cisterns?"
    "|sign|encephalitis|dementia|chorea|ataxia|aphasia|encephalopathy|foramen|canal|duct|gyrus|vein|cyst|pouch"
    "|anomaly|ratio|krankheit|raume?|zyste|epilepsy|lymphoma"
)
_NOUN_BEHIND = re.compile(rf"(?:-[A-Z][a-z]+)*(?:['’]s)?(?:[^\S\n]|-)(?:{_NOUNS})\b", re.IGNORECASE)
_NOUN_BEFORE = re.compile(
    rf"\b(?:morbus[^\S\n]+|(?:{_NOUNS}|circle|aqueduct|foramina|veins|maladie|espaces?|polygone|indice|scissure|signe|enfermedad"
    r"|poligono|espacios?|sindrome|doenca|espacos?)[^\S\n]+(?:(?:of|de|du)[^\S\n]+|d['’]))(?:[A-Z][a-z]+-)*\Z",
    re.IGNORECASE,
)
_HYPHENED_BEFORE, _HYPHENED_BEHIND = re.compile(r"(?:[A-Za-z]+-)*\Z"), re.compile(r"(?:-[A-Za-z]+)*")


def is_of_the_report(text: str, match: re.Match) -> bool:
    """Tell whether a name of one word is, where it is found in a text (`comparable`), a word of the report.

    It is one in small letters, or where a sentence begins, that the English or French lexicon or the list of other
    languages' words in ``common_words.yaml`` knows; an abbreviation in capitals; an eponym beside its noun.
    """
    word, before, behind = match[0], text[: match.start()], text[match.end() :]
    if not (word.isascii() and word.isalpha()):
        return False
    if word.isupper() and word.casefold() in common_words("abbreviation"):
        return True
    if _is_eponym(word, before[-80:], behind[:80]):
        return True
    if word.islower():
        return _is_known(word, text, _MOST_ENDING)
    if word.casefold() in common_words("eponym"):
        return False
    if _in_capitals(before, word, behind):
        return _is_known(word.casefold(), text, 0)
    begins = _SENTENCE_BEGINS.search(before[-40:]) is not None or _behind_a_heading(before[-40:])
    goes_on = _GOES_ON.match(behind)
    if not begins or goes_on is None or not _is_known(goes_on[1], text, _MOST_ENDING):
        return False
    return _is_known(word.casefold(), text, _MOST_ENDING)


def _is_eponym(word: str, before: str, behind: str) -> bool:
    """Tell whether a name stands in that of a disease or a place: Wilson disease, circle of Willis, Virchow-Robin."""
    whole = _HYPHENED_BEFORE.search(before)[0] + word + _HYPHENED_BEHIND.match(behind)[0]
    if whole.casefold() in common_words("compound"):
        return True
    beside = _NOUN_BEHIND.match(behind) or _NOUN_BEFORE.search(before)
    return beside is not None and word.casefold() in common_words("eponym")


def _in_capitals(before: str, word: str, behind: str) -> bool:
    """Tell whether a sentence of more words is all in capitals, so that they tell nothing."""
    if not word.isupper():
        return False
    rest = f"{_SENTENCE_SIGNS.split(before)[-1]} {_SENTENCE_SIGNS.split(behind)[0]}"
    return rest.upper() == rest and len(re.findall("[A-Z]{2,}", rest)) >= 3


def _behind_a_heading(before: str) -> bool:
    heading = _HEADING.search(before)
    return heading is not None and begins_a_section(heading[1])


def _is_known(word: str, text: str, most_ending: int) -> bool:
    if word in common_words("elsewhere"):
        return True
    if _CHINESE.search(text):
        return False  # the lexicons take a process a second to load
    whole, begins = _lexicon_words()
    least = max(_LEAST_BEGIN, len(word) - most_ending)
    return word in whole or any(word[:length] in begins for length in range(least, len(word) + 1))


@cache
def _lexicon_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of the English and French lexicons, and what those begin with that have any ending."""
    found = [
        pair for name in _LANGUAGES for entry in _entries(load_language(name))
        for pair in _ENTRY_WORD.findall(comparable(entry).casefold())
    ]  # fmt: skip
    return frozenset(word for word, star in found if not star), frozenset(word for word, star in found if star)


def _entries(book: dict | list | str) -> list[str]:
    """Return all entries of a lexicon, whatever they stand for."""
    if isinstance(book, str):
        return [book]
    return [entry for part in (book.values() if isinstance(book, dict) else book) for entry in _entries(part)]
