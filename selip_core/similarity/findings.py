"""Similarity of findings: syntax, semantic and mixed, as batched tensors on CPU or CUDA (method.md 3)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch

from selip_core._utils.incidence import columns_of, incidence
from selip_core._utils.words import words_of
from selip_core.reports.sentences import Finding
from selip_core.similarity.information import InformationContent
from selip_core.similarity.sites import site_similarity

SIGNAL_TAGS = ("高信号", "低信号", "长信号", "短信号", "等信号")
SITE_MATCHES = ("equal", "graded")
UNITS = ("auto", "characters", "words", "bigrams")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def appearance_tag(appearance: str) -> str:
    """Return the signal word of an appearance, or the appearance itself where it has none.

    The words are tried in the order of ``SIGNAL_TAGS``: ``斑片状长信号`` gives ``长信号``, ``信号降低`` stays as it is.
    """
    return next((tag for tag in SIGNAL_TAGS if tag in appearance), appearance)


def pieces(text: str, unit: str = "auto") -> set[str]:
    """Return what the wording of a text is compared by.

    Parameters
    ----------
    unit : {"auto", "characters", "words", "bigrams"}
        Bigrams are of characters. ``auto`` follows the language: a text with Chinese characters is its characters, as
        in the paper; any other its words in small letters, for two texts in an alphabet share most of their letters.

    Examples
    --------
    >>> sorted(pieces("脑桥")), sorted(pieces("Left frontal lobe")), sorted(pieces("脑桥高", "bigrams"))
    (['桥', '脑'], ['frontal', 'left', 'lobe'], ['桥高', '脑桥'])
    """
    if unit == "auto":
        unit = "characters" if _CHINESE.search(text) else "words"
    if unit == "words":
        return set(words_of(text)) or set(text)
    return set(text) if unit == "characters" or len(text) < 2 else {text[i : i + 2] for i in range(len(text) - 1)}


def syntax_similarity(
    findings: Sequence[Finding],
    others: Sequence[Finding] | None = None,
    *,
    unit: str = "auto",
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Return the Dice coefficient of the character sets of findings, ``2|A∩B| / (|A|+|B|)`` over ``site + appearance``.

    Parameters
    ----------
    findings : sequence of Finding, length U
    others : sequence of Finding, length V, optional
        The columns; the findings themselves where left out.
    unit : {"auto", "characters", "words", "bigrams"}
        What the sets are of, see `pieces`; words are those of site and appearance.
    device : torch.device or str, optional
        CPU where left out.

    Returns
    -------
    torch.Tensor
        (U, V), float32, in [0, 1].

    Raises
    ------
    ValueError
        If the unit is unknown.
    """
    checked_unit(unit)
    others = findings if others is None else others
    of_rows, of_columns = ([_pieces_of(f, unit) for f in which] for which in (findings, others))
    column_of = columns_of(of_rows if others is findings else of_rows + of_columns)
    rows = incidence(of_rows, column_of, device=device)  # (U, C)
    columns = rows if others is findings else incidence(of_columns, column_of, device=device)  # (V, C)
    shared = rows @ columns.T  # (U, V): counts of 0/1 products, exact in float32 and in TF32
    return 2 * shared / (rows.sum(1)[:, None] + columns.sum(1)[None, :])


