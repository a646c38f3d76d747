"""What a foreign sentence leaves out or says twice, brought into words: `T2 lesions` are bright, `another` is alike."""

import re
from dataclasses import replace

from selip_core.reports.reach import DENIALS, FINDINGS, LOOKS, Reach, reach_of
from selip_core.reports.words import Language, Word

_ADJECTIVE = re.compile(r"(?:intenses?|bright|dark|iso)$", re.IGNORECASE)
_BRIGHT = ("T2", "FLAIR", "DWI")
"""On which a lesion without a signal of its own, `DWI lesions`, is bright."""


def without_means(words: list[Word], sentence: str) -> list[Word]:
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


def with_elided_signal(language: Language, words: list[Word], sentence: str) -> list[Word]:
    """Return the words with the signal that is left out behind `normal`: `normal on the left, high on the right`.

    A level alone is none.
    """
    reach = reach_of(language)
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


def with_denied_looks(language: Language, words: list[Word], sentence: str) -> list[Word]:
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


def with_weighted(reach: Reach, words: list[Word], sentence: str) -> list[Word]:
    """Return the words with the signal that is left out of `T2 lesions`, `FLAIR changes`: they are bright.

    So is an oedema, `oedema on FLAIR`.
    """
    told = {word.clause for word in words if word.kind in LOOKS and word.value != "ADC值减低"}
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


def with_alike(words: list[Word]) -> list[Word]:
    """Return the words with `another` as such only before a lesion or a place of which nothing is told or denied."""
    told = {word.clause for word in words if word.kind in (*LOOKS, *DENIALS)}
    kinds = ("lesions", "shapes", "sites", "sides")
    alike = [after.kind in kinds and after.clause not in told for after in [*words[1:], *words[:1]]]
    return [
        replace(word, kind="other") if word.kind == "alike" and not as_such else word
        for word, as_such in zip(words, alike, strict=True)
    ]


def with_likened(reach: Reach, words: list[Word], sentence: str) -> list[Word]:
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
