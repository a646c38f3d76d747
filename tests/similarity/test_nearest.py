import doctest

import numpy as np
import pytest
import torch

from selip_core.similarity import nearest
from selip_core.similarity.nearest import GROUP, greatest, greatest_of_columns, nearest_items


def test_examples():
    assert doctest.testmod(nearest, extraglobs={"torch": torch, "np": np}).failed == 0


def by_sorting(column, k):
    """The definition: by value, then by position."""
    return sorted(range(len(column)), key=lambda i: (-column[i], i))[:k]


@pytest.mark.parametrize("n_rows, k", [(1, 1), (5, 9), (GROUP, 3), (7 * GROUP + 5, 3), (7 * GROUP + 5, 30)])
def test_greatest_of_columns_are_those_of_a_sort_with_many_ties(n_rows, k, device):
    block = torch.from_numpy(np.random.default_rng(0).integers(-3, 4, (n_rows, 11))).float()
    values, rows = greatest_of_columns(block.to(device), k)
    assert rows.tolist() == [by_sorting(column, k) for column in block.T.tolist()]
    assert torch.equal(values.cpu(), block.T.gather(1, rows.cpu()))


@pytest.mark.parametrize("size", [10, 64, 1000])
@pytest.mark.parametrize("mapped", [False, True])
def test_nearest_items_are_those_of_all_cosines(size, mapped, device, tmp_path):
    torch.manual_seed(0)
    gallery = torch.nn.functional.normalize(torch.randint(-1, 2, (200, 6)).float() + 0.1, dim=1)
    queries, gallery = gallery[:7].to(device), gallery.numpy()
    if mapped:
        np.save(tmp_path / "gallery.npy", gallery)
        gallery = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    cosines, items = nearest_items(queries, gallery, 5, size=size)
    every = queries.cpu() @ torch.tensor(gallery).T
    assert torch.allclose(cosines.cpu(), every.topk(5).values, atol=1e-6)
    assert torch.allclose(every.gather(1, items.cpu()), cosines.cpu(), atol=1e-6)


def test_the_lower_item_comes_first_among_equals_of_different_tiles(device):
    queries = torch.tensor([[1.0, 0.0]], device=device)
    gallery = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], device=device)
    assert nearest_items(queries, gallery, 3, size=1)[1].tolist() == [[1, 3, 0]]


@pytest.mark.parametrize("options", [{"k": 0}, {"size": 0}])
def test_counts_below_one_are_errors(options):
    with pytest.raises(ValueError, match="at least 1"):
        nearest_items(torch.eye(2), torch.eye(2), **options)


@pytest.mark.parametrize("n", [1, 50, 7 * GROUP + 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_greatest_are_those_of_a_full_sort_and_never_what_was_left_out(n, dtype):
    scores = np.random.default_rng(n).integers(-9, 9, n).astype(dtype)  # with many ties
    scores[1::3] = -np.inf
    order = np.argsort(-scores, kind="stable")
    for k in (1, 7, n, 10 * n):
        assert greatest(scores, k).tolist() == [i for i in order[:k] if np.isfinite(scores[i])]
    assert greatest(np.full(n, -np.inf, dtype), 3).tolist() == []
