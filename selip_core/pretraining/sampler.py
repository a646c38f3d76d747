"""Batches in which no two pairs share a text (method.md 1): seeded, and resumable from any step."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from selip_core.datasets.pairs import distinct_reports
from selip_core.errors import SelipError
from selip_core.reports.sentences import Finding

_REMEDY = "give a smaller pretraining.batch_size or more patients"


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
        If there are fewer distinct texts than a batch needs; a text and its mirror image count once, since flips may
        make every pair of the two the same.
    """

    def __init__(self, text_ids: np.ndarray, flipped_text_ids: np.ndarray | None, *, batch_size: int, seed: int):
        distinct = _fewest_texts(text_ids, flipped_text_ids)
        if distinct < batch_size:
            raise SelipError(
                f"{distinct} distinct texts cannot fill a batch of {batch_size} in which no two pairs share a text: "
                + _REMEDY
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
        """Yield batches without end, from step `start` on, as an uninterrupted run would have.

        Raises
        ------
        SelipError
            If the flips of an epoch leave too few distinct texts to fill one batch.
        """
        number, done = 0, 0
        while True:
            batches = self.epoch(number)
            if not batches:  # else a search without end for an epoch with a batch
                raise SelipError(
                    f"epoch {number} has too few distinct texts for a batch of {self.batch_size}: {_REMEDY}"
                )
            if done + len(batches) > start:
                yield from batches[max(start - done, 0) :]
            done += len(batches)
            number += 1


def fitting_batch_size(findings: list[tuple[Finding, ...]], wanted: int, *, flip: bool) -> int:
    """Return the batch size, or the number of distinct texts where there are fewer: no text may be in a batch twice.

    Parameters
    ----------
    findings : list of tuples of Finding
        What is said of the volume of each training pair.
    wanted : int
    flip : bool
        Whether volumes are mirrored; a text and its mirror image then count once, so that every epoch fills a batch.

    Raises
    ------
    SelipError
        If there are not two distinct texts to tell apart.
    """
    _, ids, flipped_ids = distinct_reports(findings, flip=flip)
    distinct = _fewest_texts(ids, flipped_ids)
    if distinct < 2:
        images = " (mirror images count once)" if flip else ""
        raise SelipError(
            f"the training patients have {distinct} distinct sentence(s){images}: contrastive training needs at least "
            "two; add patients with findings, or look at 02_report_findings for what the reports were read as"
        )
    return min(wanted, distinct)


def _fewest_texts(text_ids: np.ndarray, flipped_text_ids: np.ndarray | None) -> int:
    """Return how many distinct texts the pairs have at least, whichever of them are flipped."""
    couples = text_ids if flipped_text_ids is None else np.minimum(text_ids, flipped_text_ids)
    return len(np.unique(couples))
