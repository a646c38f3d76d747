
import numpy as np
import pytest
import torch

from selip_core.reports.sentences import NORMAL_STATEMENT, parse_sentence
from selip_core.reports.sentences import Finding as F
from selip_core.similarity.findings import appearance_tag, semantic_similarity, syntax_similarity
from selip_core.similarity.scores import ReportCorpus, similarity_matrix
from tests.helpers.reports import golden_cases, random_texts
from tests.helpers.similarity_by_loops import by_loops, of_findings


@pytest.mark.parametrize(
    "appearance, tag",
    [("点状高信号", "高信号"), ("长信号", "长信号"), ("信号降低", "信号降低"), ("水肿", "水肿")],
)
def test_appearance_tag_is_the_first_signal_word_or_the_appearance(appearance, tag):
    assert appearance_tag(appearance) == tag


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: f"{len(case['texts'])} texts")
def test_golden_similarity(case, device):
    ours = similarity_matrix(case["texts"], device=device).cpu()
    assert torch.allclose(ours, torch.tensor(case["similarity"]), atol=1e-5)


@pytest.mark.parametrize("matching", ["mean", "best"])
@pytest.mark.parametrize("kind", ["mixed", "syntax", "semantic"])
@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.8, 0.2)])
def test_batched_similarity_is_the_loop_over_the_definition(matching, kind, weights, device):
    texts = random_texts(30)
    ours = similarity_matrix(texts, matching=matching, kind=kind, weights=weights, device=device).cpu().numpy()
    assert np.allclose(ours, by_loops(texts, kind, weights, matching), atol=1e-6)


def test_parts_multiply_to_the_mixed_similarity_of_findings():
    a, b = F("左侧额叶", "斑片状长信号"), F("右侧额叶", "长信号")
    assert syntax_similarity([a], [b]).item() == pytest.approx(of_findings(a, b, "syntax", (0.5, 0.5)))
    assert semantic_similarity([a], [b]).item() == 0.5


def test_an_identical_report_scores_below_one_by_mean_and_one_by_best():
    text = "在左侧额叶表现为长信号，在右侧丘脑表现为点状高信号"
    assert similarity_matrix([text, text])[0, 1] < 0.9
    assert similarity_matrix([text, text], matching="best")[0, 1] == pytest.approx(1)


def test_the_normal_statement_is_like_no_other_not_even_itself_elsewhere():
    matrix = similarity_matrix([NORMAL_STATEMENT, "在脑桥表现为长信号", NORMAL_STATEMENT])
    assert torch.equal(matrix, torch.eye(3))


@pytest.mark.parametrize("matching", ["mean", "best"])
def test_a_gather_is_a_part_of_the_whole_matrix(matching, device):
    corpus = ReportCorpus(random_texts(37), matching=matching, device=device)
    rows, columns = [3, 1, 36, 3], [0, 3, 20]
    assert torch.allclose(corpus.similarity(rows, columns), corpus.similarity()[rows][:, columns], atol=1e-6)


def test_reports_with_the_same_findings_are_one_distinct_report():
    one, other = "在脑桥表现为长信号", "在左侧额叶表现为点状高信号"
    corpus = ReportCorpus([f"{one}，{other}", one, f"{other}，{one}", NORMAL_STATEMENT, f"{one}，{one}"])
    assert corpus.distinct.tolist() == [0, 1, 0, 2, 3]


@pytest.mark.parametrize("weights", [(0.9, 0.9), (2, 2), (0, 0), (1.5, -0.5), (1,), 0.9, (float("nan"), 0.5)])
def test_weights_that_are_no_shares_of_one_are_refused(weights):
    """All similarities would lie near 1, or far from it."""
    with pytest.raises(ValueError, match="weights must be two numbers of at least 0 that add up to 1"):
        similarity_matrix(["在脑桥表现为长信号"] * 2, weights=weights)


@pytest.mark.parametrize("texts, named", [(["在脑桥表现为长信号", ""], "1"), (["左侧额叶见病灶"], "0")])
def test_a_text_that_is_no_sentence_is_named_by_its_position(texts, named):
    with pytest.raises(ValueError, match=named):
        similarity_matrix(texts)


@pytest.mark.parametrize("options", [{"matching": "max"}, {"kind": "cosine"}])
def test_unknown_options_are_errors(options):
    with pytest.raises(ValueError, match="must be one of"):
        similarity_matrix(["在脑桥表现为长信号"], **options)


def test_a_corpus_of_findings_is_that_of_their_sentences():
    texts = random_texts(20)
    reports = [tuple(parse_sentence(text)) for text in texts]
    assert torch.equal(ReportCorpus(reports).similarity(), ReportCorpus(texts).similarity())
