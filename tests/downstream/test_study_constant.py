"""Answers that know which series a study has, and look at none."""

import numpy as np
import pytest

from selip_core.downstream.study_constant import constant_likeness, constant_reports
from selip_core.reports.sentences import NORMAL_STATEMENT
from tests.helpers.small_studies import tiny_studies


def test_the_constant_answer_knows_which_series_there_are_and_what_is_frequent():
    train = tiny_studies(16, without_t2=3)  # reports 13, 14, 15 speak of T1 alone
    asked = tiny_studies(20, normal=1, without_t2=4)
    draws = [scores.numpy() for scores in constant_reports(asked, train, flip=False)]
    texts = list(asked.distinct_reports)
    whole, part = asked.texts.index(asked.texts[3]), 19
    silent = np.array(["T2" not in text and text != NORMAL_STATEMENT for text in texts])
    assert (draws[0][whole, silent] < 1e-6).all() and (draws[0][part, ~silent] < 1e-6).all()
    seen = np.array([text in train.texts for text in texts])
    assert draws[0][whole, seen & ~silent].min() > draws[0][whole, ~seen].max()
    assert len(draws) == 10 and not np.array_equal(draws[0], draws[1])


def test_a_mirrored_report_counts_where_training_shows_it():
    train, asked = tiny_studies(1), tiny_studies(16)  # left frontal on both
    texts = list(asked.distinct_reports)
    mirrored = next(i for i, text in enumerate(texts) if "左侧" not in text and "丘脑" not in text)
    plain, flipped = (next(iter(constant_reports(asked, train, flip=flip)))[0] for flip in (False, True))
    assert (plain > plain[mirrored] + 1e-6).sum() == 1
    assert flipped[mirrored].item() == pytest.approx(flipped.max().item(), abs=1e-6)


def test_other_studies_come_in_one_order_for_all_those_like_training_first():
    train = tiny_studies(1)
    like = constant_likeness(tiny_studies(16), train)
    assert like.shape == (16, 16) and (like == like[0]).all() and like[0].argmax() == 0
    assert like[0, 0] == 1 and like[0, 1] == pytest.approx(2 / 3) and like[0, 15] == 0
