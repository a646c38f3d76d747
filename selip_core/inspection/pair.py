"""Two reports side by side: their findings, how they match, and the scores of the pair.

Every number comes from ``similarity``: this module only asks it and keeps the answers together (METHOD 3). The place of
the pair in a cohort is in ``pair_place``; ``pair_html`` and ``figures_map`` show both.
"""

from dataclasses import dataclass

import numpy as np

from selip_core.errors import SelipError
from selip_core.reports.queries import query_sentences
from selip_core.reports.sentences import Finding, parse_sentence
from selip_core.similarity.scores import (
    KINDS,
    MATCHINGS,
    ReportCorpus,
    appearance_tag,
    semantic_similarity,
    similarity_matrix,
    syntax_similarity,
)


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
    sentences = query_sentences(text)
    for sentence in sentences.values():
        try:
            parse_sentence(sentence)
        except ValueError:
            raise SelipError(
                f"no finding could be read from “{text.strip()[:60]}”: name a place and how it looks on a sequence, "
                "such as 左侧额叶见片状长T2信号 or “high signal in the left frontal lobe on T2”"
            ) from None
    return sentences


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
