"""The similarity of a training batch, of which the soft targets are made, by the name that the settings give it."""

from collections.abc import Callable, Sequence

import torch

from selip_core.config import PretrainingSettings
from selip_core.reports.sentences import Finding
from selip_core.similarity.findings import KINDS
from selip_core.similarity.scores import ReportCorpus


def even_out(similarity: torch.Tensor) -> torch.Tensor:
    """Return a matrix whose rows keep their sum but spread what lies off the diagonal evenly.

    As soft targets it is label smoothing of equal strength, row by row: the control that tells whether the similarity
    of reports helps, or merely softer targets.

    Parameters
    ----------
    similarity : torch.Tensor
        (B, B).
    """
    size = len(similarity)
    diagonal = similarity.diagonal()
    rest = (similarity.sum(dim=1) - diagonal) / max(size - 1, 1)
    evened = rest[:, None].expand(size, size).clone()
    evened.diagonal().copy_(diagonal)
    return evened


BATCH_KINDS: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = {"even": ("mixed", even_out)}
"""Kinds that are another kind's matrix of a batch, changed: of what, and how."""


class TargetSimilarity:
    """The similarity of any batch of a corpus's reports.

    Parameters
    ----------
    reports : sequence, length N
        The findings of each, as a tuple of Finding; or canonical sentences, as `ReportCorpus` takes them.
    kind : str
        A kind of `selip_core.similarity.findings.KINDS` or of `BATCH_KINDS`.
    site_weight : float in [0, 1]
        Of the site in the semantic part; the appearance tag has the rest.
    matching, site_match, information, power, syntax_unit, counts, device
        As `ReportCorpus` takes them.

    Raises
    ------
    ValueError
        If an option is unknown, or a text is empty or not canonical.
    """

    def __init__(
        self,
        reports: Sequence[tuple[Finding, ...]] | Sequence[str],
        *,
        kind: str = "mixed",
        matching: str = "mean",
        site_weight: float = 0.5,
        site_match: str = "equal",
        information: bool = False,
        power: float = 1.0,
        syntax_unit: str = "auto",
        counts: Sequence[float] | None = None,
        device: torch.device | str | None = None,
    ):
        known = (*KINDS, *BATCH_KINDS)
        if kind not in known:
            raise ValueError(f"similarity must be one of {', '.join(known)}, not {kind!r}")
        source, self._change = BATCH_KINDS.get(kind, (kind, None))
        self._corpus = ReportCorpus(
            reports, weights=(site_weight, 1 - site_weight), matching=matching, kind=source, site_match=site_match,
            information=information, power=power, syntax_unit=syntax_unit, counts=counts, device=device,
        )  # fmt: skip

    def similarity(self, rows: Sequence[int]) -> torch.Tensor:
        """Return the similarity of the reports `rows` to each other, ``(B, B)``, in [0, 1], diagonal 1."""
        found = self._corpus.similarity(rows)
        return found if self._change is None else self._change(found)


SIMILARITY_SETTINGS = (
    "similarity", "matching", "site_weight", "site_match", "information", "similarity_power", "syntax_unit",
)  # fmt: skip
"""What of the settings of pretraining says which similarity it takes."""


def target_similarity(
    reports: Sequence[tuple[Finding, ...]] | Sequence[str],
    settings: PretrainingSettings,
    *,
    counts: Sequence[float] | None = None,
    device: torch.device | str | None = None,
) -> TargetSimilarity:
    """Return the similarity that the settings of pretraining name; the rest is as `TargetSimilarity` takes it."""
    return TargetSimilarity(
        reports, kind=settings.similarity, matching=settings.matching, site_weight=settings.site_weight,
        site_match=settings.site_match, information=settings.information, power=settings.similarity_power,
        syntax_unit=settings.syntax_unit, counts=counts, device=device,
    )  # fmt: skip
