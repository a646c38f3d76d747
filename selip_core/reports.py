"""From a free-text report to findings for each sequence, by a lexicon that is data (``lexicons/zh.yaml``).

Text is normalised, cut into sentences and clauses, scanned for the lexicon's words, and the words are put together into
lesions: a lesion opens at a site, gathers shape and signals, and closes where the next site opens another.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from selip_core.lexicon import Lexicon, Token, load_lexicon
from selip_core.sentences import NORMAL_STATEMENT, SEQUENCES, Finding, canonical_sentence

__all__ = ["Finding", "describe_series", "is_normal_report", "parse_report", "tokenize", "unknown_words"]

MORPHOLOGY_SEQUENCES = ("T1", "T2", "FLAIR")
"""Choice: wide sulci or a shifted midline are stated without a sequence; they are seen on these."""
OEDEMA_SEQUENCES = ("T2", "FLAIR")
_SENTENCE_END = re.compile(r"[。;\n\r!?]+|\.(?!\d)|(?<![\dA-Z.])\d{1,2}[、.)](?!\d)|\(\d{1,2}\)")
_COMPOUND_LEVELS = {frozenset("等低"): "等低信号", frozenset("等高"): "等高信号"}
_BARE_LEVELS = {"高": "高信号", "低": "低信号"}
_BARE_LEVELS_ADC = {"高": "信号升高", "低": "信号降低"}
"""Choice: ADC is a measured value, so `ADC高` without 信号 says that it is raised."""
_MULTIPLE = "多发"


def normalise(text: str) -> str:
    """Return the text in half-width characters and upper-case Latin letters, without white space within a line."""
    text = unicodedata.normalize("NFKC", text).upper()
    text = re.sub(r"[^\S\n\r]+", "", text)
    return re.sub(r"T([12])W[1L](?![0-9])", r"T\1WI", text)  # T1W1, a frequent slip of OCR and typing


@dataclass
class _Lesion:
    """A lesion while it is being read."""

    sites: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    multiple: bool = False
    signals: dict[str, tuple[str, str]] = field(default_factory=dict)  # sequence -> (prefix or "", signal)
    restricted: bool = False
    oedema: bool = False
    enhancement: str = ""
    sentence: int = 0
    named: bool = False  # 病灶, 信号影: what follows at another site is another lesion
    shares_with: "_Lesion | None" = None  # 斑片状及…点状长T1信号: the signals come with the last of a list

    def open_for_sites(self, sentence: int) -> bool:
        """Return whether another site would still belong to this lesion's list."""
        return not self.described and not self.named and self.sentence == sentence

    @property
    def described(self) -> bool:
        return bool(self.signals or self.enhancement or self.oedema or self.restricted)

    def findings(self) -> list[tuple[str, Finding]]:
        """Return (sequence, finding) of every site."""
        source = self.shares_with if self.shares_with and not self.signals else self
        signals = dict(source.signals)
        if source.restricted:
            signals.setdefault("DWI", ("", "高信号"))
            signals.setdefault("ADC", ("", "信号降低"))
        own = (_MULTIPLE if self.multiple else "") + "".join(dict.fromkeys(self.shapes))
        found = []
        for sequence, (prefix, signal) in signals.items():
            found += [(sequence, Finding(site, (prefix or own) + signal)) for site in self.sites]
        if self.enhancement:
            found += [("T1ce", Finding(site, self.enhancement)) for site in self.sites]
        if self.oedema:
            found += [(sequence, Finding(site, "水肿")) for sequence in OEDEMA_SEQUENCES for site in self.sites]
        return found


