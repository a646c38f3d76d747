import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from selip_core.encoders.inference import encode_series
from selip_core.errors import SelipError
from selip_core.explore.explorer import SEVERAL, UNKNOWN, map_labels, mapped_series, open_explorer
from selip_core.explore.gallery import Gallery
from selip_core.reports.queries import query_sentences, read_query
from tests.helpers.data import SENTENCES
from tests.helpers.explorer_files import REPORTS, make_explorer, write_head

ALL = ("train", "validation", "test")


@pytest.fixture
def explorer(tmp_path):
    return make_explorer(tmp_path)


def test_search_gives_the_cosines_with_all_that_is_told_of_a_series(explorer):
    found = explorer.closest_series(SENTENCES[0], top=20, splits=ALL)
    with torch.inference_mode():
        query = explorer.model.eval().encode_text([SENTENCES[0]]).numpy()[0]
    features = encode_series(explorer.model, explorer.cache.volumes, explorer.series["row"].to_numpy())
    assert len(found) == 8 and found["score"].is_monotonic_decreasing
    assert found["score"].to_numpy() == pytest.approx((features @ query)[found["series"]], abs=1e-5)
    for row in found.itertuples():
        told = explorer.series.iloc[row.series]
        assert (row.patient_id, row.sequence, row.split) == (told["patient_id"], told["sequence"], told["split"])
        assert row.report == REPORTS[row.patient_id]
        assert Image.open(io.BytesIO(row.thumbnail)).format == "PNG"


def test_test_patients_are_found_only_where_they_are_asked_for(explorer):
    assert "p3" not in set(explorer.closest_series(SENTENCES[2], top=20)["patient_id"])
    assert set(explorer.closest_series(SENTENCES[2], top=20, splits=("test",))["patient_id"]) == {"p3"}
    assert SENTENCES[2] not in set(explorer.closest_reports(0, top=20)["sentence"])
    assert "p3" not in set(explorer.closest_other_series(0, top=20)["patient_id"])


def test_search_keeps_to_a_sequence_and_says_where_there_is_none(explorer):
    assert set(explorer.closest_series(SENTENCES[0], "T2", top=20)["sequence"]) == {"T2"}
    with pytest.raises(SelipError, match="no series of ADC"):
        explorer.closest_series(SENTENCES[0], "ADC")
    with pytest.raises(SelipError, match="the query speaks of T2, and series of T1 alone are to be searched"):
        explorer.closest_series("左侧额叶见片状长T2信号", "T1")
    with pytest.raises(SelipError, match="no series of these patients"):
        explorer.closest_series(SENTENCES[0], splits=())
    with pytest.raises(SelipError, match="query is empty"):
        explorer.closest_series("   ")


def test_a_query_that_speaks_of_two_sequences_compares_each_with_its_own(explorer):
    found = explorer.closest_series("左侧额叶见片状长T2信号，T1呈低信号", top=20, splits=ALL)
    wanted = query_sentences("左侧额叶见片状长T2信号，T1呈低信号")
    assert len(wanted) == 2
    assert all(row.query == wanted[row.sequence] for row in found.itertuples())


def test_a_gallery_stacks_its_features_once(explorer, monkeypatch):
    gallery = Gallery(explorer.series, explorer.gallery.features)
    monkeypatch.setattr(np, "ascontiguousarray", lambda *_, **__: pytest.fail("stacked anew"))
    first, second = (gallery.search(explorer.model, read_query(SENTENCES[i]), top=3) for i in (0, 1))
    assert len(first) == len(second) == 3


def test_closest_reports_are_the_sentences_by_cosine_each_with_a_series_that_carries_it(explorer):
    found = explorer.closest_reports(0, top=20, splits=ALL)
    with torch.inference_mode():
        texts = explorer.model.eval().encode_text(found["sentence"].tolist()).numpy()
    assert sorted(found["sentence"]) == sorted(SENTENCES) and found["carriers"].tolist() == [2, 2, 2]
    assert found["score"].to_numpy() == pytest.approx(texts @ explorer.gallery.features[0], abs=1e-5)
    assert found.loc[found["own"], "sentence"].tolist() == [SENTENCES[0]]
    assert (explorer.series["sentence"].iloc[found["series"]].to_numpy() == found["sentence"]).all()


