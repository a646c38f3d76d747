"""The ids of a report's row and of the studies that they may mean."""

import re
import unicodedata
from collections.abc import Iterable

import pandas as pd

_LISTED = re.compile(r"[,;、|\n]+")
_BESIDE = re.compile(r"[/+&\\\s]+")
"""What stands between two numbers, and within one as well: 2024/0001."""
_SHORTEST, _SHORTEST_BESIDE = 3, 5
"""Choice: characters of each of two numbers in one cell."""


def plain_id(text: str) -> str:
    """Return an id in half-width characters without white space or invisible marks."""
    text = unicodedata.normalize("NFKC", text).removeprefix("'")  # Excel's sign that a number is a text
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc"))


def several_ids(text: str) -> list[str]:
    """Return the ids of a cell that holds more than one, none where it holds one.

    Signs that an id may hold itself, and blanks, stand between two only where these are alike: of one length, and
    beginning so.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    listed = [plain_id(part) for part in _LISTED.split(text) if plain_id(part)]
    if len(listed) > 1:
        return listed if all(_has_number(part) and len(part) >= _SHORTEST for part in listed) else []
    parts = [plain_id(part) for part in _BESIDE.split(text) if plain_id(part)]
    alike = len({(len(part), part[:2]) for part in parts}) == 1
    whole = alike and all(_has_number(part) and len(part) >= _SHORTEST_BESIDE for part in parts)
    return parts if whole and len(parts) > 1 else []


def _has_number(text: str) -> bool:
    return any(char.isdigit() for char in text)


class Keys:
    """The studies by the ids that a report may name.

    Parameters
    ----------
    studies : DataFrame with ``study_id`` and, as far as there are any, `columns`
    columns : tuple of str
    named : iterable of str
        What the reports name: an id that is written in several ways there is read in none but its own.
    """

    def __init__(self, studies: pd.DataFrame, columns: tuple[str, ...], named: Iterable[str] = ()):
        self.exact: dict[str, set[str]] = {}
        self.loose: dict[str, set[str]] = {}
        self.folded: dict[str, set[str]] = {}
        self.spellings: dict[str, set[str]] = {}
        for column in columns:
            if column in studies:
                for value, study in zip(studies[column].fillna("").astype(str), studies["study_id"], strict=True):
                    if value := plain_id(value):
                        self.exact.setdefault(value, set()).add(study)
                        self.loose.setdefault(value.lstrip("0"), set()).add(value)
                        self.folded.setdefault(value.casefold(), set()).add(value)
        for value in named:
            self.spellings.setdefault(value.casefold(), set()).add(value)

    def find(self, value: str, ignore_zeros: bool) -> tuple[set[str], str]:
        """Return the studies of an id, and an id that differs from it by leading zeros only where that is no match."""
        if not value or value in self.exact:
            return self.exact.get(value, set()), ""
        near = sorted(self.loose.get(value.lstrip("0"), ()))
        if not near:
            return set(), ""
        if ignore_zeros and len(near) == 1:
            return self.exact[near[0]], ""
        return set(), near[0]

    def find_study(self, value: str, ignore_zeros: bool) -> tuple[set[str], str]:
        """Return what `find` does, of an id in capitals or small letters, and of each of several in one cell."""
        hits, near = self.find(value, ignore_zeros)
        if hits or near or not value:
            return hits, near
        if one := self._in_other_case(value):
            return self.exact[one], ""
        if "," in value and (hits := self.exact.get(value.replace(",", ""))):
            return hits, ""
        parts = (part if part in self.exact else self._in_other_case(part) for part in several_ids(value))
        return set().union(*(self.exact[part] for part in parts if part)), ""

    def _in_other_case(self, value: str) -> str:
        """Return the one id that differs from another by capitals alone, "" where somebody tells these apart."""
        near = self.folded.get(value.casefold(), set())
        return next(iter(near)) if len(near) == 1 and len(self.spellings.get(value.casefold(), ())) <= 1 else ""
