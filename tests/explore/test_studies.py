"""Studies of several series: their features, who is like whom, and what a text finds among them."""

import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.errors import SelipError
from selip_core.explore.studies import StudyGallery, closest_studies, fused_features
from selip_core.reports.queries import read_query
from tests.helpers.data import SENTENCES
from tests.helpers.explorer_files import make_explorer, make_model


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    return make_explorer(tmp_path_factory.mktemp("explorer"))


def test_a_study_has_the_feature_that_its_series_make_together(explorer):
    assert explorer.studies.studies["sequences"].tolist() == ["T1+T2"] * 4
    for study in range(4):
        rows = np.flatnonzero(explorer.studies.of_series == study)
        part = torch.from_numpy(explorer.gallery.features[rows])
        alone = explorer.model.fuse_series(part, [explorer.series["sequence"].iloc[rows].tolist()])
        assert explorer.studies.features[study] == pytest.approx(alone.detach().numpy()[0], abs=1e-5)


def test_rows_of_a_study_need_not_stand_together(explorer):
    order = np.array([6, 0, 4, 2, 7, 1, 5, 3])
    mixed = StudyGallery(explorer.model, explorer.series.iloc[order], explorer.gallery.features[order])
    found = mixed.studies.assign(feature=list(mixed.features)).set_index("study_id")["feature"]
    for study, feature in zip(explorer.studies.studies["study_id"], explorer.studies.features, strict=True):
        assert found[study] == pytest.approx(feature, abs=1e-5)


def test_patients_like_one_are_other_patients_of_the_splits_asked_for(explorer):
    found = explorer.closest_patients(1, top=10)
    assert set(found["patient_id"]) == {"p2", "p4"} and found["score"].is_monotonic_decreasing
    assert set(found["sequence"]) == {explorer.series["sequence"].iloc[1]} and set(found["sequences"]) == {"T1+T2"}
    assert "p3" in set(explorer.closest_patients(1, top=10, splits=("train", "validation", "test"))["patient_id"])


def test_another_model_makes_other_studies(explorer):
    other = explorer.with_model(make_model(size=8))
    assert other.studies.features.shape == (4, 8) and explorer.studies.features.shape == (4, 16)


def test_a_text_is_compared_with_studies_as_a_report(explorer):
    query = read_query("左侧额叶见片状长T2信号，T1呈低信号")
    studies, features = explorer.studies.studies, explorer.studies.features
    found = closest_studies(explorer.model, studies, features, query)
    asked = explorer.model.encode_reports([query.sentences])[0].detach().numpy()
    assert found["score"].to_numpy() == pytest.approx(np.sort(features @ asked)[::-1], abs=1e-5)
    assert found["query"].iloc[0].startswith("T") and len(query.sentences) == 2
    with pytest.raises(SelipError, match="no study with ADC among 4"):
        closest_studies(explorer.model, studies, features, query, sequence="ADC")
    with pytest.raises(SelipError, match="embed the studies with this model"):
        closest_studies(make_model(size=8), studies, features, query)


def test_a_study_with_a_sequence_twice_is_refused_and_unnamed_series_may_be_several(explorer):
    series = pd.DataFrame({"patient_id": "", "study_id": "folder", "sequence": ["T1", "", "", "T1"]})
    with pytest.raises(SelipError, match="study folder has several series of T1"):
        StudyGallery(explorer.model, series, explorer.gallery.features[:4])
    unnamed = StudyGallery(explorer.model, series[:3], explorer.gallery.features[:3])
    assert unnamed.studies["sequences"].tolist() == ["T1+?+?"] and len(unnamed) == 1


def test_no_series_make_no_study(explorer):
    nothing = StudyGallery(explorer.model, explorer.series[:0], explorer.gallery.features[:0])
    assert len(nothing) == 0 and nothing.features.shape == (0, 16)
    assert fused_features(explorer.model, explorer.gallery.features[:1], [["T1"]])[0] == pytest.approx(
        explorer.gallery.features[0], abs=1e-6
    )


def test_a_text_without_words_of_a_study_is_searched_for(explorer):
    found = closest_studies(explorer.model, explorer.studies.studies, explorer.studies.features,
                            read_query(SENTENCES[0]), top=2, sequence="T2")  # fmt: skip
    assert len(found) == 2 and found["query"].tolist() == [SENTENCES[0]] * 2
