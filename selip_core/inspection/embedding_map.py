"""A map of embeddings in two dimensions, and how much of the neighbourhood in the full space a label explains."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from selip_core.errors import SelipError
from selip_core.reports.sentences import parse_sentence

LARGEST = 5000
"""Of more points a random part is drawn: t-SNE of these takes some 20 s on one core, and a picture shows no more."""

PERPLEXITY = 30.0
"""About how many neighbours t-SNE keeps together; a third of the points where they are few."""

OTHER, NO_FINDING = "other", "no finding"


@dataclass(frozen=True)
class Projection:
    """Points of a map.

    Parameters
    ----------
    points : (M, 2) float32
    rows : (M,) int64, ascending
        Which of the N embeddings each point is; all of them where there are at most `LARGEST`.
    how : str
        How the map was made, for its caption.
    """

    points: np.ndarray
    rows: np.ndarray
    how: str


def project(features: np.ndarray, *, seed: int, largest: int = LARGEST) -> Projection:
    """Return a t-SNE map of embeddings under cosine distance, begun at their first two principal components.

    The same features and seed give the same map. Distances between far groups of it mean little: see
    `neighbour_agreement` for what holds in the full space.

    Parameters
    ----------
    features : (N, E)
        Finite.
    seed : int
    largest : int
        Of more embeddings so many are drawn at random.

    Raises
    ------
    SelipError
        If the features are not a table of finite numbers.
    """
    features = _checked(features)
    rows = np.arange(len(features))
    if len(features) > largest:
        rows = np.sort(np.random.default_rng(seed).choice(len(features), largest, replace=False))
    drawn = "" if len(rows) == len(features) else f", {len(rows)} of {len(features)} series drawn at random"
    shown = features[rows]
    if len(rows) < 3:
        points = np.stack([np.arange(len(rows)), np.zeros(len(rows))], axis=1)
        return Projection(points.astype(np.float32), rows, f"{len(rows)} series in a row: too few for t-SNE")
    if np.allclose(shown, shown[0]):
        return Projection(np.zeros((len(rows), 2), np.float32), rows, "one point: all embeddings are the same")
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3)
    how = f"t-SNE (cosine, perplexity {perplexity:.3g}, seed {seed}{drawn})"
    return Projection(_tsne(shown, perplexity, seed), rows, how)


def _tsne(features: np.ndarray, perplexity: float, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    tsne = TSNE(metric="cosine", init="pca", perplexity=perplexity, random_state=seed, n_jobs=1)
    with threadpool_limits(1):  # sums of several threads come out in any order, and t-SNE magnifies the last digit
        return tsne.fit_transform(features).astype(np.float32)


def neighbour_agreement(
    features: np.ndarray,
    labels: Mapping[str, Sequence[str]],
    patients: Sequence[str],
    *,
    within: Sequence[str] | None = None,
    k: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how often the nearest embeddings share a label, beside how often any embeddings would.

    Only series of *other* patients are neighbours: those of one patient are alike for more reasons than a label. A
    series whose label is empty, or `NO_FINDING`, is left out for that label.

    Parameters
    ----------
    features : (N, E)
        Compared by cosine, in the full space.
    labels : dict of name to (N,) labels
    patients : (N,)
    within : (N,), optional
        Neighbours are sought among series with the same value, such as the sequence: across sequences the sequence
        itself decides who is near whom.
    k : int
        Neighbours of each series, at least 1; fewer where there are fewer.
    seed : int
        Of the interval.

    Returns
    -------
    DataFrame with one row a label
        ``label``, ``n`` (series), ``patients``, ``classes``, ``agreement`` (mean share of the neighbours with the same
        label) with ``low`` and ``high`` (95 %, patients resampled; NaN for few patients), ``chance`` (the same share
        among *all* series of other patients that could be neighbours) and ``lift``, the ratio of the two; ``k``.

    Raises
    ------
    SelipError
        If the features are not a table of finite numbers, or `k` is less than 1.
    """
    features = _checked(features)
    if k < 1:
        raise SelipError(f"k, the number of neighbours, must be at least 1, not {k}")
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    patients = np.asarray(patients, dtype=object).astype(str)
    groups = np.zeros(len(features), int) if within is None else np.asarray(within, dtype=object).astype(str)
    rows = []
    for name, of_series in labels.items():
        known = np.array([label not in ("", NO_FINDING, None) for label in of_series], bool)
        values = np.asarray(of_series, dtype=object)[known].astype(str)
        rows.append({"label": name, **_agreement(unit[known], values, patients[known], groups[known], k, seed)})
    return pd.DataFrame(rows)


