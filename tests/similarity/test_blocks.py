import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity import blocks as similarity_corpus
from selip_core.similarity.blocks import similarity_rows, top_k
from selip_core.similarity.nearest import GROUP
from selip_core.similarity.scores import ReportCorpus
from tests.helpers.reports import random_texts
from tests.helpers.similarity_by_loops import by_loops


def first_others(similarity, k):
    """The definition: the other reports of each row by similarity, then by position."""
    rows = [[(-value, j) for j, value in enumerate(row) if j != i] for i, row in enumerate(similarity.tolist())]
    return [[j for _, j in sorted(row)[:k]] for row in rows]


class LargestTensor(TorchDispatchMode):
    """Remember the size of the largest tensor that any operation gives."""

    largest = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        given = operation(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(given) if isinstance(leaf, torch.Tensor)]
        self.largest = max([self.largest, *sizes])
        return given


@pytest.mark.parametrize("matching", ["mean", "best"])
@pytest.mark.parametrize("size", [1, 7, None])
def test_rows_are_the_loop_over_the_definition(matching, size, device, monkeypatch):
    monkeypatch.setattr(similarity_corpus, "_COLUMNS", 11)
    texts = random_texts(30)
    whole = np.full((30, 30), -1.0)
    for rows, block in similarity_rows(ReportCorpus(texts, matching=matching, device=device), size=size):
        whole[rows] = block.cpu().numpy()
    assert np.allclose(whole, by_loops(texts, matching=matching), atol=1e-6)


@pytest.mark.parametrize("matching", ["mean", "best"])
@pytest.mark.parametrize("seed", range(3))
def test_neighbours_have_the_greatest_similarities_of_the_definition(matching, seed, device):
    texts = random_texts(40, seed)
    values, neighbours = top_k(ReportCorpus(texts, matching=matching, device=device), 6, size=9)
    others = by_loops(texts, matching=matching)
    np.fill_diagonal(others, -1)
    assert np.allclose(values.cpu(), -np.sort(-others)[:, :6], atol=1e-6)
    assert np.allclose(np.take_along_axis(others, neighbours.cpu().numpy(), 1), values.cpu(), atol=1e-6)
    assert all(len(set(row)) == 6 for row in neighbours.tolist())


@pytest.mark.parametrize("k, size", [(1, None), (5, 64), (13, 50)])
def test_neighbours_are_those_of_the_sorted_matrix(k, size, device):
    corpus = ReportCorpus(random_texts(400), device=device)
    assert corpus.n_distinct > 4 * GROUP
    assert top_k(corpus, k, size=size)[1].tolist() == first_others(corpus.similarity(), k)


def test_equal_similarities_are_in_the_order_of_their_positions(device):
    one, other = "在脑桥表现为长信号", "在左侧额叶表现为信号降低"  # nothing in common
    texts = [other, one, NORMAL_STATEMENT, one, other, one, NORMAL_STATEMENT]
    values, neighbours = top_k(ReportCorpus(texts, device=device), 4)
    assert neighbours.tolist() == [
        [4, 1, 2, 3], [3, 5, 0, 2], [0, 1, 3, 4], [1, 5, 0, 2], [0, 1, 2, 3], [1, 3, 0, 2], [0, 1, 2, 3],
    ]  # fmt: skip
    assert values.tolist() == [
        [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0],
    ]  # fmt: skip


@pytest.mark.parametrize("texts, k", [(["在脑桥表现为长信号"] * 4, 3), (["在脑桥表现为长信号"], 0), ([], 0)])
def test_there_are_no_more_neighbours_than_other_reports(texts, k):
    values, neighbours = top_k(ReportCorpus(texts), 9)
    assert values.shape == neighbours.shape == (len(texts), k)
    assert all(sorted(row) == [j for j in range(len(texts)) if j != i] for i, row in enumerate(neighbours.tolist()))


@pytest.mark.parametrize("options", [{"k": 0}, {"size": 0}])
def test_counts_below_one_are_errors(options):
    with pytest.raises(ValueError, match="at least 1"):
        top_k(ReportCorpus(["在脑桥表现为长信号"]), **options)


def test_a_block_below_one_row_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        list(similarity_rows(ReportCorpus(["在脑桥表现为长信号"]), size=0))


def test_an_all_normal_corpus_is_the_identity(device):
    corpus = ReportCorpus([NORMAL_STATEMENT] * 5, device=device)
    blocks = [block for _, block in similarity_rows(corpus, size=2)]
    assert torch.equal(torch.cat(blocks).cpu(), torch.eye(5))


@pytest.mark.parametrize("matching", ["mean", "best"])
@pytest.mark.parametrize(
    "work", [lambda c: top_k(c, 5, size=8), lambda c: [len(b) for _, b in similarity_rows(c, size=8)]]
)
def test_no_tensor_comes_near_the_size_of_the_whole_matrix(work, matching):
    corpus = ReportCorpus(random_texts(800), matching=matching)
    with LargestTensor() as seen:
        work(corpus)
    assert 800 * 5 <= seen.largest < 800 * 800 / 8
