"""English and mixed reports in the words and the order of Chinese ones, so that one parser reads them all.

Findings of both languages end in one set of sites and appearances, and their similarity is that of METHOD 3.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from selip_core.errors import SelipError
from selip_core.reports.lexicon import check_keys, load_lexicon
from selip_core.reports.sentences import without_side

_PATH = Path(__file__).with_name("lexicons") / "en.yaml"
_GROUPS = (
    "sites", "sides", "sequences", "signals", "phrases", "shapes", "multiple", "enhancement", "morphology", "shifted",
)  # fmt: skip
_LISTS = ("oedema", "inside", "compressed", "widened", "negations", "normal", "elsewhere", "lesions")
_KEYS = {"language", *_GROUPS, *_LISTS}
_INLINE = {
    "compressed": "受压", "widened": "扩大", "oedema": "水肿", "normal": "未见异常", "negations": "未见",
    "lesions": "病灶",
}  # fmt: skip
"""What a word of a list becomes within a Chinese sentence."""
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|[。；！？\n]+")
_CLAUSE = re.compile(r",|\bbut\b|\balthough\b|\bwhereas\b|\bwhile\b|:")
_CHINESE = re.compile(r"[一-鿿]")
_FUSED = re.compile(r"\b(fronto|temporo|parieto|occipito)(?=[a-z])", re.IGNORECASE)
_SEQUENCE_WITHIN = re.compile(
    r"\b(high|low|increased|decreased|bright|dark)[ -](T1|T2|FLAIR|DWI)[ -]signal", re.IGNORECASE
)
_ENGLISH = re.compile(r"[A-Za-z]{3,}")


@dataclass(frozen=True)
class _Word:
    kind: str
    value: str
    start: int
    end: int
    clause: int = 0


def check_english(book: dict, path: Path) -> None:
    """Raise SelipError if the English lexicon has missing, unknown or empty parts, or a site that zh.yaml lacks."""
    check_keys(book, _KEYS, path)
    for site in book["sites"]:
        if site not in load_lexicon().book["sites"]:
            raise SelipError(f"{path}: sites names {site!r}, which is no site of zh.yaml")
    for key in (*_GROUPS, *_LISTS):
        lists = book[key].values() if key in _GROUPS and isinstance(book[key], dict) else [book[key]]
        for words in lists:
            if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
                raise SelipError(f'{path}: {key} must hold lists of words; put "no" and the like in quotes')


@cache
def _book() -> tuple[re.Pattern, list[tuple[str, str]]]:
    """Return the scanner, and what each of its groups stands for."""
    try:
        book = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SelipError(f"{_PATH} cannot be read: {error}") from None
    check_english(book, _PATH)
    entries = [(word, key, value) for key in _GROUPS for value, words in book[key].items() for word in words]
    entries += [(word, key, "") for key in _LISTS for word in book[key]]
    entries.sort(key=lambda entry: -len(entry[0]))
    pattern = "|".join(f"({_expression(word)})" for word, _, _ in entries)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", re.IGNORECASE), [e[1:] for e in entries]


def _expression(word: str) -> str:
    parts = [re.escape(part).replace(r"\*", "[a-z]*").replace(r"\ ", r"[\s-]+") for part in word.split(" ... ")]
    return r"[^.,;:]{0,50}?[\s-]".join(parts)


def _scan(text: str) -> list[_Word]:
    scanner, meanings = _book()
    return [_Word(*meanings[m.lastindex - 1], *m.span()) for m in scanner.finditer(text)]


def to_chinese(text: str, *, default_sequence: str | None = None) -> str:
    """Return a report with its English in Chinese words; a Chinese report comes back as it is.

    A sentence without a Chinese character is put together anew in the order of a Chinese one; in a mixed sentence the
    English words alone are replaced. What the lexicon does not know is left out of the former.

    Parameters
    ----------
    default_sequence : str, optional
        Of a report that speaks of one sequence without naming it; given to English signals that name none.

    Examples
    --------
    >>> to_chinese("Patchy hyperintensity in the left frontal lobe on T2 and FLAIR.")
    '左侧额叶见片状异常信号影,T2、FLAIR呈高信号。'
    """
    if not _ENGLISH.search(text) or all(word.kind == "sequences" for word in _scan(text)):
        return text
    sentences = []
    text = _FUSED.sub(r"\1-", text)  # frontoparietal names two lobes
    text = _SEQUENCE_WITHIN.sub(r"\1 signal on \2", text)
    for sentence in _SENTENCE.split(text):
        if not sentence.strip():
            continue
        if _CHINESE.search(sentence):
            sentences.append(_replaced(sentence))
        elif words := _scan(sentence):
            sentences.append(_rebuilt(sentence, words, default_sequence))
        else:
            sentences.append(sentence)
    return "。".join(part.rstrip("。") for part in sentences if part) + "。"


def _replaced(sentence: str) -> str:
    """Return a mixed sentence with its English words replaced where they stand."""
    out, end = [], 0
    for word in _scan(sentence):
        value = word.value or _INLINE.get(word.kind, "")
        if value and not sentence[word.start : word.end].isupper():  # T2-FLAIR is Chinese usage too
            out += [sentence[end : word.start], value]
            end = word.end
    return "".join([*out, sentence[end:]])


_AFFIRMED = ("signals", "phrases", "enhancement", "compressed", "widened", "shifted", "oedema")


def _not_denied(words: list[_Word]) -> list[_Word]:
    """Return the words that a sentence affirms.

    In its clause a negation denies what follows it, and where nothing follows, `compression is not observed`, what
    stands before it; `normal` denies the organ beside it. What a clause has said before stays:
    `high signal without restricted diffusion`.
    """
    kept: list[_Word] = []
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


_SUBJECTS = ("oedema", "inside", "sites", "signals", "lesions", "morphology")
"""What a sentence may be about: the first of its words of these kinds."""


def _rebuilt(sentence: str, words: list[_Word], default_sequence: str | None) -> str:
    kinds = {word.kind for word in words}
    if "elsewhere" in kinds and "sites" not in kinds:
        return ""
    clauses = [match.start() for match in _CLAUSE.finditer(sentence)]
    words = [_Word(w.kind, w.value, w.start, w.end, sum(at < w.start for at in clauses)) for w in words]
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


def _morphology(words: list[_Word]) -> list[str]:
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


def _organ_ahead(words: list[_Word], at: int) -> str:
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


def _lesions(words: list[_Word], default_sequence: str | None) -> list[str]:
    """Return a Chinese sentence for each group of places with what is said of it."""
    words = [word for word in words if word.kind in (*_PLACES, *_LOOKS)]
    order = [word.kind for word in words if word.kind in ("sites", "signals")]
    look_first = order[:1] == ["signals"] and "sites" in order  # high signal in the left frontal lobe
    groups: list[tuple[list[_Word], list[_Word]]] = [([], [])]
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


def _lesion(places: list[_Word], looks: list[_Word], default_sequence: str | None) -> str:
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


def _by_sequence(looks: list[_Word], default_sequence: str | None) -> list[tuple[list[str], str]]:
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
