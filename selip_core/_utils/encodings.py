"""Text from bytes of which nobody says the encoding, or says a wrong one: the reading that looks most like writing.

A detector by statistics (charset-normalizer) needs more text than a name or a series' description has.
"""

import codecs
import unicodedata
from collections.abc import Iterator
from functools import cache

from selip_core._utils.other_encodings import other_language

CANDIDATES = ("utf-8", "gb18030", "cp950", "cp1252")
"""UTF-8, mainland Chinese (GB2312 and GBK too), Big5, Western Windows; of equally likely ones the first is taken."""

LEAST = 0.6
"""Share of the characters beyond ASCII that make sense in a reading that can be trusted."""

DAMAGED = "\ufffd"
"""What stands for a character that was cut off."""
_MARGIN = 0.1
_MOST_DAMAGED = 0.001
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE = 20_000
_LETTERS = frozenset("".join(map(chr, range(0xC0, 0x100))) + "œšžŸŒŠŽƒ") - set("×÷")
_QUOTES = frozenset("‘’“”–—…«»\u00a0")
_SIGNS = frozenset("•°×±µ²³½¼¾·®©™€§")


def readings(data: bytes) -> dict[str, str]:
    """Return every encoding of `CANDIDATES` that the bytes are valid in, with the text that they then are."""
    found = {}
    for encoding in CANDIDATES:
        try:
            found[encoding] = data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return found


def likely_text(data: bytes, declared: str | None = None) -> str:
    """Return the most likely reading of bytes; a declared one is kept as long as it makes sense.

    Parameters
    ----------
    data : bytes
    declared : str, optional
        The bytes as whoever wrote them says that they are to be read.
    """
    text, likely = _best_reading(readings(data))
    if declared is not None and (data.isascii() or text is None or likelihood(declared) >= likely - _MARGIN):
        return declared
    return data.decode("latin-1") if text is None else text


def _best_reading(valid: dict[str, str]) -> tuple[str | None, float]:
    """Return the likeliest of `readings` and how likely it is; None and 0 where there is none."""
    found = ((text, likelihood(text, encoding)) for encoding, text in valid.items())
    return max(found, key=lambda reading: reading[1], default=(None, 0.0))


def text_of_file(data: bytes, *, damaged: bool = False) -> tuple[str, float]:
    """Return the text of a file, and how likely it is that it was read rightly, from 0 to 1.

    A byte-order mark decides; without one, zeros at every second place are UTF-16. What is Korean or Japanese in an
    encoding of its own is no text here, and the likelihood is 0.

    Parameters
    ----------
    damaged : bool
        Whether a few characters may be U+FFFD: a database cuts a cell by bytes, amid a character.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), 1.0
            except UnicodeDecodeError:
                text = data.decode(encoding, "replace")
                return (text, 1.0) if damaged and text.count(DAMAGED) <= _most_damaged(text) else ("", 0.0)
    start = data[:_SAMPLE]
    for first, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
        if start[first::2].count(0) and not start[1 - first :: 2].count(0):
            text = data.decode(encoding, "replace")
            if likelihood(text) >= LEAST:
                return text, 1.0
    valid = readings(data)
    text, likely = _best_reading(valid)
    if damaged and likely < LEAST:
        text, likely = max(((text, likely), *_damaged_readings(data)), key=lambda reading: reading[1])
    if "utf-8" not in valid and other_language(data):
        return "", 0.0
    return text or "", likely


def _most_damaged(text: str) -> float:
    return max(len(text) * _MOST_DAMAGED, 1)


def _damaged_readings(data: bytes) -> Iterator[tuple[str, float]]:
    """Yield readings in which a few characters are U+FFFD."""
    for encoding in CANDIDATES[:2]:
        text = data.decode(encoding, "replace")
        if text.count(DAMAGED) <= _most_damaged(text):
            yield text, likelihood(text, encoding)


def likelihood(text: str, encoding: str = "") -> float:
    """Return which share of a text's characters beyond ASCII is where and what it is in writing, from 0 to 1.

    Parameters
    ----------
    encoding : str
        Under which the text was read, where that is known: what is common differs between GB18030 and Big5.
    """
    text = text[:_SAMPLE]
    beyond = [i for i, character in enumerate(text) if not character.isascii()]
    if not beyond:
        return 1.0
    return sum(_sense(text, i, encoding) for i in beyond) / len(beyond)


def _sense(text: str, i: int, encoding: str) -> float:
    character = text[i]
    around = text[max(i - 1, 0) : i] + text[i + 1 : i + 2]
    if "\u4e00" <= character <= "\u9fff":
        alone = not any(c > "\u2e7f" for c in around)  # a sign and the letter after it, read as one character
        return _common(character, encoding) * (0.8 if alone and len(text) > 1 else 1.0)
    if character in _QUOTES or character in _SIGNS or character in _LETTERS:
        return _western(character, around, encoding)
    category = unicodedata.category(character)
    if category in ("Cc", "Co", "Cn", "Cs") or character < "\u00c0" or character == DAMAGED:
        return 0.0
    if "\uff61" <= character <= "\uffdc":
        return 0.4  # half-width kana: what Shift-JIS makes of other bytes
    if "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uffef":
        return 1.0
    if category[0] in "NPS" and encoding != "utf-8":
        return 0.8  # ①, Ⅱ, α: GB2312 and Big5 have them
    script = unicodedata.name(character, "").partition(" ")[0]
    same = any(unicodedata.name(c, "").startswith(f"{script} ") for c in around if not c.isascii())
    if encoding == "utf-8" and ("\u0391" <= character <= "\u03c9" or category[0] in "NPS"):
        return 1.0
    if same and category[0] == "L" and category != "Lm":
        return 1.0 if encoding == "utf-8" else 0.7
    return 0.65 if encoding == "utf-8" else 0.3  # what is valid UTF-8 by chance is rare


def _western(character: str, around: str, encoding: str) -> float:
    """Return how likely an accented letter or sign is: beside another one it rather is half of a Chinese character."""
    if encoding in ("gb18030", "cp950") and character not in _LETTERS:
        return 1.0  # written with two bytes: nobody's mistake
    beyond = [c for c in around if not c.isascii()]
    if any(c in _LETTERS or c in _SIGNS for c in beyond) and character not in _QUOTES:
        return 0.0
    if character in _QUOTES:
        return 1.0
    if character in _LETTERS:
        if encoding == "utf-8":
            return 1.0
        return 1.0 if any(c.isascii() and c.isalpha() for c in around) else 0.5 if beyond else 0.2
    return 0.2 if character in "¼½¾" and any(c.isalpha() for c in around) else 1.0


@cache
def _common(character: str, encoding: str) -> float:
    """Return how common a Chinese character is: by its row in GB2312 (level 1 is by use) and in Big5."""
    gb, big = (first_byte(character, name) for name in ("gb2312", "big5"))
    simplified = 1.0 if 0xB0 <= gb <= 0xD7 else 0.6 if gb else 0.0
    traditional = 1.0 if 0xA4 <= big <= 0xC6 else 0.4 if big else 0.0
    if encoding == "cp950":
        return traditional
    if encoding == "gb18030":
        return max(simplified, 0.7 * traditional)
    return max(simplified, traditional)


def first_byte(character: str, encoding: str) -> int:
    """Return the first byte of a character in an encoding, by which Chinese ones are ordered; 0 where it has none."""
    try:
        return character.encode(encoding)[0]
    except UnicodeEncodeError:
        return 0
