"""From sentence to sentence of a foreign report: a lesion is placed in one, described in the next, told in Chinese."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.places import of_the_lesion, organs_as_sites, sulci_as_sites, without_heading, without_heights
from selip_core.reports.scope import FINDINGS
from selip_core.reports.sentences import OTHER_SIDE
from selip_core.reports.translation import AFFIRMED, STRONG, Group, affirmed, grouped, morphology, side_of
from selip_core.reports.words import Word

_WRITTEN = {"第三脑室": "第三脑室内", "第四脑室": "第四脑室内"}
"""Sites that in Chinese are organs of a normal shape too."""
_TOGETHER = 5
"""Choice: so many characters stand between two sequences that are named together, `T2 and FLAIR`."""
_AWAY = ("elsewhere", "vessels")
"""Places that no lesion of the brain is at."""
_SUBJECTS = ("oedema", "inside", "sites", "signals", "enhancement", "phrases", "lesions", "morphology")
"""What a sentence may be about: the first of its words of these kinds."""


@dataclass
class _Lesion(Group):
    """What a report has told of a lesion so far."""

    oedema: bool = False
    elsewhere: bool = False  # outside the brain, until it extends there

    def add(self, other: Group) -> None:
        sided = {site for side, site in self.places if side}
        places = [place for place in other.places if place[0] or place[1] not in sided]
        self.places += [place for place in places if place not in self.places]
        self.looks += [look for look in other.looks if look not in self.looks]

    def chinese(self, default_sequences: tuple[str, ...]) -> str:
        """Return the Chinese sentences that say the same."""
        seen = any(value != "无强化" for _, _, value in self.looks)
        if not self.places and (self.elsewhere or not seen):
            return ""
        places = _plain(self.places)
        shapes = _shapes([(kind, value) for kind, _, value in self.looks])
        shape = "".join(sorted(dict.fromkeys(shapes), key=lambda value: value != "多发")[:2])
        seen = f"{_listed(places)}见{shape}异常信号影" if places else ""
        sentences, told = [[seen] if seen else []], set()
        for kind, sequences, value in self.looks:
            if kind == "signals":
                names = list(dict.fromkeys(sequences or default_sequences))
                if told & {(name, other) for name in names for _, other in told if other != value}:
                    sentences.append([f"{_listed(places)}见异常信号影"] if places else [])  # high, with a low rim
                told |= {(name, value) for name in names}
                sentences[-1].append(f"{'、'.join(names)}呈{value}")
            elif kind == "phrases":
                sentences[0].append(value)
        enhanced = list(dict.fromkeys(value for kind, _, value in self.looks if kind == "enhancement"))
        if "环形强化" in enhanced:  # the same, told less exactly
            enhanced = ["环形强化"]
        sentences[0] += [f"增强扫描{value}" for value in enhanced[:1]]
        sentences += [[f"{_listed(places)}见异常信号影", f"增强扫描{value}"] for value in enhanced[1:] if places]
        if not places and self.described:
            sentences[0][-1] += "影"
        told_of = [",".join(parts) for parts in sentences if parts]
        return "。".join(told_of + (["周围见水肿"] if told_of and self.oedema else []))


def _shapes(looks: list[tuple[str, str]]) -> list[str]:
    """Return the shapes of a lesion: those named before its signal, else those behind it, `hypersignal nodulaire`."""
    first = next((i for i, (kind, _) in enumerate(looks) if kind == "signals"), len(looks))
    before = [value for kind, value in looks[:first] if kind in ("shapes", "multiple")]
    rest = looks[first + 1 :]
    end = next((i for i, (kind, _) in enumerate(rest) if kind in STRONG), len(rest))
    behind = [value for kind, value in rest[:end] if kind in ("shapes", "multiple")]
    return before if any(kind == "shapes" for kind, _ in looks[:first]) else [*before, *behind]


def _plain(places: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return places without what others say better: of the white matter of both frontal lobes, the lobes."""
    lexicon = load_lexicon()
    lobes, named = set(lexicon.book["compound_lobes"].values()), {site for _, site in places}
    sided = {site for side, site in places if side}
    if named & set(_WRITTEN):
        places = [place for place in places if place != ("", "脑室内")]
    less = lexicon.layers if named & {*lobes, "颞极"} else {"深部白质"} if "小脑半球" in named else frozenset()
    both = {site for side, site in places if side == "双侧"}  # both thalami, the left one more

    def better_said(side: str, site: str) -> bool:
        return site in less or (site in both and side != "双侧") or (not side and site in sided)

    return [place for place in places if not better_said(*place)] or places


def _listed(places: list[tuple[str, str]]) -> str:
    """Return places as a Chinese list, those without a side first: behind another's they would take it over."""
    midline = load_lexicon().midline
    loose = any(not side and site not in midline for side, site in places)
    ordered = sorted(places, key=lambda place: bool(place[0])) if loose else places
    return "、".join(side + _WRITTEN.get(site, site) for side, site in ordered)


