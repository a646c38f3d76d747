"""The k greatest of many numbers, exactly, the lower position first among equals; nearest items of a large gallery."""

import numpy as np
import torch

GROUP = 64
"""The greatest are first sought among the maxima of so many rows."""


def greatest_of_columns(block: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the `k` greatest of each column of `block` and their rows, the lower row first among equals.

    The `k` lie in the first `k` groups of rows, ordered by maximum and then by place: whatever lies in a later group
    comes after the maxima of all of those. So nearly all of the block is read once, and never sorted.

    Parameters
    ----------
    block : (D, B)
        Finite or -inf; where a column has fewer than `k` finite numbers, the last rows may lie beyond the block.
    k : int
        At least 1.

    Returns
    -------
    values, rows : torch.Tensor
        (B, min(k, D)), values descending.

    Examples
    --------
    >>> greatest_of_columns(torch.tensor([[0.1], [0.7], [0.7]]), 2)[1].tolist()
    [[1, 2]]
    """
    n_rows, width = block.shape
    k = min(k, n_rows)
    groups = -(-n_rows // GROUP)
    padded = block.new_full((groups * GROUP, width), -torch.inf)
    padded[:n_rows] = block
    maxima = padded.view(groups, GROUP, width).amax(1)
    first = torch.sort(maxima, dim=0, descending=True, stable=True).indices[:k].sort(dim=0).values  # (k, B)
    rows = (first[:, None] * GROUP + torch.arange(GROUP, device=block.device)[None, :, None]).flatten(0, 1)
    values, places = torch.sort(padded.gather(0, rows), dim=0, descending=True, stable=True)  # (k · GROUP, B)
    return values[:k].T.contiguous(), rows.gather(0, places[:k]).T.contiguous()


def greatest(scores: np.ndarray, k: int) -> np.ndarray:
    """Return where the `k` greatest of `scores` (n,) are, the greatest first; -inf is never among them.

    Examples
    --------
    >>> greatest(np.array([0.1, 0.7, -np.inf, 0.7]), 3).tolist()
    [1, 3, 0]
    """
    values, rows = greatest_of_columns(torch.from_numpy(scores)[:, None], k)
    return rows[0][values[0] > -torch.inf].numpy()


def nearest_items(
    queries: torch.Tensor, gallery: torch.Tensor | np.ndarray, k: int = 10, *, size: int = 16384
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the `k` items of a gallery with the greatest cosine to each query, a tile of the gallery at a time.

    Parameters
    ----------
    queries : (Q, E), unit norm
    gallery : (G, E), unit norm
        A tensor, or an array that may be mapped from disk; tiles of it are brought to the device and type of `queries`.
    k : int
        At least 1; cut to G.
    size : int
        Items a tile, at least 1: Q · size cosines are held at once.

    Returns
    -------
    cosines, items : torch.Tensor
        (Q, k), descending, and (Q, k) int64; the lower item first among equal cosines.

    Raises
    ------
    ValueError
        If `k` or `size` is less than 1, or the gallery is empty.
    """
    if k < 1 or size < 1 or not len(gallery):
        raise ValueError(f"k, size and the gallery must be at least 1, not {k}, {size} and {len(gallery)} items")
    cosines = queries.new_empty(len(queries), 0)
    items = torch.empty(len(queries), 0, dtype=torch.int64, device=queries.device)
    for start in range(0, len(gallery), size):
        tile = gallery[start : start + size]
        tile = (tile if isinstance(tile, torch.Tensor) else torch.from_numpy(np.array(tile))).to(queries)  # (T, E)
        found, rows = greatest_of_columns(tile @ queries.T, k)
        # what was found before has lower positions and stands first: a stable sort keeps it so
        candidates, order = torch.sort(torch.cat([cosines, found], 1), dim=1, descending=True, stable=True)
        items = torch.cat([items, rows + start], 1).gather(1, order[:, :k])
        cosines = candidates[:, :k]
    return cosines, items
