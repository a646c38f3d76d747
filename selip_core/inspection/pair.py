"""Two reports side by side: their findings, how they match, and where the pair stands in a cohort.

Every number comes from `selip_core.similarity`: this module only asks it and keeps the answers together (method.md 3).
`plotting.pair` and `widgets.pair_html` show them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from selip_core.errors import SelipError
from selip_core.reports.queries import WORD_FOR_WORD, read_query
from selip_core.reports.sentences import Finding, parse_sentence
from selip_core.similarity.blocks import similarity_rows
from selip_core.similarity.findings import KINDS, appearance_tag, semantic_similarity, syntax_similarity
from selip_core.similarity.nearest import greatest
from selip_core.similarity.scores import MATCHINGS, ReportCorpus, similarity_matrix

_BINS = 20_000
"""Of the distribution of all pairs: a share is right to within the pairs of one bin, 0.00005 wide."""

_SAME = 1e-6
"""Similarities closer than this are equal: the same number by another order of sums."""

SHOWN_NEIGHBOURS = 4
"""Of each of the two, in the piece of the similarity matrix that is shown."""


@dataclass(frozen=True)
class PairComparison:
    """Two reports and all that the similarity says of them.

    Parameters
    ----------
    sentences : (str, str)
        Canonical sentences, or the normal statement.
    findings : (list of Finding, list of Finding)
        F and G of them.
    syntax, semantic, mixed : (F, G) float32
        Similarity of each finding of the first to each of the second.
    same_site, same_tag : (F, G) bool
        The two questions of the semantic part; the tag is the signal word of an appearance.
    scores : dict of matching to dict of kind to float
        Of the two reports.
    """

    sentences: tuple[str, str]
    findings: tuple[list[Finding], list[Finding]]
    syntax: np.ndarray
    semantic: np.ndarray
    mixed: np.ndarray
    same_site: np.ndarray
    same_tag: np.ndarray
    scores: dict[str, dict[str, float]]

    def best_pairs(self) -> list[tuple[int, int]]:
        """Return the pairs that ``matching="best"`` counts: each finding with its best counterpart, in both directions.

        The earlier counterpart is taken among equals; a finding that is 0 to all has none.
        """
        if not self.mixed.size:
            return []
        pairs = {(i, int(j)) for i, j in enumerate(self.mixed.argmax(axis=1))}
        pairs |= {(int(i), j) for j, i in enumerate(self.mixed.argmax(axis=0))}
        return sorted((i, j) for i, j in pairs if self.mixed[i, j] > 0)

    def shared_characters(self, i: int, j: int) -> set[str]:
        """Return the characters that finding `i` of the first and `j` of the second share: A ∩ B of their Dice."""
        first, second = self.findings[0][i], self.findings[1][j]
        return set(first.site + first.appearance) & set(second.site + second.appearance)

    def tags(self, side: int) -> list[str]:
        """Return the signal word of each finding of report 0 or 1."""
        return [appearance_tag(finding.appearance) for finding in self.findings[side]]


def read_sentences(text: str) -> dict[str, str]:
    """Return the canonical sentence that a report means, for each sequence it speaks of.

    Parameters
    ----------
    text : str
        A canonical sentence (returned under ``""``), or a report in free Chinese or English.

    Raises
    ------
    SelipError
        If the text is empty, or nothing can be read from it.
    """
    if not text.strip():
        raise SelipError("the report is empty: type or choose one, such as 左侧额叶见片状长T2信号")
    query = read_query(text)
    if query.reading == WORD_FOR_WORD:
        raise SelipError(
            f"no finding could be read from “{query.text[:60]}”: name a place and how it looks on a sequence, "
            "such as 左侧额叶见片状长T2信号 or “high signal in the left frontal lobe on T2”"
        )
    return query.sentences


def compare(first: str, second: str, *, weights: tuple[float, float] = (0.5, 0.5)) -> PairComparison:
    """Return all that the similarity says of two reports.

    Parameters
    ----------
    first, second : str
        Canonical sentences, or the normal statement; `read_sentences` makes them from free text.
    weights : (float, float)
        Of site and appearance tag in the semantic part.

    Raises
    ------
    ValueError
        If a text is not canonical or a weight is not allowed.
    """
    findings = parse_sentence(first), parse_sentence(second)
    scores = {
        matching: {
            kind: similarity_matrix([first, second], weights=weights, matching=matching, kind=kind)[0, 1].item()
            for kind in KINDS
        }
        for matching in MATCHINGS
    }
    empty = np.zeros((len(findings[0]), len(findings[1])), np.float32)
    if not empty.size:
        return PairComparison((first, second), findings, empty, empty, empty, empty > 0, empty > 0, scores)
    # K of a corpus of these two reports is what their similarity is made of: (F, G)
    corpus = ReportCorpus([first, second], weights=weights)
    rows, columns = ([corpus.findings.index(finding) for finding in report] for report in findings)
    return PairComparison(
        sentences=(first, second),
        findings=findings,
        syntax=syntax_similarity(*findings).numpy(),
        semantic=semantic_similarity(*findings, weights=weights).numpy(),
        mixed=corpus.finding_similarity[rows][:, columns].numpy(),
        same_site=semantic_similarity(*findings, weights=(1, 0)).numpy() > 0,
        same_tag=semantic_similarity(*findings, weights=(0, 1)).numpy() > 0,
        scores=scores,
    )


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
            nearest = rest[greatest(row[rest], neighbours)]
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
