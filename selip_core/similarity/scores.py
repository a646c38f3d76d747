"""Similarity of reports: syntax, semantic and mixed, as batched tensors on CPU or CUDA (method.md 3).

A corpus of N reports has U distinct findings. K (U, U) is the similarity of findings, built once from integer ids and a
character-incidence product; P (N, U) averages the findings of a report. Then ``S = P K Pᵀ``, followed by the clamp, the
rule for the normal statement and the diagonal. P is never made dense: its rows are short lists of ids, so a product
with P is a weighted gather (``embedding_bag``). Reports with the same findings share one row of P. The whole matrix of
a large corpus, and neighbours in it, are in ``blocks``.
"""

from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import embedding_bag

from selip_core.reports.sentences import Finding, parse_sentence

SIGNAL_TAGS = ("高信号", "低信号", "长信号", "短信号", "等信号")
MATCHINGS = ("mean", "best")


def appearance_tag(appearance: str) -> str:
    """Return the signal word of an appearance, or the appearance itself where it has none.

    The words are tried in the order of ``SIGNAL_TAGS``: ``斑片状长信号`` gives ``长信号``, ``信号降低`` stays as it is.
    """
    return next((tag for tag in SIGNAL_TAGS if tag in appearance), appearance)


def syntax_similarity(
    findings: Sequence[Finding], others: Sequence[Finding] | None = None, *, device: torch.device | str | None = None
) -> torch.Tensor:
    """Return the Dice coefficient of the character sets of findings, ``2|A∩B| / (|A|+|B|)`` over ``site + appearance``.

    Parameters
    ----------
    findings : sequence of Finding, length U
    others : sequence of Finding, length V, optional
        The columns; the findings themselves where left out.
    device : torch.device or str, optional
        CPU where left out.

    Returns
    -------
    torch.Tensor
        (U, V), float32, in [0, 1].
    """
    others = findings if others is None else others
    column_of = {c: i for i, c in enumerate(sorted({c for f in (*findings, *others) for c in f.site + f.appearance}))}
    rows = _incidence(findings, column_of, device)  # (U, C)
    columns = rows if others is findings else _incidence(others, column_of, device)  # (V, C)
    shared = rows @ columns.T  # (U, V): counts of 0/1 products, exact in float32 and in TF32
    return 2 * shared / (rows.sum(1)[:, None] + columns.sum(1)[None, :])


