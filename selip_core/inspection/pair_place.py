"""Where a pair of reports stands in the similarity matrix of a cohort's distinct reports, never N × N at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from selip_core.errors import SelipError
from selip_core.reports.sentences import Finding, parse_sentence
from selip_core.similarity.blocks import similarity_rows
from selip_core.similarity.scores import ReportCorpus, similarity_matrix

_BINS = 20_000
"""Of the distribution of all pairs: a share is right to within the pairs of one bin, 0.00005 wide."""

_SAME = 1e-6
"""Similarities closer than this are equal: the same number by another order of sums."""

SHOWN_NEIGHBOURS = 4
"""Of each of the two, in the piece of the similarity matrix that is shown."""


@dataclass(frozen=True)
class PairPlace:
    """Where a pair of reports stands among the distinct reports of a cohort.

    Parameters
    ----------
    matching : str
        Of the similarity: ``mean`` or ``best``.
    similarity : float
    rank : (int, int)
        Of the second among the neighbours of the first, and of the first among those of the second; 1 is the closest,
        and the better rank is given to equals.
    n_ranked : (int, int)
        How many neighbours that is of: the distinct reports of the cohort and the other of the pair, without itself.
    tied : (int, int)
        How many of them are as similar as the other of the pair.
    n_pairs : int
        Pairs of distinct reports of the cohort.
    share_below, share_equal : float
        Shares of those pairs that are less similar than this one, and as similar.
    crop_sentences : list of str
        The two, first and last, and between them the nearest neighbours of each.
    crop : (C, C) float32
        Their similarity.
    marks : (int, int)
        Where the two are in the piece.
    """

    matching: str
    similarity: float
    rank: tuple[int, int]
    n_ranked: tuple[int, int]
    tied: tuple[int, int]
    n_pairs: int
    share_below: float
    share_equal: float
    crop_sentences: list[str]
    crop: np.ndarray
    marks: tuple[int, int]

    @property
    def crop_names(self) -> list[str]:
        """What the reports of the piece are called: A, B, and numbers between them; ``A=B`` where they are one."""
        first, second = self.marks
        named = {first: "A", second: "B"} if first != second else {first: "A=B"}
        return [named.get(n, str(n)) for n in range(len(self.crop_sentences))]

    def in_words(self) -> list[str]:
        """Return the place as sentences for a caption; A is the first report, B the second."""
        words = [
            f"Similarity {self.similarity:.3f} (matching: {self.matching}): higher than {self.share_below:.2%} of the "
            f"{self.n_pairs:,} pairs of distinct reports of the cohort, equal to {self.share_equal:.2%} of them."
        ]
        if self.similarity <= _SAME:
            return [*words, "A similarity of 0 gives neither report a rank among the neighbours of the other."]
        for side, (one, other) in enumerate((("B", "A"), ("A", "B"))):
            ties = f", with {self.tied[side]} as similar" if self.tied[side] else ""
            words.append(f"{one} is neighbour {self.rank[side]} of {self.n_ranked[side]} of {other}{ties}.")
        return words


class CohortPairs:
    """The distinct reports of a cohort, in whose similarity matrix a pair can be placed; never N × N at once.

    Parameters
    ----------
    sentences : sequence of str
        Canonical sentences of the cohort's series, repetitions allowed.
    weights, matching, kind
        As `selip_core.similarity.scores.ReportCorpus` takes them.

    Attributes
    ----------
    sentences : list of str
        The distinct ones, those with the same findings counted once, in the order of their appearance.

    Raises
    ------
    SelipError
        If there are fewer than two distinct reports.
    """

    def __init__(
        self,
        sentences: Sequence[str],
        *,
        weights: tuple[float, float] = (0.5, 0.5),
        matching: str = "mean",
        kind: str = "mixed",
    ):
        self._options = {"weights": weights, "matching": matching, "kind": kind}
        self._place_of: dict[tuple[Finding, ...], int] = {}
        self.sentences: list[str] = []
        for text in dict.fromkeys(sentences):
            if self._place_of.setdefault(_key(text), len(self.sentences)) == len(self.sentences):
                self.sentences.append(text)
        if len(self.sentences) < 2:
            raise SelipError(
                f"the cohort has {len(self.sentences)} distinct report(s), and a place among them needs two: "
                "look at 02_report_findings for what was read"
            )
        self.corpus = ReportCorpus(self.sentences, **self._options)

    @cached_property
    def _distribution(self) -> np.ndarray:
        """How many ordered pairs of distinct reports lie in each bin of [0, 1], the diagonal left out."""
        counts = torch.zeros(_BINS, dtype=torch.int64)
        for _, block in similarity_rows(self.corpus):
            bins = (block * (_BINS - 1)).round_().to(torch.int64)
            counts += torch.bincount(bins.flatten(), minlength=_BINS)
        counts[-1] -= len(self.sentences)
        return counts.numpy()

    def place(self, first: str, second: str, *, neighbours: int = SHOWN_NEIGHBOURS) -> PairPlace:
        """Return where two canonical sentences stand; they need not be of the cohort.

        Parameters
        ----------
        neighbours : int
            Of each, in the piece of the matrix.

        Raises
        ------
        ValueError
            If a text is not canonical.
        """
        known = [self._place_of.get(_key(text)) for text in (first, second)]
        corpus, texts, n = self.corpus, self.sentences, len(self.sentences)
        if None in known:
            texts = [*texts, first, second]
            corpus = ReportCorpus(texts, **self._options)
        at = [n + side if row is None else row for side, row in enumerate(known)]
        similarity = similarity_matrix([first, second], **self._options)[0, 1].item()
        rows = corpus.similarity(at, range(n)).numpy()  # (2, n)
        rank, n_ranked, tied, near = [], [], [], []
        for row, own, other in zip(rows, at, at[::-1], strict=True):
            rest = np.setdiff1d(np.arange(n), [own, other])
            rank.append(1 + int((row[rest] > similarity + _SAME).sum()))
            tied.append(int((np.abs(row[rest] - similarity) <= _SAME).sum()))
            n_ranked.append(len(rest) + 1)
            nearest = rest[np.argsort(-row[rest], kind="stable")[:neighbours]]
            near.append([int(place) for place in nearest if row[place] > 0])
        below, equal = self._shares(similarity)
        crop = list(dict.fromkeys([at[0], *near[0], *(p for p in near[1][::-1] if p not in near[0]), at[1]]))
        return PairPlace(
            matching=corpus.matching,
            similarity=similarity,
            rank=tuple(rank),
            n_ranked=tuple(n_ranked),
            tied=tuple(tied),
            n_pairs=n * (n - 1) // 2,
            share_below=below,
            share_equal=equal,
            crop_sentences=[texts[place] for place in crop],
            crop=corpus.similarity(crop).numpy(),
            marks=(crop.index(at[0]), crop.index(at[1])),
        )

    def _shares(self, similarity: float) -> tuple[float, float]:
        """Return the shares of the cohort's pairs that are less similar, and as similar."""
        counts = self._distribution
        place = round(similarity * (_BINS - 1))
        return float(counts[:place].sum() / counts.sum()), float(counts[place] / counts.sum())


def _key(text: str) -> tuple[Finding, ...]:
    """Return what makes a report the same as another: its findings, in whatever order."""
    return tuple(sorted(parse_sentence(text)))
