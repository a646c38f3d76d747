import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from selip_core.encoders.study import USUAL, StudyFusion
from selip_core.errors import SelipError
from selip_core.pretraining.study_features import study_features
from selip_core.reports.sentences import sentence_of
from tests.helpers.small_runs import fresh_model
from tests.helpers.small_studies import tiny_studies


@torch.no_grad()
def test_features_are_those_of_each_series_and_each_sentence():
    model, studies = fresh_model().eval(), tiny_studies(20, normal=2, without_t2=1)
    found = study_features(model, studies)
    assert found.image.features.shape == (20, len(USUAL), 16) and found.image.present.sum() == 39
    volume = torch.from_numpy(studies.volumes[[5]].astype(np.float32))  # the T2 of the third
    assert found.image.features[2, 1] == pytest.approx(model.encode_image(volume)[0], abs=1e-5)
    report = studies.reports[3]
    row = found.own[3]
    assert found.text.features[row, 0] == pytest.approx(model.encode_text([sentence_of(report["T1"])])[0], abs=1e-5)
    assert found.some.tolist() == [False] * 2 + [True] * 18 and found.own[0] == found.own[1]
    assert found.carries.sum(1).tolist() == [1] * 20 and found.carries[0, 0]


@torch.no_grad()
def test_fused_parts_are_what_the_model_makes_of_the_study():
    model, studies = fresh_model().eval(), tiny_studies(6, without_t2=1)
    found, mean = study_features(model, studies), StudyFusion(16, USUAL)
    volumes = [{name: torch.from_numpy(studies.volumes[row].astype(np.float32)) for name, row in rows.items()}
               for rows in studies.rows]  # fmt: skip
    assert found.image.fused(mean.image) == pytest.approx(model.encode_studies(volumes), abs=1e-5)
    only = torch.zeros(2, len(USUAL), dtype=torch.bool)
    only[:, 1] = True
    assert found.image.fused(mean.image, np.array([0, 3]), only) == pytest.approx(
        normalize(found.image.features[[0, 3], 1], dim=-1), abs=1e-6
    )


def test_no_study_is_one_sentence():
    with pytest.raises(SelipError, match="no evaluation patient"):
        study_features(fresh_model(), tiny_studies(0))
