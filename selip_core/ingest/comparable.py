"""A text in which the spellings of a name are one: traditional as simplified characters, letters without accents."""

import unicodedata
from functools import cache

from selip_core._utils.encodings import first_byte
from selip_core._utils.extras import needs

_BARE = dict(zip("łŁøØđĐðÐıßæÆœŒ", "lLoOdDdDisaAoO", strict=True))
"""Letters that Unicode takes for no other letter with an accent."""
_SPELT_OUT = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe",
    "Ä": "AE", "Ö": "OE", "Ü": "UE", "Ø": "OE", "Å": "AA", "Æ": "AE", "Œ": "OE",
})  # fmt: skip
_LAST_LATIN = "\u1eff"


def comparable(text: str) -> str:
    """Return a text of the same length, each traditional character simplified and each accent gone.

    Examples
    --------
    >>> comparable("張偉, Nguyễn, Wałęsa, Weiß")
    '张伟, Nguyen, Walesa, Weis'
    """
    return text if text.isascii() else "".join(map(_alike, text))


def composed(text: str) -> str:
    """Return a text whose accents are part of their letters: an accent of its own would be a character too many."""
    accents = any("\u0300" <= character <= "\u036f" for character in text)
    return unicodedata.normalize("NFC", text) if accents else text


def without_accents(text: str) -> str:
    """Return a text in half width, its accents gone, as long as it then is: a column called Impressão is Impressao."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def spelt_out(name: str) -> str:
    """Return a name as ASCII headers and passports have it: Müller is Mueller, Weiß is Weiss."""
    return name if name.isascii() else name.translate(_SPELT_OUT)


@cache
def _alike(character: str) -> str:
    if "\u0080" <= character <= _LAST_LATIN:
        base = _BARE.get(character) or unicodedata.normalize("NFKD", character)[0]
        return base if base.isascii() and base.isalpha() else character
    if not "\u4e00" <= character <= "\u9fff" or first_byte(character, "gb2312"):
        return character
    found = _converter().convert(character)
    return found if len(found) == 1 else character


@cache
def _converter():
    needs("a name in traditional characters", "ingest", "opencc")
    import opencc

    return opencc.OpenCC("t2s")
