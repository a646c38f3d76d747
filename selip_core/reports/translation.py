"""From the words that a lexicon of another language has found to a Chinese sentence: grammar, no vocabulary.

The rules are those of English. A language in which the side stands behind its site says so in its lexicon.
"""

from dataclasses import dataclass

from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.sentences import without_side

_INLINE = {
    "compressed": "受压", "widened": "扩大", "oedema": "水肿", "normal": "未见异常", "negations": "未见",
    "lesions": "病灶",
}  # fmt: skip
"""What a word of a list becomes within a Chinese sentence."""


@dataclass(frozen=True)
class Word:
    """A word of a lexicon in a sentence: what it is, what it stands for in Chinese, where, and in which clause."""

    kind: str
    value: str
    start: int
    end: int
    clause: int = 0


def replaced(sentence: str, words: list[Word]) -> str:
    """Return a mixed sentence with its foreign words replaced where they stand."""
    out, end = [], 0
    for word in words:
        value = word.value or _INLINE.get(word.kind, "")
        if value and not sentence[word.start : word.end].isupper():  # T2-FLAIR is Chinese usage too
            out += [sentence[end : word.start], value]
            end = word.end
    return "".join([*out, sentence[end:]])


_AFFIRMED = ("signals", "phrases", "enhancement", "compressed", "widened", "shifted", "oedema")


def _not_denied(words: list[Word]) -> list[Word]:
    """Return the words that a sentence affirms.

    In its clause a negation denies what follows it, and where nothing follows, `compression is not observed`, what
    stands before it; `normal` denies the organ beside it. What a clause has said before stays:
    `high signal without restricted diffusion`.
    """
    kept: list[Word] = []
    for clause in sorted({word.clause for word in words}):
        own = [word for word in words if word.clause == clause]
        at = next((i for i, word in enumerate(own) if word.kind in ("negations", "normal")), len(own))
        before, after = own[:at], own[at + 1 :]
        if at < len(own) and own[at].kind == "normal":
            while before and before[-1].kind in ("morphology", "sides", "sites"):
                before.pop()
        denied = at < len(own) and (
            not any(word.kind in _AFFIRMED for word in before) or (own[at].kind == "negations" and not after)
        )
        kept += [] if denied else before
    return kept


def _sides_first(words: list[Word]) -> list[Word]:
    """Bring each side before the site of its clause that it follows and those joined to it: `fronto-pariétal droit`."""
    words = list(words)
    for i in range(1, len(words)):
        before, side = words[i - 1], words[i]
        if side.kind == "sides" and before.kind in ("sites", "morphology") and before.clause == side.clause:
            at = i - 1
            while at and words[at - 1].kind == "sites" and words[at].start - words[at - 1].end <= 1:
                at -= 1
            words[at : i + 1] = [side, *words[at:i]]
    return words


_SUBJECTS = ("oedema", "inside", "sites", "signals", "lesions", "morphology")
"""What a sentence may be about: the first of its words of these kinds."""


def rebuilt(words: list[Word], default_sequence: str | None, *, side_follows_site: bool = False) -> str:
    """Return what the words of a sentence say, in Chinese; empty where they say nothing of the brain.

    Parameters
    ----------
    words : list of Word
        In the order of the sentence, each with the number of its clause.
    default_sequence : str or None
        Given to a signal that names none.
    side_follows_site : bool
        `lobe frontal gauche`.
    """
    if side_follows_site:
        words = _sides_first(words)
    kinds = {word.kind for word in words}
    if "elsewhere" in kinds and "sites" not in kinds:
        return ""
    said = _not_denied(words)
    first = next((word.kind for word in words if word.kind in _SUBJECTS), "")
    told = []
    if kinds & {"normal", "negations"} and not any(word.kind in _AFFIRMED for word in said):
        told.append("未见异常")
    told += _morphology(said)
    if first == "oedema":
        told += ["周围见水肿"] if any(w.kind == "oedema" for w in said) else []
    elif first != "inside" and not ({"morphology"} & kinds and not {"signals"} & kinds):
        told += _lesions(said, default_sequence)
        told += ["周围见水肿"] if told and any(w.kind == "oedema" for w in said) else []
    return "。".join(told)


