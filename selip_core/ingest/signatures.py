"""The names that a text itself tells to be names: under a report, behind a title, of whom somebody has informed."""

import re
from functools import cache

from selip_core.datasets.sequences import sequence_of_text
from selip_core.ingest.person_words import FAMILY_NAMES, HOLE, common_words
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.sections import begins_a_section
from selip_core.reports.text import normalise

_HAN = r"[\u4e00-\u9fff]"
_FAMILY = "|".join(sorted(FAMILY_NAMES, key=len, reverse=True))
_CHINESE = rf"(?:{_FAMILY}){_HAN}{{1,2}}"
"""A family name and a given one; where nothing but the place tells a name, `_is_word` must not know it."""
_NEXT = r"审核|报告|复核|书写|记录|签[名字发]|诊断|检查|医[师生]|主任|技师|性\s*别|年\s*龄|日期|时间"
_END = rf"(?:(?!{_HAN})|(?={_NEXT}))"
_BLANK = r"[^\S\n\r]*"

_BEHIND_A_ROLE = re.compile(
    rf"((?:姓\s*名|(?:医\s*[生师]|技\s*师)(?:签[名字]|姓名)?|签[名字]"
    rf"|(?:报告|审核|书写|记录|检查|诊断|复核|签发|操作|录入)(?:者|人员?)(?:签[名字])?){_BLANK}[:：]\s*)"
    rf"({_HAN}{{1,12}}(?:[·•・‧]{_HAN}{{1,12}})+(?!{_HAN})|{_HAN}{{2,4}}{_END})"
    rf"((?:(?:{_BLANK}[、/／,，;；&]{_BLANK}|[^\S\n\r]+){_CHINESE}(?!{_HAN}))*)"
)
"""``报告医师：王小明、李建国``."""
_BEHIND_A_WORD = re.compile(rf"((?:审核|复核|核对|校对|书写|签发|报告){_BLANK}[:：]{_BLANK})({_CHINESE}){_END}()")
"""``审核：李建国``; ``报告：高信号`` is none."""
_NO_NAMES = (
    "临床|主管|主治|主任|副主任|住院|值班|接诊|开单|申请|经治|急诊|上级|管床|首诊|送检|门诊|病房|相关|责任|该|其|高年资"
)
_SIGNING = re.compile(
    rf"((?:(?<!{_HAN})|(?<=[由经请与和及]))(?!{_NO_NAMES}))({_CHINESE})(?={_BLANK}(?:副?主任|主治|住院|进修)?医[师生]"
    r"(?:审核|报告|书写|签[名字发]|诊断|阅片|复核|会诊))()"
)
_INFORMED = re.compile(
    rf"((?:告知|通知|联系)(?!{_NO_NAMES}))(?:(?!科){_HAN}){{2,3}}(?=医[师生]|主任|大夫)"
)
_INFORMED_THERE = re.compile(
    rf"((?:告知|通知|联系){_HAN}{{0,8}}?(?:科|病房|病区|门诊|中心)(?:值班|主管|主治|经治|管床)?)({_CHINESE})"
    r"(?=(?:副?主任)?医[师生]|主任|大夫)()"
)
_PATIENT = re.compile(rf"((?:患者|病人){_BLANK})({_CHINESE})(?=[，,、\s]*[男女]性?(?:[，,、\s。；;\d]|\Z))()")

_SPEECH = re.compile(
    "高[热烧龄危血压空处]|平[素时日]|常[年有见规]|白天|明[显确]|成年|安静|方[便才]|时[有而]|全[身部程]|查体|尚[可未有]|易于|段落|连续|强[调烈]"
    "|向[家上下]|关[于注]|解[除释]|习惯|管理|尤其|相[关同]|后[续来]|单[纯位]|通[过知]|已|未"
)
"""How words begin that could be a family name and a given one."""
_IN_NO_NAME = re.compile("[灶症瘤骨影液血肿癌炎病损]")

