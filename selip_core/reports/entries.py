"""The entries of a lexicon: what one line of it stands for, and the pattern that finds all of them in a text."""

import re
from collections.abc import Iterable
from itertools import groupby, product

_LETTERS = r"[A-Za-z0-9À-ɏ]"
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")


def alternatives(entry: str) -> list[str]:
    """Return what an entry with choices stands for: each of its choices with each of the others.

    Examples
    --------
    >>> alternatives("enhanc* of (the|its|) (wall|rim)")[:3]
    ['enhanc* of the wall', 'enhanc* of the rim', 'enhanc* of its wall']
    """
    parts = _CHOICE.split(entry)  # text and choices take turns
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    return [" ".join("".join(one).split()) for one in product(*choices)]


def expression(entry: str, letters: str) -> str:
    """Return the pattern of an entry; a single capital, `R`, is that letter and no small one."""
    if len(entry) == 1 and entry.isupper():
        return f"(?-i:{entry})"
    parts = [re.escape(part).replace(r"\*", letters).replace(r"\ ", r"[\s/-]+") for part in entry.split(" ... ")]
    return r"[^.,;:]{0,50}?[\s-]".join(parts)


def scanner(entries: Iterable[tuple[int, str]], letters: str) -> re.Pattern:
    """Return what finds each numbered entry, the longest first, as a group with its number in the name.

    They come by their first letter and then by their second, which saves most trials.
    """
    patterns = [(entry.lower(), len(entry), f"(?P<e{n}>{expression(entry, letters)})") for n, entry in entries]
    patterns.sort(key=lambda one: (one[0][0], -len(_start(one[0])), _start(one[0]), -one[1]))
    by_letter = []
    for first, of_letter in groupby(patterns, key=lambda one: one[0][0]):
        by_start = [(start, "|".join(p for _, _, p in of)) for start, of in groupby(of_letter, lambda o: _start(o[0]))]
        tried = "|".join(f"(?={re.escape(start)})(?:{pattern})" for start, pattern in by_start)
        by_letter.append(f"(?={re.escape(first)})(?:{tried})")
    return re.compile(rf"(?<!{_LETTERS})(?:{'|'.join(by_letter)})(?!{_LETTERS})", re.IGNORECASE)


def _start(entry: str) -> str:
    return entry[:2] if entry[:2].isalnum() else entry[:1]
