"""Near sites: by the structures that they lie in, and by their sides."""

import pytest
import torch

from selip_core.errors import SelipError
from selip_core.reports.lexicon import load_lexicon
from selip_core.similarity.sites import _whole_of, read_structures, site_similarity, structures_of
from tests.helpers.similarity_by_loops import near

REGIONS = ("额叶", "海马", "颞叶", "脑桥", "脑干", "月球")
SITES = [side + site for side in ("左侧", "右侧", "双侧", "") for site in REGIONS]


@pytest.mark.parametrize(
    "site, other, expected",
    [
        ("左侧额叶", "左侧额叶", 1), ("左侧额叶", "右侧额叶", 1 / 3), ("左侧额叶", "双侧额叶", 2 / 3),
        ("左侧额叶", "额叶", 1 / 2), ("左侧额叶", "左侧顶叶", 1 / 3), ("左侧额叶", "右侧顶叶", 1 / 9),
        ("脑桥", "脑干", 1 / 2), ("脑桥", "中脑", 1 / 3), ("左侧海马", "左侧颞叶", 2 / 3), ("左侧额叶", "左侧丘脑", 0),
        ("左侧月球", "右侧月球", 1 / 3), ("左侧月球", "左侧月球", 1), ("左侧月球", "左侧额叶", 0),
    ],
)  # fmt: skip
def test_near_sites_by_hand(site, other, expected, device):
    assert site_similarity([site], [other], device=device).item() == pytest.approx(expected)


def test_all_pairs_are_the_loop_over_the_definition(device):
    found = site_similarity(SITES, SITES[::-1], device=device).cpu()
    assert torch.allclose(found, torch.tensor([[near(a, b) for b in SITES[::-1]] for a in SITES]))


def test_one_is_for_equal_sites_alone_and_the_matrix_is_symmetric():
    sites = [side + site for side in ("左侧", "右侧", "双侧", "") for site in load_lexicon().book["sites"]]
    found = site_similarity(sites)
    assert torch.equal(found == 1, torch.eye(len(sites), dtype=torch.bool))
    assert torch.equal(found, found.T) and found.min() == 0


def test_parts_are_sites_of_the_lexicon():
    assert set(_whole_of()) <= {*load_lexicon().book["sites"], *_whole_of().values()}


def test_structures_from_the_inside_out():
    assert structures_of("左侧海马") == ("海马", "颞叶", "大脑叶")


@pytest.mark.parametrize(
    "parts, named",
    [({"a": ["b"], "c": ["b"]}, "'b' stands under a and under c"), ({"a": ["b"], "b": ["a"]}, "lies within itself"),
     ({"a": ["x", "b"], "b": ["a"]}, "lies within itself")],
)  # fmt: skip
def test_a_hierarchy_that_is_no_tree_is_an_error(parts, named):
    with pytest.raises(SelipError, match=named):
        read_structures(parts)