@dataclass
class _Reader:
    """What is known while the tokens of one report go by."""

    lexicon: Lexicon
    items: list = field(
        default_factory=list
    )  # lesions, and (sequence, Finding) of morphology, in the order of the text
    lesion: _Lesion | None = None
    mode: str = "lesion"  # lesion | oedema | elsewhere
    pending: list[str] = field(default_factory=list)  # sequences named, their signal still to come
    consumed: bool = False
    sentence: int = 0
    # of the clause in hand
    side: str = ""
    last: Token | None = None
    negated: bool = False
    shapes: list[str] = field(default_factory=list)
    multiple: bool = False
    organs: list[tuple[str, str]] = field(default_factory=list)

    def begin_sentence(self) -> None:
        self.sentence += 1
        self.mode, self.pending, self.consumed, self.organs = "lesion", [], False, []
        self.side, self.shapes, self.multiple = "", [], False

    def read_clause(self, tokens: list[Token]) -> None:
        kinds = {token.kind for token in tokens}
        self.negated, self.last = False, None
        if self.lesion and self.lesion.sentence == self.sentence:  # else: 见多发斑点状病灶,位于…: the site is to come
            self.shapes, self.multiple = [], False
        if not (self.lesion and self.lesion.open_for_sites(self.sentence)):
            self.side = ""
        if "located" in kinds:
            tokens = _sites_first(tokens)
        for token in tokens:
            if token.kind == "surroundings" and "oedema" in kinds:
                self.mode = "oedema"
            handler = getattr(self, f"_{token.kind}", None)
            if handler:
                handler(token)
            self.last = token
        if not kinds & {"sequence", "relaxation", "signal", "levels"}:
            self._describe_afterwards()

    def _describe_afterwards(self) -> None:
        """Let a clause that only tells shape or number, `…信号影,呈多发斑点状`, speak of the lesion before it."""
        if self.lesion and self.lesion.described and self.lesion.sentence == self.sentence and self.mode == "lesion":
            self.lesion.multiple = self.lesion.multiple or self.multiple
            self.lesion.shapes = self.lesion.shapes or self.shapes

    # one method a kind of token

    def _negations(self, token: Token) -> None:
        self.negated, self.pending, self.consumed = True, [], False

    def _side(self, token: Token) -> None:
        self.side = token.value

    def _site(self, token: Token) -> None:
        self._add_site(token.value)

    def _lobes(self, token: Token) -> None:
        side = self.side
        for lobe in self.lexicon.lobes(token.value):
            self.side = side
            self._add_site(lobe)

    def _add_site(self, site: str) -> None:
        if self.negated:
            return
        self.mode = "lesion"
        stated = self.last is not None and self.last.kind == "side"
        side = self.side if stated or site not in self.lexicon.midline else ""
        lesion = self.lesion
        listed = lesion is not None and lesion.open_for_sites(self.sentence)
        if not listed or lesion.shapes or lesion.multiple:
            fresh = _Lesion(sentence=self.sentence, shapes=list(self.shapes) if not listed else [])
            if listed:
                lesion.shares_with = fresh
            elif self.multiple:
                fresh.multiple = True
            self.items.append(fresh)
            self.lesion = fresh
        if side + site not in self.lesion.sites:
            self.lesion.sites.append(side + site)

    def _shape(self, token: Token) -> None:
        if self.negated or self.mode != "lesion":
            return
        if self.lesion and not self.lesion.described and self.lesion.sentence == self.sentence:
            self.lesion.shapes.append(token.value)
        else:
            self.shapes.append(token.value)

    def _multiple(self, token: Token) -> None:
        if self.negated or self.mode != "lesion":
            return
        if self.lesion and not self.lesion.described and self.lesion.sentence == self.sentence:
            self.lesion.multiple = True
        else:
            self.multiple = True

    def _relaxation(self, token: Token) -> None:
        sequences, signal = token.value.split()
        self._describe(sequences.split("+"), signal)

    def _sequence(self, token: Token) -> None:
        if self.consumed:
            self.pending, self.consumed, self.shapes = [], False, []
        if token.value not in self.pending:
            self.pending.append(token.value)

    def _signal(self, token: Token) -> None:
        self._describe(self.pending, token.value)
        self.consumed = True

    def _levels(self, token: Token) -> None:
        levels = [c for c in token.value if c in "高低等"]
        if len(levels) == len(self.pending):
            for sequence, level in zip(self.pending, levels, strict=True):
                self._describe([sequence], f"{level}信号")
        else:
            self._describe(self.pending, _COMPOUND_LEVELS.get(frozenset(levels), "混杂信号"))
        self.consumed = True

    def _describe(self, sequences: list[str], signal: str) -> None:
        if self.negated or self.mode != "lesion" or self.lesion is None:
            return
        prefix = (_MULTIPLE if self.multiple else "") + "".join(self.shapes)
        for sequence in sequences:
            bare = _BARE_LEVELS_ADC if sequence == "ADC" else _BARE_LEVELS
            self.lesion.signals.setdefault(sequence, (prefix, bare.get(signal, signal)))

    def _restricted(self, token: Token) -> None:
        if self.lesion and not self.negated and self.mode == "lesion":
            self.lesion.restricted = True

    def _enhancement(self, token: Token) -> None:
        if self.lesion is None or self.mode == "elsewhere":
            return
        self.lesion.enhancement = self.lesion.enhancement or ("无强化" if self.negated else token.value)

    def _oedema(self, token: Token) -> None:
        if self.lesion and not self.negated and self.mode != "elsewhere":
            self.lesion.oedema = True
            self.mode = "oedema"

    def _anaphora(self, token: Token) -> None:
        if self.mode == "oedema" and self.last is None:
            self.mode = "lesion"
        if self.last is not None:
            self._nouns(token)

    def _nouns(self, token: Token) -> None:
        if self.lesion and not self.negated and self.mode == "lesion":
            self.lesion.named = True

    def _elsewhere(self, token: Token) -> None:
        self.mode = "elsewhere"

    _general = _elsewhere

    def _morphology(self, token: Token) -> None:
        self.organs.append((token.value, self.side))

    def _widened(self, token: Token) -> None:
        looks = {"脑沟": ("脑沟", "增宽"), "侧脑室": ("侧脑室", "扩大")}
        self._morphological({organ: looks[organ] for organ, _ in self.organs if organ in looks})

    def _compressed(self, token: Token) -> None:
        self._morphological({"侧脑室": ("侧脑室", "受压变窄")})

    def _shifted(self, token: Token) -> None:
        self._morphological({"中线结构": ("中线结构", f"向{token.value}侧移位")})

    def _morphological(self, looks: dict[str, tuple[str, str]]) -> None:
        if self.negated:
            return
        for organ, side in self.organs:
            if organ in looks:
                site, look = looks[organ]
                place = (side or "双侧") + site if site == "侧脑室" else site
                self.items += [(sequence, Finding(place, look)) for sequence in MORPHOLOGY_SEQUENCES]