def semantic_similarity(
    findings: Sequence[Finding],
    others: Sequence[Finding] | None = None,
    *,
    weights: tuple[float, float] = (0.5, 0.5),
    site_match: str = "equal",
    information: tuple[InformationContent, InformationContent] | None = None,
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
    site_match : {"equal", "graded"}
        ``graded`` puts how near the sites are, in [0, 1], in place of whether they are equal (`site_similarity`).
    information : (InformationContent, InformationContent), optional
        Of sites and of tags: each match then counts by the information content of what it compares, and the result is
        divided by what full matches would give, so that a finding stays ``sum of the weights`` to itself.
    device : torch.device or str, optional
        CPU where left out.

    Returns
    -------
    torch.Tensor
        (U, V), float32, in [0, sum of the weights].

    Raises
    ------
    ValueError
        If a weight is negative or both are 0, or `site_match` is unknown.
    """
    w_site, w_appearance = checked_weights(weights)
    others = findings if others is None else others
    sites, tags = zip(sites_and_tags(findings), sites_and_tags(others), strict=True)
    if checked_site_match(site_match) == "equal":
        site_match_of = _equal(*sites, device)
    else:
        site_match_of = site_similarity(*sites, device=device)
    tag_equal = _equal(*tags, device)
    if information is None:
        return w_site * site_match_of + w_appearance * tag_equal  # (U, V)
    of_site, of_tag = (
        weight * _sums(*(content.of(values) for values in pair), device)
        for weight, content, pair in zip((w_site, w_appearance), information, (sites, tags), strict=True)
    )
    whole = of_site + of_tag
    return of_site.mul_(site_match_of).add_(of_tag.mul_(tag_equal)).div_(whole).mul_(w_site + w_appearance)


def _pieces_of(finding: Finding, unit: str) -> set[str]:
    """Return the pieces of a finding's words: Chinese ones stand side by side, others apart."""
    joined = finding.site + finding.appearance
    return pieces(joined if _CHINESE.search(joined) else f"{finding.site} {finding.appearance}", unit)


def _syntax(findings: list[Finding], options: Mapping[str, Any], unit: str, device: torch.device) -> torch.Tensor:
    return syntax_similarity(findings, unit=unit, device=device)


def _semantic(findings: list[Finding], options: Mapping[str, Any], unit: str, device: torch.device) -> torch.Tensor:
    return semantic_similarity(findings, **options, device=device)


def _mixed(findings: list[Finding], options: Mapping[str, Any], unit: str, device: torch.device) -> torch.Tensor:
    return _semantic(findings, options, unit, device).mul_(_syntax(findings, options, unit, device))


KINDS: dict[str, Callable[[list[Finding], Mapping[str, Any], str, torch.device], torch.Tensor]] = {
    "mixed": _mixed,
    "syntax": _syntax,
    "semantic": _semantic,
}
"""What makes K, (U, U), of the U findings of a corpus, the options of `semantic_similarity`, a unit and a device."""


def sites_and_tags(findings: Sequence[Finding]) -> tuple[list[str], list[str]]:
    """Return the site and the tag of each finding."""
    return [f.site for f in findings], [appearance_tag(f.appearance) for f in findings]


def _equal(values: list[str], others: list[str], device: torch.device | str | None) -> torch.Tensor:
    """Return which values are equal, (U, V), of 0 and 1."""
    id_of: dict[str, int] = {}
    rows, columns = (
        torch.tensor([id_of.setdefault(word, len(id_of)) for word in words], dtype=torch.int32, device=device)
        for words in (values, others)
    )
    return (rows[:, None] == columns[None, :]).float()


def _sums(values: list[float], others: list[float], device: torch.device | str | None) -> torch.Tensor:
    """Return the sum of each number of one list with each of another, (U, V)."""
    return torch.tensor(values, device=device)[:, None] + torch.tensor(others, device=device)[None, :]


def checked_weights(weights: tuple[float, float]) -> tuple[float, float]:
    """Return the weights of site and appearance tag, or raise ValueError: similarity would not lie in [0, 1]."""
    two = isinstance(weights, Iterable) and len(list(weights)) == 2
    if not two or not all(w >= 0 for w in weights) or abs(sum(weights) - 1) > 1e-6:
        raise ValueError(
            f"weights must be two numbers of at least 0 that add up to 1 (site, appearance), not {weights!r}"
        )
    return float(weights[0]), float(weights[1])


def checked_site_match(site_match: str) -> str:
    """Return how sites are matched, or raise ValueError."""
    if site_match not in SITE_MATCHES:
        raise ValueError(f"site_match must be one of {', '.join(SITE_MATCHES)}, not {site_match!r}")
    return site_match


def checked_unit(unit: str) -> str:
    """Return what wording is compared by, or raise ValueError."""
    if unit not in UNITS:
        raise ValueError(f"syntax_unit must be one of {', '.join(UNITS)}, not {unit!r}")
    return unit
