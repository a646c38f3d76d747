"""The lexicon of the report parser: words as data, checked when loaded, and one scanner made from them."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from selip_core.errors import SelipError

_FOLDER = Path(__file__).with_name("lexicons")
_KEYS = {
    "language", "sites", "midline", "compound_lobes", "sides", "sequences", "relaxation", "signals", "degrees",
    "multiple", "shapes", "shape_synonyms", "negations", "not_negations", "enhancement", "oedema", "diffusion",
    "restricted", "morphology", "widened", "compressed", "shifted", "elsewhere", "general", "anaphora", "surroundings",
    "abnormal", "located", "normal", "nouns", "common",
}  # fmt: skip


_CHANGES = {
    "增高": "信号升高", "升高": "信号升高", "上升": "信号升高",
    "减低": "信号降低", "降低": "信号降低", "下降": "信号降低", "减弱": "信号降低", "高": "高", "低": "低",
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A word of the lexicon in a text: what it is, what it stands for, and where."""

    kind: str
    value: str
    start: int
    end: int


class Lexicon:
    """The words of one language and the scanner that finds them.

    Parameters
    ----------
    book : dict
        As read from ``lexicons/<language>.yaml``.
    """

    def __init__(self, book: dict):
        self.book = book
        self.midline = frozenset(book["midline"])
        self.normal = re.compile("|".join(map(re.escape, book["normal"])))
        self.abnormal = re.compile("|".join(map(re.escape, book["abnormal"])))
        self.negated = re.compile("|".join(map(re.escape, book["negations"])))
        self._meaning = _meanings(book)
        words = sorted(self._meaning, key=len, reverse=True)
        lobes = "".join(book["compound_lobes"])
        degree = "(?:" + "|".join(map(re.escape, sorted(book["degrees"], key=len, reverse=True))) + ")*"
        first = "".join(sorted({word[0] for site, also in book["sites"].items() for word in (site, *also)}))
        relaxation, names = "".join(book["relaxation"]), "T1|T2|FLAIR|DWI|ADC"
        self._scanner = re.compile(
            rf"(?P<both>[{relaxation}]T1(?:WI)?[、/及和]?T2(?:WI)?(?=(?:异常)?信号))"
            rf"|(?P<relaxation>[{relaxation}]T[12](?:WI)?)"
            rf"|(?P<lobes>[{lobes}](?:[、/]?[{lobes}])+(?:叶|部|区|交界区|交界处)(?:皮[层质]下?|深部|脑?白质)*)"
            r"|(?P<size>\d+(?:\.\d+)?(?:MM|CM|毫米|厘米)?[×X*]\d+(?:\.\d+)?(?:MM|CM|毫米|厘米)?)"
            rf"|(?P<restricted>(?:弥散|扩散)(?:运动)?{degree}受限)"
            rf"|(?P<levels>[高低等](?:[、/及或至-]{degree}[高低等])+(?:混杂)?信号)"
            rf"|(?P<changed>(?:信号|值){degree}(?:增高|升高|上升|减低|降低|下降|减弱|高|低))"
            rf"|(?P<level>[高低](?=[、,/]?(?:{names}|$)))"
            r"|(?P<equal>(?<=T1|T2|WI|IR|DC)等(?!信号))"
            rf"|(?P<pair>两(?=[{lobes}{first}]))"
            rf"|(?P<word>{'|'.join(map(re.escape, words))})"
        )

    def scan(self, text: str) -> list[Token]:
        """Return the tokens of a normalised text in order; what the lexicon does not know is passed over."""
        tokens = []
        for match in self._scanner.finditer(text):
            kind, found = match.lastgroup, match[0]
            if kind == "word":
                kind, value = self._meaning[found]
            elif kind in ("relaxation", "both"):
                value = f"{'T1+T2' if kind == 'both' else found[1:3]} {self.book['relaxation'][found[0]]}"
                kind = "relaxation"
            elif kind == "changed":
                kind, value = "signal", _CHANGES[found[-2:] if found[-2:] in _CHANGES else found[-1]]
            elif kind == "pair":
                kind, value = "side", "双侧"
            elif kind == "equal":
                kind, value = "signal", "等信号"
            elif kind == "level":
                kind, value = "signal", found
            else:
                value = found
            tokens.append(Token(kind, value, *match.span()))
        return tokens

    def lobes(self, compound: str) -> list[str]:
        """Return the lobes that a compound such as 额顶叶 names."""
        return [self.book["compound_lobes"][c] for c in compound if c in self.book["compound_lobes"]]

    @property
    def words(self) -> list[str]:
        """All words, for jieba's dictionary."""
        return [word for word in self._meaning if len(word) > 1]


def _meanings(book: dict) -> dict[str, tuple[str, str]]:
    """Return what each word is and stands for; an earlier group wins where two groups hold one word."""
    meaning: dict[str, tuple[str, str]] = {}

    def add(kind: str, word: str, value: str) -> None:
        meaning.setdefault(word, (kind, value))

    for kind in ("not_negations", "elsewhere", "general", "surroundings", "anaphora"):
        for word in book[kind]:
            add(kind, word, word)
    for kind, group in (
        ("morphology", "morphology"), ("site", "sites"), ("side", "sides"), ("sequence", "sequences"),
        ("enhancement", "enhancement"), ("signal", "signals"),
    ):  # fmt: skip
        for canonical, words in book[group].items():
            for word in (*([canonical] if kind in ("site", "side") else []), *words):
                add(kind, word, canonical)
    for word in book["shapes"]:
        add("shape", word, book["shape_synonyms"].get(word, word))
    for side, words in book["shifted"].items():
        for word in words:
            add("shifted", word, side)
    for kind in ("multiple", "negations", "oedema", "widened", "compressed", "located", "nouns"):
        for word in book[kind]:
            add(kind, word, word)
    return meaning


@cache
def load_lexicon(language: str = "zh") -> Lexicon:
    """Return the lexicon of a language.

    Raises
    ------
    SelipError
        If there is none, or it is not valid; names the file and the key.
    """
    path = _FOLDER / f"{language}.yaml"
    if not path.exists():
        raise SelipError(f"no lexicon for language {language!r}: {path} does not exist")
    try:
        book = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SelipError(f"{path} is not valid YAML: {error}") from None
    check_lexicon(book, path)
    return Lexicon(book)


def check_lexicon(book: dict, path: Path) -> None:
    """Raise SelipError if a lexicon has missing, unknown or empty parts."""
    if not isinstance(book, dict):
        raise SelipError(f"{path} must be a mapping")
    for key in sorted(_KEYS - set(book)):
        raise SelipError(f"{path} lacks the key {key!r}")
    for key in sorted(set(book) - _KEYS):
        raise SelipError(f"{path} has an unknown key {key!r}")
    for key in sorted(_KEYS - {"shape_synonyms"}):
        if not book[key]:
            raise SelipError(f"{path}: {key} is empty")
    for name in book["midline"]:
        if name not in book["sites"]:
            raise SelipError(f"{path}: midline names {name!r}, which is no site")
