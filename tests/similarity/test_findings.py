"""Information content and near sites in the similarity of findings and of reports, against the definition."""

import itertools

import numpy as np
import pytest
import torch

from selip_core.reports.sentences import NORMAL_STATEMENT, Finding, canonical_sentence
from selip_core.reports.sentences import Finding as F
from selip_core.similarity.blocks import similarity_rows, top_k
from selip_core.similarity.findings import pieces, semantic_similarity, syntax_similarity
from selip_core.similarity.information import InformationContent
from selip_core.similarity.scores import ReportCorpus, similarity_matrix
from tests.helpers.reports import random_texts
from tests.helpers.similarity_by_loops import by_loops

ALONE = [{"site_match": "graded"}, {"information": True}, {"power": 2.5}, {"weights": (0.9, 0.1)}]
TOGETHER = {"matching": "best", **{name: value for option in ALONE for name, value in option.items()}}
EVERY = [*ALONE, TOGETHER, {**TOGETHER, "counts": [*range(30)]}, {"weights": (0, 1), "information": True}]


@pytest.mark.parametrize("options", EVERY, ids=str)
@pytest.mark.parametrize("kind", ["mixed", "semantic"])
def test_an_option_is_the_loop_over_the_definition(options, kind, device):
    texts = random_texts(30)
    ours = similarity_matrix(texts, kind=kind, **options, device=device).cpu().numpy()
    assert np.allclose(ours, by_loops(texts, kind=kind, **options), atol=1e-5)
    assert not np.allclose(ours, by_loops(texts, kind=kind), atol=1e-3)


@pytest.mark.parametrize(
    "site_match, information, power, matching",
    [*itertools.product(["equal", "graded"], [False, True], [0.5, 1, 2], ["mean", "best"])],
)
def test_whatever_the_options_it_is_symmetric_with_diagonal_one(site_match, information, power, matching):
    found = similarity_matrix(
        random_texts(25, seed=1), site_match=site_match, information=information, power=power, matching=matching
    )
    assert torch.allclose(found, found.T, atol=1e-6) and (found.diagonal() == 1).all()
    assert found.min() == 0 and found.max() <= 1


@pytest.mark.parametrize("options", ALONE, ids=str)
def test_equal_reports_are_one_by_best_matching(options):
    texts = ["在左侧额叶表现为长信号，在脑桥表现为点状高信号"] * 2
    assert similarity_matrix(texts, matching="best", **options)[0, 1] == pytest.approx(1)


def test_blocks_and_neighbours_are_those_of_the_whole_matrix(device):
    corpus = ReportCorpus(random_texts(40), **TOGETHER, device=device)
    whole = corpus.similarity()
    assert torch.allclose(torch.cat([block for _, block in similarity_rows(corpus, size=7)]), whole, atol=1e-6)
    values = top_k(corpus, 5, size=9)[0]
    assert torch.allclose(values, whole.fill_diagonal_(-1).sort(descending=True).values[:, :5], atol=1e-6)


def of_pair(n_left, n_right):
    """Two findings that share a site, among `n_left` of the site and `n_right` of another; power 1, equal sites."""
    one, other = F("左侧额叶", "长信号"), F("左侧额叶", "短信号")
    findings = [one, other, F("右侧丘脑", "高信号")]
    content = InformationContent([f.site for f in findings], [n_left, n_left, n_right])
    tags = InformationContent([f.appearance for f in findings])
    return semantic_similarity([one], [other], information=(content, tags)).item()


def test_a_rarer_shared_site_makes_findings_more_similar():
    found = [of_pair(n, 100 - n) for n in (1, 5, 20, 60, 99)]
    assert found == sorted(found, reverse=True) and found[0] > found[-1] + 0.2


def test_a_rarer_shared_signal_makes_reports_more_similar():
    one, other = (canonical_sentence([F(site, "短信号")]) for site in ("左侧额叶", "右侧丘脑"))
    rest = [canonical_sentence([F(f"左侧{site}", "长信号")]) for site in ("枕叶", "顶叶")]
    rare, frequent = (
        similarity_matrix([one, other, *rest], information=True, counts=counts)[0, 1]
        for counts in ([1, 1, 50, 50], [50, 50, 1, 1])
    )
    assert rare > frequent > 0


def test_with_equal_information_it_is_the_plain_one():
    sides = ["左侧", "右侧"]
    findings = [F(f"{side}额叶", tag) for side in sides for tag in ("长信号", "短信号")]
    content = [InformationContent(values) for values in zip(*[(f.site, f.appearance) for f in findings], strict=True)]
    weights = (0.7, 0.3)
    plain = semantic_similarity(findings, weights=weights)
    assert torch.allclose(semantic_similarity(findings, weights=weights, information=tuple(content)), plain)


@pytest.mark.parametrize("options", [{}, {"information": True}])
def test_the_other_side_is_nearer_than_another_region_and_farther_than_the_same(options):
    texts = [canonical_sentence([F(site, "长信号")]) for site in ("左侧额叶", "左侧额叶", "右侧额叶", "右侧丘脑")]
    same, side, far = similarity_matrix(texts, site_match="graded", kind="semantic", **options)[0, 1:]
    assert same > side > far
    equal = similarity_matrix(texts, kind="semantic", **options)[0]
    assert equal[2] == equal[3]


@pytest.mark.parametrize("power", [0, -1, float("inf"), float("nan")])
def test_a_power_that_is_no_power_is_an_error(power):
    with pytest.raises(ValueError, match="power must be greater than 0"):
        similarity_matrix(["在脑桥表现为长信号"], power=power)


def test_an_unknown_way_to_match_sites_is_an_error():
    with pytest.raises(ValueError, match="site_match must be one of equal, graded"):
        similarity_matrix(["在脑桥表现为长信号"], site_match="near")


def test_counts_are_one_a_report():
    with pytest.raises(ValueError, match="counts must be 2"):
        similarity_matrix(["在脑桥表现为长信号"] * 2, information=True, counts=[1])


def test_an_all_normal_corpus_has_no_information():
    assert torch.equal(similarity_matrix([NORMAL_STATEMENT] * 2, information=True), torch.eye(2))


@pytest.mark.parametrize(
    ("text", "unit", "found"),
    [
        ("左侧额叶", "auto", set("左侧额叶")),
        ("左侧额叶T2", "auto", set("左侧额叶T2")),
        ("Left frontal Lobe, left", "auto", {"left", "frontal", "lobe"}),
        ("lobe frontal gauche élargi", "auto", {"lobe", "frontal", "gauche", "élargi"}),
        ("abc", "bigrams", {"ab", "bc"}),
        ("a", "bigrams", {"a"}),
        ("...", "words", {"."}),
    ],
)
def test_wording_is_compared_by_what_the_language_asks_for(text, unit, found):
    assert pieces(text, unit) == found


def test_words_tell_apart_what_letters_do_not():
    one, other = Finding("left frontal lobe", "hyperintense"), Finding("right temporal pole", "patchy")
    assert syntax_similarity([one], [other]).item() == 0 < syntax_similarity([one], [other], unit="characters").item()
    assert syntax_similarity([one], [Finding("left frontal lobe", "hypointense")]).item() == pytest.approx(0.75)


def test_an_unknown_unit_is_an_error():
    with pytest.raises(ValueError, match="auto, characters, words, bigrams, not 'letters'"):
        syntax_similarity([Finding("a", "b")], unit="letters")
