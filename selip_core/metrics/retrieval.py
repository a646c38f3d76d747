"""Image-text retrieval (method.md 6): ranks of the true texts and images, recall, graded relevance, chance."""

import numpy as np
import pandas as pd
import torch
from scipy.stats import hypergeom

DIRECTIONS = ("image to text", "text to image")
K_MAX = 10


def ranks_of_hits(scores: torch.Tensor, relevant: torch.Tensor) -> torch.Tensor:
    """Return the rank of the best relevant item of each query, 1 being first.

    Ties count against the model: an irrelevant item of equal score stands before the relevant one.

    Parameters
    ----------
    scores : (Q, G)
        Cosine of each query with each item of the gallery.
    relevant : (Q, G) bool
        At least one True a row.

    Examples
    --------
    >>> scores = torch.tensor([[0.9, 0.5, 0.5], [0.1, 0.2, 0.3]])
    >>> ranks_of_hits(scores, torch.tensor([[False, True, False], [True, False, True]])).tolist()
    [3, 1]
    """
    if not relevant.any(1).all():
        raise ValueError("every query needs at least one relevant item in the gallery")
    best = scores.masked_fill(~relevant, -torch.inf).amax(1, keepdim=True)
    return ((scores >= best) & ~relevant).sum(1) + 1


def chance_of_hit(n_relevant: np.ndarray, gallery: int, k: int) -> np.ndarray:
    """Return the chance that a random order puts one of `n_relevant` items among the first `k` (hypergeometric).

    Parameters
    ----------
    n_relevant : (Q,) int
        Of each query, at most `gallery`.
    gallery, k : int

    Examples
    --------
    >>> chance_of_hit(np.array([1, 2]), 4, 2).round(4).tolist()
    [0.5, 0.8333]
    """
    return hypergeom.sf(0, gallery, n_relevant, min(k, gallery))


def ndcg_at_k(scores: torch.Tensor, gains: torch.Tensor, k: int = K_MAX) -> torch.Tensor:
    """Return the normalised discounted cumulative gain (Q,) of each query's first `k` items, in [0, 1].

    Järvelin and Kekäläinen, ACM Trans Inf Syst 2002;20:422-446. By hand, on the device of the scores: all queries at
    once, where scikit-learn's `ndcg_score` returns their mean.

    Parameters
    ----------
    scores : (Q, G)
    gains : (Q, G), in [0, 1]
        The similarity of each item's report to the query's own: near misses count by how near they are.

    Examples
    --------
    >>> round(ndcg_at_k(torch.tensor([[0.2, 0.9]]), torch.tensor([[1.0, 0.0]]), k=2).item(), 4)
    0.6309
    """
    k = min(k, scores.shape[1])
    discounts = 1 / torch.log2(torch.arange(2, k + 2, device=scores.device, dtype=torch.float32))
    found = gains.gather(1, scores.topk(k, dim=1).indices)
    best = gains.topk(k, dim=1).values
    return (found * discounts).sum(1) / (best * discounts).sum(1).clamp_min(1e-12)


def retrieval_table(
    scores: torch.Tensor,
    text_of_image: np.ndarray,
    similarity: torch.Tensor,
    *,
    patients: list[str],
    sequences: list[str],
) -> pd.DataFrame:
    """Return one row a query in both directions.

    Parameters
    ----------
    scores : (n, t)
        Of each image with each distinct text of the split, which are the gallery of image to text: the cosines of a
        model, or those of `selip_core.metrics.yardsticks.constant_scores`.
    text_of_image : (n,) int
        The text of each image. Text to image counts every image that carries the text as a hit.
    similarity : (t, t)
        Of the texts, diagonal 1: the gain of nDCG@10.
    patients, sequences : list of n str

    Returns
    -------
    DataFrame with ``direction``, ``query`` (number of the image or text), ``patient_id``, ``sequence``, ``rank``,
    ``ndcg``, ``n_relevant``, ``gallery``. The patient and sequence of a text are those of the first image that carries
    it: texts that several patients share are kept with one of them.
    """
    n, t = scores.shape
    of_image = torch.as_tensor(text_of_image, device=scores.device)
    carries = of_image[:, None] == torch.arange(t, device=of_image.device)  # (n, t)
    first = carries.int().argmax(0).cpu().numpy()
    gains = similarity.to(scores)[of_image]  # (n, t)
    image = pd.DataFrame({
        "direction": DIRECTIONS[0], "query": np.arange(n), "patient_id": patients,
        "sequence": sequences, "rank": ranks_of_hits(scores, carries).cpu().numpy(),
        "ndcg": ndcg_at_k(scores, gains).cpu().numpy(), "n_relevant": 1, "gallery": t,
    })  # fmt: skip
    text = pd.DataFrame({
        "direction": DIRECTIONS[1], "query": np.arange(t),
        "patient_id": np.asarray(patients)[first], "sequence": np.asarray(sequences)[first],
        "rank": ranks_of_hits(scores.T, carries.T).cpu().numpy(), "ndcg": ndcg_at_k(scores.T, gains.T).cpu().numpy(),
        "n_relevant": carries.sum(0).cpu().numpy(), "gallery": n,
    })  # fmt: skip
    return pd.concat([image, text], ignore_index=True)
