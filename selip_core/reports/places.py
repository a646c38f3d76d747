"""Which of the places of a foreign sentence are those of its lesion: not what it presses, spares, or lies beside."""

from dataclasses import replace

from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.translation import NEAR, ORGANS, STRONG
from selip_core.reports.words import Word

_VENTRICLES = ("第三脑室", "第四脑室")
_BESIDE = ("contacts", "spared", "sparing", "compressed", "shifted", "compared")


def of_the_lesion(words: list[Word]) -> list[Word]:
    """Return the words without places that only stand beside the lesion: what it presses, nears, or is compared to.

    What it is near says where it is if nothing else does.
    """
    words, kept, nearby, beside = _without_spared(_without_horns(words)), [], [], ""
    for before, word in zip([None, *words], words, strict=False):
        if before is not None and before.clause != word.clause:
            beside = ""
        if word.kind in ("shifted", "widened") and before is not None and before.kind == "extends":
            continue  # extends leftward into the pons, extends into and widens the canal
        others = any(w.kind == "sites" and w.start > word.start for w in words)
        if word.value in _VENTRICLES and before is not None and before.kind == "widened" and others:
            continue  # dilatation of the third ventricle with periventricular hyperintensity
        placed = any(other.kind == "sites" for other in kept)
        if beside == "near" and word.listed == "placed":
            beside = ""
        if word.kind in (*_BESIDE, "near") or (word.kind == "widened" and placed):
            beside = beside if beside in _BESIDE and word.kind == "near" else word.kind
        elif word.kind in (*STRONG, "lesions", "extends"):
            beside = ""
        place = word.kind in ("sites", "sides", "morphology")
        if not (place and beside):
            kept.append(word)
        if place and beside in ("", "near"):
            around = beside and word.value == "侧脑室"
            nearby.append(replace(word, kind="sites", value="侧脑室旁白质") if around else word)
        elif not place:
            nearby.append(word)
    if not any(word.kind == "sites" or word.value == "侧脑室" for word in kept):
        return nearby
    if any(word.kind == "sides" for word in kept):
        return kept
    return _with_sides(kept, [word for word in nearby if word.kind == "sides"])


def _with_sides(words: list[Word], sides: list[Word]) -> list[Word]:
    """Return the words with sides of places that were left out, each behind the place before it.

    So of a subdural collection over the left convexity, of meninges over both hemispheres and in the cisterns.
    """
    for side in sides:
        before = [
            i for i, w in enumerate(words) if w.kind == "sites" and w.start < side.start and w.clause == side.clause
        ]
        at = before[-1] + 1 if before else next((i for i, w in enumerate(words) if w.start > side.start), len(words))
        start = words[before[-1]].end if before else side.start
        words = [*words[:at], replace(side, start=start, end=start), *words[at:]]
    return words


def _without_horns(words: list[Word]) -> list[Word]:
    """Return the words without a part of a ventricle that is named behind it, `horn of the left ventricle`."""
    kept = []
    for i, word in enumerate(words):
        behind = next((j for j in range(i + 1, len(words)) if words[j].kind != "sides"), None)
        of = [] if behind is None else words[i + 1 : behind + 1]
        one = bool(of) and of[-1].value == word.value == "侧脑室" and of[-1].clause == word.clause
        if not (one and not any(other.listed for other in of)):
            kept.append(word)
    return kept


def _without_spared(words: list[Word]) -> list[Word]:
    """Return the words without the places before `spared` that are listed together, if none stands behind it."""
    kept: list[Word] = []
    for i, word in enumerate(words):
        after = words[i + 1] if i + 1 < len(words) else None
        forward = after is not None and after.kind in ("sites", "sides") and after.clause == word.clause
        if word.kind != "spared" or forward:
            kept.append(word)
            continue
        listed = True
        while listed and kept and kept[-1].kind in ("sites", "sides") and kept[-1].clause == word.clause:
            last = kept.pop()
            sided = kept[-1:] and kept[-1].kind == "sides" and last.start - kept[-1].end <= 1
            listed = bool(last.listed) or bool(sided)
    return kept


def without_heading(words: list[Word]) -> list[Word]:
    """Return the words without the places of a heading, `Choroid plexus papilloma: ...`, behind which others are.

    Its side stays where none is behind it: `Left hemisphere: ...`, `Left MCA stroke: ...`.
    """
    at = next((i for i, word in enumerate(words) if word.kind == "heading"), None)
    if at is None:
        return words
    before, after = words[:at], [word for word in words[at:] if word.kind != "heading"]
    look = next((word for word in after if word.kind in STRONG), None)
    named = [] if look is None else [w for w in after if w.clause == look.clause and w.start < look.start]
    if any(word.kind == "sequences" for word in named):
        before = [word for word in before if word.kind != "sequences"]  # T2/FLAIR: early FLAIR hyperintensity
    kinds = ("sites", "morphology", *_BESIDE, "extends", "near")
    first = next((word for word in after if word.kind in kinds), None)
    own = first is not None and (first.kind == "sites" or first.value in ORGANS)
    layers = load_lexicon().layers
    of_layers = all(word.value in layers for word in before if word.kind == "sites")
    own = own and (of_layers or first.value not in layers)  # lesion of the frontal gyrus: subcortical hyperintensity
    if own and any(word.kind in STRONG for word in after) and not any(word.kind in STRONG for word in before):
        places = ("sites", "sides") if any(word.kind == "sides" for word in after) else ("sites",)
        before = [word for word in before if word.kind not in places]
    return before + after


