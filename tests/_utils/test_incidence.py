"""Sets as rows of 0 and 1."""

import torch

from selip_core._utils.incidence import columns_of, incidence


def test_a_row_has_a_one_for_each_member(device):
    found = incidence([{"a", "b"}, (), "bb"], {"a": 0, "c": 1, "b": 2}, dtype=torch.float64, device=device)
    assert found.dtype == torch.float64 and found.device.type == device
    assert found.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]


def test_products_count_what_sets_share():
    sets = [frozenset("abc"), frozenset("bcd"), frozenset("x"), frozenset()]
    has = incidence(sets)
    assert (has @ has.T).tolist() == [[len(a & b) for b in sets] for a in sets]


def test_no_set_and_empty_sets_have_no_column():
    assert incidence([]).shape == (0, 0) and incidence([(), ()]).shape == (2, 0) and columns_of([()]) == {}
