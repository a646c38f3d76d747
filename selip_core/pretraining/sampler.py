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
    both_sides : bool
        Whether a pair and its mirror image, where that has another text, are in a batch together: what tells them apart
        is the side alone.

    Raises
    ------
    SelipError
        If there are fewer distinct texts than a batch needs; a text and its mirror image count once, since flips may
        make every pair of the two the same.
    """

    def __init__(
        self, text_ids: np.ndarray, flipped_text_ids: np.ndarray | None, *, batch_size: int, seed: int,
        both_sides: bool = False,
    ):  # fmt: skip
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
        self.both_sides = both_sides and flipped_text_ids is not None

    def epoch(self, number: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the batches of one epoch: each ``rows (B,)`` and ``flips (B,)`` bool.

        One pass over a permutation: a pair whose text the batch already holds waits in a queue for a later batch,
        so nothing is scanned twice. Pairs still waiting when too few texts are left to fill a batch are dropped; over
        epochs every pair has its turn. With `both_sides` a pair brings its mirror image along: an epoch has more
        batches, and a batch fewer patients.
        """
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.text_ids))
        flips = np.zeros(len(order), bool) if self.flipped_text_ids is None else rng.random(len(order)) < 0.5
        mirrored = self.text_ids if self.flipped_text_ids is None else self.flipped_text_ids
        if self.both_sides:  # a text and its mirror image are one: whoever holds the one holds the other
            texts, images = np.minimum(self.text_ids, mirrored), 1 + (self.text_ids != mirrored)
        else:
            texts, images = np.where(flips, mirrored, self.text_ids), np.ones(len(order), int)
        waiting: dict[int, deque] = {}
        stream = iter(order)
        batches = []
        while batch := self._fill(stream, texts, images, waiting):
            rows = np.repeat(batch, images[batch])[: self.batch_size]
            again = np.append(False, rows[1:] == rows[:-1])  # the mirror image of the pair before it
            batches.append((rows, flips[rows] ^ again))
        return batches

    def _fill(
        self, stream: Iterator, texts: np.ndarray, images: np.ndarray, waiting: dict[int, deque]
    ) -> list[int]:
        """Return the rows of the next batch, or an empty list at the end of the epoch.

        Parameters
        ----------
        stream : iterator of the rows that are still to come
        texts, images : (N,) int
            Of each pair its text, and in how many places of a batch it stands.
        waiting : dict of text to the rows that wait for a batch without it
        """
        batch: dict[int, int] = {}
        places = 0
        for text in list(waiting):
            if places >= self.batch_size:
                break
            batch[text] = waiting[text].popleft()
            places += images[batch[text]]
            if not waiting[text]:
                del waiting[text]
        while places < self.batch_size:
            row = next(stream, None)
            if row is None:
                return []
            text = int(texts[row])
            if text in batch:
                waiting.setdefault(text, deque()).append(int(row))
            else:
                batch[text] = int(row)
                places += images[row]
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
