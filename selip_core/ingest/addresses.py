"""Where somebody lives, as a text tells it: behind a heading or a word for living, to the next sign or heading."""

import re

_BEHIND_A_HEADING = re.compile(
    r"(?:(?:现|家庭|联系|通讯|通信|户籍|工作|单位|居住)?(?:住址|地址|住所)|户口所在地|주소)[^\S\n]*[:：][^\S\n]*([^，,。；;\n]{3,60})"
    r"|(?<![A-Za-z])(?:(?:(?:home|postal|mailing) )?address|adresse|anschrift|direcci[oó]n)[^\S\n]*[:：][^\S\n]*"
    r"((?:[^\n;.]|\.(?=,)){3,80})",
    re.IGNORECASE,
)
_LIVES = re.compile(
    r"(?:家住|现住|居住于|居住在|住于)(?!院|我|本|外|内|[一二三四五六七八九十\d])"
    r"([^，,。；;\n]{2,40}?(?:省|市|区|县|镇|乡|村|路|街|巷|弄|号|栋|幢|室|楼|小区)[^，,。；;\n]{0,20})"
)
_GLUED = (
    r"性别|年龄|民族|婚[姻否]|职业|籍贯|科室|床号|(?:联系)?电话|手机|(?:住院|门诊|病[历案]|检查|影像|登记)号"
    r"|(?:检查|影像|临床|诊断|病史|主诉|现病史)[\u4e00-\u9fff]{0,4}|印象|结论|所见|提示|描述|报告[\u4e00-\u9fff]{0,3}|姓名"
)
_FOLLOWING = (
    r"age|sex|gender|d\.?o\.?b\.?|born|birth[a-z]*|date(?: of [a-z]+)?|mrn|id|phone|tel[a-z]*|mobile|fax|e-?mail|name"
    r"|insurance|patient(?: [a-z]+)?|referr[a-z]+(?: [a-z]+)?|reason(?: for [a-z]+)?"
    r"|(?:clinical )?(?:history|indications?|information|data)|findings?|impressions?|conclusions?|opinion|techniques?"
    r"|comparison|procedure|exam[a-z]*|report|diagnos[ei]s|protocol|mri?"
    r"|alter|geschlecht|geb[a-z.]*|befund|beurteilung|fragestellung|edad|sexo|hallazgos|idade|achados|resultats?|sexe"
)
_NEXT_HEADING = re.compile(
    rf"(?:\A|[^\S\n]+)(?=(?:{_FOLLOWING})[^\S\n]?[:：])|[^\S\n]*(?=(?:{_GLUED})[^\S\n]?[:：])"
    rf"|[^\S\n]*(?=[【\[](?:{_GLUED}))|[^\S\n]+(?=(?:检查|影像学?)(?:所见|表现|描述|诊断))",
    re.IGNORECASE,
)
"""The blanks before what is told next on the same line: ``检查所见：``, ``Age:``."""
_LONGEST_HEADING = 40


def addresses(text: str) -> list[tuple[int, int]]:
    """Return where addresses stand in a text: to the next sign of punctuation or the next heading.

    Examples
    --------
    >>> text = "家住上海市浦东新区张江路88弄，头痛三天"
    >>> [text[start:end] for start, end in addresses(text)]
    ['上海市浦东新区张江路88弄']
    """
    found = [match for places in (_BEHIND_A_HEADING, _LIVES) for match in places.finditer(text)]
    return [place for match in found if (place := _up_to_a_heading(text, *match.span(match.lastindex))) is not None]


def _up_to_a_heading(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where an address stands whose end, or all of it, may be the next heading of its line; None for all."""
    heading = _NEXT_HEADING.search(text[start : end + _LONGEST_HEADING])
    end = end if heading is None else min(end, start + heading.start())
    return (start, end) if end > start else None
