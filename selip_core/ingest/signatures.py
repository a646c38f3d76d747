"""The names that a text itself tells to be names: under a report, behind a title, of whom somebody has informed."""

import re

from selip_core.ingest.bare_names import bare_names
from selip_core.ingest.latin_signatures import latin_signatures
from selip_core.ingest.letter_names import letter_names
from selip_core.ingest.person_words import BLANK, FAMILY, HAN, KANJI, is_word

_CHINESE = rf"(?:{FAMILY}){HAN}{{1,2}}"
"""A family name and a given one; where nothing but the place tells a name, `is_word` must not know it."""
_NEXT = r"审核|报告|复核|书写|记录|签[名字发]|诊断|检查|医[师生]|主任|技师|性\s*别|年\s*龄|日期|时间"
_END = rf"(?:(?!{HAN})|(?={_NEXT}))"

_BEHIND_A_ROLE = re.compile(
    rf"((?:姓\s*名|(?:医\s*[生师]|技\s*师|护\s*[士师])(?:签[名字]|姓名)?|签[名字]"
    rf"|(?:报告|审核|书写|记录|检查|诊断|复核|签发|操作|录入|阅片|读片)(?:者|人员?)(?:签[名字])?)"
    rf"(?:{BLANK}[（(][^（）()\n]{{1,8}}[）)])?{BLANK}[:：=】]\s*)"
    rf"({HAN}{{1,12}}(?:[·•・‧]{HAN}{{1,12}})+(?!{HAN})|(?:{FAMILY})[ \u3000]{{1,3}}{HAN}{{1,2}}{_END}"
    rf"|{HAN}{{2,4}}{_END})"
    rf"((?:(?:{BLANK}[、/／,，;；&]{BLANK}|[^\S\n\r]+){_CHINESE}(?!{HAN}))*)"
)
"""``报告医师：王小明、李建国``, ``报告医师（签章）：王小明``, ``【审核医师】李建国``."""
_BEHIND_A_WORD = re.compile(
    rf"((?:审核|复核|核对|校对|书写|签发|报告|读片|阅片|记录|摄片|投照|登记){BLANK}[:：]{BLANK})({_CHINESE}){_END}"
)
"""``审核：李建国``; ``报告：高信号`` is none."""
_SPACED = re.compile(
    r"((?:(?:报告|诊断|审核|书写|检查|记录|签发|复核|阅片|读片|主治|会诊)(?:医\s*[生师]|技师)|姓名)[ \t\u3000]+)"
    rf"({_CHINESE}){_END}"
)
_BETWEEN = "[于和同向从应全都那能别经时连]"
"""Family names that between words are words: 检查者于术后."""
_UNSIGNED = re.compile(
    r"((?:(?:报告|审核|书写|记录|检查|诊断|复核|签发|阅片|读片|操作)(?:者|人员?|医[生师]|技师)|(?:副?主任|住院|进修)医[生师]"
    rf"|签[名字]|姓\s*名){BLANK})((?!{_BETWEEN}){_CHINESE}){_END}"
)
"""Behind a role without a sign: ``报告人王小明``, ``住院医师 王小明``."""
_OF_FAMILY = re.compile(
    r"((?:父亲|母亲|妻子|丈夫|儿子|女儿|家属|联系人|监护人|其[子女妻夫父母])"
    rf"{BLANK}[:：（(]?{BLANK})((?!{_BETWEEN}){_CHINESE})"
    rf"(?={BLANK}(?:陪[同伴]|签[名字]|代[诉述签]|电话|[，,、）)。；;＊\d]|\Z))"
)
"""``家属（王小明，儿子）``, ``母亲李娜陪同``."""
_OF_A_SEX = re.compile(
    rf"((?:\A|[。；;\n]){BLANK})({_CHINESE})(?=[，,、\s]*[男女](?:性|孩)?[，,、\s]*\d)"
)
"""``王小明，男，45岁`` at the begin."""
_WHO_CAME = re.compile(
    rf"((?:患者|病人|患儿)(?!{_BETWEEN}))({_CHINESE})(?=主?因|系[^统]|[，,]?\d{{1,3}}岁)"
)
_ROLES_OF_JAPAN = "[读読]影(?:医師?|医师|者)|[一二]次[读読]影|主治医師?|担当医師?|撮影者|確定医|依頼医"
_ROLES_OF_KOREA = "판독(?:의사?|자)|판독 의사|전문의|주치의|담당의|검사자|촬영자|환자명?|성명|이름"
_ELSEWHERE = re.compile(
    rf"(?:{_ROLES_OF_JAPAN})(?:{BLANK}[:：]|[ \u3000])[ \t\u3000]*"
    rf"({KANJI}{{1,4}}(?:[ \u3000](?!{_NEXT}){KANJI}{{1,3}})?)(?!{KANJI}|[\u3041-\u30ff])"
    rf"|(?:{_ROLES_OF_KOREA})[ \t]*[:：][ \t]*([가-힣]{{2,4}})"
)
"""Under reports of Japan and Korea: ``読影医：山田太郎``, ``판독의: 김철수``."""
_NO_NAMES = (
    "临床|主管|主治|主任|副主任|住院|值班|接诊|开单|申请|经治|急诊|上级|管床|首诊|送检|门诊|病房|相关|责任|该|其|高年资"
)
_DOCTOR = "(?:副?主任|主治|住院|进修)?医[师生]"
_WORDS_OF_ROLES = (
    "高级|高年|康复|麻醉|安排|全科|全职|专科|中医|西医|实习|规培|轮转|应诊|白班|管理|方便|包括|成像|程序|时任|常务|任何|各位"
)
"""Words before a doctor's title that begin as a family name does."""
_SIGNING = re.compile(
    rf"((?:(?<!{HAN})|(?<=[由经请与和及、]))(?!{_NO_NAMES}))({_CHINESE})(?={BLANK}{_DOCTOR}(?:共同)?"
    r"(?:审核|报告|书写|签[名字发]|诊断|阅片|复核|会诊))"
)
_ALONE = re.compile(
    rf"((?:(?<!{HAN})|(?<=由))(?!{_NO_NAMES}|{_WORDS_OF_ROLES}|{HAN}主任))({_CHINESE})"
    rf"(?={BLANK}(?:{_DOCTOR}|副?主任|教授|技师|大夫)(?:(?!{HAN})|会诊|意见|指示|查房|阅片)"
    rf"|[ \t\u3000]+(?:审核|报告|书写|复核|签[名字])(?!{HAN}|[:：])|、{_CHINESE}{BLANK}{_DOCTOR}"
    rf"|[/／]{_CHINESE}[ \t\u3000]+(?:审核|报告|书写|复核|签[名字])(?!{HAN}|[:：]))"
)
"""A phrase of its own: ``王小明医生``, ``李建国 主任医师：``, ``王小明/李建国 审核``."""
_BEHIND_A_DOCTOR = re.compile(
    rf"((?:主管|主治|经治|管床|申请|开单|送检|接诊|责任|值班|首诊)医[师生]{BLANK})({_CHINESE}){_END}"
)
_INFORMED = re.compile(
    rf"((?:告知|通知|联系)(?!{_NO_NAMES}))((?:(?!科){HAN}){{2,3}})(?=医[师生]|主任|大夫)"
)
_INFORMED_THERE = re.compile(
    rf"((?:告知|通知|联系){HAN}{{0,8}}?(?:科|病房|病区|门诊|中心)(?:值班|主管|主治|经治|管床)?)({_CHINESE})"
    r"(?=(?:副?主任)?医[师生]|主任|大夫)"
)
_SPOKEN_TO = re.compile(rf"((?:与|请|经|和|由)(?!{_NO_NAMES}))({_CHINESE})(?=(?:副?主任)?医[师生]|主任|教授)")
_PATIENT = re.compile(
    rf"((?:患者|病人){BLANK})({_CHINESE})(?=[，,、\s]*[男女]性?(?:[，,、\s。；;\d]|\Z))"
    rf"|((?:患者|病人|家属|受检者)(?:姓名)?{BLANK}[:：]{BLANK})((?:{FAMILY}){HAN}{{2}}){_END}"
)
"""``患者王小明，男``; behind a colon a name has three characters: ``患者：马尾``."""


