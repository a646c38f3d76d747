"""The lexicon of the report parser: words as data, checked when loaded, and one scanner made from them."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from selip_core.errors import SelipError
from selip_core.sequences import SEQUENCES

_FOLDER = Path(__file__).with_name("lexicons")
_KEYS = {
    "language", "sites", "midline", "compound_lobes", "sides", "sequences", "relaxation", "signals", "degrees",
    "multiple", "shapes", "shape_synonyms", "negations", "passed_over", "enhancement", "oedema", "diffusion",
    "restricted", "morphology", "widened", "compressed", "shifted", "elsewhere", "general", "anaphora", "surroundings",
    "located", "normal", "nouns", "common", "extra_axial", "layers", "other_sequences", "denials", "contrasts",
    "largest", "inside", "extensions", "contacts", "neighbours", "qualifiers", "abnormal", "territories",
    "vessels", "disorders", "previous", "now", "gone", "unchanged", "turned", "diagnosed", "which",
}  # fmt: skip


KINDS = frozenset({
    "passed_over", "elsewhere", "general", "surroundings", "largest", "inside", "anaphora", "morphology",
    "site", "lobes", "side", "sequence", "unread", "enhancement", "signal", "levels", "relaxation",
    "restricted", "shape", "shifted", "multiple", "negations", "oedema", "widened", "compressed", "located",
    "nouns", "denials", "contrasts", "extensions", "contacts", "size", "vessels", "disorders", "which",
})  # fmt: skip
"""What a word of a report may be; `reader` has a method for each that it reads."""

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
        self.extra_axial = frozenset(book["extra_axial"])
        self.layers = frozenset(book["layers"])
        self.territories = frozenset(book["territories"])
        self.neighbours = frozenset(book["neighbours"])
        self.normal = re.compile(
            rf"{_any(book['normal'])}|{_any(book['negations'])}{_any(book['qualifiers'])}*{_any(book['abnormal'])}"
        )
        self.turned = re.compile(rf"(?<![表呈显体]){_any(book['turned'])}")
        self.diagnosed = re.compile(rf"(?:故|首先|综合|多|均)*{_any(book['diagnosed'])}")
        date = r"(?:(?:19|20)\d\d[-年./\d月日]*|[\d一二三两半数几]+[余多]?(?:天|日|周|个?月|年)余?前)"
        previous = _any(book["previous"])
        study = rf"(?:[外本我]院|头颅|颅脑|MRI|MR|CT|平扫|增强|检查|扫描|片|[()上]|{date})*(?:已|曾|可|显|提)*[示见:]"
        self.shown_before = re.compile(rf"(?:[而但]|[外本我]院)*(?:{previous}|(?P<date>{date})){study}")
        self.formerly = re.compile(rf"{previous}|{date}(?:片|(?<=前))|(?<![病还胶抗高])原(?![发因始浆位])")
        self.now = re.compile(rf"(?<![表呈出发显再重体隐迄至]){_any(book['now'])}(?!象)|^均?已")
        self.gone = re.compile(rf"(?<!部分){_any(book['gone'])}|未见$")
        self.unchanged = re.compile(_any(book["unchanged"]))
        self.usual = re.compile("(?:符合|考虑|提示|为|属)[^,]{0,6}髓鞘化(?!.{0,4}(?:延迟|落后|不良|障碍))")
        self._meaning = _meanings(book)
        self._familiar = re.compile(_any([word for word in self.known if word]))
        words = sorted(self._meaning, key=len, reverse=True)
        lobes = "".join(book["compound_lobes"])
        degree = _any(book["degrees"]) + "*"
        first = "".join(sorted({word[0] for site, also in book["sites"].items() for word in (site, *also)}))
        relaxation, names = "|".join(book["relaxation"]), "|".join(name.upper() for name in SEQUENCES)
        ends = "|".join(sorted({name[-2:].upper() for name in SEQUENCES} | {"WI"}))  # of one length, to look behind
        last = "".join(sorted({name[-1].upper() for name in SEQUENCES}))
        layer = "(?:皮[层质]下?|深部|脑?白质)"
        self._scanner = re.compile(
            r"(?P<usual>垂体(?:可?见|呈|示)?(?:明显)?(?:均匀|一致)+(?:一致|明显|显著)*强化"
            r"|(?:垂体后叶|神经垂体)[可见呈示的]*(?:正常|点状|稍)*(?:短?T1(?:WI)?[上可见呈示]*)?(?:正常|点状|短)*高?信号(?!消失|未|不))"
            rf"|(?P<both>(?:{relaxation})T1(?:WI)?[、/及和与]?T2(?:WI)?(?=(?:异常)?信号))"
            rf"|(?P<swapped>(?<![长短等杂])T1(?:WI)?[长短等][、/]?T2(?:WI)?[长短等](?=信号))"
            rf"|(?P<relaxation>(?:{relaxation})T[12](?:WI)?(?!\*))"
            rf"|(?P<unenhanced>(?:不|(?:未见|未及|未出现|没有|没见|未|无)(?:{degree}|异常|确切|明确|任何)*的?)(?:强化|增强))"
            rf"|(?P<ring>(?:花环|花边|环壁|边缘|周边|环|壁)[形状样周]?的?(?:{degree}|异常|厚壁)*的?(?:强化|增强))"
            rf"|(?P<lobes>[{lobes}]叶?(?:[、/-]?[{lobes}])+(?:交界区|交界处|叶|部|区)(?:交界区|交界处)?{layer}*)"
            r"|(?P<size>\d+(?:\.\d+)?(?:MM|CM|毫米|厘米)?[×X*]\d+(?:\.\d+)?(?:MM|CM|毫米|厘米)?)"
            rf"|(?P<towards>[向往朝](?:左|右|对侧|健侧)侧?(?:方|边)?(?=(?:{degree}|约|大|小|\d+(?:\.\d+)?(?:MM|CM|毫米|厘米)?)*(?:[移偏推]|$)))"
            r"|(?P<beside>(?:侧?脑室|侧室)(?:[前后上下额枕颞、及和与/]*角|体|三角|房|[区部、及和与/])+(?:旁|周围|周边|边缘|附近))"
            rf"|(?P<restricted>(?:(?:弥散|扩散)(?:运动)?{degree})?受限)"
            rf"|(?P<levels>[高低等](?:[、/及或和至-]{degree}[高低等])+(?:(?:混杂)?信号|(?=[)]|$)))"
            rf"|(?P<since>(?:信号|值|程度|范围)?(?:均|亦|也|则|有所)*{degree}[较比](?:之前|以前|前|原|上次)[次片]?(?:有所|{degree})*"
            r"(?:增高|升高|上升|增强|减低|降低|下降|减弱|减轻|[高低](?!信号)))"
            r"|(?P<measured>最?[宽大深](?:处|度|径)?[约为]?(?=约?\d))"
            r"|(?P<vertebra>(?<![A-Z])[CTLS]\d{1,2}(?:[-、/~及和][CTLS]?\d{1,2})*(?=椎|水平(?!位)|节段|平面))"
            r"|(?P<kind_of>非[\u4e00-\u9fff]{1,4}?性)"
            r"|(?P<unusual>(?<!^)异常(?!强化|增强))"
            rf"|(?P<changed>(?:信号|值)(?:均|亦|也|则|有所|对称性?|弥漫性?|普遍|局限性?)*{degree}(?:增高|升高|上升|减低|降低|下降|减弱|高|低))"
            rf"|(?P<bare_change>(?<=[T{last}值图像上均亦呈明显度稍略]){degree}(?:增高|升高|减低|降低|下降))"
            rf"|(?P<level>(?<![减增升降])[高低](?=[、,/)(而且及和]*(?:{names}|$)))"
            rf"|(?P<equal>(?<={ends})等(?!信号|[稍略偏]?[高低长短]|序列|图像|各|均|显示|扫描|多))"
            r"|(?P<stub>(?:斑片|斑点|[点片斑条])(?=[、/及和或-](?:小|大)?[斑点片条结团][^,]{0,2}[状样]))"
            rf"|(?P<pair>两(?=[{lobes}{first}]))"
            rf"|(?P<word>{'|'.join(map(re.escape, words))})"
        )

    def scan(self, text: str) -> list[Token]:
        """Return the tokens of a normalised text in order; what the lexicon does not know is passed over."""
        tokens = []
        for match in self._scanner.finditer(text):
            for kind, value in self._read(match.lastgroup, match[0]):
                tokens.append(Token(kind, value, *match.span()))
        return tokens

    def _read(self, group: str, found: str) -> list[tuple[str, str]]:
        """Return (kind, value) of what one part of the scanner found."""
        if group == "word":
            return [self._meaning[found]]
        if group in ("relaxation", "both"):
            word, _, number = found.partition("T")
            sequences = "T1+T2" if group == "both" else f"T{number[0]}"
            return [("relaxation", f"{sequences} {self.book['relaxation'][word]}")]
        if group == "swapped":  # T1长T2长信号
            levels = [c for c in found if c in self.book["relaxation"]]
            pairs = zip(("T1", "T2"), levels, strict=True)
            return [("relaxation", f"{sequence} {self.book['relaxation'][level]}") for sequence, level in pairs]
        if group in ("changed", "bare_change"):
            return [("signal", _CHANGES[found[-2:] if found[-2:] in _CHANGES else found[-1]])]
        if group in ("unenhanced", "ring"):
            return [("enhancement", "无强化" if group == "unenhanced" else "环形强化")]
        if group == "towards":
            return [("shifted", found[1].replace("健", "对"))]
        if group == "beside":
            return [("site", "侧脑室旁白质")]
        fixed = {
            "pair": ("side", "双侧"), "equal": ("signal", "等信号"), "level": ("signal", found),
            "since": ("disorders", found), "unusual": ("disorders", found), "vertebra": ("elsewhere", found),
            "measured": ("passed_over", found), "kind_of": ("passed_over", found), "usual": ("passed_over", found),
        }  # fmt: skip
        if group == "stub":
            return [("shape", f"{found}状")]
        return [fixed.get(group, (group, found))]

    def lobes(self, compound: str) -> list[str]:
        """Return the lobes that a compound such as 额顶叶 names."""
        return [self.book["compound_lobes"][c] for c in compound if c in self.book["compound_lobes"]]

    def strange(self, text: str) -> bool:
        """Return whether a text holds a word that the lexicon does not know: two characters that no known word has."""
        return len(re.findall(r"[\u4e00-\u9fff]", self._familiar.sub("", text))) >= 2

    @property
    def words(self) -> list[str]:
        """All words of more than one character, for jieba's dictionary."""
        return [word for word in (*self._meaning, *self.book["normal"]) if len(word) > 1]

    @property
    def known(self) -> frozenset[str]:
        """All words that are no news: the lexicon's and common speech."""
        book = self.book
        return frozenset(
            {*self._meaning, *book["normal"], *book["common"], *book["degrees"], *book["relaxation"], *_CHANGES}
        )


