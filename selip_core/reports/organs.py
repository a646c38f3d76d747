"""Ventricles, sulci and the midline: which of them a sentence has named, and what it says of their shape."""

from dataclasses import dataclass, field

from selip_core.reports.sentences import Finding
from selip_core.sequences import TABLE

MORPHOLOGY_SEQUENCES = tuple(name for name, sequence in TABLE.items() if sequence.anatomy)
"""Choice: wide sulci or a shifted midline are stated without a sequence; they are seen on these."""


@dataclass
class Organs:
    """The organs that were named last, each with its side: of these the next change of shape is said."""

    named: list[tuple[str, str]] = field(default_factory=list)
    told: bool = False  # something was said of them: the next organ begins another list

    def name(self, organ: str, side: str) -> None:
        """Add an organ to the list, or begin another list with it."""
        if self.told:
            self.named = []
        self.told = False
        self.named.append((organ, side))

    @property
    def side(self) -> str:
        """The side of the organ named last, "" without one."""
        return self.named[-1][1] if self.named else ""

    def narrow(self, side: str) -> None:
        """Let a side alone, `双侧侧脑室不对称，左侧稍大`, be that of the organs."""
        self.named = [(organ, side) for organ, _ in self.named]

    def changed(self, looks: dict[str, tuple[str, str]], default_side: str = "") -> list[tuple[str, Finding]]:
        """Return (sequence, finding) of those organs that a change, organ to (site, look), may be said of."""
        self.told = True
        found = []
        for organ, side in self.named:
            if organ in looks:
                site, look = looks[organ]
                place = (side or default_side or "双侧") + site if site == "侧脑室" else site
                found += [(sequence, Finding(place, look)) for sequence in MORPHOLOGY_SEQUENCES]
        return found
