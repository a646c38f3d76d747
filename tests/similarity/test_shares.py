"""Where the mass of soft targets lies."""

import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.datasets.pairs import Pairs, findings_of
from selip_core.pretraining.loop import Pretraining
from selip_core.reports.sentences import NORMAL_STATEMENT, sentence_of
from selip_core.similarity.shares import RELATIONS, relations, reports_of_training, target_shares
from selip_core.similarity.targets import TargetSimilarity, target_similarity
from tests.helpers.small_runs import fresh_model, tiny_pairs, tiny_settings

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


@pytest.mark.parametrize("flip", [True, False])
def test_reports_are_counted_as_pretraining_counts_them(flip, tmp_path):
    texts = [text for text, n in zip(TEXTS, (1, 2, 3, 4, 5, 6), strict=True) for _ in range(n)]
    texts.append("在右侧额叶表现为长信号")  # the mirrored form of another
    pairs = tiny_pairs(len(texts))
    pairs = Pairs(pairs.volumes, pairs.rows, findings_of(texts), pairs.patients, pairs.sequences)
    settings = tiny_settings(flip=flip, information=True, batch_size=2)
    both = {"train": pairs, "validation": pairs}
    training = Pretraining(fresh_model(), both, settings, tmp_path)
    counts = pd.Series(texts).value_counts()
    reports, numbers = reports_of_training(counts, flip=flip)
    assert [sentence_of(report) for report in reports[: len(counts)]] == counts.index.tolist()
    assert sorted(map(sentence_of, reports)) == sorted(training.texts)
    order = [training.texts.index(sentence_of(report)) for report in reports]
    expected = training.targets.similarity(order)
    found = target_similarity(reports, settings, counts=numbers).similarity(range(len(reports)))
    assert torch.allclose(found, expected, atol=1e-6)
    uncounted = target_similarity(reports, settings).similarity(range(len(reports)))
    assert not torch.allclose(uncounted, expected, atol=1e-3)  # it hangs on the counts


def test_frequent_reports_are_drawn_more_often():
    similarities = {"SeLIP": TargetSimilarity(TEXTS)}
    often = [target_shares(TEXTS, counts, similarities, batch_size=2).loc["SeLIP", "same site and signal"]
             for counts in ([50, 50, 1, 1, 1, 1], [1, 1, 50, 50, 50, 50])]  # fmt: skip
    assert often[0] > often[1]


def test_normal_statements_alone_are_an_error():
    with pytest.raises(ValueError, match="findings"):
        target_shares([NORMAL_STATEMENT], [1], {})
