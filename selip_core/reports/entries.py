"""The entries of a lexicon: what one line of it stands for, and the pattern that finds all of them in a text."""

import re
from collections.abc import Iterable, Iterator
from itertools import count, groupby, product
from typing import NamedTuple

_LETTERS = r"[A-Za-z0-9À-ɏ]"
_LEAD = re.compile(r"[a-z0-9À-ɏ ]*")
FEW = 16
"""Choice: so many entries are tried one after the other."""
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
    parts = [_spaced(part).replace(r"\*", letters) for part in entry.split(" ... ")]
    return r"[^.,;:]{0,50}?[\s-]".join(parts)


def scanner(entries: Iterable[tuple[int, str]], letters: str) -> re.Pattern:
    """Return what finds each numbered entry in a text; `number_of` a match tells which.

    Of entries that begin with the same two letters the longest is tried first. Only those are tried that begin as the
    text does, letter by letter: an English text has 5,000 entries and is read three times faster so.
    """
    found = [
        _Entry(entry.lower(), number, expression(entry, letters), _LEAD.match(entry.lower())[0].rstrip())
        for number, entry in entries
    ]
    found.sort(key=lambda one: (one.text[0], -len(_start(one.text)), _start(one.text), -len(one.text)))
    nth = count()  # names of groups are unique, and an entry may stand in several places
    by_letter = []
    for first, of_letter in groupby(found, key=lambda one: one.text[0]):
        by_start = groupby(of_letter, key=lambda one: _start(one.text))
        tried = "|".join(f"(?={re.escape(start)})(?:{_tried(list(of), len(start), nth)})" for start, of in by_start)
        by_letter.append(f"(?={re.escape(first)})(?:{tried})")
    return re.compile(rf"(?<!{_LETTERS})(?:{'|'.join(by_letter)})(?!{_LETTERS})", re.IGNORECASE)


def number_of(match: re.Match) -> int:
    """Return the number of the entry that a `scanner` has found."""
    return int(match.lastgroup[1:].partition("_")[0])


class _Entry(NamedTuple):
    text: str
    number: int
    pattern: str
    lead: str
    """Its letters up to a wildcard or a sign: all that a text must have to begin as it does."""


def _tried(entries: list[_Entry], depth: int, nth: Iterator[int]) -> str:
    """Return the pattern of entries that have so many first letters in common, in their order.

    One that ends or has a wildcard before the next letter is tried with all of them, and behind them.
    """
    short = [one for one in entries if len(one.lead) <= depth]
    begins = sorted({one.lead[: depth + 1] for one in entries if len(one.lead) > depth})
    if len(entries) > FEW and len(begins) == 1 and not short:
        return _tried(entries, depth + 1, nth)
    if len(entries) <= FEW or len(begins) < 2:
        return "|".join(f"(?P<e{one.number}_{next(nth)}>{one.pattern})" for one in entries)
    groups = []
    for begin in begins:
        of = [one for one in entries if one.lead[: depth + 1] == begin or len(one.lead) <= depth]
        groups.append(f"(?={_spaced(begin)})(?:{_tried(of, depth + 1, nth)})")
    return "|".join([*groups, _tried(short, depth, nth)] if short else groups)


def _spaced(words: str) -> str:
    return re.escape(words).replace(r"\ ", r"[\s/-]+")


def _start(entry: str) -> str:
    return entry[:2] if entry[:2].isalnum() else entry[:1]
