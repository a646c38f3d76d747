import itertools
from functools import cache, partial

import numpy as np
import pytest

from selip_core.errors import SelipError
from selip_core.inspection.pair import CohortPairs, compare, read_sentences
from selip_core.reports.sentences import NORMAL_STATEMENT, canonical_sentence, parse_sentence
from selip_core.similarity.scores import similarity_matrix

FIRST = "在左侧额叶表现为片状长信号，在脑桥表现为点状长信号"
SECOND = "在左侧额叶表现为斑片状长信号"
COHORT = [
    FIRST, SECOND, "在脑桥表现为点状短信号", "在右侧额叶表现为片状长信号", "在脑沟表现为增宽", NORMAL_STATEMENT,
    "在脑桥表现为点状长信号，在左侧额叶表现为片状长信号",  # FIRST in another order
    SECOND,
]  # fmt: skip
DISTINCT = COHORT[:6]


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


@pytest.fixture(scope="module")
def cohort():
    return CohortPairs(COHORT)


@cache
def similarity_of(first, second, matching):
    return similarity_matrix([first, second], matching=matching)[0, 1].item()


def place_by_loops(first, second, matching):
    """Return rank, number of neighbours, ties, and shares of the pairs, by the definition."""
    distinct = list(dict.fromkeys(canonical_sentence(sorted(parse_sentence(t))) or NORMAL_STATEMENT for t in DISTINCT))
    pair = [canonical_sentence(sorted(parse_sentence(t))) or NORMAL_STATEMENT for t in (first, second)]
    of = partial(similarity_of, matching=matching)
    value, found = of(*pair), []
    for own, other in (pair, pair[::-1]):
        rest = [of(own, text) for text in distinct if text not in (own, other)]
        ties = sum(abs(v - value) < 1e-6 for v in rest)
        found.append((1 + sum(v > value + 1e-6 for v in rest), len(rest) + 1, ties))
    pairs = np.array([of(*both) for both in itertools.combinations(distinct, 2)])
    return *zip(*found), np.mean(pairs < value - 1e-4), np.mean(abs(pairs - value) <= 1e-4)


@pytest.mark.parametrize("matching", ["mean", "best"])
@pytest.mark.parametrize(
    ("first", "second"),
    [(FIRST, SECOND), (COHORT[6], COHORT[2]), (FIRST, FIRST), (SECOND, "在左侧顶叶表现为片状长信号"),
     ("在脑桥表现为高信号", "在左侧顶叶表现为片状长信号"), (NORMAL_STATEMENT, FIRST)],
)  # fmt: skip
def test_the_place_in_the_cohort_is_that_of_the_definition(first, second, matching):
    place = CohortPairs(COHORT, matching=matching).place(first, second)
    rank, n_ranked, tied, below, equal = place_by_loops(first, second, matching)
    assert (place.rank, place.n_ranked, place.tied) == (rank, n_ranked, tied)
    assert (place.share_below, place.share_equal) == pytest.approx((below, equal))
    assert place.n_pairs == 15 and place.similarity == compare(first, second).scores[matching]["mixed"]


def test_reports_with_the_same_findings_are_one(cohort):
    assert cohort.sentences == DISTINCT


def test_the_piece_of_the_matrix_is_the_matrix(cohort):
    place = cohort.place(FIRST, SECOND, neighbours=2)
    assert np.allclose(place.crop, similarity_matrix(place.crop_sentences))
    assert (place.crop_sentences[0], place.crop_sentences[-1]) == (FIRST, SECOND)
    assert place.marks == (0, len(place.crop) - 1) and place.crop_names[0] == "A" and place.crop_names[-1] == "B"


def test_one_report_twice_has_one_row_in_the_piece(cohort):
    place = cohort.place(FIRST, COHORT[6])
    assert place.marks == (0, 0) and place.crop_names[0] == "A=B"


def test_a_similarity_of_zero_gives_no_rank_in_words(cohort):
    assert "neither report a rank" in cohort.place(NORMAL_STATEMENT, FIRST).in_words()[1]
    assert cohort.place(FIRST, SECOND).in_words()[1].startswith("B is neighbour 1 of 5 of A")


def test_a_cohort_of_one_report_has_no_place():
    with pytest.raises(SelipError, match="needs two"):
        CohortPairs([FIRST, COHORT[6]])
