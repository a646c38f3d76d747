"""Findings and the canonical sentences that carry them.

The canonical sentence is what the text encoder reads and what the similarity compares: one sentence a series,
``在{site}表现为{appearance}`` for each finding, joined by ``，`` (SeLIP, arXiv 2503.19801).
"""

import re
from dataclasses import dataclass

from selip_core.sequences import SEQUENCES as SEQUENCES

NORMAL_STATEMENT = (
    "头颅形态、大小未见异常。脑实质未见异常信号影，所见脑室形态及脑沟裂池未见异常扩张或变窄，中线结构未见移位。"
)
"""The one sentence that every series of a normal patient is paired with."""

_CLAUSE = re.compile(r"在(?P<site>[^，。；]+?)表现为(?P<appearance>[^，。；]+)")
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


def canonical_sentence(findings: list[Finding]) -> str:
    """Return ``在{site}表现为{appearance}`` of every finding, joined by ``，`` (METHOD 1)."""
    return "，".join(f"在{f.site}表现为{f.appearance}" for f in findings)


def named_sentence(sequence: str, findings: list[Finding]) -> str:
    """Return the variant that names the sequence, joined by ``。``."""
    return "。".join(f"{sequence}，在{f.site}表现为{f.appearance}" for f in findings)


def parse_sentence(text: str) -> list[Finding]:
    """Return the findings of a canonical sentence (either variant); the normal statement has none.

    Raises
    ------
    ValueError
        If the text is neither the normal statement nor a canonical sentence.
    """
    if text == NORMAL_STATEMENT:
        return []
    findings = [Finding(m["site"], m["appearance"]) for m in _CLAUSE.finditer(text)]
    if not findings:
        raise ValueError(f"not a canonical sentence (在…表现为…) nor the normal statement: {text[:60]!r}")
    return findings


def without_side(site: str) -> str:
    """Return a site without the side that stands before it."""
    return site[2:] if site[:2] in ("左侧", "右侧", "双侧") else site


def swap_sides(text: str) -> str:
    """Return the text of the mirrored volume: 左侧 and 右侧 change places."""
    return re.sub("左侧|右侧", lambda m: m[0].translate(_SWAP), text)
