"""Rules of grammar for a clause of a report: each takes its tokens and returns them in one order, or fewer of them.

The order is side, site, look, sequence, signal; what speaks of something other than the lesion is dropped.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile

from selip_core.reports.lexicon import Lexicon, Token

SIDES = {"左": "左侧", "右": "右侧"}
LOOKS = frozenset({"shape", "multiple", "relaxation", "signal", "levels"})
PLACES = frozenset({"site", "lobes"})
NOUNS = frozenset({"nouns", "anaphora"})
_WITH_PLACES = frozenset({"side", "morphology", "surroundings"})
_TOLD = LOOKS | NOUNS | {"enhancement", "oedema", "restricted"}


@dataclass
class Clause:
    """A clause and its words."""

    text: str
    tokens: list[Token]

    def has(self, kinds: Iterable[str]) -> bool:
        return any(token.kind in kinds for token in self.tokens)

    def starts_with(self, kinds: Iterable[str]) -> bool:
        return bool(self.tokens) and self.tokens[0].kind in kinds


def arrange(text: str, tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Bring the tokens of a clause into one order, and drop what speaks of something else."""
    if len(tokens) < 2:
        return tokens
    kinds = {token.kind for token in tokens}
    if "denials" in kinds:
        tokens = _without_denied(tokens)
    if kinds & {"enhancement", "oedema"}:
        tokens = _without_borrowed_shapes(tokens)
    if kinds & PLACES:
        tokens = _without_qualifiers(text, tokens, lexicon)
        if "extensions" in kinds:
            tokens = _extensions_first(text, tokens)
        if kinds & {"side", "shifted"}:
            tokens = _sides_first(text, tokens)
        if "located" in kinds:
            tokens = _sites_first(tokens)
    else:
        tokens = _without_compared(text, tokens)
        if kinds & {"morphology", "general"}:
            tokens = _organ_as_site(text, tokens)
    if "sequence" in kinds and kinds & {"signal", "levels"}:
        tokens = _sequences_first(tokens)
    return tokens


def _without_denied(tokens: list[Token]) -> list[Token]:
    """Drop `高信号` of `高信号不明显`."""
    following = [*tokens[1:], None]
    return [
        token
        for token, after in zip(tokens, following, strict=True)
        if not (after and after.kind == "denials" and after.start - token.end <= 1)
    ]


def _without_borrowed_shapes(tokens: list[Token]) -> list[Token]:
    """Drop the shape of an enhancement or an oedema, `结节状强化`, `片状水肿`: it is none of the lesion's."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind in ("enhancement", "oedema"):
            while kept and kept[-1].kind == "shape" and token.start - kept[-1].end <= 3:
                kept.pop()
        kept.append(token)
    return kept


def of_lesion(clause: Clause, lexicon: Lexicon, *, known: bool) -> Clause:
    """Return a clause without the places beside a known lesion, and with its organ before what is said of it."""
    tokens = _without_neighbours(clause.tokens, lexicon)
    alone = not known and not any(token.kind in PLACES for token in tokens)  # 延髓受压,T2WI呈高信号
    return Clause(clause.text, _organs_first(clause.tokens if alone else tokens))


def _without_neighbours(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Drop places beside the lesion, `邻近脑桥受压`, `压迫视交叉`; but none with a look, `脑桥受压,呈长T2信号`."""
    for verb in [token for token in tokens if token.value in lexicon.neighbours]:
        at = tokens.index(verb)
        if any(token.kind in LOOKS | {"sequence"} for token in tokens[at:]):
            continue
        ahead = list(takewhile(lambda token: token.kind in PLACES | _WITH_PLACES, tokens[at + 1 :]))
        behind = list(takewhile(lambda token: token.kind not in _TOLD, reversed(tokens[:at])))
        acts = ahead != [] and ahead[0].start == verb.end
        tokens = [token for token in tokens if token.kind not in PLACES or token not in (ahead if acts else behind)]
    return tokens


def _extensions_first(text: str, tokens: list[Token]) -> list[Token]:
    """Bring `向左侧扣带回延伸` into the order of `累及左侧扣带回`."""
    for at, token in enumerate(tokens):
        where = list(takewhile(lambda t: t.kind in PLACES | {"side"}, reversed(tokens[:at])))
        start = where[-1].start if where else 0
        if token.kind == "extensions" and where and where[0].kind in PLACES and text[start - 1 : start] == "向":
            return [*tokens[: at - len(where)], token, *tokens[at - len(where) : at], *tokens[at + 1 :]]
    return tokens


