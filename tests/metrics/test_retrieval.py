import doctest

import numpy as np
import pytest
import torch
from sklearn.metrics import ndcg_score

from selip_core.metrics import retrieval
from selip_core.metrics.retrieval import chance_of_hit, ndcg_at_k, ranks_of_hits, retrieval_table


def test_examples_in_the_docstrings_hold():
    assert doctest.testmod(retrieval, extraglobs={"torch": torch, "np": np}).failed == 0


def test_ranks_agree_with_sorting_by_hand(device):
    generator = torch.Generator().manual_seed(0)
    scores, relevant = torch.rand(50, 20, generator=generator), torch.rand(50, 20, generator=generator) < 0.15
    relevant[:, 3] = True
    ranks = ranks_of_hits(scores.to(device), relevant.to(device)).cpu()
    for row in range(50):
        order = sorted(range(20), key=lambda item: -scores[row, item])
        assert ranks[row] == 1 + next(place for place, item in enumerate(order) if relevant[row, item])


def test_ties_count_against_the_model():
    assert ranks_of_hits(torch.zeros(1, 5), torch.tensor([[False, False, True, False, False]])).item() == 5


def test_a_query_without_a_relevant_item_is_an_error():
    with pytest.raises(ValueError, match="at least one relevant item"):
        ranks_of_hits(torch.zeros(1, 3), torch.zeros(1, 3, dtype=torch.bool))


@pytest.mark.parametrize("gallery, k", [(30, 10), (7, 10), (50, 1), (7, 7)])
def test_chance_is_that_of_drawing_one_by_one(gallery, k):
    relevant = np.arange(1, 8)
    misses = np.ones(7)
    for drawn in range(min(k, gallery)):
        misses *= np.clip(gallery - relevant - drawn, 0, None) / (gallery - drawn)
    assert chance_of_hit(relevant, gallery, k) == pytest.approx(1 - misses, abs=1e-14)
    assert k < gallery or (chance_of_hit(relevant, gallery, k) == 1).all()


def test_ndcg_is_one_for_the_ideal_order_and_small_for_its_reverse():
    gains = torch.tensor([[1.0, 0.5, 0.25, 0.0]])
    assert ndcg_at_k(gains, gains, k=4).item() == pytest.approx(1)
    reverse = (0.25 / np.log2(3) + 0.5 / np.log2(4) + 1 / np.log2(5)) / (1 + 0.5 / np.log2(3) + 0.25 / np.log2(4))
    assert ndcg_at_k(-gains, gains, k=4).item() == pytest.approx(reverse, abs=1e-6)


@pytest.mark.parametrize("k", [3, 10, 30])
def test_ndcg_agrees_with_scikit_learn(k):
    generator = torch.Generator().manual_seed(0)
    scores, gains = torch.rand(20, 25, generator=generator), torch.rand(20, 25, generator=generator) ** 4
    expected = [ndcg_score(g[None].numpy(), s[None].numpy(), k=k) for s, g in zip(scores, gains, strict=True)]
    assert ndcg_at_k(scores, gains, k).tolist() == pytest.approx(expected, abs=1e-5)


def table_of(image, text, text_of_image, patients=None):
    n = len(image)
    return retrieval_table(
        torch.tensor(image) @ torch.tensor(text).T, np.array(text_of_image), torch.eye(len(text)),
        patients=patients or [f"P{i}" for i in range(n)], sequences=["T1"] * n,
    )  # fmt: skip


def test_table_worked_by_hand():
    # three images, two texts; images 0 and 2 carry text 0
    table = table_of([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], [[1.0, 0.0], [0.0, 1.0]], [0, 1, 0])
    image, text = (table[table["direction"] == d] for d in retrieval.DIRECTIONS)
    assert image["rank"].tolist() == [1, 1, 2] and image["gallery"].eq(2).all()
    assert text["rank"].tolist() == [1, 1] and text["n_relevant"].tolist() == [2, 1] and text["gallery"].eq(3).all()
    assert text["patient_id"].tolist() == ["P0", "P1"]


def test_any_image_with_the_text_is_a_hit():
    table = table_of([[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0]], [0, 0])
    assert table.loc[table["direction"] == "text to image", "rank"].tolist() == [1]
