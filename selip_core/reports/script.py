"""Reports in traditional characters, brought into the simplified ones of the lexicon."""

from functools import cache

from selip_core._utils.encodings import first_byte
from selip_core._utils.extras import needs


def simplified(text: str) -> str:
    """Return a text in simplified characters; one without traditional ones is returned as it is.

    OpenCC knows the terms of Taiwan too: 訊號 is 信号.
    """
    if not any("\u4e00" <= character <= "\u9fff" and _is_traditional(character) for character in text):
        return text
    return _converter().convert(text)


@cache
def _is_traditional(character: str) -> bool:
    """Return whether a character is in Big5 and not in GB2312, which has the simplified ones of everyday use."""
    return bool(first_byte(character, "big5")) and not first_byte(character, "gb2312")


@cache
def _converter():
    needs("a report in traditional characters", "study", "opencc")
    import opencc

    return opencc.OpenCC("tw2sp")
