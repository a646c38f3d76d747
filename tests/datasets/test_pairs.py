import numpy as np
import pandas as pd
import pytest

from selip_core.datasets.pairs import Pairs, distinct_reports, findings_of, make_pairs
from selip_core.reports.sentences import NORMAL_STATEMENT

INDEX = pd.DataFrame({
    "row": [2, 0, 1], "patient_id": ["a", "b", "a"], "study_id": ["a", "b", "a"], "sequence": ["T1", "T1", "T2"],
})  # fmt: skip
SENTENCES = pd.DataFrame({
    "study_id": ["a", "b"], "sequence": ["T1", "T1"], "sentence": ["在脑桥表现为长信号", "在右侧额叶表现为高信号"],
})  # fmt: skip


def test_a_series_without_a_sentence_is_left_out():
    volumes = np.arange(3, dtype=np.float16).reshape(3, 1, 1, 1, 1)
    pairs = make_pairs(volumes, INDEX, SENTENCES, {"a"})
    assert len(pairs) == 1 and pairs.texts == ["在脑桥表现为长信号"] and pairs.sequences == ["T1"]
    assert pairs.load(np.array([0])).flatten().tolist() == [2.0]


def test_loaded_volumes_are_a_copy_in_float32():
    volumes = np.ones((3, 1, 1, 1, 1), np.float32)
    pairs = make_pairs(volumes, INDEX, SENTENCES, {"a", "b"})
    pairs.load(np.array([0])).zero_()
    assert volumes.sum() == 3


def test_pairs_carry_findings_and_render_the_sentence_that_they_came_from():
    said = [NORMAL_STATEMENT, "在左侧额叶表现为长信号，在脑桥表现为高信号"]
    pairs = Pairs(np.zeros((2, 1, 1, 1, 1)), np.arange(2), findings_of(said), ["a", "b"], ["T1", "T1"])
    assert pairs.texts == said and pairs.findings[0] == ()
    assert pairs.take(np.array([1])).texts == said[1:]


def test_a_sentence_that_is_none_is_refused():
    with pytest.raises(ValueError, match="not a canonical sentence"):
        make_pairs(np.zeros((3, 1)), INDEX, SENTENCES.assign(sentence="x"), {"a"})


def test_the_mirrored_report_is_told_from_the_given_one():
    reports = findings_of(["在左侧额叶表现为长信号", NORMAL_STATEMENT, "在右侧额叶表现为长信号", "在脑桥表现为高信号"])
    distinct, ids, flipped = distinct_reports(reports, flip=True)
    assert distinct == reports and ids.tolist() == [0, 1, 2, 3] and flipped.tolist() == [2, 1, 0, 3]
    assert distinct_reports(reports, flip=False)[2] is None
