"""The text of RTF, as the report editors of many hospital systems leave it in a database's cell."""

import re
from dataclasses import dataclass, replace

from selip_core._utils.encodings import DAMAGED, likely_text

START = "{\\rtf"

_TOKEN = re.compile(
    r"\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,9})? ?|\\(?P<sign>[^A-Za-z])"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\"
)
_SYMBOLS = "symbols"
_PAGES = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 2: _SYMBOLS,
}  # fmt: skip
"""Of ``\\fcharset``; any other is that of ``\\ansicpg``."""
_OF_ANSI = {936: "gb18030", 10000: "mac_roman", 65001: "utf-8"}
_AS_TEXT = {
    **dict.fromkeys(("par", "line", "sect", "page", "row", "softline", "lbr"), "\n"),
    **dict.fromkeys(("tab", "cell", "nestcell", "emspace", "enspace", "qmspace"), " "),
    "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}  # fmt: skip
_SIGNS = {"~": " ", "_": "-", "\n": "\n", "\r": "\n"}
_NO_TEXT = re.compile(
    "fonttbl|colortbl|stylesheet|info|pict|object|objdata|(?:header|footer)[lrf]?|ftnsep|listtable|listoverridetable"
    "|rsidtbl|generator|themedata|colorschememapping|latentstyles|datastore|xmlnstbl|filetbl|revtbl|fldinst|nonshppict"
    "|template|bkmkstart|bkmkend|pntext|deleted"
)
"""Groups that begin so hold nothing that is read; the head of a page names the patient."""


@dataclass(frozen=True)
class _Group:
    """What holds from a brace to its end: font, characters in place of a ``\\u``, whether it is text, shown, struck."""

    font: int | None = None
    instead: int = 1
    silent: bool = False
    hidden: bool = False
    struck: bool = False


def rtf_text(text: str, start: int = 0) -> tuple[str, int, int]:
    """Return what the RTF that begins at a place of a text says, how many characters were lost, and where it ends.

    A document whose last brace is missing was cut off, and counts as one more character lost.
    """
    reader, at = _Reader(), start
    while match := _TOKEN.match(text, at):
        at = match.end() + reader.take(match)
        if not reader.groups:
            break
    return reader.text(), reader.lost + bool(reader.groups), min(at, len(text))


class _Reader:
    def __init__(self):
        self.groups: list[_Group] = []
        self.now = _Group()
        self.ansi, self.standard = "cp1252", None
        self.fonts: dict[int | None, str] = {}
        self.parts: list[str] = []
        self.bytes = bytearray()
        self.skip = self.lost = 0

    def take(self, match: re.Match) -> int:
        """Read one token; return how many characters behind it are raw bytes."""
        if match["hex"]:
            if self.skip:
                self.skip -= 1
            else:
                self.bytes.append(int(match["hex"], 16))
            return 0
        if match["text"] or (match["sign"] or "") in ("\\", "{", "}"):
            self._text(match["text"] or match["sign"])
            return 0
        if not (match["brace"] or match["word"] or match["sign"]):
            return 0  # the line ends of the file are none of the text
        self._flush()
        if match["word"]:
            return self._word(match["word"], match["number"])
        if match["sign"]:
            self._sign(match["sign"])
        elif match["brace"] == "{":
            self.groups.append(self.now)
        else:
            self.now, self.skip = self.groups.pop() if self.groups else _Group(), 0
        return 0

    def text(self) -> str:
        """Return what was read; halves of characters beyond the first plane stand beside each other in RTF."""
        self._flush()
        whole = "".join(self.parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        self.lost += whole.count(DAMAGED)
        return whole.replace(DAMAGED, "")

    def _text(self, text: str) -> None:
        dropped = min(self.skip, len(text))
        self.skip, text = self.skip - dropped, text[dropped:]
        if self.bytes and text[:1].isascii() and self._goes_on(text[:1]):  # the second byte may be a letter
            self.bytes += text[:1].encode()
            text = text[1:]
        self._flush()
        self._add(text)

    def _goes_on(self, letter: str) -> bool:
        """Tell whether the bytes end within a character that a letter behind them completes."""
        data = bytes(self.bytes)
        ends_within = DAMAGED in data.decode(self._page(), "replace")
        return bool(letter) and ends_within and DAMAGED not in (data + letter.encode()).decode(self._page(), "replace")

    def _page(self) -> str:
        font = self.now.font if self.now.font is not None else self.standard
        page = self.fonts.get(font, self.ansi)
        return "cp1252" if page == _SYMBOLS else page

    def _flush(self) -> None:
        data, page = bytes(self.bytes), self._page()
        self.bytes.clear()
        if not data:
            return
        text = data.decode(page, "replace")
        if page == "cp1252":  # some write it above Chinese in GBK
            text = likely_text(data, text)
        elif DAMAGED in text and len(data) == 1 and data in b"\xb0\xb1\xb2\xb3\xb5\xd7\xf7":
            text = data.decode("cp1252")  # ° ± ² ³ µ × ÷
        self._add(text)

    def _add(self, text: str) -> None:
        if not (self.now.silent or self.now.hidden or self.now.struck):
            self.parts.append(text)

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self.now = replace(self.now, silent=True)
        elif sign == "'":
            self.lost += not self.now.silent
        elif sign in _SIGNS:
            self._add(_SIGNS[sign])

    def _word(self, word: str, number: str | None) -> int:
        value = int(number) if number else None
        if word == "bin":
            return max(value or 0, 0)
        if word == "u" and value is not None:
            self._add(chr(value & 0xFFFF))
            self.skip = self.now.instead
        elif self.skip:  # a control word stands for one character
            self.skip -= 1
        elif word in _AS_TEXT:
            self._add(_AS_TEXT[word])
        elif word in ("f", "fcharset", "deff", "ansicpg", "mac", "plain"):
            self._encoding(word, value or 0)
        elif word == "uc":
            self.now = replace(self.now, instead=max(value or 0, 0))
        elif word in ("strike", "striked"):
            self.now = replace(self.now, struck=value != 0)
        elif word in ("v", "htmlrtf"):
            self.now = replace(self.now, hidden=value != 0)
        elif _NO_TEXT.fullmatch(word):
            self.now = replace(self.now, silent=True)
        return 0

    def _encoding(self, word: str, value: int) -> None:
        if word == "ansicpg":
            self.ansi = _known(_OF_ANSI.get(value, f"cp{value}"))
        elif word == "mac":
            self.ansi = "mac_roman"
        elif word == "deff":
            self.standard = value
        elif word == "fcharset":
            if self.now.font is not None and value in _PAGES:
                self.fonts[self.now.font] = _PAGES[value]
        else:
            struck = self.now.struck and word == "f"
            self.now = replace(self.now, font=value if word == "f" else None, struck=struck)


def _known(page: str) -> str:
    try:
        b"a".decode(page)
    except LookupError:
        return "cp1252"
    return page
