"""Texts: one or several, and the words of one in an alphabet."""

import re
from collections.abc import Iterable

from selip_core.errors import SelipError

_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, without what stands between them.

    Examples
    --------
    >>> words_of("Opacity, left base.")
    ['opacity', 'left', 'base']
    """
    return _WORD.findall(text.lower())


def check_several(given: Iterable[str], what: str, one: str = "text") -> None:
    """Raise SelipError if what should be several texts is one: each of its characters would be taken for a text.

    Parameters
    ----------
    what, one : str
        What the caller's argument is called, and one of what it holds.
    """
    if isinstance(given, str):
        raise SelipError(f"{what} must be a list of {one}s, not one {one}")