def _away(words: list[Word]) -> set[int]:
    """Return the clauses of a sentence that are none of the brain, those of vessels among them."""
    return {w.clause for w in words if w.kind in _AWAY} - {w.clause for w in words if w.kind == "sites"}


def _of_vessels(words: list[Word]) -> set[int]:
    """Return the clauses that are of vessels alone, all of a sentence that is: a disease there is the brain's."""
    of = {kind: {w.clause for w in words if w.kind == kind} for kind in ("vessels", "elsewhere", "sites")}
    alone = of["vessels"] and not of["elsewhere"] | of["sites"]  # be it by a heading
    return {w.clause for w in words} if alone else of["vessels"] - of["elsewhere"]


def _named(words: list[Word]) -> tuple[str, ...]:
    """Return the sequence that a sentence names first, or two named together, `T2/FLAIR`; of a list, the first."""
    named = [word for word in words if word.kind == "sequences" and word.value]
    close = [a for a, b in pairwise(named) if b.start - a.end <= _TOGETHER]
    return tuple(word.value for word in (named[:2] if close == named[:1] else named[:1]))


def _unread_heading(words: list[Word]) -> tuple[str, ...]:
    """Return a sequence that is not read if a signal on it is told behind it as a heading, `SWI: low signal`."""
    heads = [word.kind for word in words[:2]] == ["sequences", "heading"]
    return ("",) if heads and any(word.kind == "signals" for word in words) else ()


