"""Batches in which no two pairs share a text (METHOD 1): seeded, and resumable from any step."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from selip_core.errors import SelipError


class UniqueTextSampler:
    """Yield batches of (rows, flips) whose texts differ from each other.

    Processes that train together draw the same batches, and each takes its share of them (`distributed`).

    Parameters
    ----------
    text_ids : (N,) int array
        Text of each pair.
    flipped_text_ids : (N,) int array or None
        Text of each pair when its volume is mirrored (左侧 and 右侧 swapped); None never mirrors.
    batch_size : int
    seed : int

    Raises
    ------
    SelipError
        If there are fewer distinct texts than a batch needs.
    """

    def __init__(self, text_ids: np.ndarray, flipped_text_ids: np.ndarray | None, *, batch_size: int, seed: int):
        distinct = len(np.unique(text_ids))
        if distinct < batch_size:
            raise SelipError(
                f"{distinct} distinct texts cannot fill a batch of {batch_size} in which no two pairs share a text: "
                "give a smaller pretraining.batch_size or more patients"
            )
        self.text_ids = np.asarray(text_ids)
        self.flipped_text_ids = None if flipped_text_ids is None else np.asarray(flipped_text_ids)
        self.batch_size = batch_size
        self.seed = seed

    def epoch(self, number: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the batches of one epoch: each ``rows (B,)`` and ``flips (B,)`` bool.

        One pass over a permutation: a pair whose text the batch already holds waits in a queue for a later batch,
        so nothing is scanned twice. Pairs still waiting when too few texts are left to fill a batch are dropped; over
        epochs every pair has its turn.
        """
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.text_ids))
        flips = np.zeros(len(order), bool) if self.flipped_text_ids is None else rng.random(len(order)) < 0.5
        mirrored = self.text_ids if self.flipped_text_ids is None else self.flipped_text_ids
        texts = np.where(flips, mirrored, self.text_ids)
        waiting: dict[int, deque] = {}
        stream = iter(order)
        batches = []
        while batch := self._fill(stream, texts, waiting):
            rows = np.array(batch)
            batches.append((rows, flips[rows]))
        return batches

    def _fill(self, stream: Iterator, texts: np.ndarray, waiting: dict[int, deque]) -> list[int]:
        """Return the next batch, or an empty list at the end of the epoch."""
        batch: dict[int, int] = {}
        for text in list(waiting)[: self.batch_size]:
            batch[text] = waiting[text].popleft()
            if not waiting[text]:
                del waiting[text]
        while len(batch) < self.batch_size:
            row = next(stream, None)
            if row is None:
                return []
            text = int(texts[row])
            if text in batch:
                waiting.setdefault(text, deque()).append(int(row))
            else:
                batch[text] = int(row)
        return list(batch.values())

    def steps(self, start: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield batches without end, from step `start` on, as an uninterrupted run would have."""
        number, done = 0, 0
        while True:
            batches = self.epoch(number)
            if done + len(batches) > start:
                yield from batches[max(start - done, 0) :]
            done += len(batches)
            number += 1


def fitting_batch_size(texts: list[str], wanted: int) -> int:
    """Return the batch size, or the number of distinct texts where there are fewer: no text may be in a batch twice.

    Raises
    ------
    SelipError
        If there are not two distinct texts to tell apart.
    """
    distinct = len(set(texts))
    if distinct < 2:
        raise SelipError(
            f"the training patients have {distinct} distinct sentence(s): contrastive training needs at least two; "
            "add patients with findings, or look at 02_report_findings for what the reports were read as"
        )
    return min(wanted, distinct)