def signatures(text: str) -> list[tuple[int, int]]:
    """Return where names stand that the text (`comparable`) tells to be names, whoever they are.

    Where the place alone does not tell a name (``审核：李建国``), it has to begin with a usual family name and must not
    be a word of reports.

    Examples
    --------
    >>> text = "报告医师：王小明，审核：李建国"
    >>> [text[start:end] for start, end in signatures(text)]
    ['王小明', '李建国']
    """
    found = [*latin_signatures(text), *letter_names(text), *bare_names(text)]
    for match in _ELSEWHERE.finditer(text):
        found += [] if is_word(match[match.lastindex]) else [match.span(match.lastindex)]
    for places in (_BEHIND_A_ROLE, _BEHIND_A_WORD, _SPACED, _SIGNING, _ALONE, _BEHIND_A_DOCTOR, _UNSIGNED,
                   _OF_FAMILY, _OF_A_SEX, _WHO_CAME, _INFORMED_THERE, _SPOKEN_TO, _PATIENT):
        found += [place for match in places.finditer(text) for place in _names_of(match)]
    return sorted(found + [match.span(2) for match in _INFORMED.finditer(text)])


def _names_of(match: re.Match) -> list[tuple[int, int]]:
    """Return where the names of what an expression has found stand: its second group, and those of a list behind it."""
    sure = match.re is _BEHIND_A_ROLE and "\n" not in match[1]  # where the name is missing, the next line is a text
    group = 2 if match[2] else 4
    built_as_one = re.fullmatch(rf"{_CHINESE}|.*[·•・‧].*", match[group])
    if not (sure and built_as_one) and is_word(match[group]):
        return []  # 医师：脑萎缩
    more = list(re.finditer(_CHINESE, match[3] if match.re.groups == 3 else ""))
    known = next((i for i, one in enumerate(more) if is_word(one[0])), len(more))
    return [match.span(group), *((match.start(3) + one.start(), match.start(3) + one.end()) for one in more[:known])]