def without_heights(words: list[Word]) -> list[Word]:
    """Return the words without a lobe that only says how high it is outside the brain: `left frontal subdural`."""
    outside, kept = load_lexicon().extra_axial, []
    lobes = set(load_lexicon().book["compound_lobes"].values())
    heights: set[int] = set()  # a chain of them, parieto-occipital subdural
    for i in (*range(len(words)), *reversed(range(len(words)))):
        near = [j for j in (i - 1, i + 1) if 0 <= j < len(words) and words[j].kind == "sites"]
        near = [j for j in near if words[max(i, j)].start - words[min(i, j)].end <= 1]
        dural = i + 1 in near and words[i + 1].value == "脑膜"  # left frontal pachymeningeal
        if words[i].value in lobes and (dural or any(words[j].value in outside or j in heights for j in near)):
            heights.add(i)
    for i, word in enumerate(words):
        before = words[i - 1] if i else None
        after = words[i + 1] if i + 1 < len(words) else None
        if word.value == "深部白质" and after is not None and after.start - word.end <= 1 and _placed_behind(words, i):
            continue  # white matter hyperintensity in the external capsule
        if word.value in ("脑膜", *lobes) and _over(kept, outside):
            continue  # subdural collection along the left convexity
        if word.value == "脑膜" and after is not None and after.value in outside and after.start - word.end <= 1:
            continue  # left convexity subdural collection
        if word.value == "颅底" and _over(kept, outside | {"脑膜"}, described=True):
            continue  # dural-based mass along the sphenoid wing
        layer = word.value == "深部白质" and before is not None and before.kind == "sites"
        if word.kind == "sites" and (i in heights or (layer and word.start - before.end <= 1)):
            continue  # external capsule white matter
        kept.append(word)
    return kept


def _placed_behind(words: list[Word], at: int) -> bool:
    """Return whether a look or a lesion stands behind a place and then, in the same clause, another place."""
    own = [word.kind for word in words[at + 1 :] if word.clause == words[at].clause]
    return own[:1] != ["sites"] and own[0] in (*STRONG, "lesions") and "sites" in own


def _over(before: list[Word], outside: frozenset, *, described: bool = False) -> bool:
    """Return whether of these words the last place is outside the brain, and a lesion there stands behind it.

    Not where a look does, unless it may: `dural-based enhancing lesion along the sphenoid wing`.
    """
    at = next((i for i in range(len(before) - 1, -1, -1) if before[i].kind == "sites"), None)
    behind = {word.kind for word in before[at + 1 :]} if at is not None else set()
    named = bool(behind & {"lesions", "shapes"}) and before[at].value in outside
    return named and (described or not behind & set(STRONG))


def sulci_as_sites(words: list[Word]) -> list[Word]:
    """Let a sulcus behind which a look stands closely, `sulcal FLAIR hyperintensity`, be a site beside others.

    So is one of lobes that stand behind it, `sulci of the left frontal and parietal lobes`; they are none then.
    """
    words = _without_convexity(_without_lobes_of_sulci(words))
    return [
        replace(word, kind="sites", value=ORGANS[word.value])
        if word.value == "脑沟" and _looks_there(words, i) else word
        for i, word in enumerate(words)
    ]  # fmt: skip


def _without_lobes_of_sulci(words: list[Word]) -> list[Word]:
    lobes = set(load_lexicon().book["compound_lobes"].values())
    changed = {word.kind for word in words} & {"compressed", "widened", "shifted"}
    kept: list[Word] = []
    of_sulci = False
    for i, word in enumerate(words):
        alone = not any(after.listed for after in words[i + 1 : i + 2])
        look = word.kind in STRONG and kept[-1:] and kept[-1].value == "脑沟" and alone
        goes_on = word.kind == "sides" or word.value in lobes or look  # sulcal hyperintensity in both parietal lobes
        of_sulci = of_sulci and bool(goes_on) and word.clause == kept[-1].clause
        if of_sulci and word.value in lobes:
            kept = [replace(w, kind="sites", value=ORGANS["脑沟"]) if w.value == "脑沟" else w for w in kept]
            continue
        of_sulci = of_sulci or (word.value == "脑沟" and not changed)
        kept.append(word)
    return kept


def _without_convexity(words: list[Word]) -> list[Word]:
    """Return the words with a site for sulci in which a look is, `within the sulci over the left convexity`.

    The convexity is none then.
    """
    for i in range(1, len(words)):
        behind = next((j for j in range(i + 1, len(words)) if words[j].kind not in ("near", "sides")), None)
        over = behind is not None and words[behind].value == "脑膜" and words[behind - 1].kind in ("near", "sides")
        if words[i].value == "脑沟" and words[i - 1].kind in STRONG and over:
            sulci = replace(words[i], kind="sites", value=ORGANS["脑沟"])
            sides = [replace(word, start=sulci.end, end=sulci.end) for word in words[i:behind] if word.kind == "sides"]
            return [*words[:i], sulci, *sides, *words[behind + 1 :]]
    return words


def _looks_there(words: list[Word], at: int) -> bool:
    """Return whether a look follows closely, `sulcal FLAIR hyperintensity`."""
    after = next((word for word in words[at + 1 :] if word.kind != "sequences"), None)
    return after is not None and after.kind in STRONG and after.start - words[at].end <= NEAR // 6


def organs_as_sites(words: list[Word]) -> list[Word]:
    """Let a ventricle or a sulcus in which a signal is seen be a site."""
    kinds = {word.kind for word in words}
    if "sites" in kinds or not kinds & set(STRONG) or kinds & {"compressed", "widened", "shifted"}:
        return words
    return [
        replace(word, kind="sites", value=ORGANS[word.value])
        if word.kind == "morphology" and word.value in ORGANS else word
        for word in words
    ]  # fmt: skip
