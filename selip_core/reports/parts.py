"""Of which lesion a clause speaks, and of which part of it: that on one side, the one or the other of two places."""

from selip_core.reports.grammar import LOOKS, NOUNS, PLACES, Clause
from selip_core.reports.lesion import ReportedLesion
from selip_core.reports.lexicon import Token
from selip_core.reports.sentences import OTHER_SIDE

_TELLING = (LOOKS - {"multiple"}) | {"enhancement", "restricted", "disorders"}
_PART_OF_ONE = ("壁", "缘", "份", "部", "半", "方", "面", "段", "边缘")  # 病变左侧缘 is no side of a pair


def is_alone(side: Token, before: Token | None, ahead: list[Token], text: str) -> bool:
    """Return whether a side stands without its place, `右侧DWI呈高信号`, and the clause tells a look of it."""
    begins = before is None or before.kind == "sequence" or before.value == "其中"
    word = side.value in OTHER_SIDE and side.end - side.start > 1 and not text.startswith(_PART_OF_ONE, side.end)
    placed = any(token.kind in PLACES | {"morphology"} for token in ahead)
    looks = any(token.kind in _TELLING for token in ahead)
    return word and looks and not placed and (begins or text[side.start - 1 : side.start] == ":")


def is_named(side: Token, ahead: list[Token]) -> bool:
    """Return whether a lesion is named directly behind its side, `右侧病灶`: it may be one of a sentence before."""
    return bool(ahead) and ahead[0].kind in NOUNS and ahead[0].start == side.end


def joins(clause: Clause, lesion: ReportedLesion, sentence: int) -> bool:
    """Return whether the places of a clause are of the lesion told before: `累及左侧额叶`, `胼胝体受侵犯`."""
    where_only = clause.has({"extensions", "located"}) and not clause.has(LOOKS | {"sequence"})
    if not where_only:
        return False
    first = next((token.kind for token in clause.tokens if token.kind in PLACES | {"extensions"}), "")
    extends = first == "extensions" or (clause.has({"extensions"}) and not clause.has(NOUNS))
    named = lesion.named and lesion.sentence == sentence
    return (extends and (lesion.described or named)) or (clause.starts_with({"located"}) and lesion.described)


def one_of_two(word: str, items: list, sentence: int) -> tuple[ReportedLesion, list[str]] | None:
    """Return the lesion of which `前者` or `后者` speaks, and its sites; None where a sentence has not just two."""
    told = [item for item in items if isinstance(item, ReportedLesion) and item.sentence == sentence]
    at = 0 if word == "前者" else -1
    sites = (told[-1].whole or told[-1].sites) if told else []
    if len(sites) == 2:
        return told[-1], [sites[at]]
    return (told[at], told[at].sites) if len(told) == 2 else None
