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
    NORMAL_SCORE,
    PERCENTILE,
    SIDE,
    image_measures,
    kinds_of_patients,
    text_numbers,
)
from selip_core.metrics.classification import auc
from selip_core.metrics.yardsticks import constant_answers
from selip_core.reports.sentences import NORMAL_STATEMENT, mirrored, sentence_of
from tests.helpers.small_runs import TEXTS


def made_pairs(texts, sequences=None, patients=None):
    n = len(texts)
    patients = patients or [f"P{i:03d}" for i in range(n)]
    return Pairs(np.empty(0), np.arange(n), findings_of(texts), patients, sequences or ["T1"] * n)


def many(n=240, normal=4):
    """Return pairs of two sequences, every `normal`-th one normal."""
    texts = [NORMAL_STATEMENT if i % normal == 0 else TEXTS[i % len(TEXTS)] for i in range(n)]
    return made_pairs(texts, ["T1" if i % 3 else "T2" for i in range(n)])


def means_of(scores, pairs, **options):
    """Return the mean of every measure over the queries, and the AUC."""
    measured = image_measures(scores, list(dict.fromkeys(pairs.texts)), pairs, **options)
    normal = np.array([text == NORMAL_STATEMENT for text in pairs.texts])
    means = measured.mean().reindex(MEASURES)
    means[NORMAL_AUC] = np.nan if measured[NORMAL_SCORE].isna().all() else auc(normal, measured[NORMAL_SCORE])
    return means


def constant_means(pairs, train, *, flip=False):
    """Return the same of the constant answer, over the orders of its ties."""
    answers = constant_answers(pairs.sequences, list(dict.fromkeys(pairs.texts)), *train.shown(flip=flip))
    return pd.concat([means_of(scores, pairs, constant=True) for scores in answers], axis=1).mean(axis=1)


def scores_of(pairs, seed=None):
    """Return scores by which every image finds its text, or, with a seed, random ones."""
    texts = list(dict.fromkeys(pairs.texts))
    if seed is None:
        return torch.eye(len(texts))[torch.from_numpy(text_numbers(pairs, texts))]
    return torch.randn(len(pairs), len(texts), generator=torch.Generator().manual_seed(seed))


def test_a_perfect_model_scores_one():
    pairs = many()
    kinds = {p: frozenset([t]) for p, t in zip(pairs.patients, pairs.texts, strict=True)}
    found = means_of(scores_of(pairs), pairs, of_mirror=torch.zeros(len(pairs)), kinds=kinds)
    assert list(found.index) == list(MEASURES)
    assert found.drop([m for m in MEASURES if m.endswith("five")]).tolist() == [1.0] * 10


def test_a_model_that_guesses_is_at_chance():
    pairs = many()
    found = pd.concat([means_of(scores_of(pairs, seed), pairs) for seed in range(5)], axis=1)
    assert found.loc[[PERCENTILE, NORMAL_AUC]].mean(axis=1).tolist() == pytest.approx([0.5, 0.5], abs=0.03)


def test_the_constant_answer_on_a_cohort_is_what_one_counts():
    a, b, c, d = TEXTS[:4]  # a, b are of one site, c, d of another
    train = made_pairs([a, a, b, c, c, c, d, d], ["T1"] * 3 + ["T2"] * 5)
    test = made_pairs([a, b, c, d], ["T1", "T1", "T2", "T2"])
    found = constant_means(test, train)
    assert found["findings recall@1"] == 0.5  # a for T1, c for T2
    assert found["mean reciprocal rank"] == pytest.approx((1 + 1 / 2) / 2)
    assert found[PERCENTILE] == 0.5
    assert found["side and site F1, first"] == 1.0 and found["site and signal F1, first"] == 0.5
    assert found["side and site F1, first five"] == 0.5  # all four sentences, two of which are of the site


def test_the_constant_answer_counts_the_mirror_images_that_the_models_see():
    left, right, other = TEXTS[0], TEXTS[2], TEXTS[4]  # left and right frontal, the left thalamus
    train, test = made_pairs([left] * 4 + [other] * 3), made_pairs([left, right, other])
    assert train.shown(flip=False) == (train.sequences, train.texts)
    assert train.shown(flip=True) == (["T1"] * 14, train.texts + [right] * 4 + [TEXTS[6]] * 3)
    plain, flipped = (constant_means(test, train, flip=flip) for flip in (False, True))
    assert plain["mean reciprocal rank"] == pytest.approx((1 + 1 / 3 + 1 / 2) / 3)  # right is unseen, so the last
    # of 14 texts 4 are left, 4 right, 3 other: left and right share the first two places, in random order
    assert flipped["mean reciprocal rank"] == pytest.approx((0.75 + 0.75 + 1 / 3) / 3, abs=0.07)


