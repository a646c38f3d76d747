"""What a sentence tells of the past or calls usual: where it was, but not how it looked.

The past is that of a previous study, or of what has gone.
"""

from dataclasses import replace

from selip_core.reports.grammar import PLACES, Clause
from selip_core.reports.lexicon import Lexicon

_WHERE = PLACES | {"side", "morphology"}


def without_past(clauses: list[Clause], lexicon: Lexicon) -> list[Clause]:
    """Return the clauses of a sentence with nothing of the past but its places.

    `前片示右侧丘脑DWI高信号,本次DWI呈低信号` tells of a low signal, `原右侧丘脑强化结节未见显示` of nothing;
    but `与前片比较,…` is of the present, and so is what is unchanged, `前片示右侧丘脑DWI高信号,现大致同前`.
    """
    past = _shown_before(clauses, lexicon) | _gone(clauses, lexicon) | _usual(clauses, lexicon)  # clause: up to where
    return [
        replace(clause, tokens=[t for t in clause.tokens if t.kind in _WHERE or t.start >= past.get(i, 0)])
        for i, clause in enumerate(clauses)
    ]


def _usual(clauses: list[Clause], lexicon: Lexicon) -> dict[int, int]:
    """Return the clauses that tell of a newborn's myelin, `内囊后肢T1WI高信号,符合足月儿髓鞘化`, and where they end."""
    told: dict[int, int] = {}
    for i, clause in enumerate(clauses):
        if lexicon.usual.search(clause.text):
            first = next((j for j in range(i, -1, -1) if clauses[j].has(PLACES)), i)
            told |= {j: len(clauses[j].text) for j in range(first, i + 1)}
    return told


def _shown_before(clauses: list[Clause], lexicon: Lexicon) -> dict[int, int]:
    """Return up to where clauses tell what a previous study showed: from `前片示` to `现`, or to the sentence's end."""
    past: dict[int, int] = {}
    opened: dict[int, int] | None = None
    for i, clause in enumerate(clauses):
        now = lexicon.now.search(clause.text)
        if opened is None and _opens(clauses[i:], lexicon):
            opened = {}
        elif opened and _is_unchanged(clause, [clauses[j] for j in opened], lexicon):
            opened = None
        if opened is not None:
            opened[i] = now.start() if now else len(clause.text)
            if now or clause is clauses[-1]:
                past |= opened
                opened = None
    return past


def _opens(clauses: list[Clause], lexicon: Lexicon) -> bool:
    """Return whether the first clause begins to tell of the past.

    `前片示` does; `2020-01-02MRI示` and `原有` only if the present, `现`, comes before another place.
    """
    text = clauses[0].text
    shown = lexicon.shown_before.match(text)
    if shown and (not shown["date"] or "片" in shown[0]):
        return True
    past = shown or lexicon.formerly.search(text)
    if past is None or "比" in text:
        return False
    later = next((c.text for c in clauses[1:] if c.has(PLACES) or lexicon.now.search(c.text)), "")
    return bool(lexicon.now.search(text, past.end()) or lexicon.now.search(later))


def _is_unchanged(clause: Clause, before: list[Clause], lexicon: Lexicon) -> bool:
    """Return whether a clause says that what was before is there still, as it was, bigger or smaller."""
    same, gone = lexicon.unchanged.search(clause.text), lexicon.gone.search(clause.text)
    return same is not None and gone is None and _places([clause]) <= _places(before)


def _places(clauses: list[Clause]) -> set[str]:
    return {token.value for clause in clauses for token in clause.tokens if token.kind in PLACES}


def _gone(clauses: list[Clause], lexicon: Lexicon) -> dict[int, int]:
    """Return the clauses by which something has gone, `原…消失`, `与前片比较,…未见显示`, and where they end."""
    past: dict[int, int] = {}
    earlier = False
    for i, clause in enumerate(clauses):
        earlier = earlier or lexicon.formerly.search(clause.text) is not None
        if earlier and lexicon.gone.search(clause.text):
            past[i] = len(clause.text)
    return past