def _any(words: list[str]) -> str:
    """Return a group that matches any of the words, the longest first."""
    return "(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")"


def _meanings(book: dict) -> dict[str, tuple[str, str]]:
    """Return what each word is and stands for; an earlier group wins where two groups hold one word."""
    meaning: dict[str, tuple[str, str]] = {}

    def add(kind: str, word: str, value: str) -> None:
        meaning.setdefault(word, (kind, value))

    for kind in ("passed_over", "elsewhere", "vessels", "general", "surroundings", "largest", "inside", "anaphora"):
        for word in book[kind]:
            add(kind, word, word)
    for kind, group in (
        ("morphology", "morphology"), ("site", "sites"), ("side", "sides"), ("sequence", "sequences"),
        ("enhancement", "enhancement"), ("signal", "signals"),
    ):  # fmt: skip
        for canonical, words in book[group].items():
            for word in (*([canonical] if kind in ("site", "side") else []), *words):
                add(kind, word, canonical)
    for word in book["other_sequences"]:
        add("unread", word, "")
    for word in book["shapes"]:
        add("shape", word, book["shape_synonyms"].get(word, word))
    for word in book["shapes"]:  # Choice: size is part of a shape, 小结节状; degrees, 巨大, are not.
        for size in ("小", "大"):
            add("shape", size + word, size + book["shape_synonyms"].get(word, word))
    for side, words in book["shifted"].items():
        for word in words:
            add("shifted", word, side)
    for kind in (
        "multiple", "negations", "oedema", "widened", "compressed", "located", "nouns", "denials", "contrasts",
        "extensions", "contacts", "disorders", "which",
    ):  # fmt: skip
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