def _sites_first(tokens: list[Token]) -> list[Token]:
    """Bring `多发斑点状长T1信号影，见于双侧额叶` into the usual order, sites before what is seen there."""
    places = [i for i, token in enumerate(tokens) if token.kind in ("site", "lobes")]
    looks = [i for i, token in enumerate(tokens) if token.kind in ("shape", "relaxation", "signal", "multiple")]
    located = [i for i, token in enumerate(tokens) if token.kind == "located"]
    if not places or not looks or not located or looks[0] > places[0] or located[-1] > places[0]:
        return tokens
    start = next((i for i in located if looks[0] < i), None)
    return tokens if start is None else tokens[start:] + tokens[:start]


def _clauses(sentence: str, lexicon: Lexicon) -> list[list[Token]]:
    """Return the tokens of each clause; `…信号影,见于双侧额叶` is one clause, its site comes last."""
    clauses: list[list[Token]] = []
    for tokens in map(lexicon.scan, sentence.split(",")):
        sites = {"site", "lobes"}
        follows = tokens and tokens[0].kind == "located" and any(t.kind in sites for t in tokens)
        if follows and clauses and not any(t.kind in sites for t in clauses[-1]):
            clauses[-1] += tokens
        else:
            clauses.append(tokens)
    return clauses


def parse_report(text: str) -> dict[str, list[Finding]]:
    """Return what a report says of each sequence.

    Parameters
    ----------
    text : str
        Findings in free Chinese (检查所见); an impression may follow.

    Returns
    -------
    dict of sequence (``T1 T2 FLAIR DWI ADC T1ce``) to list of Finding
        Only sequences with a finding; in the order of the text, each finding once. What is negated gives nothing.

    Examples
    --------
    >>> parse_report("左侧基底节区见片状长T1长T2信号影，DWI呈明显高信号。")["DWI"]
    [Finding(site='左侧基底节区', appearance='片状高信号')]
    """
    lexicon = load_lexicon()
    reader = _Reader(lexicon)
    for sentence in _SENTENCE_END.split(normalise(text)):
        reader.begin_sentence()
        for tokens in _clauses(sentence, lexicon):
            reader.read_clause(tokens)
    found: dict[str, list[Finding]] = {}
    for item in reader.items:
        for sequence, finding in item.findings() if isinstance(item, _Lesion) else [item]:
            known = found.setdefault(sequence, [])
            if finding not in known:
                known.append(finding)
    return {sequence: found[sequence] for sequence in SEQUENCES if sequence in found}


