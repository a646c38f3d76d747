"""Real patients, one institution after the other held out, on a collection in small."""

import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.config import ExternalSettings, PreprocessingSettings, SegmentationSettings
from selip_core.datasets.annotations import read_masks
from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.lgg import coded_sites, read_codes
from selip_core.datasets.registration import Registration
from selip_core.datasets.volume_cache import build_cache
from selip_core.downstream import external
from selip_core.downstream.segmentation_data import cohort_cases
from selip_core.downstream.training import Budget
from selip_core.encoders.model import build_model, load_model
from selip_core.ingest import ingest
from tests.helpers.data import OPTIONS, PREPROCESSED, SENTENCES, SHAPE, made_statistics
from tests.helpers.stacks import write_collection

CPU = torch.device("cpu")
PREPROCESSING = PreprocessingSettings(**OPTIONS)
SETTINGS = ExternalSettings(fractions=(0.5, 1.0), segmentation_steps=2, fine_tuning_steps=2)


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Return cohort, codes, cache, folds and cases of two institutions of twelve, and one of two."""
    folder = tmp_path_factory.mktemp("collection")
    root = write_collection(folder / "lgg", {"CS": 12, "DU": 12, "EZ": 2})
    ingest(root, folder / "out", progress=False, workers=1)
    cohort, codes = load_cohort(folder / "out"), read_codes(root)
    cache = build_cache(cohort, PREPROCESSING, folder / "cache", progress=False)
    folds = external.institution_folds(codes.set_index("patient_id")["institution"], seed=0)
    cases, problems = cohort_cases(
        cohort, read_masks(cohort).table, "tumour", ("FLAIR",), PREPROCESSING, folder / "cases"
    )
    assert problems.empty and len(cases) == 26
    return cohort, codes, cache, folds, cases


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folders = {}
    for method in ("scratch", "CLIP"):
        torch.manual_seed(len(folders))
        model = build_model(
            {"name": "small", "pooling": "located", "width": 8, "blocks": 1},
            {"name": "small", "max_tokens": 32}, volume_shape=SHAPE, embedding_size=8,
            vocabulary_texts=[*SENTENCES, "在右侧额叶表现为低信号"], extra=PREPROCESSED,
        )  # fmt: skip
        folders[method, 0] = tmp_path_factory.mktemp("model")
        model.save_pretrained(folders[method, 0])
    return folders


def by_fold(models, folds):
    return {(method, seed, of): folder for (method, seed), folder in models.items() for of in folds}


def test_the_templates_of_a_fold_are_of_its_training_patients_alone(collection, tmp_path):
    _, _, cache, folds, _ = collection
    torch.manual_seed(0)
    model = build_model(
        {"name": "small", "pooling": "located", "width": 8, "blocks": 1, "templates": ["FLAIR", "T1", "T2"]},
        {"name": "small", "max_tokens": 32}, volume_shape=SHAPE, embedding_size=8, vocabulary_texts=SENTENCES,
        extra=PREPROCESSED,
    )  # fmt: skip
    model.image_encoder.templates.load(made_statistics(("FLAIR", "T1", "T2")))
    model.save_pretrained(tmp_path / "model")
    found = external.with_own_templates({("CLIP", 0): tmp_path / "model"}, cache, folds, tmp_path / "own")
    assert set(found) == {("CLIP", 0, "CS"), ("CLIP", 0, "DU")}
    split = folds["CS"]
    index = cache.index[cache.index["patient_id"].isin(split.index[split == "train"])]
    mean = cache.volumes[index.loc[index["sequence"] == "FLAIR", "row"]].astype(float).mean(0)[0]
    templates = load_model(found["CLIP", 0, "CS"], cache.preprocessing_fingerprint, device=CPU).image_encoder.templates
    assert np.allclose(templates.mean[0, 0], (mean + mean[..., ::-1]) / 2, atol=1e-3)
    assert torch.equal(templates.mean[2], model.image_encoder.templates.mean[2])  # no T2 here: it keeps what it had


def test_every_institution_of_ten_is_held_out_once_and_no_patient_is_on_two_sides(collection):
    _, codes, _, folds, _ = collection
    institutions = codes.set_index("patient_id")["institution"]
    assert set(folds) == {"CS", "DU"}
    for held_out, split in folds.items():
        assert set(split.index[split == "test"]) == set(institutions.index[institutions == held_out])
        assert set(split) == {"train", "validation", "test"} and len(split) == len(institutions)
        assert 0.1 < (split == "validation").sum() / (split != "test").sum() < 0.3


def test_one_institution_alone_cannot_be_held_out():
    assert external.institution_folds(pd.Series(["CS"] * 30, index=range(30)), seed=0) == {}


def test_masks_lie_on_the_coded_side(collection):
    _, codes, _, _, cases = collection
    where = external.mask_positions(cases.regions[:, 0], cases.volumes[:, 0], PREPROCESSING.spacing_mm)
    side = codes.set_index("patient_id")["side"].reindex(cases.patients)
    assert ((where["right_mm"] > 0).to_numpy() == (side == "right").to_numpy()).all()
    assert (where["anterior_mm"] > 0).all()


def test_segmentation_tests_every_patient_once_a_run(collection, models):
    _, _, _, folds, cases = collection
    draws = external.several_draws(by_fold(models, folds), 2)
    assert set(draws) == {(m, s, i) for m in ("scratch", "CLIP") for s in (0, 1) for i in folds}
    results, examples = external.external_segmentation(
        draws, cases, folds, SETTINGS, SegmentationSettings(batch_size=2), device=CPU,
        spacing_mm=PREPROCESSING.spacing_mm, preprocessing_fingerprint=PREPROCESSED["preprocessing_fingerprint"],
    )  # fmt: skip
    counted = results.groupby(["method", "seed", "fraction"])["patient_id"].agg(["size", "nunique"])
    assert (counted == 24).all(axis=None) and len(counted) == 8
    assert results.groupby("case")["patient_id"].nunique().eq(1).all() and set(examples) == {"CS", "DU"}


def test_only_fully_coded_patients_are_asked():
    codes = pd.DataFrame({
        "patient_id": list("abc"), "side": ["left", "midline", ""], "lobe": ["frontal lobe", "temporal lobe", "insula"],
        "grade": ["G3", "G2", "G2"],
    })  # fmt: skip
    truth = external.coded_truth(codes)
    assert truth.index.tolist() == ["a", "b"]
    assert truth.loc["a"].tolist() == [True, True, False, False, True]
    assert truth.loc["b"].tolist() == [False, False, True, False, False]


def test_learnt_predictions_are_ranks_within_institution(collection, models):
    _, codes, cache, folds, _ = collection
    truth = external.coded_truth(codes)
    found = external.learnt_predictions(
        by_fold(models, folds), external.several_draws(by_fold(models, folds), 2), cache, truth, folds,
        Budget(2, 4, 1e-3), device=CPU,
    )
    assert set(found["approach"]) == {"linear probe", "fine-tuning"} and found["patient_id"].nunique() == 24
    runs = found.groupby(["institution", "approach", "method", "label"])["score"]
    assert np.allclose(runs.mean(), 0.5) and found["score"].between(0, 1).all()


def test_a_model_of_a_fold_is_asked_about_its_institution_alone(collection, models):
    _, codes, cache, folds, _ = collection
    truth = external.coded_truth(codes)
    site_of = coded_sites(codes)
    told, percentiles = external.told_by_sentences(models, cache, truth, site_of, folds, device=CPU)
    assert set(told["label"]) == {"left side", "frontal lobe", "temporal lobe", "parietal lobe"}
    assert percentiles.groupby("method")["patient_id"].nunique().eq(24).all()
    assert percentiles["percentile"].between(0, 1).all() and set(percentiles["sequence"]) == {"FLAIR", "T1"}
    own = {("CLIP", 0, "CS"): models["CLIP", 0]}
    told, percentiles = external.told_by_sentences(own, cache, truth, site_of, folds, device=CPU)
    assert set(told["institution"]) == {"CS"} and percentiles["patient_id"].str.contains("-CS-").all()


def test_percentiles_are_those_of_the_definition(collection, models, monkeypatch):
    _, codes, cache, folds, _ = collection
    site_of = coded_sites(codes)
    reader = external.SiteReader(models["CLIP", 0], cache, cache.index, device=CPU)

    def knowing(self, sequence, sites):
        who = self.index.loc[self.index["sequence"] == sequence, "patient_id"]
        return np.array([[float(site_of[patient] == site) for site in sites] for patient in who])

    patients = folds["CS"].index[folds["CS"] == "test"]
    monkeypatch.setattr(external.SiteReader, "cosines", knowing)
    assert (reader.percentiles(site_of, patients)["percentile"] == 1).all()
    monkeypatch.setattr(external.SiteReader, "cosines", lambda self, sequence, sites: -knowing(self, sequence, sites))
    assert (reader.percentiles(site_of, patients)["percentile"] == 0).all()


def test_an_order_of_the_volumes_that_no_sentence_changes_gets_a_half(collection, models, monkeypatch):
    _, codes, cache, folds, _ = collection
    site_of = coded_sites(codes)
    reader = external.SiteReader(models["CLIP", 0], cache, cache.index, device=CPU)

    def frontal_first(self, sequence, sites):
        who = self.index.loc[self.index["sequence"] == sequence, "patient_id"]
        return np.array([[float("额叶" in site_of[patient])] * len(sites) for patient in who])

    monkeypatch.setattr(external.SiteReader, "cosines", frontal_first)
    patients = folds["CS"].index[folds["CS"] == "test"]
    assert (reader.percentiles(site_of, patients)["percentile"] == 0.5).all()


def test_the_ceiling_is_what_perfect_scores_get():
    truth = [True] * 4 + [False] + [True] + [False] * 4
    told = pd.DataFrame({
        "patient_id": range(10), "label": "left side", "truth": truth, "institution": ["A"] * 5 + ["B"] * 5,
    })  # fmt: skip
    assert external.rank_ceilings(told)["ceiling"].tolist() == pytest.approx([0.82])


def test_a_share_that_one_fold_cannot_draw_is_left_out(collection):
    _, _, _, folds, cases = collection
    assert external.common_shares(cases, folds, (0.01, 0.5, 1.0)) == (0.5, 1.0)
    assert external.common_shares(cases, {}, (0.5, 1.0)) == ()


def test_heads_are_laid_on_the_template_head_once(tmp_path, monkeypatch):
    cohort = external.real_cohort(write_collection(tmp_path / "lgg", {"CS": 2}), tmp_path / "cache", "made")
    asked = []

    def found(path, sequence):
        asked.append(sequence)
        return Registration(np.diag([1.1, 1.1, 1.1, 1.0]))

    monkeypatch.setattr("selip_core.datasets.standard_space.onto_template", found)
    laid, table = external.on_template_head(cohort, tmp_path / "cache", workers=1)
    assert table["scale"].tolist() == [1.1, 1.1] and asked == ["T1", "T1"]
    assert laid.data_source == "made" and laid.series["path"].tolist() == cohort.series["path"].tolist()
    again, _ = external.on_template_head(cohort, tmp_path / "cache", workers=1)
    assert again.directory == laid.directory and len(asked) == 2
    stale = tmp_path / "cache" / "registered_old"
    stale.mkdir()
    external.on_template_head(cohort, tmp_path / "cache", workers=1)
    assert not stale.exists() and laid.directory.exists()


def test_the_cohort_is_made_anew_where_files_have_changed(tmp_path):
    root = write_collection(tmp_path / "lgg", {"CS": 1})
    first = external.real_cohort(root, tmp_path / "cache", "made")
    assert external.real_cohort(root, tmp_path / "cache", "made").directory == first.directory
    moved = root.rename(tmp_path / "elsewhere")
    again = external.real_cohort(moved, tmp_path / "cache", "made")
    assert again.directory != first.directory and not first.directory.exists()
    assert again.data_source == "made" and len(again.series) == 2


def test_a_second_study_of_a_patient_is_left_out(collection):
    cohort = collection[0]
    again = cohort.series.assign(study_id=cohort.series["study_id"] + "_2")
    doubled = external.replace(cohort, series=pd.concat([again, cohort.series], ignore_index=True))
    assert external.one_study_each(doubled).series["study_id"].tolist() == cohort.series["study_id"].tolist()
    assert len(external.every_volume(collection[2])) == len(collection[2].index)
