"""Rules of grammar for a clause of a report: each takes its tokens and returns them in one order, or fewer of them.

The order is side, site, look, sequence, signal; what speaks of something other than the lesion is dropped.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from selip_core.reports.lexicon import Lexicon, Token

SIDES = {"左": "左侧", "右": "右侧"}
LOOKS = frozenset({"shape", "multiple", "relaxation", "signal", "levels"})
PLACES = frozenset({"site", "lobes"})
NOUNS = frozenset({"nouns", "anaphora"})
_WITH_PLACES = frozenset({"side", "morphology", "surroundings"})
_TOLD = LOOKS | NOUNS | {"enhancement", "oedema", "restricted"}
_LEVELS = frozenset({"relaxation", "signal", "levels"})
_CHANGES = frozenset({"widened", "compressed", "shifted"})
_DENIABLE = _TOLD | _CHANGES | {"disorders", "extensions"}
_BY_NOW = re.compile("[灶影区带]?(?:较前片?|现|均|已|亦|也|基本|完全|明显|逐渐)*")
_AND = re.compile("(?:以?及|[、和或与])?(?:异常|明显|其他)*")
_PARTLY = re.compile("(?:其中|另)?(?:部分|个别|少数)(?!吸收)")


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
    if "denials" in kinds or _denies_at_end(text, tokens[-1]):
        tokens = _without_denied(text, tokens)
    if kinds & _LEVELS:
        tokens = _without_turned(text, tokens, lexicon)
        tokens = _without_rim(tokens)
    if kinds & {"enhancement", "oedema"}:
        tokens = _without_borrowed_shapes(tokens)
    if kinds & PLACES:
        tokens = _without_touched(text, _without_compared_places(text, tokens))
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


def _without_denied(text: str, tokens: list[Token]) -> list[Token]:
    """Drop `高信号` of `高信号不明显`, `强化结节` of `强化结节较前基本消失`; but not `变浅` of `变浅、消失`."""
    kept: list[Token] = []
    for token in tokens:
        start, denies = token.start, token.kind == "denials" or _denies_at_end(text, token)
        while denies and kept and kept[-1].kind in _DENIABLE:
            if not _BY_NOW.fullmatch(text, kept[-1].end, start):
                break
            start = kept.pop().start
        kept.append(token)
    return kept


def _denies_at_end(text: str, token: Token) -> bool:
    return token.kind == "negations" and token.value[0] in "未没" and token.end == len(text)


def _without_turned(text: str, tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Drop what a signal was before: `高信号` of `由高信号转为等信号` and of `高信号现呈等信号`."""
    levels = [token for token in tokens if token.kind in _LEVELS]
    former = [a for a, b in pairwise(levels) if lexicon.turned.search(text, a.end, b.start)]
    return [token for token in tokens if token not in former]


def goes_on_denying(text: str, denied: Token, ahead: list[Token]) -> bool:
    """Return whether what follows no enhancement is denied too: `未见强化及弥散受限`, but not `见无强化的高信号`."""
    if denied.value != "无强化" or text[denied.start] not in "未无没" or not ahead:
        return False
    attribute = text[max(denied.start - 1, 0) : denied.start] in ("见", "呈") and text[denied.start] == "无"
    return not attribute and _AND.fullmatch(text, denied.end, ahead[0].start) is not None


def _without_rim(tokens: list[Token]) -> list[Token]:
    """Drop how the surroundings look, `T2WI周边见低信号环`: it is not how the lesion does."""
    # 术区边缘见T2高信号 is no lesion's rim; 边缘FLAIR高信号 may be the only look that is told
    own = {i for i, t in enumerate(tokens) if t.value == "边缘" and i and tokens[i - 1].kind == "sequence"}
    at = next((i for i, token in enumerate(tokens) if token.kind == "surroundings" or i in own), None)
    if at is None or any(token.kind in PLACES | {"oedema", "enhancement", "inside"} for token in tokens[at + 1 :]):
        return tokens
    return [*tokens[: at + 1], *[token for token in tokens[at + 1 :] if token.kind not in LOOKS | {"sequence"}]]


