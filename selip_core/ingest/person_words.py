"""What tells a name from a word: English words that are names too, Chinese family names; and what takes its place."""

import re
from functools import cache
from pathlib import Path

import yaml

from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.text import normalise

HOLE = "＊＊"

_COMMON_WORDS = Path(__file__).with_name("common_words.yaml")

NO_VALUES = frozenset({
    "不详", "未知", "没有", "未填", "未填写", "暂无", "其他", "其它", "本人", "同上", "待查", "未审核",
    "na", "n/a", "n.a.", "n.a", "nan", "none", "null", "unknown", "other",
})  # fmt: skip
"""What stands in a column where nothing is known."""

NOBODYS = frozenset({
    "平扫", "增强", "平扫加增强", "头颅", "颅脑", "头部", "脑部", "急诊", "门诊", "住院", "常规", "加急", "普通",
    "体检", "常见", "放射科", "磁共振", "核磁共振", "核磁", "神经内科", "神经外科", "急诊科", "脑病科", "康复科",
    "肿瘤科", "内科", "外科", "儿科", "老年科", "心内科", "精神科", "骨科", "体检中心", "阳性", "阴性", "正常", "异常",
})  # fmt: skip
"""Wards, methods and results that a column of unknown name may hold: they find nobody."""

FAMILY_NAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季"
    "俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍覃"
    "霍翁隋甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫褚苟仝郎乐尚符谈喻蒲宗麦"
    "闫付肖岑佟冀娄敖冷匡郜商窦明习简阚竺涪储迟"
) | frozenset((
    "欧阳", "司马", "诸葛", "上官", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文", "司徒", "东方",
    "南宫", "端木", "轩辕", "百里", "呼延", "独孤", "赫连", "澹台", "申屠", "西门", "淳于", "闻人", "钟离", "太史",
))  # fmt: skip
"""The usual ones; a name of a rarer one is found where a column of the row holds it."""
HAN, KANJI = r"[\u4e00-\u9fff]", r"[\u4e00-\u9fff々]"
FAMILY = "|".join(sorted(FAMILY_NAMES, key=len, reverse=True))
BLANK = r"[^\S\n\r]*"
"""Parts of the expressions that find names: a character of China, of Japan, a family name, blanks within a line."""
_SPEECH = re.compile(
    "高[热烧龄危血压空处度位]|高密度|平[素时日扫片]|常[年有见规染态]|白[天质斑色班点种]|明[显确]|成[年像熟人团环角簇]|安静|方[便才法向案位形]"
    "|时[有而间段相期]|全[身部程]|查[体看]|尚[可未有均存]|易[于感]|段落|连[续接]|强[调烈化]|向[家上下后前]|关[于注节]|解[除释剖]|习惯"
    "|管[理状]|尤其|相[关同对]|后[续来]|单[纯位侧发房个核支]|通[过知]|已|未|于[术外前上本今昨此近去]|边[缘界]|毛[细糙刺玻躁]"
    "|黄[斑韧疸色染变]|金属|简[要单]|符合|游离|温度|车[祸轮]|颜面|左[后上优偏移手眼耳足腿臂丘岛脑桥基放]|左利(?:手|\\Z)|余[无未]|余[同如][前上]"
    "|余尚?可\\Z|薄层|曲[面度张]|孔洞|路径|路易体|石棉|苏醒|盛期|席纹|金标准|商榷|钟摆|柏油|柏金森|柯萨|建议|考虑|请"
)
"""How words begin that could be a family name and a given one."""
_IN_NO_NAME = re.compile("[灶症瘤骨影液血肿癌炎病损障疸热痛祸伤晕麻肢汗尾场机床]")


def common_words(kind: str) -> frozenset[str]:
    """Return a kind of words of ``common_words.yaml``, which says what its kinds are: ``function``, ``report``."""
    return _book()[kind]


@cache
def everybodys() -> frozenset[str]:
    """Return the words of reports and of speech, which are no name by themselves."""
    return common_words("function") | common_words("report") | common_words("medical")


@cache
def _book() -> dict[str, frozenset[str]]:
    book = yaml.safe_load(_COMMON_WORDS.read_text(encoding="utf-8"))
    return {kind: frozenset(words.split()) for kind, words in book.items()}


@cache
def is_word(name: str) -> bool:
    """Tell whether what looks like a Chinese name holds a word of the lexicon or of speech: 高信号, 白质区, 高热."""
    text = normalise(name)
    said = _SPEECH.match(text) or _IN_NO_NAME.search(text, 1)
    return said is not None or any(token.end - token.start >= 2 for token in load_lexicon().scan(text))


def with_holes(text: str, places: list[tuple[int, int]]) -> tuple[str, int]:
    """Return a text with ``＊＊`` in these places, those that overlap as one, and how many there are."""
    pieces, end, made = [], 0, 0
    for start, stop in sorted(places):
        if start >= end:
            pieces += [text[end:start], HOLE]
            made += 1
        end = max(end, stop)
    return "".join([*pieces, text[end:]]), made