@dataclass
class Narrative:
    """A report while its sentences go by.

    Parameters
    ----------
    default_sequence : str or None
        Given to a signal that names none, where no sentence before has named one.
    """

    default_sequence: str | None = None
    _parts: list = field(default_factory=list)
    _lesions: list[_Lesion] = field(default_factory=list)
    _mentioned: list[tuple[str, str]] = field(default_factory=list)
    _named: tuple[str, ...] = ()
    _abnormal: bool = False
    _side: str = ""

    def add_chinese(self, sentence: str) -> None:
        """Add a sentence that is Chinese already."""
        self._parts.append(sentence)

    def told(self) -> list[str]:
        """Return what was read so far, in Chinese sentences."""
        default = (self.default_sequence,) if self.default_sequence else tuple(filter(None, self._named[:1]))
        parts = [part if isinstance(part, str) else part.chinese(default) for part in self._parts]
        if self._abnormal and not any(lesion.chinese(default) for lesion in self._lesions):
            parts.append("见异常信号影")
        return [part for part in parts if part]

    def read(self, words: list[Word]) -> None:
        """Add what the words of a sentence say, each with the number of its clause."""
        words = self._sided(words)
        kinds = {word.kind for word in words}
        at = next((i for i, word in enumerate(words) if word.kind == "generalities"), None)
        if at is not None:
            told = {word.kind for word in words[:at] if word.clause < words[at].clause}
            if not ("sites" in told and told & set(STRONG)):
                return
            words = [word for word in words if word.clause < words[at].clause]  # ..., commonly seen with migraine
            kinds = told
        said = affirmed(words)
        seen = [word for word in said if word.value != "无强化"]
        here, away = any(word.kind == "sites" for word in words) or not kinds & set(_AWAY), _away(words)
        denied = any(word.kind in ("normal", "negations") and word.clause not in away for word in words)
        if denied and not any(word.kind in AFFIRMED for word in seen):
            self._parts.append("未见异常")
        named = any(word.kind in FINDINGS and word.clause not in away for word in seen)
        of_vessels = any(word.kind == "lesions" and word.clause in _of_vessels(words) for word in seen)
        self._abnormal = self._abnormal or (here and named) or of_vessels  # be it only the name of a disease
        if here:
            self._parts += morphology(said)
        self._named = _named(words) or _unread_heading(words) or self._named
        first = next((word.kind for word in words if word.kind in _SUBJECTS), "")
        swollen = any(word.kind == "oedema" for word in said)
        here_too = "morphology" not in kinds or (
            kinds & {"lesions", "shapes"} and not kinds & {"compressed", "widened", "shifted"}
        )
        bright = any(word.kind == "signals" for word in said)  # or dark: an oedema and a part have signals too
        if first == "oedema" and not bright:
            self._swell(swollen)
        elif (first != "inside" or bright) and (here_too or any(word.kind in STRONG for word in said)):
            said = of_the_lesion(sulci_as_sites(without_heading(said)))
            self._lesions_of(organs_as_sites(without_heights(said)), elsewhere=not here, swollen=swollen)

    def _sided(self, words: list[Word]) -> list[Word]:
        """Return the words with the side that was named last for `ipsilateral`, the other one for `contralateral`."""
        told = []
        for word in words:
            if word.kind == "sides" and word.value in ("同侧", "对侧"):
                value = self._side if word.value == "同侧" else OTHER_SIDE.get(self._side, "")
                told += [replace(word, value=value)] if value else []
                continue
            if word.kind == "sides" and word.value in OTHER_SIDE:
                self._side = word.value
            told.append(word)
        return told

    def _swell(self, swollen: bool) -> None:
        if swollen and self._lesions:
            self._lesions[-1].oedema = True
        elif swollen:
            self._parts.append("周围见水肿")

    def _lesions_of(self, words: list[Word], *, elsewhere: bool, swollen: bool) -> None:
        """Add the lesions of a sentence, or what it says of those before."""
        groups = [self._on_named(group) for group in grouped(words)]
        described = any(group.described for group in groups)
        placed = any(group.places for group in groups)
        noun = any(word.kind in ("lesions", "shapes", "extends") for word in words)
        alike = [look for look in self._lesions[-1].looks if look[0] == "signals"] if self._lesions else []
        before = self._meant(words)
        whole = Group()
        for group in groups:
            whole.places += group.places
            whole.looks += group.looks
        seen = any(kind in STRONG and value != "无强化" for kind, _, value in whole.looks)
        if elsewhere and (described or noun):
            self._open([_Lesion(looks=whole.looks, elsewhere=True)])
        elif before and not elsewhere and described and not placed and (half := self._half(before, words)):
            self._open([_Lesion(places=[half], looks=whole.looks)])
        elif before and not elsewhere and (described or placed):
            for lesion in before:
                places = [(side or side_of(lesion.places, site), site) for side, site in whole.places]
                lesion.add(Group(places, whole.looks))
        elif seen and not placed and self._mentioned and not self._lesions:
            self._open([_Lesion(places=self._mentioned, looks=whole.looks)])
        elif alike and placed and not described and any(word.kind == "alike" for word in words):
            self._open([_Lesion(self._known_sides(group.places), [*alike, *group.looks]) for group in groups])
        elif described or (placed and noun):
            of_another = any(word.kind in ("alike", "other") for word in words)  # the side of the one before is not its
            sided = list if of_another else self._known_sides
            self._open([_Lesion(sided(group.places), group.looks) for group in groups])
        elif placed:
            self._mentioned = whole.places
        if swollen and (described or placed):
            self._swell(swollen)

    def _on_named(self, group: Group) -> Group:
        """Return what a sentence says of a lesion, its signals on the sequence named last where they name none."""
        if self.default_sequence or not self._named:
            return group
        looks = [look for look in group.looks if look[0] != "signals" or look[1] or any(self._named)]
        named = {"signals": self._named}
        return Group(group.places, [(kind, of or named.get(kind, ()), value) for kind, of, value in looks])

    def _open(self, lesions: list[_Lesion]) -> None:
        self._parts += lesions
        self._lesions += lesions

    def _meant(self, words: list[Word]) -> list[_Lesion]:
        """Return the lesions before of which a sentence speaks: it has no place, or says `the lesion` or `it`.

        Its own places must be where the lesion extends to, or the first that it is given.
        """
        if not self._lesions:
            return []
        places = [i for i, word in enumerate(words) if word.kind == "sites"]
        described = any(word.kind in STRONG for word in words)
        of = next((w for before, w in zip([None, *words], words, strict=False)
                   if w.kind == "anaphora" and (before is None or before.kind != "near")), None)  # around the mass
        if of is not None and {"sites", "lesions"} <= {word.kind for word in words if word.start < of.start}:
            of = None  # the periventricular lesions, they do not enhance
        every = of is not None and of.value == "all"
        lesions = [lesion for lesion in self._lesions if lesion.places] if every else []
        lesions = lesions or self._lesions[-1:]
        if not places:
            return lesions
        extends = next((i for i, word in enumerate(words) if word.kind == "extends"), len(words))
        reaches = extends < places[0] or not described or not lesions[-1].places
        noun = any(word.kind in ("lesions", "shapes") for word in words)
        open_end = noun and not (lesions[-1].places or described or lesions[-1].elsewhere)
        grows = words[0].kind == "extends" and not described  # extension of the hyperintensity: of that alone
        return lesions if reaches and (of is not None or grows or open_end) else []

    def _half(self, before: list[_Lesion], words: list[Word]) -> tuple[str, str] | None:
        """Return the place of a look in one half of a lesion of the midline, `enhancement in its left half`."""
        sides = {word.value for word in words if word.kind == "sides"} & set(OTHER_SIDE)
        places = before[0].places[:1] if len(before) == 1 and len(sides) == 1 else []
        return (sides.pop(), places[0][1]) if places and not places[0][0] else None

    def _known_sides(self, places: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return places with the side that the only lesion of that site has: `the temporal lesion`."""
        known = []
        for side, site in places:
            sides = {s for lesion in self._lesions for s, other in lesion.places if other == site and s}
            known.append((side or (sides.pop() if len(sides) == 1 else ""), site))
        return known