def test_the_constant_answer_to_queries_with_findings_is_no_normal_statement():
    a, b, c, _ = TEXTS[:4]  # a, b are of one site
    train = made_pairs([NORMAL_STATEMENT] * 5 + [a, a, b])
    test = made_pairs([NORMAL_STATEMENT, a, b, c])
    kinds = {"P001": frozenset(["x"]), "P002": frozenset(["x"]), "P003": frozenset(["y"])}
    scores = next(iter(constant_answers(test.sequences, list(test.texts), *train.shown(flip=False))))
    as_is, found = (means_of(scores, test, kinds=kinds, constant=constant) for constant in (False, True))
    same = ["recall@10", "mean reciprocal rank", PERCENTILE, NORMAL_AUC]
    assert as_is[same].tolist() == found[same].tolist()
    assert found["mean reciprocal rank"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)  # normal first, then a, b, c
    assert (as_is["findings recall@1"], found["findings recall@1"]) == (0, pytest.approx(1 / 3))  # a for all three
    assert (as_is["side and site F1, first"], found["side and site F1, first"]) == (0, pytest.approx(2 / 3))
    assert found["side and site F1, first five"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)
    assert (as_is[KIND], found[KIND]) == (0, pytest.approx(2 / 3))


def test_patients_called_normal_have_no_kind_and_count_among_the_others():
    a, b = TEXTS[:2]
    pairs = made_pairs([a, b, b, b], patients=["P0", "P1", "P2", "P3"])
    labels = [("P0", "glioma"), ("P1", "glioma"), ("P2", "normal"), ("P3", "normal")]
    kinds = kinds_of_patients(pd.DataFrame(labels, columns=["patient_id", "label"]))
    found = image_measures(torch.tensor([[0.0, 1.0]] * 4), [a, b], pairs, kinds=kinds)[KIND]
    assert found[:2].tolist() == pytest.approx([1 / 3, 1 / 3]) and found[2:].isna().all()


def test_kinds_are_those_of_the_patients_with_the_sentence():
    a, b, c, _ = TEXTS[:4]
    pairs = made_pairs([a, b, b, c], patients=["P0", "P1", "P2", "P3"])
    labels = [("P0", "glioma"), ("P1", "glioma"), ("P2", "infarct"), ("P2", "lacune"), ("P3", "abnormal")]
    kinds = kinds_of_patients(pd.DataFrame(labels, columns=["patient_id", "label"]))
    scores = torch.tensor([[0.0, 1.0, 0.0]] * 4)  # everybody is answered b
    found = image_measures(scores, [a, b, c], pairs, kinds=kinds)[KIND]
    assert found[:3].tolist() == [0.5, 0.5, 0.5] and np.isnan(found[3])


def test_the_side_is_known_by_who_puts_the_own_sentence_before_its_mirror_image():
    left, right, middle, lone = (f"在{site}表现为高信号" for site in ("左侧额叶", "右侧额叶", "脑桥", "左侧丘脑"))
    texts = [left, right, middle, lone]

    def side(of_mirror):
        return image_measures(torch.eye(4), texts, made_pairs(texts), of_mirror=torch.tensor(of_mirror))[SIDE].tolist()

    assert side([0.0, 0.0, np.nan, 0.0]) == pytest.approx([1, 1, np.nan, 1], nan_ok=True)  # the last is alone
    assert side([1.0, 2.0, np.nan, 1.0]) == pytest.approx([0.5, 0, np.nan, 0.5], nan_ok=True)
    assert np.isnan(image_measures(torch.eye(4), texts, made_pairs(texts))[SIDE]).all()


def test_a_text_is_its_own_mirror_image_where_no_side_tells_them_apart():
    def mirror_images(texts):
        return [sentence_of(mirrored(report)) for report in findings_of(texts)]

    both, middle = "在左侧额叶表现为高信号，在右侧额叶表现为高信号", "在脑桥表现为高信号"
    assert mirror_images([both, middle, NORMAL_STATEMENT]) == [both, middle, NORMAL_STATEMENT]
    assert mirror_images(["在左侧额叶表现为高信号"]) == ["在右侧额叶表现为高信号"]


@pytest.mark.parametrize("texts", [TEXTS[:1], [NORMAL_STATEMENT] * 3, TEXTS])
def test_what_a_cohort_lacks_costs_its_measures_and_no_more(texts):
    pairs = made_pairs(texts)
    found = means_of(scores_of(pairs), pairs)
    assert found["recall@10"] == 1 and np.isnan(found[NORMAL_AUC]) and np.isnan(found[KIND])
    assert np.isnan(found["findings recall@10"]) == (texts[0] == NORMAL_STATEMENT)
    assert np.isnan(found[PERCENTILE]) == (len(set(texts)) == 1)