def _without_borrowed_shapes(tokens: list[Token]) -> list[Token]:
    """Drop the shape of an enhancement or an oedema, `结节状强化`, `片状水肿`: it is none of the lesion's."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind in ("enhancement", "oedema"):
            while kept and kept[-1].kind == "shape" and token.start - kept[-1].end <= 3:
                kept.pop()
        kept.append(token)
    return kept


def of_lesion(clause: Clause, lexicon: Lexicon, *, known: bool, sites: int, last: bool) -> Clause:
    """Return a clause without the places beside a known lesion, and with its organ before what is said of it.

    `sites` is how many sites that lesion has where this sentence has told of it before, else 0; `last` whether the
    clause is the last of its sentence.
    """
    tokens = _without_neighbours(clause.tokens, lexicon)
    if sites:
        tokens = _without_aside(replace(clause, tokens=tokens), lexicon, sites, last)
    alone = not known and not any(token.kind in PLACES for token in tokens)  # 延髓受压,T2WI呈高信号
    return Clause(clause.text, _organs_first(clause.tokens if alone else tokens))


def _without_aside(clause: Clause, lexicon: Lexicon, sites: int, last: bool) -> list[Token]:
    """Drop a place that would begin another lesion: that of a diagnosis, `考虑垂体瘤`, or of `邻近脑膜增厚强化`."""
    kinds = {token.kind for token in clause.tokens}
    dropped: frozenset[str] = frozenset()
    looks = kinds & (_LEVELS | {"sequence"})
    # Choice: a diagnosis that ends its sentence keeps its place, perhaps named for the first time.
    if not last and lexicon.diagnosed.match(clause.text) and not looks and not kinds & {"enhancement", "extensions"}:
        dropped = PLACES | {"side", "shape", "multiple"}
    elif clause.starts_with({"surroundings"}) and "enhancement" in kinds and kinds & PLACES and not looks:
        dropped = PLACES | {"side", "shape", "enhancement"}
    elif of_some(clause, sites):
        dropped = frozenset({"anaphora"})
    return [token for token in clause.tokens if token.kind not in dropped]


def of_some(clause: Clause, sites: int) -> bool:
    """Return whether a clause speaks of some lesions, `部分病灶DWI呈高信号`, at no one knows which of several sites."""
    named = list(takewhile(lambda token: token.kind == "sequence", clause.tokens))
    some = _PARTLY.match(clause.text) or _PARTLY.match(clause.text, named[-1].end if named else 0)
    return sites > 1 and some is not None and not clause.has(PLACES)


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


def _without_compared_places(text: str, tokens: list[Token]) -> list[Token]:
    """Drop the place that another is compared with: `左侧海马` of `右侧海马较左侧海马信号稍高`."""
    kept: list[Token] = []
    end = -1
    for token in tokens:
        compared = text[token.start - 1 : token.start] in ("较", "比") and any(t.kind in PLACES for t in kept)
        if token.kind == "side" and compared:
            end = token.end
        elif not (token.kind in PLACES and (token.start == end or compared)):
            kept.append(token)
    return kept


def _without_touched(text: str, tokens: list[Token]) -> list[Token]:
    """Drop the places of `与左侧海马、岛叶分界不清`."""
    for at in [i for i, token in enumerate(tokens) if token.kind == "contacts"]:
        listed = list(takewhile(lambda token: token.kind in PLACES | _WITH_PLACES, reversed(tokens[:at])))
        first = next((i for i, token in enumerate(listed) if text[token.start - 1 : token.start] == "与"), -1)
        touched = listed[: first + 1]
        tokens = [token for token in tokens if token not in touched or token.kind == "morphology"]
        if touched:
            break
    return tokens


def of_unknown_place(clause: Clause, lexicon: Lexicon) -> bool:
    """Return whether a clause tells what is seen at a place that the lexicon does not know: `右侧眶尖部见…`."""
    where, seen, _ = clause.text.partition("见")
    known = any(token.start < len(where) and token.kind not in ("side", "multiple") for token in clause.tokens)
    return bool(seen) and not known and lexicon.strange(where)


def changes_another(clause: Clause, lexicon: Lexicon) -> bool:
    """Return whether a change of shape is said of what the clause names itself, `左侧横窦增宽`, and no organ is."""
    change = next((token for token in clause.tokens if token.kind in _CHANGES), None)
    if change is None or clause.has({"morphology"}):
        return False
    return clause.has({"elsewhere", "vessels"}) or lexicon.strange(clause.text[: change.start])


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
