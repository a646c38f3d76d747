"""The similarity of a batch has the kind that the settings name."""

import pytest
import torch

from selip_core.config import PretrainingSettings
from selip_core.similarity import findings, targets
from selip_core.similarity.findings import KINDS
from selip_core.similarity.scores import ReportCorpus
from selip_core.similarity.targets import SIMILARITY_SETTINGS, TargetSimilarity, even_out, target_similarity
from tests.helpers.reports import random_texts
from tests.helpers.small_runs import TEXTS

ROWS = [3, 0, 7, 12]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("matching", ["mean", "best"])
def test_a_kind_of_similarity_is_that_of_the_corpus(kind, matching, device):
    made = TargetSimilarity(TEXTS, kind=kind, matching=matching, device=device)
    assert torch.equal(
        made.similarity(ROWS), ReportCorpus(TEXTS, kind=kind, matching=matching, device=device).similarity(ROWS)
    )


def test_even_is_the_mixed_one_spread_over_the_batch():
    made = TargetSimilarity(TEXTS, kind="even").similarity(ROWS)
    assert torch.equal(made, even_out(ReportCorpus(TEXTS).similarity(ROWS)))


def test_label_smoothing_has_the_same_strength_in_every_row():
    similarity = ReportCorpus(TEXTS).similarity()
    evened = even_out(similarity)
    assert torch.allclose(evened.sum(1), similarity.sum(1)) and torch.equal(evened.diagonal(), similarity.diagonal())
    off = evened[~torch.eye(len(TEXTS), dtype=torch.bool)].view(len(TEXTS), -1)
    assert torch.allclose(off, off[:, :1].expand_as(off))


def test_a_kind_is_one_entry(monkeypatch):
    ones = lambda findings, options, unit, device: torch.ones(len(findings), len(findings), device=device)  # noqa: E731
    monkeypatch.setitem(findings.KINDS, "same", ones)
    monkeypatch.setitem(targets.BATCH_KINDS, "half", ("same", lambda similarity: similarity / 2))
    assert (TargetSimilarity(TEXTS, kind="same").similarity(ROWS) == 1).all()
    assert (TargetSimilarity(TEXTS, kind="half").similarity(ROWS) == 0.5).all()


def test_an_unknown_kind_is_named_with_those_that_are_known():
    with pytest.raises(ValueError, match="one of mixed, .*even, not 'other'"):
        TargetSimilarity(TEXTS, kind="other")


def test_what_the_settings_name_is_taken(device):
    settings = PretrainingSettings(
        similarity="semantic", matching="best", site_weight=0.8, site_match="graded", information=True,
        similarity_power=2, syntax_unit="bigrams",
    )  # fmt: skip
    counts = [*range(len(TEXTS))]
    corpus = ReportCorpus(
        TEXTS, kind="semantic", matching="best", weights=(0.8, 1 - 0.8), site_match="graded", information=True,
        power=2, syntax_unit="bigrams", counts=counts, device=device,
    )  # fmt: skip
    made = target_similarity(TEXTS, settings, counts=counts, device=device)
    assert torch.equal(made.similarity(ROWS), corpus.similarity(ROWS))


@pytest.mark.parametrize("name", SIMILARITY_SETTINGS)
def test_every_setting_of_the_similarity_changes_it(name):
    other = {"similarity": "syntax", "matching": "best", "site_weight": 0.9, "site_match": "graded",
             "information": True, "similarity_power": 2.0, "syntax_unit": "bigrams"}[name]  # fmt: skip
    texts = random_texts(20)
    changed, plain = (
        target_similarity(texts, PretrainingSettings(**change)).similarity(range(20)) for change in ({name: other}, {})
    )
    assert not torch.allclose(changed, plain, atol=1e-3)


def test_even_has_the_strength_of_the_sharpened_similarity():
    options = {"matching": "best", "site_weight": 0.9, "power": 2.0}
    sharp, even = (TargetSimilarity(TEXTS, kind=kind, **options).similarity(ROWS) for kind in ("mixed", "even"))
    assert torch.allclose(even, even_out(sharp))