def is_normal_report(text: str) -> bool:
    """Return whether a report has no finding, says that something is normal, and names nothing abnormal.

    A clause that names a lesion or a diagnosis without a negation makes a report abnormal, also where its signal could
    not be read: an unread lesion must never be paired with the normal statement.
    """
    if parse_report(text):
        return False
    lexicon, whole = load_lexicon(), normalise(text)
    named = any(
        lexicon.abnormal.search(clause) and not lexicon.negated.search(clause)
        for clause in re.split(r"[,。;\n\r]", whole)
        if not any(place in clause for place in lexicon.book["elsewhere"])
    )
    return bool(lexicon.normal.search(whole)) and not named


def describe_series(findings: str, sequences: Iterable[str], *, impression: str = "") -> dict[str, str]:
    """Return the sentence of each series of a study that its report describes.

    Parameters
    ----------
    findings, impression : str
        The report. The impression only helps to tell a normal report from one whose lesion could not be read.
    sequences : iterable of str
        The series that exist.

    Returns
    -------
    dict of sequence to str
        The canonical sentence; the normal statement for every series of a normal patient; a series of an abnormal
        patient that the report says nothing about has no key (METHOD 1).
    """
    found = parse_report(findings)
    if not found:
        normal = is_normal_report(f"{findings}\n{impression}")
        return dict.fromkeys(sequences, NORMAL_STATEMENT) if normal else {}
    return {sequence: canonical_sentence(found[sequence]) for sequence in sequences if sequence in found}


@cache
def _segmenter():
    """Return jieba's tokenizer with the lexicon's words in its dictionary."""
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    segmenter = jieba.Tokenizer()
    for word in load_lexicon().words:
        segmenter.add_word(word)
    return segmenter


def tokenize(text: str) -> list[str]:
    """Return the words of a text, by jieba with the lexicon's terms; joined they are the text again."""
    return _segmenter().lcut(text)


def unknown_words(texts: Iterable[str]) -> Counter:
    """Return how often each word occurs that is neither in the lexicon nor common speech; signs and numbers aside."""
    lexicon = load_lexicon()
    known = set(lexicon.words) | set(lexicon.book["common"])
    counts: Counter = Counter()
    for text in texts:
        for word in tokenize(normalise(text)):
            if word not in known and re.search(r"[\u4e00-\u9fff]", word):
                counts[word] += 1
    return counts