def test_closest_other_series_leave_the_patient_out(explorer):
    found = explorer.closest_other_series(0, top=20, splits=ALL)
    assert len(found) == 6 and "p1" not in set(found["patient_id"])


def test_another_preprocessing_is_refused_with_both_fingerprints(explorer):
    explorer.model.config["preprocessing_fingerprint"] = "another"
    with pytest.raises(SelipError, match=f"another.*{explorer.cache.preprocessing_fingerprint}"):
        explorer.with_model(explorer.model)


def test_a_cohort_without_sentences_says_where_to_look(explorer, tmp_path):
    nothing = pd.DataFrame({"study_id": [], "sequence": [], "sentence": []}, dtype=str)
    splits = pd.DataFrame({"patient_id": ["p1"], "split": ["train"]})
    with pytest.raises(SelipError, match="02_report_findings"):
        open_explorer(explorer.model, explorer.cache, explorer.cohort, sentences=nothing, splits=splits, store=tmp_path)


def test_an_own_file_is_what_the_cohort_would_have_made_of_it(explorer):
    own = explorer.read_volume(f" {explorer.cohort.directory / 'images/p2/T2.nii.gz'} ")
    row = explorer.series.index[(explorer.series["patient_id"] == "p2") & (explorer.series["sequence"] == "T2")][0]
    assert own.name == "T2.nii.gz" and own.volume == pytest.approx(explorer.volume(row), abs=2e-3)
    assert own.feature == pytest.approx(explorer.gallery.features[row], abs=1e-3)
    found, of_series = explorer.closest_reports(own), explorer.closest_reports(row)
    assert found["sentence"].tolist() == of_series["sentence"].tolist() and not found["own"].any()


def test_a_file_that_cannot_be_used_says_why(explorer, tmp_path):
    (tmp_path / "broken.nii.gz").write_bytes(b"no")
    (tmp_path / "scan.mha").write_bytes(b"no")
    for path, why in (
        (tmp_path, "no NIfTI file"),
        (tmp_path / "scan.mha", "no NIfTI file"),
        ("", "no file is named"),
        ("nowhere.nii", "no such file"),
        (tmp_path / "broken.nii.gz", "not gzipped, though named so"),
    ):
        with pytest.raises(SelipError, match=why):
            explorer.read_volume(path)


def test_the_mask_lies_on_the_grid_of_the_series_on_the_patients_left(explorer):
    mask, volume = explorer.mask(0), explorer.volume(0)
    assert mask.shape == volume.shape and mask.any() and explorer.mask(2) is None
    assert np.argwhere(mask)[:, 2].mean() < (mask.shape[2] - 1) / 2  # W runs from left to right
    assert volume[mask].mean() > np.percentile(volume, 95)


def test_write_head_lies_left(tmp_path):
    import nibabel as nib

    image = nib.load(write_head(tmp_path / "a.nii.gz"))
    assert np.argwhere(image.get_fdata() == 1000)[:, 0].mean() < image.shape[0] / 2  # x grows to the right


def write_labels(explorer, lines: str) -> None:
    (explorer.cohort.directory / "labels.csv").write_text(f"patient_id,label\n{lines}", encoding="utf-8")


def test_the_map_shows_series_with_a_sentence_and_no_test_patient_unless_asked_for(explorer):
    patients = explorer.series["patient_id"]
    assert patients.iloc[mapped_series(explorer)].tolist() == ["p1", "p1", "p2", "p2"]  # p4 has no sentence
    assert patients.iloc[mapped_series(explorer, ("test",))].tolist() == ["p3", "p3"]


def test_labels_are_in_the_order_of_the_series_asked_for(explorer):
    labels = map_labels(explorer, mapped_series(explorer)[::-1])
    assert labels == {"sequence": ["T2", "T1", "T2", "T1"], "site": ["右侧丘脑", "右侧丘脑", "左侧额叶", "左侧额叶"]}


def test_kinds_are_those_of_the_cohorts_labels_with_a_word_for_several_and_for_none(explorer):
    series = mapped_series(explorer)
    write_labels(explorer, "p1,old_infarct\np1,tumour\n")
    assert map_labels(explorer, series)["kind"] == [SEVERAL, SEVERAL, UNKNOWN, UNKNOWN]
    write_labels(explorer, "p1,old_infarct\n")
    assert map_labels(explorer, series)["kind"] == ["old infarct", "old infarct", UNKNOWN, UNKNOWN]
