"""How wide characters are: a Chinese one takes the room of two Latin ones."""

import unicodedata


def is_wide(character: str, *, ambiguous: bool = False) -> bool:
    """Return whether a character fills a square, as Chinese ones do.

    Parameters
    ----------
    ambiguous : bool
        Whether those do that are wide in Chinese fonts and narrow elsewhere, such as ``①`` and ``“``.

    Examples
    --------
    >>> [is_wide(character) for character in "额a①"], is_wide("①", ambiguous=True)
    ([True, False, False], True)
    """
    return unicodedata.east_asian_width(character) in ("WFA" if ambiguous else "WF")
