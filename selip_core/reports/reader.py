"""Puts the words of a report together: a lesion opens at a site, gathers shape and signals, and closes at the next."""

import re
from dataclasses import dataclass, field

from selip_core.reports import grammar
from selip_core.reports.grammar import LOOKS, NOUNS, PLACES, SIDES, Clause
from selip_core.reports.lesion import MULTIPLE, ReportedLesion, beyond_oedema, usual_signal
from selip_core.reports.lexicon import KINDS, Lexicon, Token
from selip_core.reports.organs import Organs
from selip_core.reports.parts import is_alone, is_named, joins, one_of_two
from selip_core.reports.sentences import OTHER_SIDE, without_side

SIGNALS = frozenset({"sequence", "relaxation", "signal", "levels"})
_COMPOUND_LEVELS = {frozenset("等低"): "等低信号", frozenset("等高"): "等高信号"}
_NO_LESION = ("general", "elsewhere", "vessels")
_STILL_SAID = re.compile(r"[上像图值]*(?:均|亦|也|则|仍)?[呈为示]")


@dataclass
class Reader:
    """What is known while the tokens of one report go by; one method for each kind of token."""

    lexicon: Lexicon
    # lesions, and (sequence, Finding) of morphology, in the order of the text
    items: list = field(default_factory=list)
    lesion: ReportedLesion | None = None
    mode: str = "lesion"  # lesion | oedema | general | elsewhere | vessels
    pending: list[str] = field(default_factory=list)  # sequences named, their signal still to come
    consumed: bool = False
    sentence: int = 0
    clause: int = 0
    abnormal: bool = False  # something is said to be there, with or without a signal
    # of the clause in hand
    kinds: set[str] = field(default_factory=set)
    text: str = ""
    side: str = ""
    last: Token | None = None
    ahead: list[Token] = field(default_factory=list)
    negated: bool = False
    shapes: list[str] = field(default_factory=list)
    multiple: bool = False
    extending: bool = False
    denied: ReportedLesion | None = None  # sites of which nothing was said but that they are normal
    organs: Organs = field(default_factory=Organs)

    def read_sentence(self, clauses: list[Clause]) -> None:
        self.sentence += 1
        self.mode, self.pending, self.consumed, self.organs = "lesion", [], False, Organs()
        self.side, self.shapes, self.multiple, self.denied = "", [], False, None
        for clause in clauses:
            self._read_clause(clause, last=clause is clauses[-1])

    def _read_clause(self, clause: Clause, *, last: bool) -> None:
        self._settle_organs(clause)
        sites = len(self.lesion.sites) if self._told_here else 0
        clause = grammar.of_lesion(clause, self.lexicon, known=self.lesion is not None, sites=sites, last=last)
        self._begin_clause(clause)
        if grammar.of_unknown_place(clause, self.lexicon):
            self.mode = "vessels"
        elif sites and self.lesion.described and grammar.of_some(clause, sites):
            self.mode = "general"
        tokens = clause.tokens
        if clause.starts_with({"largest"}):  # 较大者位于左侧额叶: said of one focus
            tokens = [token for token in tokens if token.kind not in PLACES | {"side", "shape"}]
        for i, token in enumerate(tokens):
            self.ahead = tokens[i + 1 :]
            if token.kind == "surroundings" and "oedema" in self.kinds:
                self.mode = "oedema"
            if token.kind in _READ:
                _READ[token.kind](self, token)
            self.last = token
        if not self.kinds & SIGNALS and not clause.starts_with({"inside", "surroundings", "largest"}):
            self._describe_afterwards()
        self._close_list(clause)

    @property
    def _told_here(self) -> bool:
        """Whether this sentence has told of the lesion more than its sites."""
        return self.lesion is not None and self.lesion.sentence == self.sentence and not self.lesion.bare

    def _begin_clause(self, clause: Clause) -> None:
        self.clause += 1
        self.kinds, self.text = {token.kind for token in clause.tokens}, clause.text
        named = self.kinds & {"sequence", "unread"}
        if named and (self.last is None or self.last.kind not in ("sequence", "unread")):
            self.pending = []  # else: T1WI上,T2WI上均呈…
        self.negated, self.last = False, None
        lesion = self.lesion
        here = lesion is not None and lesion.sentence == self.sentence
        if here:  # else: 见多发斑点状病灶,位于…: the site is to come
            self.shapes, self.multiple = [], False
        if not (lesion and lesion.open_for_sites(self.sentence)):
            self.side = ""
        if self.mode == "oedema" and lesion and not lesion.signals:  # 伴周围水肿,T1WI呈低信号: the lesion's own
            self.mode = "lesion"
        self.extending = lesion is not None and joins(clause, lesion, self.sentence)

    def _settle_organs(self, clause: Clause) -> None:
        """Close the list of organs of the clause before, unless it goes on; forget it for another subject."""
        self.organs.told = not (self.last and self.last.kind == "morphology" and self.last.end == len(self.text))
        subject = any(token.kind in NOUNS and not token.value.startswith("其") for token in clause.tokens)
        other = clause.has(PLACES) or (subject and self.organs.told) or grammar.changes_another(clause, self.lexicon)
        if not clause.has({"morphology"}) and other:
            self.organs = Organs()

    def _describe_afterwards(self) -> None:
        """Let a clause that only tells shape or number, `…信号影,呈多发斑点状`, speak of the lesion before it."""
        lesion = self.lesion
        if not (lesion and lesion.described and lesion.sentence == self.sentence and self.mode == "lesion"):
            return
        if lesion.enhancement == "强化" and "环形" in self.shapes:  # 明显强化,呈花环状
            lesion.enhancement = "环形强化"
            return
        lesion.multiple = lesion.multiple or self.multiple
        lesion.shapes = lesion.shapes or self.shapes

    def _close_list(self, clause: Clause) -> None:
        """Close a list of sites about which the clause has said something: `两侧海绵窦不对称,左侧海绵窦…`."""
        lesion = self.lesion
        if lesion is None or not lesion.bare or lesion.clause != self.clause:
            return
        end = max((token.end for token in clause.tokens if token.kind in PLACES), default=len(clause.text))
        said = clause.text[end:].strip("内区部处可见示及和与、白质皮层下深旁脑的均亦也等)")
        if len(said) >= 2:
            lesion.named = True
            lesion.dismissed = "信号" not in said  # 见异常信号,呈片状…: its looks are still to come

    # places

    def _side(self, token: Token) -> None:
        own = self.lesion if self.lesion and self.lesion.sentence == self.sentence else None
        before = own or self.denied or self.lesion  # 左侧丘脑未见异常,对侧丘脑见…
        known = (before.side if before else "") or self.organs.side
        relative = {"同侧": known, "对侧": OTHER_SIDE.get(known, "")}
        self.side = relative.get(token.value, token.value)
        if not self.kinds & (PLACES | {"morphology"}):
            self.organs.narrow(self.side)
        if self.mode != "elsewhere" and is_alone(token, self.last, self.ahead, self.text):
            self._one_side(own or self.denied or (self.lesion if is_named(token, self.ahead) else None), token.value)

    def _one_side(self, lesion: ReportedLesion | None, side: str) -> None:
        """Let a side alone, `双侧丘脑见T2高信号,右侧DWI呈高信号`, be that of a lesion, or of nothing that is known."""
        if lesion and (sites := lesion.sites_on(side)):
            self._tell_of(lesion, sites)
        elif lesion and lesion.side:
            self.mode = "general"

    def _which(self, token: Token) -> None:
        told = one_of_two(token.value, self.items, self.sentence)
        if told:
            self._tell_of(*told)

    def _tell_of(self, lesion: ReportedLesion, sites: list[str]) -> None:
        """Let what follows be of a lesion, or of a part of it where these are not all of its sites."""
        self.mode = "lesion"
        if sites != lesion.sites or lesion is self.denied:
            lesion = lesion.part(sites, self.clause)
            lesion.shapes = [] if "shape" in self.kinds else lesion.shapes
            self.items.append(lesion)
        self.lesion = lesion

    def _site(self, token: Token) -> None:
        self._add_site(token.value)

    def _lobes(self, token: Token) -> None:
        side, last = self.side, self.last
        for lobe in self.lexicon.lobes(token.value):
            self.side, self.last = side, last
            self._add_site(lobe)

    def _add_site(self, site: str) -> None:
        if self.negated:
            return
        self.mode = "lesion"
        stated = self.last is not None and self.last.kind == "side"
        side = self.side if stated or site not in self.lexicon.midline else ""
        if self.extending:
            side = side or (self.lesion.side if site not in self.lexicon.midline else "")
            if [without_side(known) for known in self.lesion.sites] == ["大脑半球"]:  # the sites say it better
                self.lesion.sites = []
        elif not self._continues_list():
            self._open_lesion()
        if side + site not in self.lesion.sites:
            self.lesion.sites.append(side + site)

    def _continues_list(self) -> bool:
        lesion = self.lesion
        listed = lesion is not None and lesion.open_for_sites(self.sentence)
        return listed and not (lesion.shapes or lesion.multiple)

    def _open_lesion(self) -> None:
        before = self.lesion
        listed = before is not None and before.open_for_sites(self.sentence)
        fresh = ReportedLesion(sentence=self.sentence, clause=self.clause)
        if listed:
            before.shares_with = fresh
        else:
            fresh.shapes, fresh.multiple, fresh.shaped_in = list(self.shapes), self.multiple, self.clause
        self.items.append(fresh)
        self.lesion = fresh

    def _extensions(self, token: Token) -> None:
        lesion = self.lesion
        if lesion is not None and lesion.named and lesion.clause == self.clause:  # 左侧额叶病灶累及胼胝体
            self.extending = True

    # looks

    def _shape(self, token: Token) -> None:
        if self.negated or self.mode != "lesion":
            return
        lesion = self.lesion
        if (self._awaits_look() or self._looks_end()) and (not lesion.shapes or lesion.shaped_in == self.clause):
            lesion.shapes.append(token.value)
            lesion.shaped_in = self.clause
        else:
            self.shapes.append(token.value)

    def _awaits_look(self) -> bool:
        """Return whether a shape or number told now is the open lesion's, in its sentence or a later `形态:斑片状`."""
        lesion = self.lesion
        if lesion is None or lesion.described or lesion.dismissed:
            return False
        return lesion.sentence == self.sentence or "见" not in self.text

    def _looks_end(self) -> bool:
        """Return whether a shape or number closes the clause that opened the lesion: `长T1长T2信号斑片影`."""
        lesion = self.lesion
        return lesion is not None and lesion.clause == self.clause and not any(t.kind in SIGNALS for t in self.ahead)

    def _multiple(self, token: Token) -> None:
        if self.negated or self.mode != "lesion":
            return
        if self._awaits_look() or self._looks_end():
            self.lesion.multiple = True
        else:
            self.multiple = True

    def _relaxation(self, token: Token) -> None:
        sequences, signal = token.value.split()
        self._describe(sequences.split("+"), signal)

    def _sequence(self, token: Token) -> None:
        listed = self.text[token.start - 1 : token.start] == "、"
        if self.negated and listed and _STILL_SAID.match(self.text, token.end):  # T1WI未见异常、T2WI呈高信号
            self.negated = False
        if self.consumed:
            self.shapes = []
        if self.consumed or (self.last is not None and self.last.kind in NOUNS):  # DWI示梗死灶、ADC值降低
            self.pending, self.consumed = [], False
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
        lesion = self.lesion
        if signal != "等信号":
            self._note()
        if self.negated or self.mode in _NO_LESION or lesion is None:
            return
        prefix = (MULTIPLE if self.multiple else "") + "".join(self.shapes)
        if lesion.bare or lesion.mentioned_again:
            lesion.recall(self.items, sequences)
        for sequence in sequences:
            if not sequence or (self.mode == "oedema" and not beyond_oedema(sequence, signal)):
                continue
            lesion.signals.setdefault(sequence, (prefix, usual_signal(sequence, signal)))

    def _restricted(self, token: Token) -> None:
        if self.lesion and not self.negated and self.mode == "lesion":
            self.lesion.restricted = True
        self.consumed = True

    def _enhancement(self, token: Token) -> None:
        lesion, denied = self.lesion, self.negated
        self.consumed = True
        if self.text[: token.start].endswith("异常"):
            self._note()
        self.negated = denied or grammar.goes_on_denying(self.text, token, self.ahead)
        if lesion is None or self.mode in _NO_LESION:
            return
        value = "无强化" if denied else token.value
        if value == "无强化" and self._forget_site():  # 余脑膜未见异常强化
            return
        rank = ("", "无强化", "强化", "环形强化").index
        if rank(value) > rank(lesion.enhancement):
            lesion.enhancement = value

    def _oedema(self, token: Token) -> None:
        lesion = self.lesion
        if lesion is None or self.negated or self.mode in _NO_LESION:
            return
        if "surroundings" in self.kinds or not lesion.bare:
            lesion.oedema = True
            self.mode = "oedema"

    # reference and scope

    def _note(self, _: Token | None = None) -> None:
        """Note that something is wrong; outside the brain, 上颌窦粘膜增厚, it is harmless."""
        if not self.negated and self.mode != "elsewhere" and "elsewhere" not in self.kinds:
            self.abnormal = True

    def _negations(self, token: Token) -> None:
        self.negated, self.pending, self.consumed = True, [], False
        self._forget_site()

    def _forget_site(self) -> bool:
        """Take back a site of which the clause says that nothing is there, `左侧额叶未见异常`; tell whether it did."""
        lesion = self.lesion
        if lesion is None or not lesion.bare or lesion.clause != self.clause:
            return False
        self.items.remove(lesion)
        self.denied = lesion
        self.lesion = next((item for item in reversed(self.items) if isinstance(item, ReportedLesion)), None)
        self.mode = "general"
        return True

    def _contrasts(self, token: Token) -> None:
        self.negated = False

    def _anaphora(self, token: Token) -> None:
        if self.last is None:
            if self.mode == "oedema" or len(self.text[token.start : token.end]) > 1:
                self.mode = "lesion"
            return
        if self.last.kind in PLACES and self.lesion and self.lesion.bare:
            self.lesion.mentioned_again = True
        self._nouns(token)

    def _nouns(self, token: Token) -> None:
        if self.negated or self.mode == "elsewhere":
            return
        self.abnormal = True
        if self.lesion and self.mode == "lesion":
            self.lesion.named = True

    def _elsewhere(self, token: Token) -> None:
        # 邻近颅骨受压, 与筛窦分界不清, 由脑膜中动脉供血: a neighbour, not the subject
        lesion = self.lesion
        listed = lesion is not None and lesion.bare and lesion.clause == self.clause  # 脑干及颈髓内见…
        aside = listed or (self._told_here and not self.kinds & (LOOKS | {"enhancement"}))
        if not (aside and token.kind == "vessels") and not self.kinds & {"surroundings", "contacts", "compressed"}:
            self.mode = token.kind

    def _general(self, token: Token) -> None:
        if not self.kinds & PLACES or self.last is None or self.last.kind not in PLACES:
            self._elsewhere(token)

    # morphology

    def _morphology(self, token: Token) -> None:
        self.organs.name(token.value, self.side)

    def _widened(self, token: Token) -> None:
        named = self.last is not None and self.last.kind in ("morphology", "side")
        if len(token.value) == 1 and not named:
            return
        self._change({"脑沟": ("脑沟", "增宽"), "侧脑室": ("侧脑室", "扩大")})
        if self.kinds & (PLACES | {"vessels"}) or self.organs.named:  # else: 透明隔间隙增宽, a variant
            self._note()

    def _compressed(self, token: Token) -> None:
        self._note()
        self._change({"侧脑室": ("侧脑室", "受压变窄")}, self.lesion.side if self.lesion else "")

    def _shifted(self, token: Token) -> None:
        side = SIDES.get(token.value) or OTHER_SIDE.get(self.lesion.side if self.lesion else "")
        if side:
            self._change({"中线结构": ("中线结构", f"向{side}移位")})

    def _change(self, looks: dict[str, tuple[str, str]], default_side: str = "") -> None:
        found = self.organs.changed(looks, default_side)
        if not self.negated:
            self.items += found


_OF_CLAUSES = {
    "passed_over", "surroundings", "largest", "inside", "located", "denials", "contacts", "size",
}  # fmt: skip
"""Kinds that only tell what a clause is about, or bring its words into order."""

_READ_AS = {"disorders": "note", "vessels": "elsewhere", "unread": "sequence"}
_READ = {kind: getattr(Reader, "_" + _READ_AS.get(kind, kind)) for kind in sorted(KINDS - _OF_CLAUSES)}
"""What reads each kind of word: the method of its name, or of another that does the same."""
