"""The names in a cell of a table or a value of a header, and the ways in which a report may write them."""

import re

from selip_core.ingest.person_words import (
    FAMILY_NAMES,
    HAN,
    KANJI,
    NO_VALUES,
    NOBODYS,
    common_words,
    everybodys,
    is_word,
)

LEAST = 2
"""Choice: so many letters a part of a name has that is looked for alone, and one more in Latin letters."""
DOTS = "·•・‧∙⋅"
"""Between the parts of a name of western China, whichever a keyboard has."""
DOTTED = re.compile(rf"(?<=[\u4e00-\u9fff])\s*[{DOTS}.]\s*(?=[\u4e00-\u9fff])")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

_LATIN = re.compile(r"[\u0000-\u024f\u1e00-\u1eff\u2018\u2019]+")
_APOSTROPHES = (("", ""), ("'", "’"), ("’", "'"))
_NAME_PARTS = re.compile(rf"[\s^,;，、/\\&+|.{DOTS}]+")
_BRACKETS, _NUMBER_BEHIND = re.compile(r"[(（\[【].*?[)）\]】]"), re.compile(r"(?<=[^\d\s])\s*\d{1,2}$")
"""``王小明（女）``, ``王芳2``: what stands beside a name in its cell."""
_CHINESE_NAME, _CHINESE_PART = re.compile(rf"{KANJI}{{2,4}}"), re.compile(rf"{HAN}{{2,12}}")
_OFFICES = re.compile(
    r".*(?:医[师生]|技师|主任|教授|护士|主治|住院|进修|院长|科|室|病房|病区|中心|医院|院区|影像|放射|磁共振|核磁|检查|诊断"
    r"|患者|病人|家属|测试|先生|女士|小姐|婴儿)"
)
_SIGNS_BESIDE = re.compile(r"[\s_:：~～→,;，；、/|&+-]+")
_RANK = "(?:副?主任)?(?:主治|住院|进修|规培)?(?:医[师生]|技师|护士|教授|大夫)|(?:副)?主任|先生|女士|小姐"
_WARD = "[\u4e00-\u9fff]{1,5}(?:科|中心|病区|病房|医院)"
_NO_NAMES = re.compile(
    rf"[男女]性?|(?:报告|审核|诊断|申请|检查|书写|复核|记录|操作|开单)(?:{_RANK}|者|人)?|{_RANK}|{_WARD}"
)
_BEFORE_A_NAME, _BEHIND_A_NAME = re.compile(rf"^(?:{_WARD})?(?:{_RANK})?"), re.compile(rf"(?:{_RANK})?$")
_KOREAN = re.compile(
    r"([김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허노심하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국][\uac00-\ud7a3]{1,3})"
    r"\s*[(\[/,\s]+\s*(?:[MF]|남자?|여자?)(?:[)\]]|[\s/,]*\d{1,3}).*"
)
_CHINESE_BESIDE = re.compile(r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff]{2,4}?)[男女]?(?![\u4e00-\u9fff])")
_LATIN_BESIDE = re.compile(rf"{WORD.pattern}\.?")
_DOCTOR_OF = re.compile(r"\s*(?:(?:Dr|Prof|PD|OA|med|rer|nat|habil|Doktor|Docteur|Dra)\b\.?\s*)+([^,;]+)[,;]")
"""``Dr. med. Klein, Praxis für Neurologie``."""
_NO_PARTS = frozenset((
    "md", "do", "phd", "mbbs", "mbchb", "frcr", "frcpc", "rt", "dr", "prof", "mr", "mrs", "ms", "miss", "jr", "sr",
    "ii", "iii", "m", "f", "o", "male", "female", "yo", "yrs", "years", "dob", "mrn", "id", "no", "patient", "am", "pm",
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
))  # fmt: skip
"""What stands beside a name and numbers in a cell."""


