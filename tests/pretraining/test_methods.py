"""What the methods are, and where their models lie."""

import pytest
import torch

from selip_core.config import PretrainingSettings, get_settings
from selip_core.pretraining.loop import pretrain
from selip_core.pretraining.methods import (
    COMPARED,
    PAIRS,
    PRETRAINED,
    VARIANTS,
    Method,
    model_folders,
    run_folder,
    trained_models,
)
from selip_core.reports.sentences import mirrored, parse_sentence
from selip_core.similarity.findings import KINDS
from selip_core.similarity.scores import ReportCorpus
from tests.helpers.small_runs import fresh_model, tiny_pairs, tiny_settings


def test_clip_and_selip_differ_in_the_weight_of_the_soft_targets_alone():
    profile = PretrainingSettings(soft_target_weight=0.7, steps=5)
    clip, selip = (VARIANTS[name].settings(profile) for name in PRETRAINED[:2])
    assert selip == profile and clip == profile.model_copy(update={"soft_target_weight": 0.0})


def test_every_variant_of_the_ablation_changes_one_thing_in_selip():
    profile = PretrainingSettings()
    changed = {name: dict(method.settings(profile)) for name, method in VARIANTS.items()}
    differences = {
        name: [key for key, value in values.items() if value != getattr(profile, key)]
        for name, values in changed.items()
    }
    counted = {name: len(keys) for name, keys in differences.items() if name not in ("sharp SeLIP", "label smoothing")}
    assert counted == {name: name != "SeLIP" for name in counted} and len(counted) == len(VARIANTS) - 2
    assert set(differences["label smoothing"]) - set(differences["sharp SeLIP"]) == {"similarity"}
    assert all(name == method.name for name, method in VARIANTS.items())


def test_a_change_that_pretraining_does_not_know_is_refused():
    with pytest.raises(ValueError, match="tempersture"):
        Method("typo", {"tempersture": 1}).settings(PretrainingSettings())


@pytest.mark.parametrize("profile", ["smoke", "demo"])
def test_the_variants_that_a_profile_names_are_known(profile):
    assert set(get_settings(profile).ablation.variants) <= set(VARIANTS)


def test_what_is_compared_is_pretrained_or_the_start():
    assert set(COMPARED) - {"scratch"} == set(PRETRAINED) <= set(VARIANTS)
    assert {name for pair in PAIRS for name in pair} == set(COMPARED)


def test_models_of_the_comparison_lie_where_pretraining_left_them(tmp_path):
    found = model_folders(tmp_path, [3])
    assert found["scratch", 3].name == "start_seed3" and found["CLIP", 3] == tmp_path / "models/CLIP_seed3/best"
    assert run_folder(tmp_path, "label smoothing", 0).name == "label_smoothing_seed0"


def test_a_run_that_was_put_aside_is_no_model_any_more(tmp_path):
    for run in ("SeLIP_seed0", "SeLIP_seed0.previous-1", "CLIP_seed0", "CLIP_seed0.previous-12"):
        (tmp_path / run / "best").mkdir(parents=True)
    (tmp_path / "start_seed0").mkdir()
    assert trained_models(tmp_path) == {name: tmp_path / name / "best" for name in ("CLIP_seed0", "SeLIP_seed0")}
    assert trained_models(tmp_path / "missing") == {}


def test_the_information_content_is_that_of_the_training_pairs_and_their_mirrored_forms(tmp_path):
    pairs = dict.fromkeys(("train", "validation"), tiny_pairs())
    settings = VARIANTS["information content"].settings(tiny_settings(steps=1))
    run = pretrain(fresh_model(), pairs, settings, tmp_path, progress=False)
    findings = pairs["train"].findings
    shown = [*findings, *(mirrored(report) for report in findings)] if settings.flip else findings
    first = [shown.index(tuple(parse_sentence(text))) for text in run.texts]
    expected = ReportCorpus(shown, information=True).similarity(first)
    assert torch.allclose(run.targets.similarity(range(len(first))), expected, atol=1e-6)


def test_a_similarity_variant_is_an_entry_in_similarity_and_one_in_methods(tmp_path, monkeypatch):
    alike = lambda findings, options, unit, device: torch.ones(len(findings), len(findings), device=device)  # noqa: E731
    monkeypatch.setitem(KINDS, "alike", alike)
    monkeypatch.setitem(VARIANTS, "all alike", Method("all alike", {"similarity": "alike"}))
    pairs = dict.fromkeys(("train", "validation"), tiny_pairs())
    settings = VARIANTS["all alike"].settings(tiny_settings(steps=1))
    run = pretrain(fresh_model(), pairs, settings, tmp_path, progress=False)
    assert (run.targets.similarity([0, 1, 2]) == 1).all() and len(run.steps) == 1
