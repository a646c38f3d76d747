"""Chinese names of which no word says whose they are: on a line of their own, in brackets at the end, before an age."""

import re

from selip_core.ingest.person_words import BLANK, FAMILY, HAN, is_word

_NAME = rf"(?:{FAMILY}){HAN}{{1,2}}(?!{HAN})"
_NAMES = rf"({_NAME}(?:(?:{BLANK}[、/／,，]{BLANK}|[^\S\n\r]+){_NAME}){{0,3}})"
_DAY = r"(?:20\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[^\S\n\r]*\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?)?"

_PLACES = re.compile(
    rf"(?:\A|\n){BLANK}{_NAMES}{BLANK}{_DAY}{BLANK}(?=\n|\Z)"  # a line of its own
    rf"|(?<=[。；;.!！]){BLANK}{_NAMES}\s*{_DAY}\s*\Z"
    rf"|[（(]{BLANK}{_NAMES}{BLANK}{_DAY}{BLANK}[）)]{BLANK}{_DAY}\s*\Z"
    rf"|(?:\A|[。；;\n]){BLANK}({_NAME})(?=[，,、\s]*(?:[男女]性?[，,、\s]*)?\d{{1,3}}岁)"
    rf"|(?:\A|[。；;\n]){BLANK}({_NAME})(?=[，,、\s]+[男女]性?(?:[，,、。\s]|\Z))"
    rf"|(?<=由)((?:{FAMILY}){HAN}{{1,2}}?)(?=报告|审核|书写|签[名字发]|复核|会诊|操作|完成|阅片|执笔)"
)
_ADDRESSED = re.compile(
    rf"(?:(?<!{HAN})|(?<=[请经由与和]))({FAMILY})(?=(?:副?主任|教授|大夫|医[生师]|老师|护士长)(?!部|科))"
    rf"|(?:(?<!{HAN})|(?<=[请经由与和者属人]))({FAMILY})(?=先生|女士|小姐|太太)"
)
"""``请张主任会诊``, ``王女士，头痛``: a family name is one too."""
_DESCRIBES = re.compile("[额颞顶枕侧半颅颈椎髓肺肝肾膜囊壁腔颤块区段内外下右底级别旧性型样状前]")
"""Characters of anatomy and description, which a name at such a place hardly holds; 叶 and 期 it may."""
_NO_FAMILY = frozenset("高全任单明方时管常向关习解平")
"""Family names that before a title are a word: 高主任, 全医生, 时任主任."""


def bare_names(text: str) -> list[tuple[int, int]]:
    """Return where such names stand in a text (`comparable`), but for those that are a word: 高信号, 成像."""
    found = []
    for match in _PLACES.finditer(text):
        start, end = match.span(match.lastindex)
        names = [(start + one.start(), start + one.end()) for one in re.finditer(rf"{HAN}+", text[start:end])]
        if not any(_DESCRIBES.search(text, at + 1, stop) or is_word(text[at:stop]) for at, stop in names):
            found += names
    families = (match.span(match.lastindex) for match in _ADDRESSED.finditer(text))
    return found + [(at, stop) for at, stop in families if text[at:stop] not in _NO_FAMILY]
