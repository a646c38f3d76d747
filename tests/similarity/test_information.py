"""Information content: rare values tell more, and every value is defined."""

import math

import pytest

from selip_core.similarity.information import InformationContent, checked_counts


def test_a_value_tells_the_negative_logarithm_of_its_smoothed_share():
    content = InformationContent(["脑桥", "脑桥", "额叶"])
    expected = [-math.log(3 / 6), -math.log(2 / 6), -math.log(1 / 6)]
    assert content.of(["脑桥", "额叶", "丘脑"]) == pytest.approx(expected)


def test_a_count_is_so_many_findings():
    counted, listed = InformationContent(["a", "b"], [3, 1]), InformationContent(["a", "a", "a", "b"])
    assert counted.of(["a", "b", "c"]) == pytest.approx(listed.of(["a", "b", "c"]))


def test_what_all_findings_carry_still_tells_a_little():
    (content,) = InformationContent(["脑桥"] * 9).of(["脑桥"])
    assert 0 < content < 0.1


@pytest.mark.parametrize("counts", [[1], [1, -1], [1, float("nan")], [1, float("inf")]])
def test_counts_are_one_a_value_finite_and_not_negative(counts):
    with pytest.raises(ValueError, match="2 finite numbers of at least 0"):
        checked_counts(counts, 2)
