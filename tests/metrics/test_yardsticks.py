"""The constant answer, the percentile and the F1 of sets, against what one counts by hand."""

import doctest

import numpy as np
import pytest
import torch

from selip_core.metrics import yardsticks
from selip_core.metrics.yardsticks import (
    TIE_DRAWS,
    carried_by_sequence,
    constant_answers,
    constant_scores,
    mean_of_first,
    percentile_among,
    set_f1,
)


def test_examples_in_the_docstrings_hold():
    assert doctest.testmod(yardsticks, extraglobs={"torch": torch}).failed == 0


def test_the_constant_answer_is_the_order_of_the_training_texts_of_the_sequence():
    train = [("T1", "a")] * 3 + [("T1", "b")] * 2 + [("T2", "b")] * 2 + [("T2", "c")]
    scores = constant_scores(["T1", "T2", "T1"], ["c", "b", "a"], *zip(*train, strict=True))
    assert scores.argsort(dim=1, descending=True).tolist() == [[2, 1, 0], [1, 0, 2], [2, 1, 0]]


def test_unseen_texts_come_last_in_random_order():
    gallery = ["seen", *(f"unseen {i}" for i in range(9))]
    firsts = []
    for scores in constant_answers(["T1"] * 200, gallery, ["T1"], ["seen"]):
        order = scores.argsort(dim=1, descending=True)
        assert (order[:, 0] == 0).all()
        firsts += order[:, 1].tolist()
    shares = np.bincount(firsts, minlength=10)[1:] / (200 * TIE_DRAWS)
    assert np.abs(shares - 1 / 9).max() < 0.03


def test_a_sequence_without_training_texts_is_answered_at_random():
    scores = constant_scores(["ADC"], ["a", "b"], ["T1"], ["a"])
    assert scores.shape == (1, 2) and scores.max() < 1e-8 and scores[0, 0] != scores[0, 1]


def test_the_percentile_knows_only_the_texts_of_the_sequence():
    carries = torch.eye(4, dtype=torch.bool)[[0, 1, 2, 3]]
    among = carried_by_sequence(carries, ["T1", "T1", "T1", "T2"])
    assert among.tolist() == [[True, True, True, False]] * 3 + [[False, False, False, True]]
    scores = torch.tensor([[0.5, 0.4, 0.6, 0.9]] * 4)
    found = percentile_among(scores, torch.arange(4), among)
    assert found[:3].tolist() == [0.5, 0.0, 1.0] and found[3].isnan()


def test_the_percentile_of_random_scores_is_a_half():
    scores = torch.rand(4000, 20, generator=torch.Generator().manual_seed(0))
    found = percentile_among(scores, torch.arange(4000) % 20, torch.ones(4000, 20, dtype=torch.bool))
    assert found.mean().item() == pytest.approx(0.5, abs=0.02)


def test_f1_of_sets_agrees_with_its_definition():
    sets = [frozenset(s) for s in ("abc", "ab", "d", "", "cd")]
    for i, one in enumerate(sets):
        for j, other in enumerate(sets):
            both = len(one) + len(other)
            assert set_f1(sets)[i, j].item() == pytest.approx(2 * len(one & other) / both if both else 1.0)


def test_the_mean_of_the_first_takes_all_where_there_are_fewer():
    scores, values = torch.tensor([[3.0, 1.0, 2.0]]), torch.tensor([[0.6, 0.0, 0.3]])
    assert mean_of_first(scores, values, 2).item() == pytest.approx(0.45)
    assert mean_of_first(scores, values, 5).item() == pytest.approx(0.3)
