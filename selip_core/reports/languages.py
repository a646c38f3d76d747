"""Reports in other languages, and mixed ones, in the words and the order of Chinese ones: one parser reads them all.

Findings of all languages end in one set of sites and appearances; their similarity is that of method.md 3. A language
is a file beside ``zh.yaml``, ``lexicons/en.yaml``; ``translation`` puts its words into Chinese sentences. A clause of
whose words the lexicon knows too few is another language's or another subject's: it is left unread, never half read.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from selip_core.errors import SelipError
from selip_core.reports.lexicon import check_keys, check_sequences, load_lexicon
from selip_core.reports.translation import Word, rebuilt, replaced
from selip_core.sequences import TABLE

_FOLDER = Path(__file__).with_name("lexicons")
_GROUPS = (
    "sites", "sides", "sequences", "signals", "phrases", "shapes", "multiple", "enhancement", "morphology", "shifted",
)  # fmt: skip
_LISTS = ("oedema", "inside", "compressed", "widened", "negations", "normal", "elsewhere", "lesions", "common")
_GRAMMAR = ("clause_words", "joined", "levels")
_KEYS = {"language", "letters", "signal", "side_follows_site", *_GROUPS, *_LISTS, *_GRAMMAR}
READ_SHARE, LANGUAGE_SHARE = 0.8, 0.5
"""Choice: a clause is read where the lexicon knows so many of its words, if it knows so many of the whole report's.
In `Occipital rechts hyperintens in T2` three words of four are English too, and the side is lost."""
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|[。；！？\n]+")
_CHINESE = re.compile(r"[一-鿿]")
_LATIN = re.compile(r"[A-Za-z]{3,}")
_RUN = re.compile(r"[^一-鿿，,、：:；;。()（）]+")
_ABBREVIATION = re.compile(r"[A-Z]{1,4}")
"""Choice: no word of a language, known or not: `TSE`, `FOV`, `TOF`."""
_EPONYM = re.compile(
    r"[A-Z][a-zà-ÿ]+(?:[ -][A-Z]?[a-zà-ÿ]+)*(?:['’]s)?\s*\d*\s*"
    r"(?=氏|综合[征症]|[征症病囊腔环孔池管裂束瘤级型期]|分[级期型]|评分|大?静脉|畸形|间隙|脑病|窝|三角|导水管|现象|结节)"
)
"""A name within Chinese speech, `Virchow-Robin间隙`."""
_LETTERS = r"[A-Za-z0-9À-ɏ]"
_TOKEN = re.compile(r"[^\W\d_]+")


class Language:
    """The words of one language, the scanner that finds them, and how many words of a text they are.

    Parameters
    ----------
    book : dict
        As read from ``lexicons/<language>.yaml``.
    """

    def __init__(self, book: dict):
        self.side_follows_site = book["side_follows_site"]
        entries = [(word, key, value) for key in _GROUPS for value, words in book[key].items() for word in words]
        entries += [(word, key, "") for key in _LISTS if key != "common" for word in book[key]]
        entries.sort(key=lambda entry: -len(entry[0]))
        self._meanings = [entry[1:] for entry in entries]
        letters = f"[{book['letters']}]*"
        pattern = "|".join(f"({_expression(word, letters)})" for word, _, _ in entries)
        self._scanner = re.compile(rf"(?<!{_LETTERS})(?:{pattern})(?!{_LETTERS})", re.IGNORECASE)
        self._common = re.compile("|".join(_expression(word, letters) for word in book["common"]), re.IGNORECASE)
        words = "".join(rf"|\b{re.escape(word)}\b" for word in book["clause_words"])
        self._clause = re.compile(f",|:{words}", re.IGNORECASE)
        joined, levels = ("|".join(map(re.escape, book[key])) or r"(?!)" for key in ("joined", "levels"))
        images = "|".join(name for name, sequence in TABLE.items() if not sequence.measured)
        self._joined = re.compile(rf"\b({joined})(?=[a-z])", re.IGNORECASE)
        self._between = re.compile(rf"\b({levels})[ -]({images})[ -]{re.escape(book['signal'])}", re.IGNORECASE)
        self._signal = book["signal"]

    def prepare(self, text: str) -> str:
        """Return a text in which `frontoparietal` is two words, and `high T2 signal` names its sequence last."""
        text = self._joined.sub(r"\1-", text)
        return self._between.sub(rf"\1 {self._signal} \2", text)

    def scan(self, text: str) -> list[Word]:
        """Return the words of the lexicon in a text, in order."""
        return [Word(*self._meanings[m.lastindex - 1], *m.span()) for m in self._scanner.finditer(text)]

    def count(self, text: str) -> tuple[int, list[str]]:
        """Return how many words a text has, names of sequences apart, and which of them are not known."""
        marks = bytearray(len(text))
        for word in self.scan(text):
            marks[word.start : word.end] = bytes([2 if word.kind == "sequences" else 1]) * (word.end - word.start)
        tokens = [m for m in _TOKEN.finditer(text) if 2 not in marks[m.start() : m.end()]]
        unknown = [m[0] for m in tokens if not any(marks[m.start() : m.end()]) and not self._common.fullmatch(m[0])]
        return len(tokens), unknown

    def clauses(self, sentence: str) -> list[tuple[int, int]]:
        """Return where each clause of a sentence begins and ends."""
        starts = [0, *(match.start() for match in self._clause.finditer(sentence))]
        return list(zip(starts, [*starts[1:], len(sentence)], strict=True))

    def read(self, sentence: str) -> list[Word]:
        """Return the words of the clauses that are understood, each with the number of its clause."""
        words = []
        for number, (start, end) in enumerate(self.clauses(sentence)):
            if understood(*self.count(sentence[start:end])):
                words += [replace(w, clause=number) for w in self.scan(sentence) if start <= w.start < end]
        return words


def understood(words: int, unknown: list[str], share: float = READ_SHARE) -> bool:
    """Return whether such a share of so many words is known."""
    return len(unknown) <= (1 - share) * words + 1e-9


def _expression(word: str, letters: str) -> str:
    parts = [re.escape(part).replace(r"\*", letters).replace(r"\ ", r"[\s-]+") for part in word.split(" ... ")]
    return r"[^.,;:]{0,50}?[\s-]".join(parts)


def check_language(book: dict, path: Path) -> None:
    """Raise SelipError if a lexicon has missing, unknown or empty parts, or a site or sequence that is none."""
    check_keys(book, _KEYS, path)
    check_sequences(book["sequences"], path)
    for site in book["sites"]:
        if site not in load_lexicon().book["sites"]:
            raise SelipError(f"{path}: sites names {site!r}, which is no site of zh.yaml")
    for key in (*_GROUPS, *_LISTS, *_GRAMMAR):
        lists = book[key].values() if key in _GROUPS and isinstance(book[key], dict) else [book[key]]
        for words in lists:
            if not isinstance(words, list) or not (words or key in _GRAMMAR):
                raise SelipError(f"{path}: {key} must hold lists of words")
            if wrong := [word for word in words if not isinstance(word, str) or not word]:
                raise SelipError(f'{path}: {key}: {wrong[0]!r} is not text; put "no", "on" and the like in quotes')


@cache
def load_language(name: str) -> dict:
    """Return the lexicon of a language but Chinese, ``lexicons/<name>.yaml``: its words for each Chinese one, by group.

    Raises
    ------
    SelipError
        If it is missing or not valid; names the file and the key.
    """
    path = _FOLDER / f"{name}.yaml"
    try:
        book = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SelipError(f"{path} cannot be read: {error}") from None
    check_language(book, path)
    return book


@cache
def languages() -> tuple[Language, ...]:
    """Return the languages of the folder of lexicons, Chinese apart; English first.

    Raises
    ------
    SelipError
        If a lexicon is not valid; names the file and the key.
    """
    names = {path.stem for path in _FOLDER.glob("*.yaml")} - {"zh"}
    return tuple(Language(load_language(name)) for name in sorted(names, key=lambda name: (name != "en", name)))


def _foreign(text: str) -> list[str]:
    """Return the sentences without a Chinese character."""
    return [sentence for sentence in _SENTENCE.split(text) if sentence.strip() and not _CHINESE.search(sentence)]


def _language_of(text: str) -> tuple[Language, bool]:
    """Return the language that knows most of what is not Chinese, and whether it knows enough of it."""
    counts = [(language, language.count("\n".join(_foreign(text)))) for language in languages()]
    language, (words, unknown) = min(counts, key=lambda one: len(one[1][1]))
    return language, understood(words, unknown, LANGUAGE_SHARE)


def _not_understood(language: Language, text: str) -> list[str]:
    """Return the words of a text that keep it from being read: none where enough of its words are known."""
    count, unknown = language.count(text)
    if understood(count, unknown):
        return []
    return [word for word in unknown if len(word) > 2 and not _ABBREVIATION.fullmatch(word)]


@cache
def _sequences() -> re.Pattern:
    """Return what finds sequences as Chinese reports write them, glued together too: `T2FLAIR`, `T1WI/T2WI`."""
    book = load_lexicon().book
    words = [word for group in book["sequences"].values() for word in group] + list(book["other_sequences"])
    latin = sorted({*TABLE, *(word for word in words if word.isascii())}, key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, latin))})+(?![A-Za-z])", re.IGNORECASE)


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
    if not _LATIN.search(text):
        return text
    language, known = _language_of(text)
    mixed_unread = any(_CHINESE.search(s) and _foreign_in(language, s) for s in _SENTENCE.split(text))
    if not mixed_unread and all(word.kind == "sequences" for word in language.scan(text)):
        return text
    sentences = []
    for sentence in _SENTENCE.split(language.prepare(text)):
        if not sentence.strip():
            continue
        if _CHINESE.search(sentence):
            if not (mixed_unread and _foreign_in(language, sentence)):
                sentences.append(replaced(sentence, language.scan(sentence)))
        elif not language.scan(sentence):
            sentences.append(sentence)
        elif known and (words := language.read(sentence)):
            sentences.append(rebuilt(words, default_sequence, side_follows_site=language.side_follows_site))
    return "。".join(part.rstrip("。") for part in sentences if part) + "。"


def without_foreign(text: str) -> str:
    """Return the sentences of a text that hold a Chinese character."""
    return "。".join(sentence for sentence in _SENTENCE.split(text) if _CHINESE.search(sentence))


def unread(text: str) -> list[str]:
    """Return what is not understood: clauses in other languages than Chinese, and mixed sentences.

    A line of abbreviations and names of sequences alone, `TSE 3.0T`, says nothing that could be missed.
    """
    if not _LATIN.search(text):
        return []
    language, known = _language_of(text)
    found = []
    for sentence in _SENTENCE.split(language.prepare(text)):
        if _CHINESE.search(sentence):
            found += [sentence.strip()] if _foreign_in(language, sentence) else []
            continue
        for start, end in language.clauses(sentence):
            clause = sentence[start:end]
            words = any(word.kind != "sequences" for word in language.scan(clause))
            half_known = words and not (known and understood(*language.count(clause)))
            if half_known or _not_understood(language, clause):
                found.append(clause.strip(" ,:"))
    return found


def unknown_foreign_words(text: str) -> list[str]:
    """Return the words in other languages than Chinese that no lexicon knows, in lower case.

    Of a mixed sentence only those for which it is not read: `Virchow-Robin间隙` is Chinese usage.
    """
    if not _LATIN.search(text):
        return []
    language, _ = _language_of(text)
    words = [
        word
        for sentence in _SENTENCE.split(language.prepare(text))
        for word in (_foreign_in(language, sentence) if _CHINESE.search(sentence) else language.count(sentence)[1])
    ]
    return [word.lower() for word in words if len(word) > 2]