def check_keys(book: dict, keys: set[str], path: Path) -> None:
    """Raise SelipError if a lexicon has not just these parts; names file and key."""
    if not isinstance(book, dict):
        raise SelipError(f"{path} must be a mapping")
    for key in sorted(keys - set(book)):
        raise SelipError(f"{path} lacks the key {key!r}")
    for key in sorted(set(book) - keys):
        raise SelipError(f"{path} has an unknown key {key!r}")


def check_sequences(named: dict[str, list[str]], path: Path) -> None:
    """Raise SelipError if a lexicon names not just the sequences that there are."""
    for name in SEQUENCES:
        if name not in named:
            raise SelipError(f"{path}: sequences lacks {name}, what reports call it")
    for name in named:
        if name not in SEQUENCES:
            raise SelipError(f"{path}: sequences names {name!r}, which is no entry of selip_core/sequences.py")


def check_one_meaning(group: dict[str, list[str]], key: str, path: Path) -> None:
    """Raise SelipError if a word stands for two things of one group of a lexicon: the later would never be found."""
    meaning: dict[str, str] = {}
    for value, words in group.items():
        for word in words:
            if meaning.setdefault(word, value) != value:
                raise SelipError(f"{path}: {key}: {word!r} stands under {meaning[word]} and under {value}; keep one")


def check_lexicon(book: dict, path: Path) -> None:
    """Raise SelipError if a lexicon has missing, unknown or empty parts."""
    check_keys(book, _KEYS, path)
    for key in sorted(_KEYS - {"shape_synonyms"}):
        if not book[key]:
            raise SelipError(f"{path}: {key} is empty")
    check_sequences(book["sequences"], path)
    for part in ("midline", "extra_axial", "layers", "territories"):
        for name in book[part]:
            if name not in book["sites"]:
                raise SelipError(f"{path}: {part} names {name!r}, which is no site")
    for word in book["neighbours"]:
        if word not in (*book["compressed"], *book["contacts"]):
            raise SelipError(f"{path}: neighbours names {word!r}, which is in neither compressed nor contacts")
    check_one_meaning({site: [site, *also] for site, also in book["sites"].items()}, "sites", path)
    for key in ("sides", "sequences", "enhancement", "morphology", "signals"):
        check_one_meaning(book[key], key, path)
    for key in sorted(_KEYS - {"language"}):
        for words in book[key].values() if isinstance(book[key], dict) else [book[key]]:
            for word in words if isinstance(words, list) else [words]:
                if not isinstance(word, str):
                    raise SelipError(f"{path}: {key}: {word!r} is not text; put it in quotes")
