"""Training a study's fusion: better than the mean where there is something to learn, the same again, and kept."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import normalize

from selip_core.config import get_settings
from selip_core.datasets.studies import findings_of_report
from selip_core.encoders.model import SelipModel
from selip_core.encoders.study import FUSION, USUAL, StudyFusion
from selip_core.pretraining import study_fusion
from selip_core.pretraining.study_features import Parts, StudyFeatures
from selip_core.pretraining.study_fusion import fuse_run, some_of, train_study_fusion, validate_fusion
from tests.helpers.small_runs import fresh_model, tiny_settings
from tests.helpers.small_studies import tiny_studies


def fusion_settings(**changes):
    values = {"steps": 40, "batch_size": 8, "learning_rate": 0.05, "validate_every": 20}
    return get_settings("smoke", study_fusion={**values, **changes}).study_fusion


def toy(n, seed):
    """Return features of studies whose T1 tells nothing, and whose T2 tells what their reports say."""
    rng = np.random.default_rng(seed)
    studies = tiny_studies(n)
    reports = list(studies.distinct_reports)
    own = np.array([reports.index(text) for text in studies.texts])
    truth = normalize(torch.from_numpy(np.random.default_rng(0).normal(size=(len(reports), 16)).astype(np.float32)))
    noise = [torch.from_numpy(rng.normal(size=(n, 16)).astype(np.float32)) for _ in range(2)]
    image = torch.zeros(n, len(USUAL), 16)
    image[:, 0] = normalize(noise[0], dim=-1)
    image[:, 1] = normalize(truth[own] + 0.3 * noise[1], dim=-1)
    text = torch.zeros(len(reports), len(USUAL), 16)
    text[:, 0] = text[:, 1] = truth
    present = torch.zeros(n, len(USUAL), dtype=torch.bool)
    present[:, :2] = True
    parts = Parts(image, present), Parts(text, present[:1].expand(len(reports), -1))
    return studies, StudyFeatures(*parts, own, np.ones(n, bool))


def trained(method=None, seed=0, **changes):
    (studies, train), (_, validation) = toy(64, 1), toy(32, 2)
    reports = [findings_of_report(report) for report in studies.distinct_reports.values()]
    return train_study_fusion(
        {"train": train, "validation": validation}, reports, method or tiny_settings(), fusion_settings(**changes),
        logit_scale=10.0, seed=seed,
    )  # fmt: skip


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_series_that_tells_nothing_loses_its_weight(weight):
    fusion, looks = trained(tiny_settings(soft_target_weight=weight))
    mean, kept = looks.iloc[0], looks[looks["kept"]].iloc[0]
    assert looks["step"].tolist() == [0, 20, 40] and looks["kept"].sum() == 1
    assert kept["mean_reciprocal_rank"] > mean["mean_reciprocal_rank"] + 0.02
    found = validate_fusion(fusion, toy(32, 2)[1])
    assert found["mean_reciprocal_rank"] == pytest.approx(kept["mean_reciprocal_rank"])
    as_the_mean = validate_fusion(StudyFusion(16, USUAL), toy(32, 2)[1])
    assert as_the_mean["mean_reciprocal_rank"] == pytest.approx(mean["mean_reciprocal_rank"])


def test_the_same_again_is_the_same_and_another_seed_is_not():
    weights = [trained(seed=seed)[0].image.query for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_a_fusion_that_gets_worse_stays_the_mean(monkeypatch):
    ranks = iter([0.5, 0.4, 0.3])
    monkeypatch.setattr(study_fusion, "validate_fusion", lambda *_: {"mean_reciprocal_rank": next(ranks)})
    fusion, looks = trained()
    assert looks["kept"].tolist() == [True, False, False]
    assert all(not tensor.any() for tensor in fusion.state_dict().values())


def test_one_report_is_nothing_to_train_on():
    _, features = toy(16, 1)
    fusion, looks = train_study_fusion(
        {"train": features, "validation": features}, [()], tiny_settings(), fusion_settings(), logit_scale=1.0, seed=0
    )
    assert fusion is None and looks.empty


def test_some_series_are_left_out_and_one_always_stays():
    present = torch.tensor([[True, True, True, False, False], [True, False, False, False, False]] * 200)
    kept = some_of(present, 0.5, torch.Generator().manual_seed(0))
    assert not (kept & ~present).any() and kept.any(1).all()
    assert 0.5 < kept[::2, :3].float().mean() < 0.65 and kept[1::2, 0].all()
    assert torch.equal(some_of(present, 0.0, torch.Generator()), present)


def test_a_run_is_fused_once_and_again_where_something_changed(tmp_path, monkeypatch):
    fresh_model().save_pretrained(tmp_path / "best")
    studies = {"train": tiny_studies(32), "validation": tiny_studies(16, seed=1)}
    about = {"seed": 0, "device": torch.device("cpu")}
    looks = fuse_run(tmp_path, studies, tiny_settings(), fusion_settings(), **about)
    model = SelipModel.from_pretrained(tmp_path / "best")
    assert model.study_fusion.sequences == USUAL and len(looks) == 3
    written = (tmp_path / "best" / FUSION).stat().st_mtime_ns
    monkeypatch.setattr(study_fusion, "study_features", lambda *_: pytest.fail("encoded again"))
    again = fuse_run(tmp_path, studies, tiny_settings(), fusion_settings(), **about)
    pd.testing.assert_frame_equal(again, looks)
    assert (tmp_path / "best" / FUSION).stat().st_mtime_ns == written
    monkeypatch.undo()
    fuse_run(tmp_path, studies, tiny_settings(), fusion_settings(steps=20), **about)
    fresh_model(seed=1).save_pretrained(tmp_path / "best")  # as pretraining does, which knows no fusion
    assert not (tmp_path / "best" / FUSION).exists()
    fuse_run(tmp_path, studies, tiny_settings(), fusion_settings(), **about)
    assert (tmp_path / "best" / FUSION).exists()
