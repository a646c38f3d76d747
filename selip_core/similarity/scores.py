"""Similarity of reports, made of that of their findings, as batched tensors on CPU or CUDA (method.md 3).

A corpus of N reports has U distinct findings. K (U, U) is the similarity of findings, built once (``findings``);
P (N, U) averages the findings of a report. Then ``S = P K Pᵀ``, followed by the clamp, the power, the rule for the
normal statement and the diagonal. P is never made dense: its rows are short lists of ids, so a product with P is a
weighted gather (``embedding_bag``). Reports with the same findings share one row of P. The whole matrix of a large
corpus, and neighbours in it, are in ``blocks``.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from selip_core.reports.sentences import Finding, parse_sentence
from selip_core.similarity.findings import (
    KINDS,
    checked_site_match,
    checked_unit,
    checked_weights,
    sites_and_tags,
)
from selip_core.similarity.information import InformationContent, checked_counts

MATCHINGS = ("mean", "best")


def similarity_matrix(
    texts: Sequence[str],
    *,
    weights: tuple[float, float] = (0.5, 0.5),
    matching: str = "mean",
    kind: str = "mixed",
    site_match: str = "equal",
    information: bool = False,
    power: float = 1.0,
    syntax_unit: str = "auto",
    counts: Sequence[float] | None = None,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Return the similarity of every pair of reports, given as canonical sentences (method.md 3).

    Parameters are those of `ReportCorpus`. Two equal texts at different places are *not* set to 1: under ``"mean"``
    they score less than 1 when they have several findings.

    Returns
    -------
    torch.Tensor
        (N, N), float32, in [0, 1], symmetric, diagonal 1.
    """
    corpus = ReportCorpus(
        texts, weights=weights, matching=matching, kind=kind, site_match=site_match, information=information,
        power=power, syntax_unit=syntax_unit, counts=counts, device=device,
    )  # fmt: skip
    return corpus.similarity()


