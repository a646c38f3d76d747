"""Where the soft targets of a similarity lie: on reports with the same site, or merely with the same signal."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from selip_core._utils.incidence import incidence
from selip_core.losses import soft_targets
from selip_core.reports.sentences import Finding, mirrored, parse_sentence
from selip_core.similarity.findings import sites_and_tags
from selip_core.similarity.targets import TargetSimilarity

RELATIONS = ("itself", "same site and signal", "same site", "same signal", "neither")
"""Of two reports: one finding of each has both in common; or a site; or a signal word; or nothing."""


def reports_of_training(counts: Mapping[str, int], *, flip: bool) -> tuple[list[tuple[Finding, ...]], list[int]]:
    """Return the distinct reports that pretraining makes its similarity of, and how often each occurs there.

    Parameters
    ----------
    counts : mapping of str to int
        Canonical sentences, and how many training pairs have each: a dict or a Series.
    flip : bool
        Whether volumes are mirrored in pretraining: then each report counts in its mirrored form once more.

    Returns
    -------
    reports, counts
        Those of the given sentences first, in their order.
    """
    given = {tuple(parse_sentence(text)): int(count) for text, count in counts.items()}
    found = dict(given)
    for report, count in given.items() if flip else ():
        other = mirrored(report)
        found[other] = found.get(other, 0) + count
    return list(found), list(found.values())


def relations(texts: Sequence[str]) -> np.ndarray:
    """Return which of `RELATIONS` each report has to each other, (N, N) int64.

    Parameters
    ----------
    texts : sequence of str, length N
        Canonical sentences.
    """
    reports = [list(zip(*sites_and_tags(parse_sentence(text)), strict=True)) for text in texts]
    both, site, tag = (
        _share_one([{part(pair) for pair in report} for report in reports])
        for part in (lambda pair: pair, lambda pair: pair[0], lambda pair: pair[1])
    )
    found = np.select([both, site, tag], [1, 2, 3], default=4)
    np.fill_diagonal(found, 0)
    return found


def target_shares(
    texts: Sequence[str],
    counts: Sequence[int],
    similarities: Mapping[str, TargetSimilarity],
    *,
    batch_size: int = 32,
    batches: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Return which share of a row of the soft targets lies on which kind of reports, over batches of distinct reports.

    Pretraining shows mirror images too, which are left out here: with both sides in a batch a report's own takes a few
    hundredths of its row.

    Parameters
    ----------
    texts : sequence of str, length N
        Distinct canonical sentences.
    counts : sequence of int, length N
        How often each occurs: a batch holds distinct sentences, the frequent ones more often.
    similarities : mapping of str to TargetSimilarity
        Each of these texts, in this order; what reports follow behind them is not drawn.
    batch_size : int
        At least 1; cut to N.

    Returns
    -------
    DataFrame
        A row for each similarity, a column for each of `RELATIONS`, summing to 1; rows of the normal statement, all of
        which lie on the report itself, are left out.

    Raises
    ------
    ValueError
        If no text has findings.
    """
    informative = np.array([bool(parse_sentence(text)) for text in texts])
    if not informative.any():
        raise ValueError("no text has findings")
    related, rates = relations(texts), np.asarray(counts) / np.sum(counts)
    rng = np.random.default_rng(seed)
    size = min(batch_size, len(texts))
    shares, rows = {name: np.zeros(len(RELATIONS)) for name in similarities}, 0
    for _ in range(batches):
        drawn = rng.choice(len(texts), size, replace=False, p=rates)
        kept = informative[drawn]
        rows += int(kept.sum())
        which = related[np.ix_(drawn, drawn)][kept].ravel()
        for name, similarity in similarities.items():
            targets = soft_targets(similarity.similarity(drawn.tolist())).cpu().numpy()
            shares[name] += np.bincount(which, weights=targets[kept].ravel(), minlength=len(RELATIONS))
    return pd.DataFrame.from_dict(shares, orient="index", columns=list(RELATIONS)) / max(rows, 1)


def _share_one(sets: list[set]) -> np.ndarray:
    """Return which sets have a member in common, (N, N) bool."""
    has = incidence(sets)
    return (has @ has.T > 0).numpy()
