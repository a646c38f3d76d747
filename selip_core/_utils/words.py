"""The words of a text in an alphabet."""

import re

_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, without what stands between them.

    Examples
    --------
    >>> words_of("Opacity, left base.")
    ['opacity', 'left', 'base']
    """
    return _WORD.findall(text.lower())
