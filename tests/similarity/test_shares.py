"""Where the mass of soft targets lies."""

import numpy as np
import pytest

from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.shares import RELATIONS, relations, target_shares
from selip_core.similarity.targets import TargetSimilarity

TEXTS = [
    "在左侧额叶表现为长信号", "在左侧额叶表现为片状长信号", "在左侧额叶表现为短信号", "在右侧丘脑表现为长信号",
    "在脑桥表现为高信号，在右侧丘脑表现为高信号", NORMAL_STATEMENT,
]  # fmt: skip


def test_relations_by_hand():
    assert relations(TEXTS).tolist() == [
        [0, 1, 2, 3, 4, 4], [1, 0, 2, 3, 4, 4], [2, 2, 0, 4, 4, 4], [3, 3, 4, 0, 2, 4], [4, 4, 4, 2, 0, 4],
        [4, 4, 4, 4, 4, 0],
    ]  # fmt: skip


def test_a_batch_of_all_reports_by_hand():
    similarity = TargetSimilarity(TEXTS)
    matrix = similarity.similarity(range(6)).numpy()[:5]
    rows, related = matrix / matrix.sum(1, keepdims=True), relations(TEXTS)[:5]
    expected = [rows[related == relation].sum() / 5 for relation in range(5)]
    found = target_shares(TEXTS, [1] * 6, {"SeLIP": similarity}, batch_size=99, batches=3)
    assert list(found.columns) == list(RELATIONS) and np.allclose(found.loc["SeLIP"], expected, atol=1e-5)
    assert found.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)


def test_frequent_reports_are_drawn_more_often():
    similarities = {"SeLIP": TargetSimilarity(TEXTS)}
    often = [target_shares(TEXTS, counts, similarities, batch_size=2).loc["SeLIP", "same site and signal"]
             for counts in ([50, 50, 1, 1, 1, 1], [1, 1, 50, 50, 50, 50])]  # fmt: skip
    assert often[0] > often[1]


def test_normal_statements_alone_are_an_error():
    with pytest.raises(ValueError, match="findings"):
        target_shares([NORMAL_STATEMENT], [1], {})
