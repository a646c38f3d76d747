"""One feature for a whole study: the mean before training, any subset of series, and its file."""

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize
from transformers import AutoModel

from selip_core import automodel  # noqa: F401, it registers the model
from selip_core.encoders.model import SelipModel
from selip_core.encoders.study import FUSION, USUAL, StudyFusion, fuse_parts
from selip_core.errors import SelipError
from tests.helpers.data import SENTENCES, SHAPE

REPORT = {"T1": SENTENCES[0], "FLAIR": SENTENCES[1]}


def trained(size=16, seed=0):
    """Return a fusion whose weights are not 0."""
    torch.manual_seed(seed)
    fusion = StudyFusion(size, USUAL)
    with torch.no_grad():
        for part in (fusion.image, fusion.text):
            part.embedding.weight[:-1].normal_()
            part.query.normal_()
    return fusion.eval()


def volumes(*names, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    return {name: torch.rand((1, *SHAPE), generator=drawn) for name in names}


@pytest.fixture
def model(tiny_model):
    return tiny_model.eval()


@torch.no_grad()
def test_an_untrained_fusion_is_the_mean_brought_back_to_unit_norm(model):
    study = volumes("T1", "T2", "DWI")
    mean = normalize(model.encode_image(torch.stack(list(study.values()))).mean(0), dim=0)
    assert model.encode_study(study) == pytest.approx(mean, abs=1e-6)
    model.take_study_fusion(StudyFusion(16, USUAL))
    assert model.encode_study(study) == pytest.approx(mean, abs=1e-6)
    sentences = normalize(model.encode_text(list(REPORT.values())).mean(0), dim=0)
    assert model.encode_reports([REPORT])[0] == pytest.approx(sentences, abs=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("fusion", [None, trained()], ids=["mean", "trained"])
@pytest.mark.parametrize("names", [["T1"], ["ADC", "T1"], ["T1", "T2", "FLAIR", "DWI", "ADC", "T1ce"], [""]])
def test_any_subset_of_series_has_a_feature_of_unit_norm(model, fusion, names):
    model.take_study_fusion(fusion)
    study = volumes(*names)
    feature = model.encode_study(study)
    assert feature.shape == (16,) and feature.norm().item() == pytest.approx(1, abs=1e-5)
    if len(names) == 1 and fusion is None:
        assert feature == pytest.approx(model.encode_image(study[names[0]][None])[0], abs=1e-6)


@torch.no_grad()
def test_studies_of_several_sizes_together_are_as_each_alone_in_any_order(model):
    model.take_study_fusion(trained())
    studies = [volumes("T1", "DWI", "T2"), volumes("FLAIR", seed=1), volumes("T1", "ADC", seed=2)]
    together = model.encode_studies(studies)
    for study, feature in zip(studies, together, strict=True):
        assert model.encode_study(study) == pytest.approx(feature, abs=1e-5)
        assert model.encode_study(dict(reversed(study.items()))) == pytest.approx(feature, abs=1e-5)
    reports = model.encode_reports([REPORT, {"": SENTENCES[2]}])
    assert reports[1] == pytest.approx(model.encode_text([SENTENCES[2]])[0], abs=1e-5) and reports.shape == (2, 16)


@torch.no_grad()
def test_the_sequence_of_a_series_counts_once_a_fusion_is_trained(model):
    volume = volumes("T1")["T1"]
    assert model.encode_study({"T1": volume}) == pytest.approx(model.encode_study({"T2": volume}), abs=1e-6)
    model.take_study_fusion(trained())
    assert (model.encode_study({"T1": volume}) - model.encode_study({"T2": volume})).abs().max() > 0.01


@torch.no_grad()
def test_what_stands_in_the_place_of_a_missing_series_changes_nothing():
    fusion = trained().image
    features = normalize(torch.randn(4, 5, 16), dim=-1)
    present = torch.tensor([[True, False, True, False, False]] * 4)
    ids, one = torch.arange(5).expand(4, 5), fusion(features, torch.arange(5).expand(4, 5), present)
    for instead in (100.0, torch.nan, torch.inf):
        other = features.masked_fill(~present[..., None], instead)
        assert torch.equal(fusion(other, ids, present), one)
        assert torch.equal(fusion(other, ids.masked_fill(~present, 0), present), one)


def test_attention_is_what_the_formula_says():
    fusion = trained(size=3).image
    parts = normalize(torch.randn(2, 3), dim=-1)
    table, query = fusion.embedding.weight.detach().numpy(), fusion.query.detach().numpy()
    shifted = [parts[i].numpy() + table[USUAL.index(name)] for i, name in enumerate(("DWI", "T1"))]
    weights = [np.exp(float(part @ query)) for part in shifted]
    whole = sum(w * part for w, part in zip(weights, shifted, strict=True)) / sum(weights)
    found = fuse_parts(fusion, parts, [["DWI", "T1"]])[0].detach().numpy()
    assert found == pytest.approx(whole / np.linalg.norm(whole), abs=1e-5)


def test_a_wrong_study_is_one_sentence(model):
    with pytest.raises(SelipError, match="study 0 has no series"):
        model.encode_study({})
    with pytest.raises(SelipError, match="study 1 has a sequence 'SWI': known are T1, T2"):
        model.encode_studies([volumes("T1"), volumes("SWI")])
    with pytest.raises(SelipError, match="study 0 has a sequence 'mask'"):
        model.encode_reports([{"mask": SENTENCES[0]}])
    with pytest.raises(SelipError, match="several shapes"):
        model.encode_study({"T1": torch.rand(1, *SHAPE), "T2": torch.rand(1, 2, 2, 2)})
    with pytest.raises(SelipError, match="this model takes"):
        model.encode_study({"T1": torch.rand(1, 2, 2, 2)})


@torch.no_grad()
def test_a_fusion_is_kept_beside_the_weights_and_comes_back_equal(model, tmp_path):
    study, mean = volumes("T1", "T2"), model.save_pretrained(tmp_path / "mean")
    assert not (mean / FUSION).exists()
    model.take_study_fusion(trained())
    saved = model.save_pretrained(tmp_path / "fused")
    expected = model.encode_study(study), model.encode_reports([REPORT])
    for again in (SelipModel.from_pretrained(saved), AutoModel.from_pretrained(saved)):
        assert again.study_fusion.sequences == USUAL and set(again.state_dict()) == set(model.state_dict())
        assert torch.equal(again.encode_study(study), expected[0])
        assert torch.equal(again.encode_reports([REPORT]), expected[1])
    auto = AutoModel.from_pretrained(saved)
    auto.save_pretrained(tmp_path / "auto")
    assert torch.equal(SelipModel.from_pretrained(tmp_path / "auto").encode_study(study), expected[0])
    for folder in (mean, saved):
        assert AutoModel.from_pretrained(folder).study_fusion.sequences == (USUAL if folder == saved else ())
    model.take_study_fusion(None)
    model.save_pretrained(saved)
    assert not (saved / FUSION).exists() and SelipModel.from_pretrained(saved).study_fusion.sequences == ()


def test_a_fusion_of_other_weights_or_a_damaged_one_is_refused(model, tmp_path):
    model.take_study_fusion(trained())
    saved, kept = model.save_pretrained(tmp_path / "model"), tmp_path / "kept"
    (saved / FUSION).rename(kept)
    with torch.no_grad():
        model.log_logit_scale.add_(1)
    model.save_pretrained(saved)
    (saved / FUSION).write_bytes(kept.read_bytes())
    for load in (SelipModel.from_pretrained, AutoModel.from_pretrained):
        with pytest.raises(SelipError, match="trained with other weights than model.safetensors"):
            load(saved)
    (saved / FUSION).write_bytes(kept.read_bytes()[:200])
    with pytest.raises(SelipError, match="is damaged"):
        SelipModel.from_pretrained(saved)
    model.take_study_fusion(trained(size=8))
    model.save_fusion(saved)
    with pytest.raises(SelipError, match="is no fusion of 16 numbers"):
        SelipModel.from_pretrained(saved)