def within(value: str) -> set[str]:
    """Return the names in a value (`comparable`) that may hold something beside them: a sex, a number, another name.

    Examples
    --------
    >>> sorted(within("王小明/男/53岁")), sorted(within("SMITH, JOHN 04/12/1970"))
    (['王小明'], ['JOHN', 'JOHN SMITH', 'SMITH', 'SMITH JOHN'])
    """
    if korean := _KOREAN.fullmatch(value):
        return {korean[1]}
    unbracketed = _BRACKETS.sub(" ", value).strip()
    bare = _NUMBER_BEHIND.sub("", unbracketed).strip()
    if bare.casefold() in NO_VALUES:
        return set()
    if any(c.isdigit() for c in bare):
        return _beside_numbers(bare)
    dotted = DOTTED.search(bare)
    if bare != unbracketed and not (_CHINESE_NAME.fullmatch(bare) or len(WORD.findall(bare)) > 1):
        return set()  # MR12 is no name, and MR a word of many reports
    parts = [part for part in _NAME_PARTS.split(bare) if (_CHINESE_PART if dotted else _CHINESE_NAME).fullmatch(part)]
    return _names(bare) | {part for part in parts if not _is_office(part)} | _beside_words(bare)


def _is_office(part: str) -> bool:
    """Tell whether Chinese characters are those of a ward or a rank; 李登科 is somebody."""
    named = len(part) == 3 and part[0] in FAMILY_NAMES and part[-1] in "科室" and part not in NOBODYS
    return _OFFICES.fullmatch(part) is not None and not named


def _beside_words(value: str) -> set[str]:
    """Return the Chinese names in a value that holds ranks, wards and sexes beside them and nothing else.

    Where it holds none of these, names of two characters may be words.
    """
    found, said = set(), False
    for part in filter(None, _SIGNS_BESIDE.split(value)):
        name = _BEHIND_A_NAME.sub("", _BEFORE_A_NAME.sub("", part, count=1))
        said = said or name != part or _NO_NAMES.fullmatch(part) is not None
        if not _NO_NAMES.fullmatch(part):
            found.add(name)
    certain = all(_is_name(name) and (said or len(name) > LEAST) for name in found)
    return found - {value} if certain else set()


def _is_name(text: str) -> bool:
    """Tell whether characters are a usual family name and a given one, and no word."""
    family = next((text[:n] for n in (2, 1) if text[:n] in FAMILY_NAMES), "")
    usual = family and 1 <= len(text) - len(family) <= 2 and _CHINESE_NAME.fullmatch(text)
    return bool(usual) and text not in NOBODYS and not is_word(text)


def _beside_numbers(value: str) -> set[str]:
    """Return the names in a value that holds numbers too: what looks like a name, for it may be a device or a ward."""
    chinese = {
        name for name in _CHINESE_BESIDE.findall(value)
        if (name[0] in FAMILY_NAMES or name[:2] in FAMILY_NAMES) and not _is_office(name) and not is_word(name)
    }  # fmt: skip
    parts = [part for part in re.split(r"[\s^,;，、/\\&+|_:()#]+", value) if _LATIN_BESIDE.fullmatch(part)]
    words = [part for part in parts if part.rstrip(".").casefold() not in _NO_PARTS and _LATIN.fullmatch(part)]
    no_names = everybodys() | common_words("phrase")
    named = [word for word in words if len(word) > LEAST]
    if len(named) < 2 or not all(word[0].isupper() for word in words) or {w.casefold() for w in named} & no_names:
        return chinese
    return chinese | _names(" ".join(words[:4]))


def _names(value: str) -> set[str]:
    """Return the names of a value: of Wang^Wei=王^伟 each script's, in Latin letters each part and both orders too."""
    found = set()
    for group in value.split("="):
        parts = [part for part in _NAME_PARTS.split(group) if part]
        if parts and all(_LATIN.fullmatch(part) for part in parts):
            if common_words("phrase") & {part.casefold() for part in parts}:
                found |= _names(of_doctor[1]) if (of_doctor := _DOCTOR_OF.match(group)) else set()
                continue  # an institution: its words are everybody's
            for sign, other in _APOSTROPHES:
                spelt = [part.replace(sign, other) if sign else part for part in parts]
                words = [part for part in spelt if WORD.fullmatch(part)]
                found |= {part for part in words if len(part) > LEAST}
                if 2 <= len(words) <= 3 and len(words[0] + words[1]) > 3:  # R. T. are sides, N/A is nobody
                    found |= {" ".join(words[:2]), " ".join(words[1::-1])}
        elif "^" in group:
            found |= {group.strip(), *(part for part in parts[:2] if len(part) >= LEAST)}
        elif "=" in value:
            found.add(group.strip())
    return found