def semantic_similarity(
    findings: Sequence[Finding],
    others: Sequence[Finding] | None = None,
    *,
    weights: tuple[float, float] = (0.5, 0.5),
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Return ``w_site·[site equal] + w_appearance·[tag equal]`` of findings.

    Parameters
    ----------
    findings : sequence of Finding, length U
    others : sequence of Finding, length V, optional
        The columns; the findings themselves where left out.
    weights : (float, float)
        Of the site and of the appearance tag, each at least 0 and not both 0.
    device : torch.device or str, optional
        CPU where left out.

    Returns
    -------
    torch.Tensor
        (U, V), float32, in [0, sum of the weights].

    Raises
    ------
    ValueError
        If a weight is negative or both are 0.
    """
    w_site, w_appearance = _checked_weights(weights)
    others = findings if others is None else others
    id_of: dict[str, int] = {}

    def ids(words: list[str]) -> torch.Tensor:
        return torch.tensor([id_of.setdefault(word, len(id_of)) for word in words], dtype=torch.int32, device=device)

    site_equal = ids([f.site for f in findings])[:, None] == ids([f.site for f in others])[None, :]
    tag_equal = (
        ids([appearance_tag(f.appearance) for f in findings])[:, None]
        == ids([appearance_tag(f.appearance) for f in others])[None, :]
    )
    return w_site * site_equal.float() + w_appearance * tag_equal.float()  # (U, V)


def similarity_matrix(
    texts: Sequence[str],
    *,
    weights: tuple[float, float] = (0.5, 0.5),
    matching: str = "mean",
    kind: str = "mixed",
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
    return ReportCorpus(texts, weights=weights, matching=matching, kind=kind, device=device).similarity()


class ReportCorpus:
    """A corpus of reports, prepared once, from which the similarity of any batch is gathered.

    Parameters
    ----------
    texts : sequence of str, length N
        Canonical sentences, or the normal statement; or the findings of each report, as a tuple of Finding.
    weights : (float, float)
        Of site and appearance tag in the semantic part.
    matching : {"mean", "best"}
        ``mean`` averages over all pairs of findings (the reference). ``best`` averages, over the findings of one
        report, the best match in the other, and takes the mean of both directions; equal reports then score 1.
    kind : {"mixed", "syntax", "semantic"}
        Which similarity of findings, of those in `KINDS`: the product, or one of its two factors.
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
        device: torch.device | str | None = None,
    ):
        if matching not in MATCHINGS:
            raise ValueError(f"matching must be one of {', '.join(MATCHINGS)}, not {matching!r}")
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
        _checked_weights(weights)
        reports = _parse_all(texts)
        id_of: dict[Finding, int] = {}
        number_of: dict[tuple[int, ...], int] = {}
        numbers = []
        for report in reports:
            ids = tuple(sorted(id_of.setdefault(finding, len(id_of)) for finding in report))
            numbers.append(number_of.setdefault(ids, len(number_of)))
        self.findings = list(id_of)
        self.n_distinct = len(number_of)
        self.matching, self.kind, self.device = matching, kind, torch.device(device or "cpu")
        if self.findings:
            self.finding_similarity = KINDS[kind](self.findings, weights, self.device)
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
            return _average(bags_of_columns, averaged.T.contiguous()).clamp_(max=1)  # P K Pᵀ: (C, B)
        best = _best(bags_of_rows, self.finding_similarity)  # of every finding in each row: (B, U)
        found = _average(bags_of_columns, best.T.contiguous())  # findings of the columns in the rows: (C, B)
        ids, lengths = bags_of_rows
        needed, places = ids.unique(return_inverse=True)
        best = _best(bags_of_columns, self.finding_similarity[:, needed])  # of the rows' findings: (C, V)
        found += _average((places, lengths), best.T.contiguous()).T  # findings of the rows in the columns: (C, B)
        return found.div_(2).clamp_(max=1)

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


def _syntax(findings: list[Finding], weights: tuple[float, float], device: torch.device) -> torch.Tensor:
    return syntax_similarity(findings, device=device)


def _semantic(findings: list[Finding], weights: tuple[float, float], device: torch.device) -> torch.Tensor:
    return semantic_similarity(findings, weights=weights, device=device)


def _mixed(findings: list[Finding], weights: tuple[float, float], device: torch.device) -> torch.Tensor:
    return _semantic(findings, weights, device).mul_(_syntax(findings, weights, device))


KINDS: dict[str, Callable[[list[Finding], tuple[float, float], torch.device], torch.Tensor]] = {
    "mixed": _mixed,
    "syntax": _syntax,
    "semantic": _semantic,
}
"""What makes K, (U, U), of the U findings of a corpus, the weights of `semantic_similarity` and a device."""


def _incidence(
    findings: Sequence[Finding], column_of: dict[str, int], device: torch.device | str | None
) -> torch.Tensor:
    """Return which characters each finding has, (U, C) of 0 and 1."""
    pairs = [(row, column_of[c]) for row, f in enumerate(findings) for c in set(f.site + f.appearance)]
    incidence = torch.zeros(len(findings), len(column_of), device=device)
    if pairs:
        rows, columns = torch.tensor(pairs, device=device).T
        incidence[rows, columns] = 1
    return incidence


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


def _checked_weights(weights: tuple[float, float]) -> tuple[float, float]:
    if len(weights) != 2 or not all(0 <= w < float("inf") for w in weights) or not sum(weights):
        raise ValueError(f"weights must be two numbers of at least 0, not both 0 (site, appearance), not {weights!r}")
    return float(weights[0]), float(weights[1])
