import itertools

import numpy as np
import pytest

from selip_core.errors import SelipError
from selip_core.inspection.pair import compare, read_sentences
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.similarity.scores import similarity_matrix

FIRST = "在左侧额叶表现为片状长信号，在脑桥表现为点状长信号"
SECOND = "在左侧额叶表现为斑片状长信号"


def test_the_parts_of_a_pair_of_findings_are_those_worked_by_hand():
    comparison = compare(FIRST, SECOND)
    # of 9 and 10 characters 9 are shared; of 7 (脑桥点状长信号) and 10, the 4 of 状长信号
    assert comparison.syntax[:, 0].tolist() == pytest.approx([18 / 19, 8 / 17])
    assert comparison.semantic[:, 0].tolist() == [1, 0.5]
    assert comparison.same_site[:, 0].tolist() == [True, False]
    assert comparison.same_tag[:, 0].tolist() == [True, True]
    assert np.allclose(comparison.mixed, comparison.syntax * comparison.semantic)
    assert comparison.shared_characters(1, 0) == set("状长信号")
    assert comparison.tags(0) == ["长信号", "长信号"]


@pytest.mark.parametrize("second", [FIRST, SECOND, "在脑桥表现为点状短信号", NORMAL_STATEMENT])
def test_scores_of_reports_are_those_of_the_similarity(second):
    first = FIRST
    comparison = compare(first, second, weights=(0.7, 0.3))
    for matching, kind in itertools.product(("mean", "best"), ("syntax", "semantic", "mixed")):
        expected = similarity_matrix([first, second], weights=(0.7, 0.3), matching=matching, kind=kind)[0, 1].item()
        assert comparison.scores[matching][kind] == expected


def test_the_mean_of_the_pairs_is_the_score_of_the_reports():
    comparison = compare(FIRST, "在右侧额叶表现为片状长信号")
    for kind in ("syntax", "semantic", "mixed"):
        assert comparison.scores["mean"][kind] == pytest.approx(getattr(comparison, kind).mean())


def test_the_best_pairs_give_the_best_matching():
    comparison = compare(FIRST, "在脑桥表现为点状长信号，在左侧额叶表现为片状短信号，在脑沟表现为增宽")
    pairs = comparison.best_pairs()
    assert pairs == [(0, 1), (1, 0)]  # 脑沟增宽 is 0 to all and has none
    mixed = comparison.mixed
    rows = np.mean([max((mixed[p] for p in pairs if p[0] == i), default=0) for i in range(2)])
    columns = np.mean([max((mixed[p] for p in pairs if p[1] == j), default=0) for j in range(3)])
    assert comparison.scores["best"]["mixed"] == pytest.approx((rows + columns) / 2)


def test_a_normal_report_has_no_findings_and_no_pairs():
    comparison = compare(NORMAL_STATEMENT, FIRST)
    assert comparison.mixed.shape == (0, 2) and comparison.best_pairs() == []
    assert {score for scores in comparison.scores.values() for score in scores.values()} == {0}


def test_free_text_is_read_in_chinese_and_english():
    chinese = read_sentences("左侧基底节区见片状长T1长T2信号影。")
    assert chinese == dict.fromkeys(("T1", "T2"), "在左侧基底节区表现为片状长信号")
    english = read_sentences("Patchy hyperintensity in the left basal ganglia on DWI.")
    assert english == {"DWI": "在左侧基底节区表现为片状高信号"}
    assert read_sentences(FIRST) == {"": FIRST}


@pytest.mark.parametrize(("text", "words"), [("", "empty"), (" \n", "empty"), ("see <b>you</b>", "no finding")])
def test_what_cannot_be_read_is_said(text, words):
    with pytest.raises(SelipError, match=words):
        read_sentences(text)
