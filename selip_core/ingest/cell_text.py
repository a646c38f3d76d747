"""The text of a cell as a person reads it: without RTF, HTML and characters that nobody sees."""

import html
import re
import unicodedata
from html.parser import HTMLParser

from selip_core.ingest.rtf import START, rtf_text

_SILENT = frozenset(("script", "style", "title"))
_LINES = (
    "address|article|aside|blockquote|br|center|dd|div|dl|dt|fieldset|footer|form|h1|h2|h3|h4|h5|h6|header|hr|li|main|nav"
    "|ol|p|pre|section|table|tbody|tfoot|thead|tr|ul"
)
"""Tags that end a line."""
_OTHERS = (
    "a|abbr|acronym|area|audio|b|base|basefont|bdi|bdo|big|body|button|canvas|caption|cite|code|col|colgroup|data|del|dfn"
    "|em|embed|font|frame|frameset|head|html|i|iframe|img|input|ins|kbd|label|legend|link|map|mark|meta|noframes|noscript"
    "|object|option|param|q|rp|rt|ruby|s|samp|script|select|small|source|span|strike|strong|style|sub|sup|svg|td|template"
    "|textarea|th|time|title|tt|u|var|video|wbr"
)
_NAME = rf"(?:(?:{_LINES}|{_OTHERS})(?![\w:.-])|[a-z]{{1,3}}\d?:[a-z]\w*)"
_BARE = "(?:nowrap|noshade|disabled|checked|selected|multiple|readonly|required|hidden)"
"""Attributes that stand without a value."""
_MARKUP = re.compile(  # <b and c> is no tag: what follows a name is an attribute with its value
    rf"<!doctype[^<>]*>|<\?xml[^<>]*>|<!\[[^<>\[\]]*\]>|</{_NAME}\s*>"
    rf"|<{_NAME}(?:\s+{_BARE}(?![\w-])){{0,3}}(?:\s+[a-z_:][\w:.-]*\s*=(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)?\s{{0,9}}/?>",
    re.IGNORECASE | re.DOTALL,
)
_UNSEEN_INPUTS = frozenset(("hidden", "button", "submit", "reset", "image", "file", "password", "checkbox", "radio"))
"""Kinds of fields whose value nobody reads."""
_STRUCK_OUT = frozenset(("s", "strike", "del"))
_REFERENCE = re.compile(r"&(?:#\d{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};|nbsp(?![A-Za-z0-9]))")
_NO_SIGNS = frozenset("\u034f\u115f\u1160\u3164\uffa0")
"""Letters by their category, which no font draws."""
_LINE_ENDS = str.maketrans(dict.fromkeys("\v\f\x85\u2028\u2029", "\n"))
_ROUNDS = 3
"""Choice: text that was escaped twice is met, three times hardly."""
_CUTS = (255, 256, 500, 512, 1000, 1024, 2000, 2048, 4000, 4096, 8000)
"""Lengths, in characters or bytes, at which databases cut a text; a few less where a character does not fit."""


def in_one(parts: list[str]) -> str:
    """Return the parts of a text that several columns hold, each behind the other, one that is there twice once.

    A part that a database has cut goes on within a word, another in a new line.
    """
    whole = before = ""
    for i, part in enumerate(parts):
        if part and part not in parts[:i]:
            sizes = (len(before), len(before.encode()))
            cut = not before or any(0 <= most - size <= 3 for most in _CUTS for size in sizes)
            whole, before = whole + (part if cut else f"\n{part}"), part
    return whole


def plain_text(cell: str) -> tuple[str, str]:
    """Return the text of a cell without markup and invisible characters, and what of it could not be read.

    RTF is known by its beginning, HTML by the names of its tags: ``T2<T1`` and ``<3cm`` stay. The second is "" where
    nothing was left out.
    """
    text, lost = _without_rtf(cell)
    problem = f"holds RTF of which {lost} characters cannot be read" if lost else ""
    for _ in range(_ROUNDS):
        before = text
        text = _without_marks(_without_marks(text, "<!--", "-->", keep=False), "<![CDATA[", "]]>", keep=True)
        text, wrong = _without_tags(text)
        text = _REFERENCE.sub(lambda match: html.unescape(match[0]), text)
        problem = wrong or problem
        if text == before:
            break
    if text != cell:
        text = text.replace("\u00a0", " ")
    text = without_invisible(text.translate(_LINE_ENDS))
    return "".join(c for c in text if c in "\n\r\t" or unicodedata.category(c) != "Cc"), problem


