"""How far a word of a foreign sentence reaches: a denial, over its list; `normal`, to the next `and`; an exception.

The clauses of a sentence are cut and the denials repeated here, where its text is known; `translation` then reads each
clause by itself. The words that join clauses are those of ``scope`` in the lexicon of the sentence's language.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from selip_core.reports.words import NOTHING, Language, Word

LOOKS = ("signals", "phrases", "enhancement")
_NAMES = ("lesions", "contacts", "oedema", "shapes")
FINDINGS = (*LOOKS, *_NAMES, "compressed", "widened", "shifted", "inside")
"""What tells that something is there, described or only named."""
_BRIGHT = ("T2", "FLAIR", "DWI")
"""On which a lesion without a signal of its own, `DWI lesions`, is bright."""
_DENIALS = ("negations", "normal")
_ADJECTIVE = re.compile(r"(?:intenses?|bright|dark|iso)$", re.IGNORECASE)
_LATIN_NAMES = r"\b[^\W\d_]+(?:omas?|itis|path(?:y|ic|ies?)|malaci[ae]|plasi[ae]|(?<!diagn)(?<!progn)osis)\b"
"""What diseases are called in any language."""


class _Reach:
    """The patterns by which a language joins clauses, from ``scope`` of its lexicon."""

    def __init__(self, language: Language):
        words = language.scope
        self.exception, self.of_the, self.signal = map(_pattern, (words["exceptions"], words["of"], words["signal"]))
        self.ands, self.ors = _pattern(words["and"]), _pattern(words["or"])
        joined = f"(?:{words['and']}|{words['with']})"
        self.joined, self.joined_to = _pattern(joined), _pattern(rf"{joined}\s+(?:[^\W\d_]+\s+)?$")
        self.no = _pattern(f"(?!{words['denials_of_verbs']}){words['denials']}")
        # no infarct, bleed or mass is seen: all denied
        self.of_no_list = _pattern(rf",\s*{words['remarks']}|{words['verbs']}(?!\s+(?:[^\W\d_]+ly\s+)?{words['seen']})")
        self.other_side = _pattern(rf"[,\s]*(?:{words['turns']}\s+)?{words['halves']}\s+{words['verbs']}")
        self.goes_on, self.of_names = _pattern(rf",\s*{words['list_goes_on']}"), _pattern(words["of_bare_names"])
        self.lists_names = words["of_bare_names"] != NOTHING
        self.abnormal = _pattern(f"{words['diseases']}|{_LATIN_NAMES}")
        self.seen, self.changes = _pattern(words["seen"]), _pattern(words["changes"])
        self.likened = _pattern(rf"\s+{words['likened']}\s+(?:[^\W\d_]+\s+)?")
        self.size = _pattern(
            rf"\s*(?:{words['sizes']}\s+)?(?:{words['about']}\s+)?\d+(?:[.,]\d+)?(?:\s*[x×-]\s*\d+(?:[.,]\d+)?)*\s*[mc]m\b"
        )  # it would stand between words that belong together: `shift of 6 mm to the right`


def _pattern(text: str) -> re.Pattern:
    return re.compile(text, re.IGNORECASE)


@cache
def _reach_of(language: Language) -> _Reach:
    return _Reach(language)


@dataclass
class _Clause:
    """A clause of a sentence: its text, where it begins, which it is, its words, and how its language joins clauses."""

    text: str
    start: int
    number: int
    words: list[Word]
    reach: _Reach

    def has(self, kinds: tuple[str, ...]) -> bool:
        return any(word.kind in kinds for word in self.words)

    def begin(self, words: list[Word]) -> None:
        """Put words at the beginning of the clause."""
        here = [replace(word, start=self.start, end=self.start, clause=self.number) for word in words]
        self.words = here + self.words


def words_in_scope(language: Language, sentence: str) -> list[Word]:
    """Return the words of a prepared sentence, in clauses of which each has the denial that holds for it.

    Examples
    --------
    >>> from selip_core.reports.words import languages
    >>> words = words_in_scope(languages()[0], "No infarct, mass or edema.")
    >>> [word.kind for word in words]
    ['negations', 'lesions', 'negations', 'shapes', 'negations', 'oedema']
    """
    reach = _reach_of(language)
    sentence = reach.size.sub("", sentence)
    words = _with_elided_signal(language, _without_means(language.read(sentence), sentence), sentence)
    words = _with_denied_looks(language, words, sentence)
    words = _with_likened(reach, _with_weighted(reach, _with_alike(words), sentence), sentence)
    exceptions = dict(found.span() for found in reach.exception.finditer(sentence))
    words = [word for word in words if not any(a <= word.start < b for a, b in exceptions.items())]  # other than the
    clauses = _cut(reach, words, sentence, {start for start, _ in language.clauses(sentence)} | exceptions.keys())
    turns = set(_ends_of_normal(clauses))
    clauses = _cut(reach, words, sentence, {clause.start for clause in clauses} | turns)
    of_denials = {place for clause in clauses for place in (*_names_behind_or(clause), *_of_a_lesion(clause))}
    clauses = _cut(reach, words, sentence, {clause.start for clause in clauses} | of_denials)
    _repeat_denials(clauses)
    _deny_headings(clauses)
    for clause in clauses:
        if (clause.start in turns and reach.ands.match(clause.text)) or reach.other_side.match(clause.text):
            _recall_organ(clauses, clause)
        _name_abnormal(clause)
        if clause.start in exceptions:
            _except(clauses, clause)
    return [word for clause in clauses for word in clause.words]


def _cut(reach: _Reach, words: list[Word], sentence: str, starts: set[int]) -> list[_Clause]:
    """Return the clauses that begin at these places; a heading belongs to the one before its colon."""
    at = sorted(starts)
    ends = [*at[1:], len(sentence)]
    clauses = [_Clause(sentence[a:b], a, i, [], reach) for i, (a, b) in enumerate(zip(at, ends, strict=True))]
    for word in words:
        number = bisect_right(at, word.start - (word.kind == "heading")) - 1
        clauses[number].words.append(replace(word, clause=number))
    return clauses


def _without_means(words: list[Word], sentence: str) -> list[Word]:
    """Return the words without a `post contrast` that is that of the enhancement beside it, and takes no signal.

    `Hypointense on T1 with contrast enhancement` names T1.
    """
    kept = []
    for word in words:
        if word.value != "T1ce":
            kept.append(word)
            continue
        own = [w for w in words if w.clause == word.clause and w.kind != "negations"]
        at = own.index(word)
        before, after = own[max(at - 1, 0) : at], own[at + 1 : at + 2]
        beside = any(w.kind == "enhancement" for w in before + after)
        described = any(w.kind == "signals" for w in own[at + 1 :])
        of_t1 = "T1" in sentence[word.start : word.end].upper()
        if beside and of_t1 and [w.kind for w in before] == ["signals"] and not described:
            kept.append(replace(word, value="T1"))
        elif not beside or of_t1 or described:
            kept.append(word)
    return kept


def _with_elided_signal(language: Language, words: list[Word], sentence: str) -> list[Word]:
    """Return the words with the signal that is left out behind `normal`: `normal on the left, high on the right`.

    A level alone is none.
    """
    reach = _reach_of(language)
    for word in words:
        joined = reach.joined.search(sentence, word.end) if word.kind == "normal" else None
        noun = reach.signal.search(sentence, 0, joined.start()) if joined else None
        if noun is None or any(w.kind in FINDINGS and w.start > joined.start() for w in words):
            continue
        offset = joined.start() - len(noun[0]) - 1
        again = language.scan(f"{noun[0]} {sentence[joined.start() :]}")
        if any(w.kind == "signals" for w in again):
            before = [w for w in words if w.start < joined.start()]
            return before + [replace(w, start=w.start + offset, end=w.end + offset) for w in again]
    return words


def _with_denied_looks(language: Language, words: list[Word], sentence: str) -> list[Word]:
    """Return the words with `no abnormal enhancement` as a denial of what a lesion behind it is said to be without."""
    kept: list[Word] = []
    for word in words:
        of = [w for w in words if w.clause == word.clause and w.start > word.end and w.kind in ("lesions", "anaphora")]
        at = sentence.find(" ", word.start, word.end)
        inner = language.scan(sentence[at : word.end]) if word.kind == "normal" and of and at > 0 else []
        if any(w.kind == "enhancement" for w in inner):
            kept.append(replace(word, kind="negations", end=at))
            kept += [replace(w, start=at + w.start, end=at + w.end, clause=word.clause) for w in inner]
        else:
            kept.append(word)
    return kept


def _with_weighted(reach: _Reach, words: list[Word], sentence: str) -> list[Word]:
    """Return the words with the signal that is left out of `T2 lesions`, `FLAIR changes`: they are bright.

    So is an oedema, `oedema on FLAIR`.
    """
    told = {word.clause for word in words if word.kind in LOOKS}
    kept: list[Word] = []
    for i, word in enumerate(words):
        on = kept[-1].value if kept and kept[-1].kind == "sequences" and word.start - kept[-1].end <= 1 else ""
        asked = sentence[word.end :].lstrip().startswith(":")  # T2 lesions: none
        bright = on in _BRIGHT and word.kind in ("lesions", "oedema")
        after = words[i + 1] if word.kind == "oedema" and i + 1 < len(words) else None
        bright = bright or (after is not None and after.value in _BRIGHT and after.clause == word.clause)
        if bright and word.clause not in told and not asked:
            kept.append(replace(word, kind="signals", value="高信号", end=word.start))
        kept.append(word)
        changed = reach.changes.match(sentence, word.end + 1) if word.value in _BRIGHT else None
        if changed and word.clause not in told:
            kept.append(replace(word, kind="signals", value="高信号", start=changed.start(), end=changed.end()))
    return kept


def _with_alike(words: list[Word]) -> list[Word]:
    """Return the words with `another` only where a lesion stands behind it of which nothing is told or denied."""
    told = {word.clause for word in words if word.kind in (*LOOKS, *_DENIALS)}
    lesion = [word.kind in ("lesions", "shapes") and word.clause not in told for word in [*words[1:], *words[:1]]]
    return [word for word, before_it in zip(words, lesion, strict=True) if word.kind != "alike" or before_it]


def _with_likened(reach: _Reach, words: list[Word], sentence: str) -> list[Word]:
    """Return the words with one before the place that a signal is only compared to: `isointense to the pons`."""
    kept: list[Word] = []
    for word in words:
        signal = kept[-1] if kept and kept[-1].kind == "signals" and word.kind == "sites" else None
        # not of the noun: hyperintensity to the left lobe
        adjective = signal is not None and _ADJECTIVE.search(sentence, signal.start, signal.end)
        if adjective and reach.likened.fullmatch(sentence, signal.end, word.start):
            kept.append(replace(word, kind="compared", value="", end=word.start, listed="", plural=False))
        kept.append(word)
    return kept


def _ends_of_normal(clauses: list[_Clause]) -> list[int]:
    """Return where the reach of each `normal` ends within a clause: at an `and` with a finding on its other side."""
    ends = []
    for clause in clauses:
        found = [word.start - clause.start for word in clause.words if word.kind in FINDINGS]
        for word in clause.words:
            first, last = word.start - clause.start, word.end - clause.start
            if word.kind != "normal" or clause.reach.no.match(clause.text, first):
                continue
            before = clause.reach.joined_to.search(clause.text[:first])
            after = clause.reach.joined.search(clause.text, last)
            if before and any(place < before.start() for place in found):
                ends.append(clause.start + before.start())
            if after and any(place > after.start() for place in found):
                ends.append(clause.start + after.start())
    return ends


def _names_behind_or(clause: _Clause) -> list[int]:
    """Return where an `or` stands behind which there are names of lesions alone: `no enhancement or mass`."""
    places = [found.start() + clause.start for found in clause.reach.ors.finditer(clause.text)]
    behind = {place: {word.kind for word in clause.words if word.start > place} for place in places}
    return [place for place, kinds in behind.items() if kinds and kinds <= set(_NAMES)]


def _of_a_lesion(clause: _Clause) -> list[int]:
    """Return where a clause that denies a look tells what it is none of: `no enhancement of the bright area`."""
    denial = next((word for word in clause.words if word.kind == "negations"), None)
    found = []
    for of in clause.reach.of_the.finditer(clause.text) if denial else ():
        place = clause.start + of.start()
        denied = any(word.kind in FINDINGS and denial.start < word.start < place for word in clause.words)
        look = next((w.start for w in clause.words if w.kind == "signals" and w.start > place), None)
        between = clause.text[of.end() : look - clause.start] if denied and look else None
        if between is not None and not (clause.reach.ands.search(between) or clause.reach.ors.search(between)):
            found.append(place)
    return found


def _repeat_denials(clauses: list[_Clause]) -> None:
    """Let each clause of a list, `no A, B or C`, have the denial that the list begins with."""
    for clause in clauses:
        denial = next((word for word in clause.words if word.kind in _DENIALS), None)
        if denial is not None and clause.reach.no.match(clause.text, denial.start - clause.start):
            last = _end_of_list(clauses[clause.number :], denial.end - clause.start)
            for other in clauses[clause.number + 1 : last + 1]:
                other.begin([Word("negations", "", 0, 0)] if other.words else [])


def _deny_headings(clauses: list[_Clause]) -> None:
    """Let a heading say nothing that is denied behind it: `Midline shift: none`."""
    for heading, clause in pairwise(clauses):
        if not (heading.words and heading.words[-1].kind == "heading" and clause.words):
            continue
        said = heading.reach.seen.sub("", clause.text)
        for word in clause.words:
            said = said.replace(clause.text[word.start - clause.start : word.end - clause.start], "", 1)
        # nothing but the denial: "Stroke: no acute" leaves an old one, "Mass: no edema" leaves the mass
        if not any(char.isalnum() for char in said) and all(word.kind == "negations" for word in clause.words):
            heading.words = heading.words[-1:]


def _end_of_list(clauses: list[_Clause], at: int) -> int:
    """Return the number of the last clause of the list that a denial in the first begins: the one joined by `or`.

    French needs none, `pas d'infarctus, de masse`; an `and` joins names alone: what is described behind it might be
    there.
    """
    if _is_list_of_names(clauses):
        return clauses[-1].number
    last, whole, names = clauses[0].number, _joins(clauses[0], at), True
    for clause in clauses[1:]:
        listed = clause.text.startswith(",") or clause.reach.ors.match(clause.text)
        if not listed or _denied_by_itself(clause) or clause.reach.of_no_list.search(clause.text):
            break
        names = names and all(word.kind in _NAMES[:3] for word in clause.words)
        joined = _joins(clause, 0) or (names and clause.reach.ands.search(clause.text) is not None)
        if joined and (not whole or clause.reach.ors.match(clause.text.lstrip(", "))):
            last, whole = clause.number, True
        elif clause.reach.goes_on.match(clause.text) and last == clause.number - 1:
            last = clause.number
    return last


def _is_list_of_names(clauses: list[_Clause]) -> bool:
    """Return whether a denial and bare names are all to the sentence's end: `no infarct, hemorrhage, mass`.

    One name more, `no acute infarct, atrophy`, may be there, and so may any in a list that goes on with more than
    names: what is wrongly normal costs most.
    """
    first, *others = clauses
    named = {word.kind for word in first.words} - {"negations"}
    if not first.reach.lists_names or not named or not named <= set(_NAMES) or len(others) < 2:
        return False
    return all(clause.text.startswith(",") and _is_bare_name(clause) for clause in others)


def _is_bare_name(clause: _Clause) -> bool:
    """Return whether a clause names what is found, and tells nothing else of it: `, intracranial hemorrhage`."""
    left = clause.text
    for word in clause.words:
        left = left.replace(clause.text[word.start - clause.start : word.end - clause.start], " ", 1)
    bare = bool(clause.words) and all(word.kind in _NAMES for word in clause.words)
    return bare and not any(char.isalpha() for char in clause.reach.of_names.sub(" ", left))


def _denied_by_itself(clause: _Clause) -> bool:
    """Return whether a clause has a denial of its own, other than the `nor` of a list."""
    denials = [word.start - clause.start for word in clause.words if word.kind in _DENIALS]
    return any(not clause.reach.ors.match(clause.text, place) for place in denials)


def _joins(clause: _Clause, at: int) -> bool:
    """Return whether an `or` stands behind this place of a clause, and not within a signal, `iso- or hypointense`."""
    places = [found.start() + clause.start for found in clause.reach.ors.finditer(clause.text, at)]
    signals = [word for word in clause.words if word.kind == "signals"]
    return any(not any(word.start <= place < word.end for word in signals) for place in places)


def _recall_organ(clauses: list[_Clause], clause: _Clause) -> None:
    """Let a look behind `normal` be of the same place, `normal in size and bright`, or of its other side."""
    if clause.has(LOOKS) and not clause.has(("sites", *_NAMES)):
        places = ("sites",) if clause.has(("sides",)) else ("sites", "sides")
        before = next((other for other in reversed(clauses[: clause.number]) if other.has(("sites",))), clause)
        clause.begin([word for word in before.words if word.kind in places])


def _name_abnormal(clause: _Clause) -> None:
    """Let what tells of a disease be the name of a lesion where no denial stands before it."""
    abnormal = clause.reach.abnormal.search(clause.text)
    start = clause.start + abnormal.start() if abnormal else 0
    if abnormal and not any(word.kind in _DENIALS and word.start <= start for word in clause.words):
        named = Word("lesions", "", start, start + len(abnormal[0]), clause.number)
        clause.words = sorted([*clause.words, named], key=lambda word: word.start)


def _except(clauses: list[_Clause], clause: _Clause) -> None:
    """Let an exception affirm what is denied beside it, `no hyperintensity except in the pons`, or spare its place."""
    others = [*reversed(clauses[: clause.number]), *clauses[clause.number + 1 :]]
    beside = next((other for other in others if other.words), None)
    if beside is None or any(word.kind in FINDINGS and word.kind not in _NAMES for word in clause.words):
        return
    looks = [word for word in beside.words if word.kind in (*LOOKS, "sequences", "shapes", "multiple")]
    if not beside.has(_DENIALS):
        clause.begin([] if clause.has(_NAMES) else [Word("spared", "", 0, 0)])
    elif clause.has(("sites",)) and beside.has(LOOKS):
        beside.words = [word for word in beside.words if word not in looks]
        clause.begin(looks)
    elif not clause.has(_NAMES):
        clause.begin([Word("lesions", "", 0, 0)])
