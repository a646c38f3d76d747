"""The similarity of a whole corpus, never N × N at once: blocks of rows, and each report's neighbours (method.md 3).

Work is done once for each of the D distinct reports; the N reports are gathers from it.
"""

from collections.abc import Iterator

import torch

from selip_core.similarity.nearest import greatest_of_columns
from selip_core.similarity.scores import ReportCorpus

_BLOCK_NUMBERS = {"cpu": 2**22, "cuda": 2**26}
"""How many numbers a block holds where the caller names no size: on the CPU little more than a cache, 16 MB."""

_COLUMNS = 2**14
"""How many distinct reports are compared with a block at a time: bounds what lies beside the block."""


def similarity_rows(corpus: ReportCorpus, *, size: int | None = None) -> Iterator[tuple[slice, torch.Tensor]]:
    """Yield the similarity matrix of a corpus from top to bottom, some rows at a time.

    Parameters
    ----------
    corpus : ReportCorpus of N reports
    size : int, optional
        Rows a block, at least 1; as many as 16 MB hold (256 MB on CUDA) where left out.

    Yields
    ------
    rows : slice
        Which rows of the matrix these are.
    similarity : torch.Tensor
        (rows, N), float32, on the device of the corpus; the same values as ``corpus.similarity()``.

    Raises
    ------
    ValueError
        If `size` is less than 1.
    """
    size = _block_size(size, len(corpus), corpus.device)
    for start in range(0, len(corpus), size):
        rows = slice(start, min(start + size, len(corpus)))
        needed, of_row = corpus.distinct[rows].unique(return_inverse=True)
        block = _against_all(corpus, needed).T.contiguous()  # (distinct rows, D)
        similarity = block.index_select(1, corpus.distinct)[of_row]  # (rows, N)
        similarity.diagonal(start).fill_(1)
        yield rows, similarity


def top_k(corpus: ReportCorpus, k: int = 10, *, size: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the `k` most similar other reports of each report.

    Of equal similarities (equal as float32) the report with the lower position comes first. A normal report is 0 to
    every other, so that its neighbours are simply the first reports of the corpus.

    Parameters
    ----------
    corpus : ReportCorpus of N reports
    k : int
        At least 1; cut to N - 1.
    size : int, optional
        Distinct reports worked on together, at least 1; as many as make a block of 16 MB (256 MB on CUDA) where left
        out, but no fewer than 32. The memory needed is that of a few such blocks, beside K and the result: it does not
        grow with N².

    Returns
    -------
    values, neighbours : torch.Tensor
        (N, k) float32, descending, and (N, k) int64 positions in the corpus; the report itself is left out.

    Raises
    ------
    ValueError
        If `k` or `size` is less than 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    k = min(k, max(len(corpus) - 1, 0))
    size = _block_size(size, max(corpus.n_distinct, (k + 1) ** 2), corpus.device)  # carriers of k: k² a row
    values = torch.empty(len(corpus), k, device=corpus.device)
    neighbours = torch.empty(len(corpus), k, dtype=torch.int64, device=corpus.device)
    by_report = corpus.distinct.argsort(stable=True)  # (N,): positions, report by distinct report
    counts = corpus.distinct.bincount(minlength=corpus.n_distinct)
    starts = counts.cumsum(0) - counts
    for start in range(0, corpus.n_distinct, size):
        stop = min(start + size, corpus.n_distinct)
        block = _against_all(corpus, torch.arange(start, stop, device=corpus.device))
        nearest, which = greatest_of_columns(block, k + 1)
        nearest, carriers = _carriers(nearest, which, by_report, starts, counts, k + 1)
        first = int(starts[start])
        for own in by_report[first : first + int(counts[start:stop].sum())].split(size):
            row = corpus.distinct[own] - start
            values[own], neighbours[own] = _without_self(nearest[row], carriers[row], own, k)
    return values, neighbours


def _block_size(size: int | None, width: int, device: torch.device) -> int:
    """Return the number of rows of a block whose rows have `width` numbers."""
    if size is not None and size < 1:
        raise ValueError(f"the size of a block must be at least 1, not {size}")
    return size or max(_BLOCK_NUMBERS[device.type] // max(width, 1), 32)


def _against_all(corpus: ReportCorpus, reports: torch.Tensor) -> torch.Tensor:
    """Return the similarity of distinct reports to all distinct reports, (D, B)."""
    every = torch.arange(corpus.n_distinct, device=corpus.device)
    return torch.cat([corpus.between(reports, columns) for columns in every.split(_COLUMNS)])


def _carriers(
    values: torch.Tensor,
    distinct: torch.Tensor,
    by_report: torch.Tensor,
    starts: torch.Tensor,
    counts: torch.Tensor,
    k: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn the first `k` distinct reports of a row into its first `k` reports, the lower position first among equals.

    Distinct reports are numbered by first appearance: the first `k` reports carry some of the first `k` distinct ones,
    and are among the first `k` carriers of each.

    Parameters
    ----------
    values, distinct : (B, min(k, D))
    by_report : (N,)
        Positions, those of each distinct report together.
    starts, counts : (D,)
        Where those of each begin, and how many they are.

    Returns
    -------
    values, positions : (B, k), values descending; where the corpus has fewer reports, the value is -1
    """
    ranks = torch.arange(k, device=values.device)
    real = ranks < counts[distinct][:, :, None]  # (B, m, k)
    last = len(by_report) - 1
    positions = by_report[(starts[distinct][:, :, None] + ranks).clamp(max=last)].flatten(1)
    values = torch.where(real, values[:, :, None], -1.0).flatten(1)
    by_position = positions.argsort(dim=1)
    values, order = torch.sort(values.gather(1, by_position), dim=1, descending=True, stable=True)
    return values[:, :k], positions.gather(1, by_position).gather(1, order[:, :k])


def _without_self(
    values: torch.Tensor, positions: torch.Tensor, own: torch.Tensor, k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the first `k` of each row that are not the report `own` of that row."""
    others = torch.where(positions == own[:, None], -1.0, values)
    values, order = torch.sort(others, dim=1, descending=True, stable=True)
    return values[:, :k], positions.gather(1, order[:, :k])
