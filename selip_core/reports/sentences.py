"""Findings and the canonical sentences that carry them.

The canonical sentence is what the text encoder reads and what the similarity compares: one sentence a series,
``在{site}表现为{appearance}`` for each finding, joined by ``，`` (SeLIP, arXiv 2503.19801).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from selip_core.sequences import SEQUENCES as SEQUENCES

NORMAL_STATEMENT = (
    "头颅形态、大小未见异常。脑实质未见异常信号影，所见脑室形态及脑沟裂池未见异常扩张或变窄，中线结构未见移位。"
)
"""The one sentence that every series of a normal patient is paired with."""

_WORDS = r"(?:(?!表现为)[^，。；,;\s])+"
_FINDING = re.compile(rf"在(?P<site>{_WORDS})表现为(?P<appearance>{_WORDS})")
_CLAUSE = rf"(?:(?:{'|'.join(SEQUENCES)})，)?在{_WORDS}表现为{_WORDS}"
_NAMED = re.compile(rf"(?:(?P<sequence>{'|'.join(SEQUENCES)})，)?{_FINDING.pattern}")
_SENTENCE = re.compile(rf"{_CLAUSE}(?:[，。；]{_CLAUSE})*。?")
_SWAP = str.maketrans("左右", "右左")
OTHER_SIDE = {"左侧": "右侧", "右侧": "左侧"}


@dataclass(frozen=True, order=True)
class Finding:
    """One finding of a report.

    Parameters
    ----------
    site : str
        Where, with its side: ``左侧基底节区``.
    appearance : str
        How it looks on one sequence: ``斑片状长信号``.
    """

    site: str
    appearance: str


def fits_sentence(words: str) -> bool:
    """Return whether a site or an appearance can be found again in a sentence: no commas, no white space."""
    return re.fullmatch(_WORDS, words) is not None


def canonical_sentence(findings: Sequence[Finding]) -> str:
    """Return ``在{site}表现为{appearance}`` of every finding, joined by ``，`` (method.md 1)."""
    return "，".join(f"在{f.site}表现为{f.appearance}" for f in findings)


def sentence_of(findings: Sequence[Finding]) -> str:
    """Return what a series of these findings is paired with: the normal statement where there are none."""
    return canonical_sentence(findings) if findings else NORMAL_STATEMENT


def parse_sentence(text: str) -> list[Finding]:
    """Return the findings of a canonical sentence; the normal statement has none.

    Clauses may name their sequence, ``T1，在左侧额叶表现为长信号。``, as those of the released texts do.

    Raises
    ------
    ValueError
        If the text is neither the normal statement nor a canonical sentence from end to end; sites and appearances hold
        no white space.
    """
    if text == NORMAL_STATEMENT:
        return []
    if not _SENTENCE.fullmatch(text):
        raise ValueError(f"not a canonical sentence (在…表现为…) nor the normal statement: {text[:60]!r}")
    return [Finding(clause["site"], clause["appearance"]) for clause in _FINDING.finditer(text)]


def findings_by_sequence(text: str) -> dict[str, list[Finding]]:
    """Return the findings of a canonical sentence by the sequence that its clauses name, "" where none does.

    A clause goes with the sequence that was named last. The normal statement has no findings.

    Raises
    ------
    ValueError
        As `parse_sentence`.

    Examples
    --------
    >>> list(findings_by_sequence("T1，在左侧额叶表现为长信号；T2，在左侧额叶表现为长信号。"))
    ['T1', 'T2']
    """
    found: dict[str, list[Finding]] = {}
    sequence = ""
    if parse_sentence(text):
        for clause in _NAMED.finditer(text):
            sequence = clause["sequence"] or sequence
            found.setdefault(sequence, []).append(Finding(clause["site"], clause["appearance"]))
    return found


def with_whole_sides(text: str) -> str:
    """Return a site or an appearance whose sides are the words that `swap_sides` knows.

    Examples
    --------
    >>> with_whole_sides("左额叶"), with_whole_sides("两侧侧脑室旁"), with_whole_sides("左右径增大")
    ('左侧额叶', '双侧侧脑室旁', '左右径增大')
    """
    return re.sub("(?<![左右])([左右])(?![左右侧])", r"\1侧", text.replace("两侧", "双侧"))


def without_side(site: str) -> str:
    """Return a site without the side that stands before it."""
    return site[2:] if site[:2] in ("左侧", "右侧", "双侧") else site


def swap_sides(text: str) -> str:
    """Return the text of the mirrored volume: 左侧 and 右侧 change places."""
    return re.sub("左侧|右侧", lambda m: m[0].translate(_SWAP), text)


def mirrored(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings of the mirrored volume; in their own order where they are the same findings again."""
    swapped = tuple(Finding(swap_sides(f.site), swap_sides(f.appearance)) for f in findings)
    return tuple(findings) if set(swapped) == set(findings) else swapped
