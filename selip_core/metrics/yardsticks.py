"""What a retrieval must be held against, and how near a wrong answer is: both favour no way of pretraining.

The constant answer looks at no volume: it gives each query what is frequent in its sequence. A model that does not beat
it has not read the image, however far above chance it is.
"""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import pandas as pd
import torch

from selip_core._utils.incidence import incidence

CONSTANT = "constant answer"
"""The name under which it stands beside the methods."""

PERCENTILE, NORMAL_AUC, SIDE = "percentile in its sequence", "normal or findings, AUC", "own side before the other"
"""Names of the measures of which 0.5 is chance."""

FINDINGS_RECALL, SITE_F1 = "findings recall@10", "side and site F1, first five"
"""Names of the two measures that decide: is the true sentence found, and do the first five say where."""

BY_STUDY = "by study"
"""What the names of measures begin with that are of all series of a study together."""

TIE_DRAWS = 10
"""Random orders of its ties that the constant answer is averaged over."""


def constant_scores(
    sequences: Sequence[str], gallery: Sequence[str], train_sequences: Sequence[str], train_texts: Sequence[str], *,
    draw: int = 0,
) -> torch.Tensor:  # fmt: skip
    """Return scores of each text of the gallery that know the query's sequence alone, (n, t) float64 in [0, 1].

    The score is the text's share of the training texts of that sequence. By row it orders texts for an image, by
    column images for a text.

    Parameters
    ----------
    sequences : n str
        Of the images.
    gallery : t str
        Distinct texts.
    train_sequences, train_texts : m str
        Of the training pairs, and of these alone, as the models see them: `selip_core.datasets.pairs.Pairs.shown`.
    draw : int
        Choice: equal scores, such as those of texts that no training report of the sequence has, come in random order,
        another one for each query and draw. Averaged over `TIE_DRAWS` this is the expectation over the order of ties:
        counted against it, as ties of a model's cosines are, they would make the constant answer weaker than it is.

    Examples
    --------
    >>> constant_scores(["T1", "T2"], ["a", "b"], ["T1", "T1", "T1"], ["a", "a", "b"]).round(decimals=2).tolist()
    [[0.67, 0.33], [0.0, 0.0]]
    """
    return _in_random_order(_shares(sequences, gallery, train_sequences, train_texts), draw)


def _shares(sequences: Sequence[str], gallery: Sequence[str], train_sequences, train_texts) -> np.ndarray:
    shares = pd.crosstab(pd.Series(list(train_sequences)), pd.Series(list(train_texts)), normalize="index")
    return shares.reindex(index=list(sequences), columns=list(gallery), fill_value=0.0).to_numpy(float)


def _in_random_order(shares: np.ndarray, draw: int) -> torch.Tensor:
    # shares of two sequences of less than 10,000 texts each differ by more than 1e-8, or not at all
    return torch.from_numpy(shares + 1e-9 * np.random.default_rng(draw).random(shares.shape))


def constant_answers(
    sequences: Sequence[str], gallery: Sequence[str], train_sequences: Sequence[str], train_texts: Sequence[str]
) -> Iterator[torch.Tensor]:
    """Yield the scores of `constant_scores` for each of `TIE_DRAWS` orders of its ties."""
    shares = _shares(sequences, gallery, train_sequences, train_texts)
    for draw in range(TIE_DRAWS):
        yield _in_random_order(shares, draw)


def carried_by_sequence(carries: torch.Tensor, sequences: Sequence[str]) -> torch.Tensor:
    """Return for each image which texts some image of its sequence carries, (n, t) bool, of which each carries."""
    _, number = np.unique(np.asarray(sequences, dtype=object).astype(str), return_inverse=True)
    number = torch.from_numpy(number).to(carries.device)
    found = torch.zeros(int(number.max()) + 1, carries.shape[1], device=carries.device)
    return found.index_add_(0, number, carries.float())[number] > 0


def percentile_among(scores: torch.Tensor, own: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
    """Return the share of other items that the own item of each query stands before, (Q,) in [0, 1]; chance is 0.5.

    Parameters
    ----------
    scores : (Q, G)
    own : (Q,) int
    among : (Q, G) bool
        The items it is compared with; the own one does not count. Ties count half. NaN where there is none.

    Examples
    --------
    >>> scores, among = torch.tensor([[0.9, 0.5, 0.5, 0.1]]), torch.tensor([[False, True, True, True]])
    >>> percentile_among(scores, torch.tensor([1]), among).tolist()
    [0.75]
    """
    mine = scores.gather(1, own[:, None])
    others = among & (torch.arange(scores.shape[1], device=scores.device) != own[:, None])
    before = ((mine > scores) + 0.5 * (mine == scores)) * others
    return before.sum(1) / others.sum(1)  # 0 / 0 is NaN


def mean_of_first(scores: torch.Tensor, values: torch.Tensor, k: int) -> torch.Tensor:
    """Return the mean of `values` (Q, G) over the `k` items of highest score of each query, (Q,); all where fewer."""
    return values.gather(1, scores.topk(min(k, scores.shape[1]), dim=1).indices).mean(1)


def set_f1(sets: Sequence[frozenset[Hashable]]) -> torch.Tensor:
    """Return the F1 of every two of `n` sets, (n, n) float64 in [0, 1]: twice what they share, by what both have.

    Two empty sets have 1, an empty one and another 0.

    Examples
    --------
    >>> set_f1([frozenset("ab"), frozenset("b"), frozenset()]).round(decimals=2).tolist()
    [[1.0, 0.67, 0.0], [0.67, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    has = incidence(sets, dtype=torch.float64)
    sizes = has.sum(1)
    total = sizes[:, None] + sizes[None, :]
    return torch.where(total > 0, 2 * (has @ has.T) / total.clamp_min(1), 1.0)