def _without_qualifiers(text: str, tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Drop places that only qualify a neighbour: `额叶皮层及皮层下`, `左侧额部硬膜下`, `大脑中动脉供血区(额叶)`."""
    kept: list[Token] = []
    kinds = {token.kind for token in tokens}
    for token in tokens:
        before = kept[-1] if kept and kept[-1].kind in PLACES else None
        if token.kind in PLACES and "contacts" in kinds and text[token.start - 1 : token.start] == "与":
            continue  # 与大脑镰关系密切
        if before:
            gap = text[before.end : token.start]
            layered = text[before.start : before.end].endswith(("皮层", "皮质")) and gap in ("及", "、", "和", "-", "/")
            if token.value in lexicon.layers and (not gap or layered):
                continue
            if gap == "(" and before.value in lexicon.territories:
                kept.pop()
            if not gap and (token.value in lexicon.extra_axial or token.kind == "morphology"):
                while kept and kept[-1].kind in PLACES:
                    kept.pop()
        kept.append(token)
    return kept


def _sides_first(text: str, tokens: list[Token]) -> list[Token]:
    """Bring `脑桥右侧`, `额叶(左侧)` into the usual order."""
    tokens = list(tokens)
    for i in range(len(tokens) - 1):
        place, side = tokens[i], tokens[i + 1]
        after = tokens[i + 2] if i + 2 < len(tokens) else None
        free = after is None or after.kind not in PLACES | {"morphology"} or after.start > side.end
        sided = i > 0 and tokens[i - 1].kind == "side"
        word = text[side.start : side.end]
        leans = side.kind == "shifted" and word.startswith("偏") and side.value in SIDES
        near = text[place.end : side.start] in ("", "(", "偏", "部", "的")
        if place.kind in PLACES and (side.kind == "side" or leans) and free and near and not sided:
            value = SIDES[side.value] if leans else side.value
            tokens[i : i + 2] = [replace(side, kind="side", value=value), place]
    return tokens


def _sites_first(tokens: list[Token]) -> list[Token]:
    """Bring `多发斑点状长T1信号影，见于双侧额叶` into the usual order, sites before what is seen there."""
    places = [i for i, token in enumerate(tokens) if token.kind in PLACES]
    looks = [i for i, token in enumerate(tokens) if token.kind in LOOKS]
    located = [i for i, token in enumerate(tokens) if token.kind == "located"]
    if not places or not looks or not located or looks[0] > places[0] or located[-1] > places[0]:
        return tokens
    start = next((i for i in located if looks[0] < i), None)
    return tokens if start is None else tokens[start:] + tokens[:start]


def _organ_as_site(text: str, tokens: list[Token]) -> list[Token]:
    """Let a ventricle, a sulcus or a hemisphere in which a signal is seen be a site: `左侧侧脑室内见短T1信号`."""
    kinds = [token.kind for token in tokens]
    looks = [i for i, kind in enumerate(kinds) if kind in ("relaxation", "signal", "levels", "shape")]
    if not looks or {"negations", "widened", "compressed", "shifted"} & set(kinds):
        return tokens
    for i in range(looks[0] - 1, -1, -1):
        token = tokens[i]
        if token.kind == "morphology" and token.value != "中线结构" or token.value == "大脑半球":
            site = token.value
            if site == "其他脑室":
                site = "第四脑室" if "四" in text[token.start : token.end] else "第三脑室"
            return [*tokens[:i], replace(token, kind="site", value=site), *tokens[i + 1 :]]
    return tokens


def _without_compared(text: str, tokens: list[Token]) -> list[Token]:
    """Drop what an organ is compared with: `右侧侧脑室较左侧侧脑室稍大`, `左侧较右侧稍大`."""
    kept: list[Token] = []
    end = -1
    for token in tokens:
        if token.kind == "side" and text[token.start - 1 : token.start] in ("较", "比"):
            end = token.end
        elif token.kind != "morphology" or token.start != end:
            kept.append(token)
    return kept


def _organs_first(tokens: list[Token]) -> list[Token]:
    """Bring `压迫左侧侧脑室` into the usual order: the organ, then what is said of it."""
    kinds = [token.kind for token in tokens]
    pressed, organ = (kinds.index(kind) if kind in kinds else -1 for kind in ("compressed", "morphology"))
    if organ < pressed or pressed < 0:
        return tokens
    return [*tokens[:pressed], *tokens[pressed + 1 : organ + 1], tokens[pressed], *tokens[organ + 1 :]]


def _sequences_first(tokens: list[Token]) -> list[Token]:
    """Bring `高信号于DWI`, `低T1高T2` and `T1WI、T2WI分别呈低信号、高信号` into pairs of sequence and signal."""
    places = [i for i, token in enumerate(tokens) if token.kind in ("sequence", "signal", "levels")]
    run = [tokens[i] for i in places]
    kinds = "".join("q" if token.kind == "sequence" else "s" for token in run)
    negated = any(token.kind == "negations" for token in tokens)
    if not negated and re.fullmatch(r"(?:sq+)+s?", kinds) and kinds[-1:] == "q":
        ordered = []
        for group in re.finditer(r"sq+", kinds):
            ordered += [*run[group.start() + 1 : group.end()], run[group.start()]]
    elif (pairs := re.fullmatch(r"(q{2,})(s{2,})", kinds)) and len(pairs[1]) == len(pairs[2]):
        middle = len(pairs[1])
        ordered = [token for pair in zip(run[:middle], run[middle:], strict=True) for token in pair]
    else:
        return tokens
    tokens = list(tokens)
    for i, token in zip(places, ordered, strict=True):
        tokens[i] = token
    return tokens


def places_first(clauses: list[Clause]) -> list[Clause]:
    """Bring a clause that tells where, `…信号影，位于双侧额叶`, before the clauses that tell what."""
    j = next((i for i, clause in enumerate(clauses) if clause.has(PLACES)), None)
    if not j:
        return clauses
    clause, before = clauses[j], clauses[:j]
    if not clause.starts_with({"located", "extensions"}) or clause.has(LOOKS | {"sequence", "negations"}):
        return clauses
    other = {"negations", "elsewhere", "vessels", "anaphora"}
    if not any(c.has(LOOKS) for c in before) or any(c.has(other) for c in before):
        return clauses
    sides = [token for c in before for token in c.tokens if token.kind == "side"]
    where = [] if clause.has({"side"}) else sides[-1:]
    what = [Clause(c.text, [token for token in c.tokens if token.kind not in ("general", "side")]) for c in before]
    places = [token for token in clause.tokens if token.kind not in ("located", "extensions")]  # a lesion of its own
    return [Clause(clause.text, where + places), *what, *clauses[j + 1 :]]
