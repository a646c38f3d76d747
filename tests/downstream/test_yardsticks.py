"""A perfect model, one that guesses, the constant answer; and cohorts that lack something."""

import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.datasets.pairs import Pairs, findings_of
from selip_core.downstream.yardsticks import (
    KIND,
    MEASURES,
    NORMAL_AUC,
    PERCENTILE,
    image_measures,
    kinds_of_patients,
    text_numbers,
    yardsticks_of,
)
from selip_core.reports.sentences import NORMAL_STATEMENT
from tests.helpers.small_runs import TEXTS


def made_pairs(texts, sequences=None, patients=None):
    n = len(texts)
    patients = patients or [f"P{i:03d}" for i in range(n)]
    return Pairs(np.empty(0), np.arange(n), findings_of(texts), patients, sequences or ["T1"] * n)


def many(n=240, normal=4):
    """Return pairs of two sequences, every `normal`-th one normal."""
    texts = [NORMAL_STATEMENT if i % normal == 0 else TEXTS[i % len(TEXTS)] for i in range(n)]
    return made_pairs(texts, ["T1" if i % 3 else "T2" for i in range(n)])


def features_of(pairs, seed=None):
    """Return features by which every image finds its text, or, with a seed, random ones."""
    texts = list(dict.fromkeys(pairs.texts))
    text = torch.eye(len(texts))
    if seed is None:
        return text[torch.from_numpy(text_numbers(pairs, texts))], text
    drawn = torch.randn(len(pairs), len(texts), generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn, dim=1), text


def test_a_perfect_model_scores_one():
    pairs = many()
    kinds = {p: frozenset([t]) for p, t in zip(pairs.patients, pairs.texts, strict=True)}
    found = yardsticks_of(*features_of(pairs), pairs, pairs, kinds=kinds)["model"]
    assert list(found.index) == list(MEASURES)
    assert found.drop([m for m in MEASURES if m.endswith("five")]).tolist() == [1.0] * 9


def test_a_model_that_guesses_is_at_chance():
    pairs = many()
    found = pd.concat([yardsticks_of(*features_of(pairs, seed), pairs, pairs)["model"] for seed in range(5)], axis=1)
    assert found.loc[[PERCENTILE, NORMAL_AUC]].mean(axis=1).tolist() == pytest.approx([0.5, 0.5], abs=0.03)


def test_the_constant_answer_on_a_cohort_is_what_one_counts():
    a, b, c, d = TEXTS[:4]  # a, b are of one site, c, d of another
    train = made_pairs([a, a, b, c, c, c, d, d], ["T1"] * 3 + ["T2"] * 5)
    test = made_pairs([a, b, c, d], ["T1", "T1", "T2", "T2"])
    found = yardsticks_of(*features_of(test), test, train)["constant answer"]
    assert found["findings recall@1"] == 0.5  # a for T1, c for T2
    assert found["mean reciprocal rank"] == pytest.approx((1 + 1 / 2) / 2)
    assert found[PERCENTILE] == 0.5
    assert found["side and site F1, first"] == 1.0 and found["site and signal F1, first"] == 0.5
    assert found["side and site F1, first five"] == 0.5  # all four sentences, two of which are of the site


def test_kinds_are_those_of_the_patients_with_the_sentence():
    a, b, c, _ = TEXTS[:4]
    pairs = made_pairs([a, b, b, c], patients=["P0", "P1", "P2", "P3"])
    labels = [("P0", "glioma"), ("P1", "glioma"), ("P2", "infarct"), ("P2", "lacune"), ("P3", "abnormal")]
    kinds = kinds_of_patients(pd.DataFrame(labels, columns=["patient_id", "label"]))
    scores = torch.tensor([[0.0, 1.0, 0.0]] * 4)  # everybody is answered b
    found = image_measures(scores, [a, b, c], pairs, kinds=kinds)[KIND]
    assert found[:3].tolist() == [0.5, 0.5, 0.5] and np.isnan(found[3])


@pytest.mark.parametrize("texts", [TEXTS[:1], [NORMAL_STATEMENT] * 3, TEXTS])
def test_what_a_cohort_lacks_costs_its_measures_and_no_more(texts):
    pairs = made_pairs(texts)
    found = yardsticks_of(*features_of(pairs), pairs, pairs)["model"]
    assert found["recall@10"] == 1 and np.isnan(found[NORMAL_AUC]) and np.isnan(found[KIND])
    assert np.isnan(found["findings recall@10"]) == (texts[0] == NORMAL_STATEMENT)
    assert np.isnan(found[PERCENTILE]) == (len(set(texts)) == 1)