def _morphology(words: list[Word]) -> list[str]:
    """Return what is said of ventricles, sulci and midline."""
    told, side, organ = [], "", ""
    for i, word in enumerate(words):
        if word.kind == "sides":
            side = word.value
        elif word.kind == "morphology":
            organ = word.value
        elif word.kind == "shifted" and organ == "中线结构":
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
    return [one for one in told if not any(other != one and other.endswith(one) for other in told)]


def _organ_ahead(words: list[Word], at: int) -> str:
    """Return the organ that the word there is said of if that comes after it, `enlarged ventricles`; else nothing.

    So it is in a clause that names no organ before its first such word: `dilated ventricles and widened sulci`. A word
    is said of what comes before the next such word: `compressed brainstem and dilated ventricles`.
    """
    kinds = ("morphology", "compressed", "widened", "sites")
    own = [w for w in words if w.clause == words[at].clause and w.kind in kinds]
    changes = [w for w in own if w.kind in ("compressed", "widened")]
    if any(w.kind == "morphology" and w.start < changes[0].start for w in own):
        return ""
    following = next((w for w in own if w.start > words[at].start), None)
    return following.value if following is not None and following.kind == "morphology" else ""


_PLACES = ("sites", "sides")
_LOOKS = ("signals", "sequences", "shapes", "multiple", "phrases", "enhancement")


def _lesions(words: list[Word], default_sequence: str | None) -> list[str]:
    """Return a Chinese sentence for each group of places with what is said of it."""
    words = [word for word in words if word.kind in (*_PLACES, *_LOOKS)]
    order = [word.kind for word in words if word.kind in ("sites", "signals")]
    look_first = order[:1] == ["signals"] and "sites" in order  # high signal in the left frontal lobe
    groups: list[tuple[list[Word], list[Word]]] = [([], [])]
    for i, word in enumerate(words):
        places = groups[-1][0]
        if word.kind in _PLACES:
            looked = any(w.kind == "sites" for w in places) and words[i - 1].kind in _LOOKS
            if looked and not look_first and any(w.kind == "sites" for w in words[i:]):
                groups.append(([], []))
            groups[-1][0].append(word)
        else:
            starts = word.kind in ("shapes", "signals", "multiple")
            if look_first and starts and any(w.kind == "sites" for w in places):
                groups.append(([], []))
            groups[-1][1].append(word)
    return [sentence for places, looks in groups if (sentence := _lesion(places, looks, default_sequence))]


def _lesion(places: list[Word], looks: list[Word], default_sequence: str | None) -> str:
    sites, side = [], ""
    if places and places[-1].kind == "sides" and places[0].kind == "sites":  # the frontal lobe of the right hemisphere
        places = [places[-1], *places[:-1]]
    for word in places:
        if word.kind == "sides":
            side = word.value
        elif side + word.value not in sites:
            sites.append(side + word.value)
    layers = load_lexicon().layers  # the subcortical white matter of both frontal lobes: the lobes say it better
    sites = [site for site in sites if without_side(site) not in layers] or sites
    signals = _by_sequence(looks, default_sequence)
    first = next((w.start for w in looks if w.kind == "signals"), None)
    shapes = [w.value for w in looks if w.kind in ("shapes", "multiple") and (first is None or w.start < first)]
    shape = "".join(sorted(dict.fromkeys(shapes), key=lambda value: value != "多发")[:2])
    parts = [f"{'、'.join(sites)}见{shape}异常信号影"] if sites else []
    parts += [f"{'、'.join(sequences)}呈{signal}" if sequences else f"呈{signal}" for sequences, signal in signals]
    parts += [word.value for word in looks if word.kind == "phrases"]
    parts += [f"增强扫描{word.value}" for word in looks if word.kind == "enhancement"][:1]
    return ",".join(parts)


def _by_sequence(looks: list[Word], default_sequence: str | None) -> list[tuple[list[str], str]]:
    """Return sequences and their signal: those named before it, `T2 hyperintense`, or after, `hyperintense on T2`."""
    run = [word for word in looks if word.kind in ("sequences", "signals")]
    if not any(word.kind == "sequences" for word in run):
        return [([default_sequence] if default_sequence else [], w.value) for w in run[:1]]
    before = run[0].kind == "sequences"
    found: list[tuple[list[str], str]] = []
    names: list[str] = []
    for word in run if before else reversed(run):
        if word.kind == "sequences":
            names.append(word.value)
        elif names:
            found.append((names if before else names[::-1], word.value))
            names = []
    return found if before else found[::-1]