def without_invisible(text: str) -> str:
    """Return a text without the characters that nobody sees: joiners, marks of direction, variants of a shape."""
    return text if text.isascii() else "".join(c for c in text if not _is_invisible(c))


def _is_invisible(character: str) -> bool:
    return (
        unicodedata.category(character) == "Cf"
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
        or character in _NO_SIGNS
    )


def _without_rtf(text: str) -> tuple[str, int]:
    """Return a text with what its RTF says in the place of it, and how many characters of that were lost."""
    parts, lost, at = [], 0, 0
    while (start := text.find(START, at)) >= 0:
        said, missing, end = rtf_text(text, start)
        parts += [text[at:start], said.strip()]
        lost, at = lost + missing, end
    return "".join([*parts, text[at:]]), lost


def _without_marks(text: str, begin: str, end: str, *, keep: bool) -> str:
    """Return a text without the marks of a beginning and an end, what stands between them kept or not."""
    parts, at = [], 0
    while (start := text.find(begin, at)) >= 0 and (stop := text.find(end, start + len(begin))) >= 0:
        parts += [text[at:start], text[start + len(begin) : stop] if keep else ""]
        at = stop + len(end)
    return "".join([*parts, text[at:]])


def _without_tags(text: str) -> tuple[str, str]:
    """Return what HTML shows, and what of it could not be read; a text without tags as it is."""
    pieces, end = [], 0
    for match in _MARKUP.finditer(text):
        pieces += [text[end : match.start()].replace("<", "&lt;"), match[0]]
        end = match.end()
    if not pieces:
        return text, ""
    page = _Page()
    page.feed("".join([*pieces, text[end:].replace("<", "&lt;")]))
    page.close()
    lines = (line.strip() for line in "".join(page.parts).split("\n"))
    return "\n".join(filter(None, lines)), page.problem()


class _Page(HTMLParser):
    """What a page shows: the values of its fields and the choice that is made too, what is struck out not."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = ""
        self.struck: list[tuple[str, int]] = []  # each open tag, and the place of its first part
        self.options: list[tuple[bool, int]] = []  # of an open choice: whether each is made, and its place
        self.choosing = self.unchosen = False

    def problem(self) -> str:
        if self.silent:
            return "holds HTML that ends within a script or style"
        if self.struck:
            return "holds a mark of struck-out text that does not end"
        return "holds a choice in HTML of which nothing is selected" if self.unchosen else ""

    def close(self):
        super().close()
        self._choose()

    def handle_starttag(self, tag, attrs):
        told = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self.silent = tag
        elif tag in _STRUCK_OUT:
            self.struck.append((tag, len(self.parts)))
        elif tag == "select":
            self._choose()
            self.choosing = True
        elif tag == "option" and self.choosing:
            self.options.append(("selected" in told, len(self.parts)))
        elif tag == "input" and "hidden" not in told and told.get("type", "").lower() not in _UNSEEN_INPUTS:
            self.handle_data(told.get("value", ""))
        self._break(tag)
        if tag in ("td", "th"):
            self.parts.append(" ")

    def handle_endtag(self, tag):
        if tag == self.silent:
            self.silent = ""
        if tag == "select":
            self._choose()
        if tag in _STRUCK_OUT and tag in [one for one, _ in self.struck]:
            at = max(i for i, (one, _) in enumerate(self.struck) if one == tag)
            del self.parts[self.struck[at][1] :], self.struck[at:]
        self._break(tag)

    def handle_data(self, data):
        if not self.silent and (self.options or not self.choosing):
            self.parts.append(data)

    def _choose(self) -> None:
        """End a choice: of several options those that are selected stay."""
        made = [chosen for chosen, _ in self.options]
        self.unchosen = self.unchosen or (len(made) > 1 and not any(made))
        end = len(self.parts)
        for chosen, at in reversed(self.options if len(made) > 1 else []):
            text = "".join(self.parts[at:end]).strip()
            self.parts[at:end] = [text, " "] if chosen and sum(made) > 1 else [text] if chosen else []
            end = at
        self.options, self.choosing = [], False

    def _break(self, tag: str) -> None:
        if tag in _LINES.split("|"):
            self.parts.append("\n")
