"""From the words of a foreign sentence to what it affirms, of which places, on which sequences: no vocabulary.

The rules are those of European languages: a side stands before its site or behind it, a look before its places or
behind them. ``narrative`` puts the sentences together.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise

from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.words import Word
from selip_core.sequences import TABLE

_INLINE = {
    "compressed": "受压", "widened": "扩大", "oedema": "水肿", "normal": "未见异常", "negations": "未见",
    "lesions": "病灶",
}  # fmt: skip
"""What a word of a list becomes within a Chinese sentence."""
STRONG = ("signals", "phrases", "enhancement")
"""What makes a finding."""
AFFIRMED = (*STRONG, "compressed", "widened", "shifted", "oedema")
ORGANS = {"侧脑室": "脑室内", "脑沟": "蛛网膜下腔"}
"""What a ventricle and a sulcus are called where a signal is in them."""
HALVED = ("脑桥", "中脑", "延髓")
"""Of the midline, but of two halves: `the right thalamus and midbrain`."""
AT, NEAR = 5, 60
"""Choice: so many characters a side may stand behind a site of the midline, and from any other."""


def replaced(sentence: str, words: list[Word]) -> str:
    """Return a mixed sentence with its foreign words replaced where they stand."""
    out, end = [], 0
    for word in words:
        value = word.value if word.kind != "anaphora" else "病灶"
        value = value or _INLINE.get(word.kind, "")
        if value and not sentence[word.start : word.end].isupper():  # T2-FLAIR is Chinese usage too
            out += [sentence[end : word.start], value]
            end = word.end
    return "".join([*out, sentence[end:]])


@dataclass
class Group:
    """Places of a sentence, each (side, site), and what is said of them: (kind, sequences, Chinese word)."""

    places: list[tuple[str, str]] = field(default_factory=list)
    looks: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)

    @property
    def described(self) -> bool:
        return any(kind in STRONG for kind, _, _ in self.looks)


def affirmed(words: list[Word]) -> list[Word]:
    """Return the words that a sentence affirms.

    In its clause a negation denies what follows it, and where nothing follows, `compression is not observed`, what
    stands before it; `normal` denies the organ beside it. What a clause has said before stays:
    `high signal without restricted diffusion`. An enhancement that is denied is a look of its own.
    """
    kept: list[Word] = []
    denied = normal = False
    for clause in sorted({word.clause for word in words}):
        own = [word for word in words if word.clause == clause]
        places = all(word.kind in ("sites", "sides", "morphology", "shapes") for word in own)
        if denied and places and own[0].listed != "placed":
            continue  # no enhancement of the parenchyma, meninges or nerves
        within = own[0].kind == "extends" and all(word.kind in ("sites", "sides", "morphology") for word in own[1:])
        if normal and within:
            continue  # normal signal of the brain, including the brainstem
        at = next((i for i, word in enumerate(own) if word.kind in ("negations", "normal")), len(own))
        before, after = own[:at], own[at + 1 :]
        while at < len(own) and after[:1] and own[at].kind == after[0].kind == "negations":
            at, after = at + 1, after[1:]  # l'hippocampe n'est pas normal
        denied = bool(after) and own[at].kind == "negations"
        normal = at < len(own) and own[at].kind == "normal" and not before
        if at == len(own):
            kept += before
        elif own[at].kind == "normal" and after and own[-1].kind == "negations":
            kept.append(replace(own[at], kind="lesions"))  # the normal flow void is not seen
        elif own[at].kind == "normal":
            kept += _beside_normal(before, after)
        elif after and after[0].kind == "normal" and after[0].start - own[at].end <= 1:
            kept += [*before, replace(after[0], kind="lesions")]  # not normal
        else:
            kept += _beside_denied(before, after, kept)
    return kept


def _beside_normal(before: list[Word], after: list[Word]) -> list[Word]:
    """Return what stays before `normal` in its clause: not its organ, unless that is the place of what is described."""
    places = ("morphology", "sites", "sides")
    rest = list(before)
    ahead = any(word.kind in ("morphology", "sites") for word in after)  # normal signal in the red nuclei
    while not ahead and rest and rest[-1].kind in places:
        rest.pop()
    if not any(word.kind in AFFIRMED for word in rest):
        return []
    return rest if any(word.kind in places for word in rest) else before


def _beside_denied(before: list[Word], after: list[Word], told: list[Word]) -> list[Word]:
    """Return what stays of a clause with a negation between these words, behind clauses that have told others."""
    look = next((word for word in after if word.kind == "enhancement"), None)
    if look is not None and any(w.kind in ("lesions", "shapes") and 0 <= w.start - look.end <= 1 for w in after):
        # no enhancing nodule in the left lobe, no restricted diffusion within the enhancing nodule: a place alone
        return before or [word for word in after if word.kind in ("sites", "sides") and not told]
    if look is not None and all(word.kind != "signals" for word in after):
        listed = any(w.kind in ("phrases", "oedema", "contacts") and w.start < look.start for w in after)
        whose = any(w.kind in ("lesions", "shapes", "anaphora", "sites") and w.start > look.start for w in after)
        if listed and not (whose or before or told):
            return before  # no restricted diffusion or enhancement: of nothing in particular
        of = [word for word in after if word.kind == "shapes" and word.start > look.start]  # no enhancement of the mass
        named = bool(of) or any(word.kind in ("lesions", "anaphora") for word in after)
        places = [w for w in after if w in of or w.kind in ("sites", "sides", "lesions", "anaphora", "sequences")]
        open_end = any(w.kind in (*STRONG, "lesions") for w in told) and not any(w.kind == "sites" for w in told)
        if not (named or open_end) and any(word.kind == "sites" for word in places):
            return before  # no leptomeningeal enhancement: it is none of a lesion
        return [*before, replace(look, value="无强化"), *places]
    if not any(word.kind not in ("sequences", "anaphora") for word in after):
        if before and before[-1].kind == "enhancement":
            return [*before[:-1], replace(before[-1], value="无强化")]
        return []
    held = any(word.kind in (*AFFIRMED, "lesions", "shapes") for word in before)
    return before if held else []


def _sides(words: list[Word]) -> dict[int, str]:
    """Return the side of each site, by its index: a side belongs to the site that it stands closer to.

    One before its site holds for those that follow in the list, one behind it for those before; the midline has none
    unless its own stands at it. A side at no site holds for all sites of the sentence that have none.
    """
    midline, sides, loose, own = load_lexicon().midline, {}, [], set()
    sites = [i for i, word in enumerate(words) if word.kind == "sites"]
    for i, word in enumerate(words):
        if word.kind != "sides":
            continue
        after = next((j for j in sites if j > i), None)
        before = next((j for j in reversed(sites) if j < i), None)
        ahead = _gap(words, i, after) if after is not None else NEAR
        behind = _gap(words, before, i) if before is not None else NEAR
        if before in sides and (behind > AT or before in own):
            behind = NEAR  # the left corona radiata and the white matter of both hemispheres
        if word.listed and after is not None and words[after].clause == word.clause:
            behind = NEAR  # splenial and left midbrain foci
        if word.leads and ahead < NEAR and not words[after].listed:
            behind = NEAR  # at the junction of the left posterior frontal lobe
        if before is not None and words[before].value in midline and behind > AT:
            behind = NEAR  # across the corpus callosum to the left hemisphere
        if min(ahead, behind) >= NEAR:
            inside = [j for j in sites if words[j].value in ORGANS.values()]
            if _of_organ(words, i) and all(words[j].value in midline for j in sites):
                sides |= dict.fromkeys(inside, word.value)  # of the callosum and along both lateral ventricles
            else:
                loose.append(word.value)
        elif ahead <= behind:
            own.add(after)
            _spread(words, [j for j in sites if j >= after], word.value, sides, midline, forward=True)
        else:
            own.add(before)
            sides.pop(before, None)
            _spread(words, [j for j in reversed(sites) if j <= before], word.value, sides, midline, forward=False)
    if len(set(loose)) == 1:
        lateral = [i for i in sites if words[i].value not in midline] or sites
        sides |= {i: loose[0] for i in lateral if i not in sides}
    fed = [i for i in sites if words[i].value in load_lexicon().territories and i in sides]
    if fed and len(set(sides.values())) == 1:  # left MCA infarct, bright in the insula
        sides |= {i: sides[fed[0]] for i in sites if i > fed[0] and i not in sides and words[i].value not in midline}
    both = any(word.kind == "symmetric" for word in words)
    lobes = set() if "双侧" in sides.values() else set(load_lexicon().book["compound_lobes"].values())
    paired = [
        i
        for i in sites
        if (words[i].plural and words[i].value not in lobes) or (both and words[i].value not in midline)
    ]
    sides |= {i: "双侧" for i in paired if i not in sides}
    sides |= {i: sides[j] for i, j in pairwise(sites) if i not in sides and j in sides and _is_in(words, i, j)}
    again = {i: next((sides[j] for j in sides if j < i and words[j].value == words[i].value), "") for i in sites}
    return {i: side for i, side in again.items() if side} | sides  # the right cerebellum (PICA territory)


def _of_organ(words: list[Word], at: int) -> bool:
    """Return whether a side stands just before a ventricle or a sulcus, which is no site."""
    after = words[at + 1] if at + 1 < len(words) else None
    return after is not None and after.kind == "morphology" and after.start - words[at].end <= 1


def _is_in(words: list[Word], at: int, place: int) -> bool:
    """Return whether a lesion named after a place is in the next, `a periventricular lesion in the left lobe`."""
    between = {word.kind for word in words[at + 1 : place]}
    one = words[at].clause == words[place].clause and words[at].value not in load_lexicon().midline
    return one and "lesions" in between and between <= {"lesions", "shapes", "multiple", "sides"}


def _gap(words: list[Word], first: int, second: int) -> int:
    """Return how many characters stand between two words; a look or a comma between them keeps them apart."""
    between = words[first + 1 : second]
    apart = words[first].clause != words[second].clause or any(word.kind in STRONG for word in between)
    return NEAR if apart else words[second].start - words[first].end


def _spread(
    words: list[Word], sites: list[int], side: str, sides: dict[int, str], midline: frozenset, *, forward: bool
) -> None:
    """Give a side to a site and to those listed with it, up to a look, another side or, backwards, a comma."""
    last = sites[0]
    for i in sites:
        between = {word.kind for word in words[min(last, i) + 1 : max(last, i)]}
        apart = "sides" in between or (bool(between & set(STRONG)) and "extends" not in between)
        if i != sites[0] and apart:
            return
        if not forward and (i in sides or words[i].clause != words[sites[0]].clause):
            return
        if (
            i == sites[0]
            or words[i].value not in midline
            or (words[i].value in HALVED and sides.get(last) == side != "双侧" and words[i].listed == "bare")
        ):
            sides[i] = side
        last = i


def sequences_of_signals(words: list[Word]) -> dict[int, tuple[str, ...]]:
    """Return the sequences of each signal, by its index; an enhancement has its own too, which it does not need.

    They are named before it, `T2 hyperintense`, or after, `hyperintense on T2`: as the first of the sentence is. A
    signal without a name of its own has the names of the one before.
    """
    run = [i for i, word in enumerate(words) if word.kind in ("sequences", *STRONG)]
    found: dict[int, tuple[str, ...]] = {i: () for i in run if words[i].kind != "sequences"}
    if not found:
        return {}
    target: dict[int, int | None] = {}
    for k in range(len(run) - 1, -1, -1):
        if run[k] in found:
            continue
        here, following = words[run[k]], run[k + 1] if k + 1 < len(run) else None
        before = run[k - 1] if k and run[k - 1] in found else None
        ahead = following if following in found else target.get(following)
        if ahead is not None and words[ahead].clause != here.clause and _ends_a_list(words, run[:k], here, found):
            ahead = None
        opens = not k or words[run[k - 1]].clause != here.clause
        own = [i for i in run if words[i].clause == here.clause]
        leads = (own[0] if own[0] in found or own[-1] in found else run[0]) not in found
        alone = opens and ahead is not None and words[ahead].clause == here.clause and run[-1] == ahead
        behind = before is not None and here.start - words[before].end <= 1  # hyposignal T1 et hypersignal T2
        close = following is not None and words[following].start - here.end <= (1 if following in found else 5)
        if behind and words[before].kind == "signals" and close and words[following].kind == "enhancement":
            close = False  # it needs none
        forward = ahead is not None and (alone or (leads or close if behind is close else close))
        target[run[k]] = ahead if forward else next((i for i in reversed(run[:k]) if i in found), None)
    for i in run:
        if target.get(i) is not None:
            found[target[i]] = (*found[target[i]], words[i].value)
    last: tuple[str, ...] = next(filter(None, found.values()), ())
    last = () if any(name and TABLE[name].measured for name in last) else last  # bright, with low ADC
    for i in found:
        last = found[i] = found[i] or last
    return found  # "" among them is a sequence that is not read, T2*


def _ends_a_list(words: list[Word], before: list[int], here: Word, found: dict) -> bool:
    """Return whether a sequence is the last of those behind a look: `bright on T2, FLAIR and DWI, ADC mixed`."""
    look = next((i for i in reversed(before) if i in found), None)
    if look is None or words[look].kind != "signals":
        return False
    listed = [words[i] for i in before if i > look]
    own = [words[i].clause for i in found]
    return (bool(listed) or words[look].clause == here.clause) and all(
        word.clause == words[look].clause or word.clause not in own for word in (*listed, here)
    )


def grouped(words: list[Word]) -> list[Group]:
    """Return the places of a sentence and what is said of each group of them, in the order of the sentence."""
    sides, sequences, look_first = _sides(words), sequences_of_signals(words), _looks_first(words)
    groups, extends, clause = [Group()], False, 0
    for i, word in enumerate(words):
        group = groups[-1]
        if word.kind == "extends":
            extends = True
            if not group.places and len(groups) > 1:
                groups[-2].looks += groups.pop().looks
        elif word.kind == "sites":
            place = (sides.get(i) or (side_of(group.places, word.value) if extends else ""), word.value)
            known = place in group.places
            if group.places and group.described and not (known or look_first[word.clause] or extends):
                group = Group()
                groups.append(group)
                place = (sides.get(i, ""), word.value)
            clause = word.clause
            if place not in group.places:
                group.places.append(place)
        elif word.kind in (*STRONG, "shapes", "multiple") and not (group.described and _of_enhancement(words, i)):
            closed = group.described or word.kind not in STRONG or word.clause != clause
            if look_first[word.clause] and group.places and not extends and closed:
                group = Group()
                groups.append(group)
            names = sequences.get(i, ())
            if word.kind != "signals" or not names or any(names):
                group.looks.append((word.kind, tuple(filter(None, names)), word.value))
    return _whole(groups)


def _of_enhancement(words: list[Word], at: int) -> bool:
    """Return whether a shape is that of the enhancement it stands before: `with nodular enhancement`."""
    after = words[at + 1] if words[at].kind == "shapes" and at + 1 < len(words) else None
    return after is not None and after.kind == "enhancement" and after.start - words[at].end <= 1


def _looks_first(words: list[Word]) -> dict[int, bool]:
    """Return of each clause whether its looks stand before its places; one that has not both is as the one before."""
    order: dict[int, bool] = {}
    before = next((word.kind for word in words if word.kind in ("sites", *STRONG)), "") in STRONG
    for clause in sorted({word.clause for word in words}):
        own = [word.kind for word in words if word.clause == clause and word.kind in ("sites", *STRONG)]
        if "sites" in own and set(own) & set(STRONG):
            before = own[0] != "sites"
        order[clause] = before
    return order


def side_of(places: list[tuple[str, str]], site: str) -> str:
    """Return the side that a lesion of these places has where it extends to another site; the midline has none."""
    sides = {side for side, of in places if of not in load_lexicon().midline}
    return sides.pop() if len(sides) == 1 and site not in load_lexicon().midline else ""


def _whole(groups: list[Group]) -> list[Group]:
    """Return the groups; one of places alone, or of looks alone, is of the group before it."""
    whole: list[Group] = []
    for group in groups:
        if whole and not group.places:
            whole[-1].looks += group.looks
        elif whole and not group.described and whole[-1].described:
            whole[-1].places += [place for place in group.places if place not in whole[-1].places]
            whole[-1].looks += group.looks
        elif group.places or group.looks:
            whole.append(group)
    return whole


def morphology(words: list[Word]) -> list[str]:
    """Return what is said of ventricles, sulci and midline, in Chinese."""
    told, side, organ = [], "", ""
    for i, word in enumerate(words):
        if word.kind == "sides":
            side = word.value
        elif word.kind == "morphology":
            organ = word.value
        elif word.kind == "shifted" and (organ == "中线结构" or _of_midline(words, i)):
            told.append(f"中线结构{word.value}")
        elif word.kind in ("compressed", "widened"):
            of = _organ_ahead(words, i) or organ
            looks = {"compressed": "受压变窄", "widened": "增宽" if of == "脑沟" else "扩大"}
            sides = [w.value for w in words if w.kind == "sides" and w.clause == word.clause]
            where = (sides[0] if sides else side) if of == "侧脑室" else ""
            statement = f"{where}{of}{looks[word.kind]}"
            known = of == "侧脑室" or (of == "脑沟" and word.kind == "widened")
            if known and statement not in told:
                told.append(statement)
    # "ventricular compression, the right ventricle is compressed" says it once
    told = [one for one in told if not any(other != one and other.endswith(one) for other in told)]
    return list(dict.fromkeys(told))


def _of_midline(words: list[Word], at: int) -> bool:
    """Return whether a direction is the midline's, `leftward midline shift`, or that of a shift of nothing else."""
    own = [word for word in words if word.clause == words[at].clause]
    beside = [word.kind for word in words[max(at - 1, 0) : at + 2] if word in own]
    alone = not any(word.kind in ("sites", "morphology") and word.start > words[at].start for word in own)
    return any(word.value == "中线结构" for word in own) or (alone and "contacts" in beside)


def _organ_ahead(words: list[Word], at: int) -> str:
    """Return the organ that the word there is said of if that comes after it, `enlarged ventricles`; else nothing.

    So it is in a clause that names no organ before its first such word: `dilated ventricles and widened sulci`. A word
    is said of what comes before the next such word: `compressed brainstem and dilated ventricles`.
    """
    kinds = ("morphology", "compressed", "widened", "sites")
    own = [w for w in words if w.clause == words[at].clause and w.kind in kinds]
    changes = [w for w in own if w.kind in ("compressed", "widened")]
    if any(w.kind == "morphology" and w.value != "中线结构" and w.start < changes[0].start for w in own):
        return ""
    following = next((w for w in own if w.start > words[at].start), None)
    return following.value if following is not None and following.kind == "morphology" else ""
