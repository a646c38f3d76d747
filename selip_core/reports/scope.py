"""How far a word of a foreign sentence reaches: a denial, over its list; `normal`, to the next `and`; an exception.

The clauses of a sentence are cut and the denials repeated here, where its text is known; `translation` then reads each
clause by itself. The words that join clauses are those of ``scope`` in the lexicon of the sentence's language.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise

from selip_core.reports.elided import (
    with_alike,
    with_denied_looks,
    with_elided_signal,
    with_likened,
    with_weighted,
    without_means,
)  # fmt: skip
from selip_core.reports.reach import DENIALS, FINDINGS, LOOKS, NAMES, Reach, reach_of
from selip_core.reports.words import Language, Word


@dataclass
class _Clause:
    """A clause of a sentence: its text, where it begins, which it is, its words, and how its language joins clauses."""

    text: str
    start: int
    number: int
    words: list[Word]
    reach: Reach

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
    reach = reach_of(language)
    sentence = reach.size.sub("", sentence)
    words = with_elided_signal(language, without_means(language.read(sentence), sentence), sentence)
    words = with_denied_looks(language, words, sentence)
    words = with_likened(reach, with_weighted(reach, with_alike(words), sentence), sentence)
    exceptions = dict(found.span() for found in reach.exception.finditer(sentence))
    words = [word for word in words if not any(a <= word.start < b for a, b in exceptions.items())]  # other than the
    clauses = _cut(reach, words, sentence, {start for start, _ in language.clauses(sentence)} | exceptions.keys())
    turns = set(_ends_of_normal(clauses))
    clauses = _cut(reach, words, sentence, {clause.start for clause in clauses} | turns)
    of_denials = {place for clause in clauses for place in (*_names_behind_or(clause), *_of_a_lesion(clause))}
    clauses = _cut(reach, words, sentence, {clause.start for clause in clauses} | of_denials)
    for clause in clauses:
        _without_open_denial(clause)
    _repeat_denials(clauses)
    _deny_headings(clauses)
    for clause in clauses:
        if reach.relatives.match(clause.text):
            _recall_neighbour(clauses, clause)
        if (clause.start in turns and reach.ands.match(clause.text)) or reach.other_side.match(clause.text):
            _recall_organ(clauses, clause)
        _name_abnormal(clause)
        if clause.start in exceptions:
            if clause.words and clause.words[-1].kind == "normal":
                clause.words.pop()  # aside from a cavernoma the brain is normal
            _except(clauses, clause)
    return [word for clause in clauses for word in clause.words]


def _cut(reach: Reach, words: list[Word], sentence: str, starts: set[int]) -> list[_Clause]:
    """Return the clauses that begin at these places; a heading belongs to the one before its colon."""
    at = sorted(starts)
    ends = [*at[1:], len(sentence)]
    clauses = [_Clause(sentence[a:b], a, i, [], reach) for i, (a, b) in enumerate(zip(at, ends, strict=True))]
    for word in words:
        number = bisect_right(at, word.start - (word.kind == "heading")) - 1
        clauses[number].words.append(replace(word, clause=number))
    return clauses


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
    return [place for place, kinds in behind.items() if kinds and kinds <= set(NAMES)]


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


def _without_open_denial(clause: _Clause) -> None:
    """Leave out a denial of what no lexicon knows, `the bright insular lesion does not progress`: the lesion is there.

    Not where it says that nothing is seen.
    """
    denial = next((word for word in clause.words if word.kind == "negations"), None)
    if denial is None:
        return
    before = {word.kind for word in clause.words if word.start < denial.start}
    after = {word.kind for word in clause.words if word.start >= denial.end} - {"negations"}  # neither larger nor
    behind = clause.text[denial.end - clause.start :]
    described = before & {*LOOKS, "lesions"} and "sites" in before
    unknown = any(map(str.isalpha, behind)) and not clause.reach.seen.search(behind)
    told = after & {*FINDINGS, "sites", "sides", "morphology", "normal", "extends"}
    if described and unknown and not told:
        clause.words = [word for word in clause.words if word.kind != "negations"]


def _recall_neighbour(clauses: list[_Clause], clause: _Clause) -> None:
    """Let a signal behind `which` be that of the place just before it: `pressing on the chiasm, which is bright`."""
    before = clauses[clause.number - 1] if clause.number else clause
    sites = [word for word in before.words if word.kind == "sites"]
    beside = any(word.kind == "contacts" for word in before.words)
    if clause.has(("signals",)) and not clause.has(("sites", *DENIALS)) and sites and beside:
        side = [word for word in before.words if word.kind == "sides" and 0 <= sites[-1].start - word.end <= 1]
        clause.begin([*side, sites[-1]])


def _repeat_denials(clauses: list[_Clause]) -> None:
    """Let each clause of a list, `no A, B or C`, have the denial that the list begins with."""
    for clause in clauses:
        denial = next((word for word in clause.words if word.kind in DENIALS), None)
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
        names = names and all(word.kind in NAMES[:3] for word in clause.words)
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
    if not first.reach.lists_names or not named or not named <= set(NAMES) or len(others) < 2:
        return False
    return all(clause.text.startswith(",") and _is_bare_name(clause) for clause in others)


def _is_bare_name(clause: _Clause) -> bool:
    """Return whether a clause names what is found, and tells nothing else of it: `, intracranial hemorrhage`."""
    left = clause.text
    for word in clause.words:
        left = left.replace(clause.text[word.start - clause.start : word.end - clause.start], " ", 1)
    bare = bool(clause.words) and all(word.kind in NAMES for word in clause.words)
    return bare and not any(char.isalpha() for char in clause.reach.of_names.sub(" ", left))


def _denied_by_itself(clause: _Clause) -> bool:
    """Return whether a clause has a denial of its own, other than the `nor` of a list."""
    denials = [word.start - clause.start for word in clause.words if word.kind in DENIALS]
    return any(not clause.reach.ors.match(clause.text, place) for place in denials)


def _joins(clause: _Clause, at: int) -> bool:
    """Return whether an `or` stands behind this place of a clause, and not within a signal, `iso- or hypointense`."""
    places = [found.start() + clause.start for found in clause.reach.ors.finditer(clause.text, at)]
    signals = [word for word in clause.words if word.kind == "signals"]
    return any(not any(word.start <= place < word.end for word in signals) for place in places)


def _recall_organ(clauses: list[_Clause], clause: _Clause) -> None:
    """Let a look behind `normal` be of the same place, `normal in size and bright`, or of its other side."""
    if clause.has(LOOKS) and not clause.has(("sites", *NAMES)):
        places = ("sites",) if clause.has(("sides",)) else ("sites", "sides")
        before = next((other for other in reversed(clauses[: clause.number]) if other.has(("sites",))), clause)
        clause.begin([word for word in before.words if word.kind in places])


def _name_abnormal(clause: _Clause) -> None:
    """Let what tells of a disease be the name of a lesion where no denial stands before it."""
    abnormal = clause.reach.abnormal.search(clause.text)
    start = clause.start + abnormal.start() if abnormal else 0
    if abnormal and not any(word.kind in DENIALS and word.start <= start for word in clause.words):
        named = Word("lesions", "", start, start + len(abnormal[0]), clause.number)
        clause.words = sorted([*clause.words, named], key=lambda word: word.start)


def _except(clauses: list[_Clause], clause: _Clause) -> None:
    """Let an exception affirm what is denied beside it, `no hyperintensity except in the pons`, or spare its place."""
    others = [*reversed(clauses[: clause.number]), *clauses[clause.number + 1 :]]
    beside = next((other for other in others if other.words), None)
    if beside is None or any(word.kind in FINDINGS and word.kind not in NAMES for word in clause.words):
        return
    looks = [word for word in beside.words if word.kind in (*LOOKS, "sequences", "shapes", "multiple")]
    if not beside.has(DENIALS):
        clause.begin([] if clause.has(NAMES) else [Word("spared", "", 0, 0)])
    elif clause.has(("sites",)) and beside.has(LOOKS):
        beside.words = [word for word in beside.words if word not in looks]
        clause.begin(looks)
    elif not clause.has(NAMES):
        clause.begin([Word("lesions", "", 0, 0)])
