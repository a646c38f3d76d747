"""Where somebody lives, as a text tells it: behind a heading, to the next sign, or behind a word for living."""

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


def addresses(text: str) -> list[tuple[int, int]]:
    """Return where addresses stand in a text: to the next sign of punctuation.

    Examples
    --------
    >>> text = "家住上海市浦东新区张江路88弄，头痛三天"
    >>> [text[start:end] for start, end in addresses(text)]
    ['上海市浦东新区张江路88弄']
    """
    found = [match for places in (_BEHIND_A_HEADING, _LIVES) for match in places.finditer(text)]
    return [match.span(match.lastindex) for match in found]