def _agreement(
    unit: np.ndarray, labels: np.ndarray, patients: np.ndarray, within: np.ndarray, k: int, seed: int
) -> dict:
    """Return one row of `neighbour_agreement`, for unit-norm features (N, E)."""
    from selip_core.metrics.resampling import bootstrap_interval

    _, patient = np.unique(patients, return_inverse=True)
    _, label = np.unique(labels, return_inverse=True)
    shares, chance = np.full((2, len(labels)), np.nan)
    for group in dict.fromkeys(within):
        rows = np.flatnonzero(within == group)
        shares[rows], chance[rows] = _shares(unit[rows], label[rows], patient[rows], k)
    known = np.isfinite(chance)
    row = {"n": int(known.sum()), "patients": len(set(patient[known])), "classes": len(set(label[known])), "k": k}
    if not known.any():
        return row | dict.fromkeys(("agreement", "low", "high", "chance", "lift"), np.nan)
    estimate, level = bootstrap_interval(shares[known], patients[known], seed=seed), float(chance[known].mean())
    return row | {"agreement": estimate.value, "low": estimate.low, "high": estimate.high, "chance": level,
                  "lift": estimate.value / level if level else np.nan}  # fmt: skip


def _shares(unit: np.ndarray, label: np.ndarray, patient: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the same label among the `k` nearest series of other patients, and among all of those.

    Both are (N,), NaN where there is no other patient.
    """
    import torch

    from selip_core.similarity.nearest import nearest_items

    own = np.bincount(patient)[patient]
    pairs = pd.Series(list(zip(patient, label, strict=True)))
    same = np.bincount(label)[label] - pairs.map(pairs.value_counts()).to_numpy()
    others = len(label) - own
    chance = np.where(others > 0, same / np.maximum(others, 1), np.nan)
    shares = np.full(len(label), np.nan)
    for part in np.array_split(np.arange(len(label)), len(label) // 1024 + 1):
        found = nearest_items(torch.from_numpy(unit[part]), torch.from_numpy(unit), k + int(own.max()))[1].numpy()
        other = patient[found] != patient[part][:, None]
        counted = other & (other.cumsum(axis=1) <= k)
        agreeing = (counted & (label[found] == label[part][:, None])).sum(1)
        shares[part] = np.where(counted.any(1), agreeing / np.maximum(counted.sum(1), 1), np.nan)
    return shares, chance


def first_sites(sentences: Sequence[str]) -> list[str]:
    """Return the site of the first finding of each canonical sentence, `NO_FINDING` for the normal statement.

    Examples
    --------
    >>> first_sites(["在左侧额叶表现为长信号，在脑桥表现为短信号"])
    ['左侧额叶']
    """
    return [findings[0].site if (findings := parse_sentence(sentence)) else NO_FINDING for sentence in sentences]


def common_labels(labels: Sequence[str], top: int = 7) -> tuple[list[str], list[str]]:
    """Return the labels with all but the `top` most frequent called `OTHER`, and the names left, the frequent first.

    Of equally frequent ones those are taken that come first by name; `OTHER` stands last.
    """
    if top < 1:
        raise ValueError(f"top must be at least 1, not {top}")
    counts = Counter(labels)
    names = sorted(counts.keys() - {OTHER}, key=lambda name: (-counts[name], name))
    common = names[:top]
    rest = [OTHER] if len(names) > top or OTHER in counts else []
    return [label if label in common else OTHER for label in labels], [*common, *rest]


def _checked(features: np.ndarray) -> np.ndarray:
    features = np.ascontiguousarray(features, dtype=np.float32)
    if features.ndim != 2 or not len(features) or not np.isfinite(features).all():
        raise SelipError(
            f"a map needs embeddings as a table of finite numbers (series, size), not {features.shape}"
            f"{'' if np.isfinite(features).all() else ' with numbers that are not finite'}: embed the series again"
        )
    return features
