"""What a validation says beside the recall of a model: the constant answer, findings alone, the percentile."""

import math

import numpy as np
import pytest
import torch

from selip_core.datasets.pairs import Pairs
from selip_core.pretraining import validation
from selip_core.pretraining.validation import constant_retrieval, sample_of_pairs, validate
from tests.helpers.small_runs import TEXTS, fresh_model, tiny_pairs


def test_the_constant_answer_knows_what_is_frequent_in_training():
    pairs = tiny_pairs(len(TEXTS))
    assert constant_at_10(pairs, pairs.take(np.arange(10))) == pytest.approx(10 / len(TEXTS))
    assert constant_at_10(pairs.take(np.arange(10)), pairs) == 1
    few = pairs.take(np.arange(10, len(TEXTS)))  # 6 of 16 seen; 4 places left for the 10 others
    assert constant_at_10(pairs, few) == pytest.approx((6 + 4) / len(TEXTS), abs=0.05)


def constant_at_10(asked, train):
    return constant_retrieval(asked, train, flip=False)["constant_at_10"]


def test_the_constant_percentile_is_above_chance_and_knows_mirror_images():
    pairs = tiny_pairs(4)  # left and right frontal, each of two looks
    train = pairs.take(np.array([0, 0, 0, 1, 1]))  # 3 and 2 of the left
    asked = pairs.take(np.array([0, 0, 1, 2]))
    # the first of three beats both others, the second one, the third none
    assert constant_retrieval(asked, train, flip=False)["constant_percentile"] == pytest.approx((1 + 1 + 0.5) / 4)
    # with their mirror images 3 left and 3 right are before 2, in random order
    found = constant_retrieval(asked, train, flip=True)["constant_percentile"]
    assert found == pytest.approx((0.75 + 0.75 + 0 + 0.75) / 4, abs=0.15)


def test_findings_alone_and_the_percentile_stand_beside_the_recall():
    pairs = tiny_pairs(24)
    half = Pairs(pairs.volumes, pairs.rows, [()] * 12 + pairs.findings[12:], pairs.patients, pairs.sequences)
    of_findings = validate(fresh_model(), half.take(np.arange(12, 24)), sample_of_pairs(pairs, 8), 8)
    assert of_findings["findings_recall_at_10"] == of_findings["recall_at_10"]
    normal = validate(fresh_model(), half.take(np.arange(12)), sample_of_pairs(pairs, 8), 8)
    assert math.isnan(normal["findings_recall_at_10"]) and normal["recall_at_10"] == 1


def test_the_percentile_is_among_the_texts_of_the_sequence(monkeypatch):
    """Three T1 and one T2 by hand: the own text beats one of two, none, both; the one of T2 has nothing beside it."""
    pairs = tiny_pairs(4)
    pairs = Pairs(pairs.volumes, pairs.rows, pairs.findings, pairs.patients, ["T1", "T1", "T1", "T2"])
    cosines = torch.tensor([[0.5, 0.4, 0.6, 0.9], [0.5, 0.1, 0.6, 0.0], [0.5, 0.4, 0.6, 0.9], [0.5, 0.4, 0.6, 0.1]])
    monkeypatch.setattr(validation, "encode_pairs", lambda model, of, **_: (cosines[: len(of)], torch.eye(4), of.texts))
    found = validate(fresh_model(), pairs, pairs, 2)
    assert found["percentile"] == pytest.approx((0.5 + 0 + 1) / 3)
    assert found["mean_reciprocal_rank"] == pytest.approx((1 / 3 + 1 / 3 + 1 / 2 + 1 / 4) / 4)
