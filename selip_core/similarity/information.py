"""Information content: how much a value tells, by how rare it is in a corpus (method.md 3)."""

import math
from collections.abc import Sequence


class InformationContent:
    """What it tells that a finding carries a value: ``-ln p``, with p the share of a corpus's findings that do.

    p is Laplace's estimate, ``(n(x) + 1) / (n + V + 1)`` of n findings with V distinct values: what was never seen
    counts as one value more. So one that all findings carry still tells a little, and one that none carries the most.

    Parameters
    ----------
    values : sequence of str
        The site, or the tag, of each finding.
    counts : sequence of float, optional
        How often each finding occurs, at least 0; once where left out.

    Raises
    ------
    ValueError
        If the lengths differ, or a count is negative or not finite.

    Examples
    --------
    >>> content = InformationContent(["脑桥", "脑桥", "额叶"])
    >>> [round(x, 3) for x in content.of(["脑桥", "额叶", "丘脑"])]
    [0.693, 1.099, 1.792]
    """

    def __init__(self, values: Sequence[str], counts: Sequence[float] | None = None):
        # Choice: not the plain share: it is 0 for a value that was never seen, and 1 for one that all carry
        counts = [1.0] * len(values) if counts is None else counts
        seen: dict[str, float] = {}
        for value, count in zip(values, checked_counts(counts, len(values)), strict=True):
            seen[value] = seen.get(value, 0.0) + count
        self._unseen = math.log(sum(seen.values()) + len(seen) + 1)
        self._content = {value: self._unseen - math.log(count + 1) for value, count in seen.items()}

    def of(self, values: Sequence[str]) -> list[float]:
        """Return the information content of each value, in nats, at least 0; above 0 where any value was seen."""
        return [self._content.get(value, self._unseen) for value in values]


def checked_counts(counts: Sequence[float], length: int) -> list[float]:
    """Return how often each of `length` things occurs, as floats.

    Raises
    ------
    ValueError
        If they are not as many, or one is negative or not finite.
    """
    counts = [float(count) for count in counts]
    if len(counts) != length or not all(0 <= count < math.inf for count in counts):
        raise ValueError(f"counts must be {length} finite numbers of at least 0, one a report")
    return counts
