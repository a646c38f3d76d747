"""What a report says of one lesion, while it is being read."""

from dataclasses import dataclass, field

from selip_core.reports.sentences import OTHER_SIDE, Finding, without_side
from selip_core.sequences import TABLE

MULTIPLE = "多发"
OEDEMA_SEQUENCES = tuple(name for name, sequence in TABLE.items() if sequence.oedema == "高信号")
_BRIGHT = ("高信号", "长信号", "高", "信号升高")
_USUAL = {"高": "高信号", "低": "低信号", "信号升高": "高信号", "信号降低": "低信号"}
"""On images `信号增高` is the same as `高信号`: a grey value is high beside others, not raised in itself."""
_USUAL_MEASURED = {"高": "信号升高", "低": "信号降低"}
"""Choice: ADC is measured, so `ADC高` without 信号 says that it is raised."""


@dataclass
class ReportedLesion:
    """A lesion while it is being read."""

    sites: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    multiple: bool = False
    signals: dict[str, tuple[str, str]] = field(default_factory=dict)  # sequence -> (prefix or "", signal)
    restricted: bool = False
    oedema: bool = False
    enhancement: str = ""
    sentence: int = 0
    clause: int = 0  # where it was opened
    shaped_in: int = 0  # the clause that its shapes are from
    named: bool = False  # 病灶, 信号影: what follows at another site is another lesion
    dismissed: bool = False  # something else was said of its sites: 两侧海绵窦不对称
    mentioned_again: bool = False  # 左侧额叶病灶: perhaps one that was described before
    whole: list[str] = field(default_factory=list)  # all sites, where this is what is said of some: 右侧DWI呈高信号
    shares_with: "ReportedLesion | None" = None  # 斑片状及…点状长T1信号: the signals come with the last of a list

    def open_for_sites(self, sentence: int) -> bool:
        """Return whether another site would still belong to this lesion's list."""
        return not self.described and not self.named and self.sentence == sentence

    @property
    def described(self) -> bool:
        return bool(self.signals or self.enhancement or self.oedema or self.restricted)

    @property
    def bare(self) -> bool:
        """Whether nothing but sites is known."""
        return not (self.described or self.shapes or self.multiple or self.named)

    @property
    def side(self) -> str:
        return next((site[:2] for site in self.sites if site[:2] in OTHER_SIDE), "")

    def sites_on(self, side: str) -> list[str]:
        """Return the sites that lie on one side: 右侧丘脑 of 双侧丘脑."""
        return [side + without_side(site) for site in self.whole or self.sites if site[:2] in (side, "双侧")]

    def part(self, sites: list[str], clause: int) -> "ReportedLesion":
        """Return a lesion of some of the sites, of the same shape; how many there are is no more known."""
        whole = self.whole or self.sites
        told = {"sentence": self.sentence, "clause": clause, "shapes": list(self.shapes), "named": True}
        return ReportedLesion(sites=sites, whole=whole, **told)

    def findings(self) -> list[tuple[str, Finding]]:
        """Return (sequence, finding) of every site."""
        source = self.shares_with if self.shares_with and not self.signals else self
        signals = dict(source.signals)
        if source.restricted:
            signals.setdefault("DWI", ("", "高信号"))
            signals.setdefault("ADC", ("", "信号降低"))
        own = (MULTIPLE if self.multiple else "") + "".join(dict.fromkeys(self.shapes))
        found = []
        for sequence, (prefix, signal) in signals.items():
            found += [(sequence, Finding(site, (prefix or own) + signal)) for site in self.sites]
        if self.enhancement:
            found += [("T1ce", Finding(site, self.enhancement)) for site in self.sites]
        if self.oedema:
            found += [(sequence, Finding(site, "水肿")) for sequence in OEDEMA_SEQUENCES for site in self.sites]
        return found

    def recall(self, items: list, sequences: list[str]) -> None:
        """Give a site that is named again, `DWI示左侧额叶病灶呈高信号`, the shape that it was introduced with."""
        again, self.mentioned_again = self.mentioned_again, False
        if self.shapes or self.multiple or self.signals:
            return
        for earlier in reversed(items):
            if not isinstance(earlier, ReportedLesion) or earlier is self or not earlier.described:
                continue
            if set(earlier.sites) == set(self.sites) and not set(sequences) & set(earlier.signals):
                self.shapes, self.multiple = list(earlier.shapes), earlier.multiple
                return
            if again and {without_side(s) for s in self.sites} <= {without_side(s) for s in earlier.sites}:
                self.shapes = list(earlier.shapes)
                return


def usual_signal(sequence: str, signal: str) -> str:
    """Return how a signal of a sequence is called in findings."""
    return (_USUAL_MEASURED if TABLE[sequence].measured else _USUAL).get(signal, signal)


def beyond_oedema(sequence: str, signal: str) -> bool:
    """Return whether a signal told after an oedema must be the lesion's: oedema is bright, and none on DWI."""
    return not TABLE[sequence].oedema or (sequence == "FLAIR" and signal not in _BRIGHT)
