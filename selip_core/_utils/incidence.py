"""Sets as rows of 0 and 1: their products count what two sets share."""

from collections.abc import Collection, Hashable, Mapping, Sequence

import torch


def columns_of(sets: Sequence[Collection[Hashable]]) -> dict[Hashable, int]:
    """Return a column for each member of any of the sets."""
    return {item: i for i, item in enumerate(dict.fromkeys(item for items in sets for item in items))}


def incidence(
    sets: Sequence[Collection[Hashable]],
    column_of: Mapping[Hashable, int] | None = None,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Return which members each set has, (sets, columns) of 0 and 1.

    Parameters
    ----------
    column_of : mapping of member to column, optional
        Of all that the sets hold, where other sets are to have the same columns; their own where left out.

    Examples
    --------
    >>> has = incidence(["ab", "b", ""])
    >>> (has @ has.T).tolist()
    [[2.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    column_of = columns_of(sets) if column_of is None else column_of
    has = torch.zeros(len(sets), len(column_of), dtype=dtype, device=device)
    pairs = [(row, column_of[item]) for row, items in enumerate(sets) for item in items]
    if pairs:
        rows, columns = torch.tensor(pairs, device=device).T
        has[rows, columns] = 1
    return has
