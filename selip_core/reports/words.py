"""The words of a language but Chinese: data beside ``zh.yaml``, checked when loaded, and what finds them in a text."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import groupby

from selip_core.reports.abbreviations import Abbreviations
from selip_core.reports.book import FOLDER, GROUPS, LISTS, load_language
from selip_core.reports.entries import expression, number_of, scanner
from selip_core.sequences import TABLE

READ_SHARE, LANGUAGE_SHARE, OWN_SHARE = 0.8, 0.5, 0.5
"""Choice: a clause is read where the lexicon knows so many of its words, if it knows so many of the whole report's.
In `Occipital rechts hyperintens in T2` three words of four are English too, and the side is lost. In a sentence with
a word of its own, `the`, the last share is enough: sides and denials are known, what is not is a name of a disease."""
NOTHING = "(?!)"
"""The pattern of no entry: it never matches."""
ABBREVIATION = re.compile(r"[A-Z]{1,4}")
"""Choice: no word of a language, known or not: `TSE`, `FOV`, `TOF`."""
FILLERS, PREFIX = 2, 5
"""Choice: so many common words may stand between a level and `signal`: `increased on the T2 signal`; a level of so many
letters, `hyper`, may lean on a signal behind it."""
ARTICLE = 3
"""Choice: a word of so few letters may stand between a preposition and a side, `in the left`."""
_TOKEN = re.compile(r"[^\W\d_]+")
_TOGETHER = {
    frozenset(pair): together
    for together, pairs in {
        "混杂信号": [("高信号", "低信号"), ("混杂信号", "高信号"), ("混杂信号", "低信号")],
        "等低信号": [("等信号", "低信号")], "等高信号": [("等信号", "高信号")],
    }.items() for pair in pairs
}  # fmt: skip
_STAR = re.compile(r"T2\s?\*")
_SHOWN = r"(?:shown|illustrated|arrow(?:head)?s?|asterisks?|flèches?|étoiles?|montrée?s?)"
_OF_PICTURE = re.compile(rf"\s*\((?:[^()]*\b{_SHOWN}\b[^()]*)\)")
_PANEL = re.compile(
    r"\b(FLAIR|T[12]\w*|DWI|ADC|SWI|images?|maps?)\s*"
    r"\((?:left|right|top|bottom|middle|upper|lower)(?:\s+(?:panel|image|column|row))?\)", re.IGNORECASE
)
_LABEL = re.compile(r"^\s*\((?:left|right|top|bottom|middle|upper|lower|centre|center)\)\s*", re.IGNORECASE)
_PLUS, _ARROW = re.compile(r" \+ (?!C\b|Gd)"), re.compile(r"\s*([↑↓])[↑↓]*\s*(?!\w* ?in (?:size|number))")
_POSITIVE = re.compile(r"\b(DWI|FLAIR)\s?\+{1,3}(?!\w|\s*(?:T[12]|DWI|ADC|SWI|FLAIR|GRE|MRA|contrast|gad|C\b))")
_DASH, _HYPHEN = re.compile(r"\s+[–—-]{1,2}\s+|—"), re.compile(r"[–‐‑](?=[A-Za-z])")
_ENDS = re.compile(r"\s*(?:[.,;)]|$|(?:and|et|but|with|in|within|dans)\b)")
_APART = re.compile(r"[.;:()]")


@dataclass(frozen=True)
class Word:
    """A word of a lexicon in a sentence: what it is, what it stands for in Chinese, where, and in which clause."""

    kind: str
    value: str
    start: int
    end: int
    clause: int = 0
    plural: bool = False  # of a paired site, `thalami`
    listed: str = ""  # behind `and`: bare, with a preposition, `and in the`, other words between, or a comma alone
    leads: bool = False  # a side behind a preposition, `in the left`: of what follows


class Language:
    """The words of one language, the scanner that finds them, and how many words of a text they are.

    Parameters
    ----------
    book : dict
        As read from ``lexicons/<language>.yaml``.
    """

    def __init__(self, book: dict):
        self.name, self._fold = book["language"], not book["letters"].isascii()
        entries = [(word, key, value) for key in GROUPS for value, words in book[key].items() for word in words]
        entries += [
            (word, key, "")
            for key in (*LISTS, "symmetric", "spared", "sparing")
            if key != "common"
            for word in book[key]
        ]
        self._meanings = [entry[1:] for entry in entries]
        self._whole = frozenset(self._folded(entry[0].lower()) for entry in entries)
        letters = f"(?-i:[{_in_both_cases(book['letters'])}]*)"
        self.abbreviations = Abbreviations(book["abbreviations"])
        self._scanner = scanner(enumerate(self._folded(word) for word, _, _ in entries), letters)
        self._common = frozenset(self._folded(word) for word in book["common"])
        # a report asks of each sentence several times: which language knows it, is it understood, what does it say
        self._find, self._prepared, self._counted = (
            lru_cache(maxsize=1000)(of) for of in (self._scan_anew, self._prepare_anew, self._count_anew)
        )
        words = "".join(rf"|\b{re.escape(word)}\b" for word in book["clause_words"])
        self._clause = re.compile(f",|:{words}", re.IGNORECASE)
        plurals, own = ("|".join(map(re.escape, book[key])) or r"(?!)" for key in ("plurals", "own_words"))
        self._plural = re.compile(rf"(?:{plurals})$", re.IGNORECASE)
        listed = "|".join(re.escape(word) for word in sorted(book["conjunctions"], key=len, reverse=True)) or r"(?!)"
        self._listed = re.compile(rf"(?:(?<![^\W\d_])(?:{listed})|,)\s+([a-zà-ÿ']{{1,4}}\s+){{0,2}}$", re.IGNORECASE)
        self._within = frozenset(book["within"])
        self._listing, self._and = frozenset(book["conjunctions"]), next(iter(book["conjunctions"]), ",")
        self._joining = self._listing | frozenset(book["ranges"])
        self._own = re.compile(rf"\b(?:{own})\b", re.IGNORECASE)
        joined = "|".join(map(re.escape, book["joined"])) or r"(?!)"
        self._joined = re.compile(rf"\b({joined})(?=[a-zà-ÿ])", re.IGNORECASE)
        both = "|".join(book["both"]) or r"(?!)"
        starts = {re.split(r"\W", word)[0][:5] for words in book["sites"].values() for word in words}
        starts = "|".join(sorted(start for start in starts if len(start) == 5))
        self._both = re.compile(rf"\b({both})(?={starts})", re.IGNORECASE)
        levels, signal = (
            "|".join(expression(word, letters) for word in words)
            for words in ([word for group in book["levels"].values() for word in group], book["signal"])
        )
        bright = "|".join(expression(word, letters) for group in book["signals"].values() for word in group)
        images = "|".join(name for name, sequence in TABLE.items() if not sequence.measured)
        self._paired = re.compile(rf"({images})/({images})", re.IGNORECASE)
        told = f"(?![ -]?(?:{signal}|{bright}))"
        self._glued = re.compile(rf"\b({levels})[ -]?({images})(?![A-Za-z0-9]){told}", re.IGNORECASE)
        self._noun = book["signal"][0].rstrip("*")
        self._between = re.compile(rf"\b({levels})[ -]({images})[ -]({signal})\b", re.IGNORECASE)
        self.scope = {key: _any_of(entries, letters) for key, entries in book["scope"].items()}
        self.scope["signal"] = rf"\b(?:{signal})"

    def prepare(self, text: str) -> str:
        """Return a text in which `frontoparietal` and `bifrontal` are two words, and `high T2 signal` names T2 last.

        Left out is what a bracket says of the picture, `(not shown)`, `FLAIR (left)`; a long dash is a comma.
        """
        return self._prepared(text)

    def _prepare_anew(self, text: str) -> str:
        text = self.abbreviations.written_out(_PANEL.sub(r"\1", _LABEL.sub("", _OF_PICTURE.sub("", text))))
        text = _POSITIVE.sub(r"\1 ↑", text)
        text = _HYPHEN.sub("-", _DASH.sub(", ", _PLUS.sub(f" {self._and} ", text)))
        text = _ARROW.sub(r" \1 ", text)
        text = self._joined.sub(r"\1-", _STAR.sub("T2star", text.replace("’", "'")))
        text = self._both.sub(r"\1-", text)
        text = self._paired.sub(r"\1 & \2", text)
        text = self._glued.sub(rf"\1 {self._noun} \2", text)
        return self._between.sub(r"\1 \3 \2", text)

    def _folded(self, text: str) -> str:
        """Return a text as long, in a language with accents without them: `HYPERINTENSITE` has lost them anyway."""
        return "".join(unicodedata.normalize("NFD", c)[0] for c in text) if self._fold else text

    def _scan_anew(self, text: str) -> list[Word]:
        found = self._scanner.finditer(self._folded(text))
        return [Word(*self._meanings[number_of(m)], *m.span()) for m in found]

    def scan(self, text: str) -> list[Word]:
        """Return the words of the lexicon in a text, in order; a level and its `signal` are one, a level alone none."""
        words: list[Word] = []
        for word in self._meant(text):
            mixed = self._mixed(text, words[-1], word) if words else ""
            if mixed:
                words[-1] = replace(words[-1], value=mixed, end=word.end)
            else:
                words.append(word)
        return words

    def _mixed(self, text: str, before: Word, word: Word) -> str:
        """Return what two signals are together, `high and low signal`, `iso- to slightly hypointense`; else nothing.

        With `and` between words of their own, and more than one sequence in the text, each is of another sequence.
        """
        value = _TOGETHER.get(frozenset((before.value, word.value)))
        if value is None or {before.kind, word.kind} != {"signals"}:
            return ""
        if before.end == word.end:  # one noun
            return value
        gap = text[before.end : word.start]
        tokens = _TOKEN.findall(gap)
        joined = tokens[0].lower() in self._joining if tokens else re.fullmatch(r"\s?[/-]\s?", gap)
        if len(tokens) > FILLERS or _APART.search(gap) or not joined or "混杂信号" in (before.value, word.value):
            return ""
        several = sum(w.kind in ("sequences", "other_sequences") for w in self._find(text)) > 1
        loose = bool(tokens) and tokens[0].lower() in self._listing and before.end - before.start > PREFIX
        return "" if (several and loose) or not all(map(self._is_common, tokens)) else value

    def _meant(self, text: str) -> list[Word]:
        found = self._find(text)
        words = []
        for i, word in enumerate(found):
            before = found[i - 1] if i else None
            follows = before is not None and before.kind == "levels" and word.start - before.end == 1
            if word.kind == "levels" and follows:
                continue  # heterogeneous high signal
            if word.kind == "levels":
                noun = self._noun_after(text, found, i)
                if noun is not None:
                    words.append(Word("signals", word.value, word.start, noun.end))
                elif not self._of_what_follows(text, found, i) and self._is_told(text, found, i):
                    words.append(replace(word, kind="signals"))
            elif word.kind == "other_sequences":
                words.append(replace(word, kind="sequences"))
            elif word.kind in ("sites", "sides"):
                plural = word.kind == "sites" and bool(self._plural.search(text[word.start : word.end]))
                listed = self._listed.search(text, 0, word.start)
                words += self._sides_within(text, word)
                between = set() if listed is None else set(listed[0].lower().split())
                placed = "placed" if between & self._within else "far"
                alone = "comma" if listed is not None and listed[0].startswith(",") else "bare"
                how = "" if listed is None else placed if listed[1] else alone
                words.append(replace(word, plural=plural, listed=how, leads=self._leads(text, word)))
            elif word.kind not in ("signal", "passed_over"):
                words.append(word)
        return words

    def _leads(self, text: str, word: Word) -> bool:
        """Return whether a word is a bare side behind a preposition, `of the left`, and not `of the left side`."""
        before = text[: word.start].lower().split()[-2:]
        own = text[word.start : word.end].lower().split()
        ahead = ["", "", *before, *own[:-1]]
        article = len(ahead[-1]) <= ARTICLE and ahead[-2] in self._within
        return word.kind == "sides" and (article or ahead[-1] in self._within)

    def _sides_within(self, text: str, site: Word) -> list[Word]:
        """Return the sides among the words of an entry with others between, `distribution of the left MCA`."""
        name = text[site.start : site.end]
        rest = "" if self._folded(name.lower()) in self._whole else name.partition(" ")[2]
        inner = [word for word in self._find(rest) if word.kind == "sides"] if site.kind == "sites" and rest else []
        return [replace(word, start=site.start, end=site.start) for word in inner]

    def _noun_after(self, text: str, found: list[Word], at: int) -> Word | None:
        end = found[at].end
        for word in found[at + 1 :]:
            if not self._only_fillers(text[end : word.start]):
                return None
            if word.kind == "signal":
                return word
            if word.kind not in ("sequences", "levels", "sides", "sites"):
                return None
            end = word.end
        return None

    def _is_told(self, text: str, found: list[Word], at: int) -> bool:
        return any(told(text, found, at) for told in (self._noun_before, self._on_image, self._is_prefix))

    def _of_what_follows(self, text: str, found: list[Word], at: int) -> bool:
        """Return whether a level is that of an enhancement, `intense contrast enhancement`, or has an object."""
        after = next(iter(found[at + 1 :]), None)
        enhances = after is not None and after.kind == "enhancement"
        last = text[found[at].start : found[at].end].lower().rpartition(" ")[2]
        return (enhances and self._only_fillers(text[found[at].end : after.start])) or last in self._within

    def _noun_before(self, text: str, found: list[Word], at: int) -> bool:
        start = found[at].start
        for i in range(at - 1, -1, -1):
            word = found[i]
            if not self._only_fillers(text[word.end : start]):
                return False
            if word.kind == "signal":
                return not any(w.kind == "levels" and self._noun_after(text, found, j) is word
                               for j, w in enumerate(found[:i]))  # fmt: skip
            if word.kind not in ("sequences", "levels", "sides", "sites"):
                return False
            start = word.start
        return False

    def _on_image(self, text: str, found: list[Word], at: int) -> bool:
        """Return whether a level is said of an image, `heterogeneous on T2`, `ADC reduced.`

        After contrast it is the enhancement's.
        """
        before, after = found[at - 1] if at else None, next(iter(found[at + 1 :]), None)
        if before is not None and before.kind == "sequences" and before.value != "T1ce":
            gap = _TOKEN.findall(text[before.end : found[at].start])
            if len(gap) <= FILLERS and all(map(self._is_common, gap)) and _ENDS.match(text, found[at].end):
                return True
        if after is None or after.kind != "sequences" or after.value == "T1ce":
            return False
        gap = text[found[at].end : after.start]
        return bool(_TOKEN.search(gap)) and self._only_fillers(gap)

    def _is_prefix(self, text: str, found: list[Word], at: int) -> bool:
        """Return whether a level leans on the signal behind it, `hypo- to isointense`."""
        after = next(iter(found[at + 1 :]), None)
        if after is None or after.kind != "signals" or found[at].end - found[at].start > PREFIX:
            return False
        tokens = _TOKEN.findall(text[found[at].end : after.start])
        return 0 < len(tokens) <= FILLERS and tokens[0].lower() in self._joining and all(map(self._is_common, tokens))

    def _only_fillers(self, gap: str) -> bool:
        tokens = _TOKEN.findall(gap)
        return len(tokens) <= FILLERS and not _APART.search(gap) and all(map(self._is_common, tokens))

    def _is_common(self, token: str) -> bool:
        """Return whether a word is among the common ones, `depict*` and `*ly` and the like (up to four letters)."""
        token = self._folded(token.lower())
        parts = [f"{token[:i]}*" for i in range(1, len(token) + 1)] + [f"*{token[-i:]}" for i in (2, 3, 4)]
        return token in self._common or not self._common.isdisjoint(parts)

    def count(self, text: str) -> tuple[int, tuple[str, ...]]:
        """Return how many words a text has, and which of them are not known.

        Names of sequences are no words, nor are abbreviations that are not known.
        """
        return self._counted(text)

    def _count_anew(self, text: str) -> tuple[int, tuple[str, ...]]:
        marks = bytearray(len(text))
        for word in self._find(text):
            mark = 2 if word.kind in ("sequences", "other_sequences") else 1
            marks[word.start : word.end] = bytes([mark]) * (word.end - word.start)
        count, unknown = 0, []
        for token in _TOKEN.finditer(text):
            there = marks[token.start() : token.end()]
            known = any(there) or self._is_common(token[0])
            if 2 in there or (not known and ABBREVIATION.fullmatch(token[0])):
                continue
            count += 1
            unknown += [] if known else [token[0]]
        return count, tuple(unknown)

    def clauses(self, sentence: str) -> list[tuple[int, int]]:
        """Return where each clause of a sentence begins and ends."""
        starts = [0, *(match.start() for match in self._clause.finditer(sentence))]
        return list(zip(starts, [*starts[1:], len(sentence)], strict=True))

    def least_share(self, sentence: str) -> float:
        """Return which share of the words of a clause of this sentence must be known."""
        return OWN_SHARE if self._own.search(sentence) else READ_SHARE

    def read(self, sentence: str) -> list[Word]:
        """Return the words of the clauses that are understood, each with the number of its clause.

        A colon behind a clause, `Pontine glioma: ...`, is a word too, a heading.
        """
        words: list[Word] = []
        share = self.least_share(sentence)
        for number, (start, end) in enumerate(self.clauses(sentence)):
            if understood(*self.count(sentence[start:end]), share):
                if words and sentence[start] == ":":
                    words.append(Word("heading", "", start, start, words[-1].clause))
                words += [replace(w, clause=number) for w in self.scan(sentence) if start <= w.start < end]
        return words


def _in_both_cases(letters: str) -> str:
    """Return a set of letters, `a-z`, with both cases told, `A-Za-z`.

    A set without regard to case takes many times as long to compile, and an expression of all entries holds thousands.
    """
    found = [i for i in range(0x250) if re.fullmatch(f"[{letters}]", chr(i), re.IGNORECASE)]  # all of Latin
    runs = [[i for _, i in run] for _, run in groupby(enumerate(found), key=lambda one: one[1] - one[0])]
    return "".join(f"{re.escape(chr(run[0]))}-{re.escape(chr(run[-1]))}" for run in runs)


def understood(words: int, unknown: Sequence[str], share: float = READ_SHARE) -> bool:
    """Return whether such a share of so many words is known."""
    return len(unknown) <= (1 - share) * words + 1e-9


def _any_of(entries: list[str], letters: str) -> str:
    """Return the pattern of any of these entries as whole words, the longest first; of no entry, what never matches."""
    tried = "|".join(expression(entry, letters) for entry in sorted(entries, key=len, reverse=True))
    return rf"\b(?:{tried})(?:(?<=')|\b)" if tried else NOTHING


@cache
def languages() -> tuple[Language, ...]:
    """Return the languages of the folder of lexicons, Chinese apart; English first.

    Raises
    ------
    SelipError
        If a lexicon is not valid; names the file and the key.
    """
    names = {path.stem for path in FOLDER.glob("*.yaml")} - {"zh"}
    return tuple(Language(load_language(name)) for name in sorted(names, key=lambda name: (name != "en", name)))
