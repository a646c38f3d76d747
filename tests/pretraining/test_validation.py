"""What a validation says beside the recall of a model: the constant answer, findings alone, the percentile."""

import math

import numpy as np
import pytest

from selip_core.datasets.pairs import Pairs
from selip_core.pretraining.validation import constant_at_10, sample_of_pairs, validate
from tests.helpers.small_runs import TEXTS, fresh_model, tiny_pairs


def test_the_constant_answer_knows_what_is_frequent_in_training():
    pairs = tiny_pairs(len(TEXTS))
    assert constant_at_10(pairs, pairs.take(np.arange(10))) == pytest.approx(10 / len(TEXTS))
    assert constant_at_10(pairs.take(np.arange(10)), pairs) == 1
    few = pairs.take(np.arange(10, len(TEXTS)))  # 6 of 16 seen; 4 places left for the 10 others
    assert constant_at_10(pairs, few) == pytest.approx((6 + 4) / len(TEXTS), abs=0.05)


def test_findings_alone_and_the_percentile_stand_beside_the_recall():
    pairs = tiny_pairs(24)
    half = Pairs(pairs.volumes, pairs.rows, [()] * 12 + pairs.findings[12:], pairs.patients, pairs.sequences)
    found = validate(fresh_model(), half, sample_of_pairs(pairs, 8), 8)
    assert 0 <= found["percentile"] <= 1
    of_findings = validate(fresh_model(), half.take(np.arange(12, 24)), sample_of_pairs(pairs, 8), 8)
    assert of_findings["findings_recall_at_10"] == of_findings["recall_at_10"]
    normal = validate(fresh_model(), half.take(np.arange(12)), sample_of_pairs(pairs, 8), 8)
    assert math.isnan(normal["findings_recall_at_10"]) and normal["recall_at_10"] == 1
