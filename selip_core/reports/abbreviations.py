"""The abbreviations of a language, written out: `ring enh` is ring enhancement, `bil thalami` bilateral ones."""

import re

GOES_ON = "[a-zà-ÿ]|[RL](?![A-Za-zà-ÿ])"
"""What no sentence begins with: a small letter, or a side."""


class Abbreviations:
    """What a language abbreviates, by the words that each stands for.

    Parameters
    ----------
    book : dict of str to list of str
        As read from ``abbreviations`` of ``lexicons/<language>.yaml``.

    Examples
    --------
    >>> Abbreviations({"bilateral": ["bil"], "with": ["w/"]}).written_out("Cavity w/ bil. edema.")
    'Cavity with bilateral edema.'
    """

    def __init__(self, book: dict[str, list[str]]):
        self._meant = {short.lower(): words for words, shorts in book.items() for short in shorts}
        short = "|".join(re.escape(short) for short in sorted(self._meant, key=len, reverse=True)) or r"(?!)"
        goes_on = rf"(?:\.(?=,|\s+(?-i:{GOES_ON})))?"  # its full stop, where no sentence can begin behind it
        self._pattern = re.compile(rf"(?<![^\W_])({short})(?![^\W_]){goes_on}", re.IGNORECASE)
        self._last = re.compile(rf"(?<![^\W_])(?:{short})\.$", re.IGNORECASE)

    def at_end(self, sentence: str) -> bool:
        """Return whether the full stop of a sentence is that of an abbreviation."""
        return self._last.search(sentence) is not None

    def written_out(self, text: str) -> str:
        """Return a text without them; a full stop behind one goes too where no sentence can begin."""
        return self._pattern.sub(lambda found: self._meant[found[1].lower()], text)