_CAPITALISED = r"[A-ZÀ-Þ][A-Za-zÀ-ɏ'’-]+(?:[^\S\n\r]+[A-ZÀ-Þ][A-Za-zÀ-ɏ'’-]+){0,2}"
_ONE_LINE_ON = r"(?:[^\S\n]+|[^\S\n]*\n[^\S\n]*)"
_LATIN = re.compile(
    r"(?P<by>(?i:\b(?:reported|dictated|signed|verified|read|interpreted|approved|authenticated|transcribed|finali[sz]ed)"
    rf" by:?{_ONE_LINE_ON}(?:dr\.?[^\S\n\r]+)?))(?P<signed>{_CAPITALISED})"
    r"|(?P<role>(?i:(?:\b(?:radiologist|attending|resident|fellow|physician|technologist|(?:patient(?:[’']s)? )?name)"
    r"|(?:姓\s*名|医\s*[生师]|技\s*师|(?:报告|审核)[者人])(?:签[名字])?)"
    rf"{_BLANK}[:：]{_BLANK}(?:dr\.?[^\S\n\r]+)?))(?P<named>{_CAPITALISED})"
    r"|(?P<title>\b(?:Dr|DR|Prof|PROF|Professor|Pr|Doctor|[Dd]octeur|Mr|Mrs|MRS(?=\.)|Ms|Miss|Mme|MME|Mlle|[Mm]onsieur"
    rf"|[Mm]adame)\b\.?[^\S\n\r]+)(?P<titled>{_CAPITALISED})"
)
_BEGIN = frozenset((
    "left", "right", "bilateral", "normal", "mild", "moderate", "multiple", "small", "large", "stable", "unchanged",
    "new", "there",
))  # fmt: skip
"""Words that sentences of reports begin with."""
_PROTOCOL = frozenset((
    "brain", "head", "image", "images", "imaging", "scan", "study", "sequence", "protocol", "spine", "neck",
))  # fmt: skip
"""Mr Brain is a title-cased MR."""
_RADIOGRAPHS = frozenset((
    "chest", "abdomen", "pelvis", "knee", "ankle", "hip", "shoulder", "wrist", "elbow", "system", "detector", "plate",
    "radiograph", "radiographs", "lateral", "ap", "pa",
))  # fmt: skip
"""DR CHEST is digital radiography."""


def without_signatures(text: str) -> str:
    """Return a text with ``＊＊`` in the place of names that stand where names do, whoever they are.

    Where the place alone does not tell a name (``审核：李建国``), it has to begin with a usual family name and must not
    be a word of reports.
    """
    for places in (_BEHIND_A_ROLE, _BEHIND_A_WORD, _SIGNING, _INFORMED_THERE, _PATIENT):
        text = places.sub(_without_chinese, text)
    return _LATIN.sub(_without_latin, _INFORMED.sub(rf"\1{HOLE}", text))


def _without_chinese(match: re.Match) -> str:
    sure = match.re is _BEHIND_A_ROLE and "\n" not in match[1]  # where the name is missing, the next line is a text
    if not sure and _is_word(match[2]):
        return match[0]
    more = re.split(rf"({_CHINESE})", match[3])  # signs and names in turn
    for i in range(1, len(more), 2):
        if _is_word(more[i]):
            break
        more[i] = HOLE
    return match[1] + HOLE + "".join(more)


@cache
def _is_word(name: str) -> bool:
    """Tell whether what looks like a Chinese name holds a word of the lexicon or of speech: 高信号, 白质区, 高热."""
    text = normalise(name)
    said = _SPEECH.match(text) or _IN_NO_NAME.search(text, 1)
    return said is not None or any(token.end - token.start >= 2 for token in load_lexicon().scan(text))


def _without_latin(match: re.Match) -> str:
    """Return what `_LATIN` has found with a hole for the name, up to a word that is no name."""
    before = match["by"] or match["role"] or match["title"]
    name = match["signed"] or match["named"] or match["titled"]
    words, rest = re.split(r"(?<=\S)(?=\s)", name), match.string[match.end() :]
    first, begins = words[0].casefold(), common_words("function") | common_words("medical") | _BEGIN
    no_person = (
        (before.startswith(("Mr ", "Ms ", "Pr ", "Miss ")) and first in _PROTOCOL)
        or ("\n" in before and first in begins)
        or (before.startswith("DR ") and first in begins | common_words("report") | _PROTOCOL | _RADIOGRAPHS)
        or (match["role"] and first in begins | common_words("report"))
        or (match["role"] and len(words) == 1 and re.match(r"[^\S\n\r]+[a-z]", rest))  # Radiologist: Enhancing mass
    )
    if no_person or begins_a_section(words[0]):
        return match[0]
    ends = begins if match["title"] else _BEGIN  # behind "reported by" May is a name, behind Dr. Smith it is not
    at = next((i for i in range(1, len(words)) if _ends_a_name("".join(words[i:]) + rest, ends)), len(words))
    return before + HOLE + "".join(words[at:])


def _ends_a_name(text: str, ends: frozenset[str]) -> bool:
    """Tell whether a text behind the first word of a name is no more of it: FINDINGS, FLAIR; Left, if it goes on."""
    word, _, more = text.strip().partition(" ")
    known = word.casefold() in ends and bool(more.strip())
    return known or begins_a_section(text) or sequence_of_text(word) != (None, "")