class ReportCorpus:
    """A corpus of reports, prepared once, from which the similarity of any batch is gathered.

    Parameters
    ----------
    texts : sequence of str, length N
        Canonical sentences, or the normal statement; or the findings of each report, as a tuple of Finding.
    weights : (float, float)
        Of site and appearance tag in the semantic part, at least 0 and together 1; (0.9, 0.1) is a site weight of 0.9.
    matching : {"mean", "best"}
        ``mean`` averages over all pairs of findings (the reference). ``best`` averages, over the findings of one
        report, the best match in the other, and takes the mean of both directions; equal reports then score 1.
    kind : {"mixed", "syntax", "semantic"}
        Which similarity of findings, of those in `KINDS`: the product, or one of its two factors.
    site_match : {"equal", "graded"}
        ``equal`` asks whether two findings have the same site (the reference); ``graded`` how near their sites are.
    information : bool
        Whether a match of site and of tag counts by how rare it is among the findings of this corpus.
    power : float, greater than 0
        The similarity of two reports is raised to it: above 1, what is nearly the same keeps its place, and the rest
        goes to 0.
    syntax_unit : {"auto", "characters", "words", "bigrams"}
        What the wording of findings is compared by, see `selip_core.similarity.findings.pieces`.
    counts : sequence of float, length N, optional
        How often each report occurs, at least 0; once where left out. Only `information` asks.
    device : torch.device or str, optional
        CPU where left out.

    Attributes
    ----------
    findings : list of Finding
        The U distinct findings.
    finding_similarity : torch.Tensor
        K, (U, U), float32: the only large thing held, 4·U² bytes.
    distinct : (N,) int64 torch.Tensor
        Which of the D distinct reports each report is, numbered by first appearance. Reports whose findings are the
        same, in whatever order, are one.
    n_distinct : int
        D.

    Raises
    ------
    ValueError
        If an option is unknown, or a text is empty or not canonical; the message gives its position.
    """

    def __init__(
        self,
        texts: Sequence[str] | Sequence[tuple[Finding, ...]],
        *,
        weights: tuple[float, float] = (0.5, 0.5),
        matching: str = "mean",
        kind: str = "mixed",
        site_match: str = "equal",
        information: bool = False,
        power: float = 1.0,
        syntax_unit: str = "auto",
        counts: Sequence[float] | None = None,
        device: torch.device | str | None = None,
    ):
        if matching not in MATCHINGS:
            raise ValueError(f"matching must be one of {', '.join(MATCHINGS)}, not {matching!r}")
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
        if not 0 < power < float("inf"):
            raise ValueError(f"power must be greater than 0 and finite, not {power}")
        reports = _parse_all(texts)
        options = {"weights": checked_weights(weights), "site_match": checked_site_match(site_match)}
        id_of: dict[Finding, int] = {}
        number_of: dict[tuple[int, ...], int] = {}
        numbers = []
        for report in reports:
            ids = tuple(sorted(id_of.setdefault(finding, len(id_of)) for finding in report))
            numbers.append(number_of.setdefault(ids, len(number_of)))
        self.findings = list(id_of)
        self.n_distinct = len(number_of)
        self.matching, self.kind, self.power, self.device = matching, kind, power, torch.device(device or "cpu")
        if information:
            occurrences = _occurrences(list(number_of), numbers, counts, len(self.findings))
            options["information"] = tuple(
                InformationContent(values, occurrences) for values in sites_and_tags(self.findings)
            )
        if self.findings:
            self.finding_similarity = KINDS[kind](self.findings, options, checked_unit(syntax_unit), self.device)
        else:  # all reports are normal: one zero, so that gathers stay defined
            self.finding_similarity = torch.zeros(1, 1, device=self.device)
        self.distinct = torch.tensor(numbers, dtype=torch.int64, device=self.device)  # (N,)
        self._ids = torch.tensor([i for ids in number_of for i in ids], dtype=torch.int64, device=self.device)
        self._lengths = torch.tensor([len(ids) for ids in number_of], dtype=torch.int64, device=self.device)  # (D,)
        self._starts = self._lengths.cumsum(0) - self._lengths  # (D,): where a report begins in _ids

    def __len__(self) -> int:
        return len(self.distinct)

    def similarity(
        self, rows: Sequence[int] | torch.Tensor | None = None, columns: Sequence[int] | torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the similarity of the reports `rows` to the reports `columns`.

        Parameters
        ----------
        rows : (B,) positions in the corpus, optional
            All reports where left out.
        columns : (C,) positions in the corpus, optional
            The same as `rows` where left out.

        Returns
        -------
        torch.Tensor
            (B, C), float32, in [0, 1]; 1 where row and column are the same position of the corpus (the diagonal).

        Raises
        ------
        IndexError
            If a position is not in the corpus.
        """
        rows = self._positions(rows)
        columns = rows if columns is None else self._positions(columns)
        result = self.between(self.distinct[rows], self.distinct[columns]).T
        return result.masked_fill(rows[:, None] == columns[None, :], 1.0).contiguous()

    def between(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Return the similarity of distinct reports `rows` to distinct reports `columns`, with no diagonal set to 1.

        Parameters
        ----------
        rows, columns : (B,) and (C,) int64, in 0..D - 1

        Returns
        -------
        torch.Tensor
            (C, B), float32, in [0, 1]: one *column* for each of `rows`, as the gathers make it. The normal statement
            has no findings, and so is 0 to all.
        """
        if not len(rows) or not len(columns):
            return torch.zeros(len(columns), len(rows), device=self.device)
        bags_of_rows, bags_of_columns = self._bags(rows), self._bags(columns)
        if self.matching == "mean":
            averaged = _average(bags_of_rows, self.finding_similarity)  # P K: (B, U)
            return self._sharpened(_average(bags_of_columns, averaged.T.contiguous()))  # P K Pᵀ: (C, B)
        best = _best(bags_of_rows, self.finding_similarity)  # of every finding in each row: (B, U)
        found = _average(bags_of_columns, best.T.contiguous())  # findings of the columns in the rows: (C, B)
        ids, lengths = bags_of_rows
        needed, places = ids.unique(return_inverse=True)
        best = _best(bags_of_columns, self.finding_similarity[:, needed])  # of the rows' findings: (C, V)
        found += _average((places, lengths), best.T.contiguous()).T  # findings of the rows in the columns: (C, B)
        return self._sharpened(found.div_(2))

    def _sharpened(self, similarity: torch.Tensor) -> torch.Tensor:
        """Clamp a similarity of reports to 1 and raise it to the power, in place."""
        similarity.clamp_(max=1)
        return similarity if self.power == 1 else similarity.pow_(self.power)

    def _positions(self, rows: Sequence[int] | torch.Tensor | None) -> torch.Tensor:
        if rows is None:
            return torch.arange(len(self), device=self.device)
        rows = torch.as_tensor(rows if isinstance(rows, torch.Tensor) else list(rows), dtype=torch.int64)
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(self):
            raise IndexError(f"positions must be in 0..{len(self) - 1}, got {int(rows.min())}..{int(rows.max())}")
        return rows.to(self.device)

    def _bags(self, reports: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the findings of distinct reports, one after another, and how many each has."""
        lengths = self._lengths[reports]
        shift = self._starts[reports] - (lengths.cumsum(0) - lengths)
        within = torch.arange(int(lengths.sum()), device=self.device)
        return self._ids[within + shift.repeat_interleave(lengths)], lengths


def _average(bags: tuple[torch.Tensor, torch.Tensor], table: torch.Tensor) -> torch.Tensor:
    """Return the mean of the rows of `table` (U, X) over each bag of row numbers, (B, X); 0 for an empty bag."""
    ids, lengths = bags
    rates = (1 / lengths.float()).repeat_interleave(lengths)
    return embedding_bag(ids, table, lengths.cumsum(0) - lengths, per_sample_weights=rates, mode="sum")


def _best(bags: tuple[torch.Tensor, torch.Tensor], table: torch.Tensor) -> torch.Tensor:
    """Return the maximum of the rows of `table` (U, X), none negative, over each bag, (B, X); 0 for an empty bag."""
    ids, lengths = bags
    return torch.segment_reduce(table[ids], "max", lengths=lengths, initial=0)


def _occurrences(
    reports: list[tuple[int, ...]], numbers: list[int], counts: Sequence[float] | None, n_findings: int
) -> list[float]:
    """Return how often each finding occurs: of distinct reports, which of them each report is, and its count."""
    of_report = None if counts is None else checked_counts(counts, len(numbers))
    of_distinct = np.bincount(numbers, weights=of_report, minlength=len(reports))
    found = np.zeros(n_findings)
    for ids, count in zip(reports, of_distinct, strict=True):
        np.add.at(found, list(ids), count)
    return found.tolist()


def _parse_all(texts: Sequence[str] | Sequence[tuple[Finding, ...]]) -> list[Sequence[Finding]]:
    """Return the findings of every text; equal texts are parsed once, and findings are themselves."""
    if isinstance(texts, str):
        raise ValueError("texts must be a list of sentences, not one sentence")
    parsed: dict[str | tuple[Finding, ...], Sequence[Finding]] = {}
    for position, text in enumerate(texts):
        if isinstance(text, tuple):
            parsed[text] = text
            continue
        if not isinstance(text, str) or not text.strip():
            raise ValueError(
                f"report {position} is empty: leave out series that the report says nothing about, "
                "or give a normal patient the normal statement"
            )
        if text not in parsed:
            try:
                parsed[text] = parse_sentence(text)
            except ValueError as error:
                raise ValueError(f"report {position}: {error}") from error
    return [parsed[text] for text in texts]
