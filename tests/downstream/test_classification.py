"""Predictions of every method in one table, and what the tables say of them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from selip_core.downstream import classification
from selip_core.downstream.classification import (
    ClassificationTask,
    fine_tuning_predictions,
    labelled_task,
    probe_predictions,
    series_features,
    zero_shot_predictions,
)
from selip_core.downstream.classification_tables import MEAN, auc_difference_table, not_learnable, score_table
from selip_core.downstream.kept_runs import KeptRuns
from selip_core.downstream.training import Budget
from selip_core.encoders.model import build_model
from selip_core.metrics.classification import DELONG, auc
from selip_core.sequences import TABLE, Sequence
from tests.helpers.data import PREPROCESSED, SHAPE

CPU = torch.device("cpu")
TEXTS = ["在左侧额叶表现为斑片状高信号", "在脑沟表现为增宽"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    made = {}
    for seed in (0, 1):
        for method in ("scratch", "SeLIP"):
            torch.manual_seed(seed + 10 * (method == "SeLIP"))
            model = build_model(
                {"name": "small", "pooling": "located", "width": 8}, {"name": "small", "max_tokens": 48},
                volume_shape=SHAPE, embedding_size=16, vocabulary_texts=TEXTS, extra=PREPROCESSED,
            )  # fmt: skip
            made[method, seed] = model.save_pretrained(folder / f"{method}{seed}")
    return made


@pytest.fixture(scope="module")
def task():
    """Forty patients with two series each; the label is a bright block in one of them."""
    rng = np.random.default_rng(0)
    patients = [f"P{i:02d}" for i in range(40)]
    has = np.arange(40) % 2 == 0
    volumes = rng.normal(0, 0.3, (80, 1, *SHAPE)).astype(np.float16)
    volumes[np.repeat(has, 2) & (np.arange(80) % 2 == 0), :, :, 4:8, 4:8] += 2
    index = pd.DataFrame({"row": range(80), "patient_id": np.repeat(patients, 2), "sequence": ["DWI", "T1"] * 40})
    truth = pd.DataFrame({"acute_infarct": has, "atrophy": rng.random(40) < 0.5}, index=patients)
    parts = {"train": np.arange(20), "validation": np.arange(20, 28), "test": np.arange(28, 40)}
    fingerprint = PREPROCESSED["preprocessing_fingerprint"]
    return ClassificationTask(volumes, index, truth, parts, has.astype(int), fingerprint)


def probed(models, task, fractions):
    return probe_predictions(series_features(models, task, device=CPU), task, fractions)


def prompted(models, task):
    return zero_shot_predictions(models, series_features(models, task, device=CPU), task, device=CPU)


def test_probes_give_a_row_for_each_run_share_patient_and_label(models, task):
    table = probed(models, task, (0.5, 1.0))
    assert len(table) == 4 * 2 * 12 * 2 and set(table["fraction"]) == {0.5, 1.0}
    assert table.groupby(["method", "seed", "fraction", "label"])["patient_id"].nunique().eq(12).all()
    plain = table[(table["label"] == "acute_infarct") & (table["fraction"] == 1.0)]
    assert auc(plain["truth"], plain["score"]) > 0.9


def test_zero_shot_uses_no_share_and_no_patient_is_left_out(models, task):
    table = prompted(models, task)
    assert len(table) == 4 * 12 * 2 and (table["fraction"] == 0).all() and table["score"].notna().all()


@pytest.mark.parametrize("one_class", [False, True])
def test_fine_tuning_learns_a_plain_label(models, task, one_class):
    classes = task.truth["acute_infarct"].to_numpy().astype(int) if one_class else None
    if one_class:  # as in BraTS: one series a patient
        changes = {"truth": task.truth[["acute_infarct"]], "index": task.index[task.index["sequence"] == "DWI"]}
        task = ClassificationTask(**{**vars(task), **changes})
    table = fine_tuning_predictions(
        {("scratch", 0): models["scratch", 0]}, task, (1.0,), Budget(60, 8, 5e-3), device=CPU, classes=classes
    )
    plain = table[table["label"] == "acute_infarct"]
    assert len(table) == 12 * (1 if one_class else 2) and auc(plain["truth"], plain["score"]) > 0.9
    assert plain["score"].between(0, 1).all()


def test_fine_tuning_shows_its_progress_by_run(models, task, capsys):
    fine_tuning_predictions(models, task, (0.5, 1.0), Budget(5, 4, 1e-3), device=CPU)
    shown = capsys.readouterr().err  # four models, two shares
    assert "fine-tuning" in shown and "8/8" in shown


def test_fine_tuning_goes_on_where_it_was_interrupted(models, task, tmp_path, monkeypatch):
    def predictions():
        kept = KeptRuns(tmp_path)
        return fine_tuning_predictions(models, task, (1.0,), Budget(5, 4, 1e-3), device=CPU, kept=kept)

    whole, trained = predictions(), []
    [first, *others] = sorted(tmp_path.iterdir())
    first.unlink()
    train = classification.fine_tune
    counted = lambda *args, **options: trained.append(1) or train(*args, **options)  # noqa: E731
    monkeypatch.setattr(classification, "fine_tune", counted)
    pd.testing.assert_frame_equal(predictions(), whole)
    assert len(trained) == 1 and len(others) == len(models) - 1


def test_fine_tuning_without_validation_patients_keeps_the_last_state(models, task):
    parts = {**task.parts, "validation": np.array([], int)}
    alone = ClassificationTask(**{**vars(task), "parts": parts})
    some = {("scratch", 0): models["scratch", 0]}
    table = fine_tuning_predictions(some, alone, (1.0,), Budget(5, 4, 1e-3), device=CPU)
    assert len(table) == 12 * 2 and (table["predicted"] == (table["score"] >= 0.5)).all()


def test_scores_and_differences_of_the_predictions(models, task):
    table = probed(models, task, (1.0,))
    scores = score_table(table, samples=200, seed=0).set_index(["method", "label"])
    part = table[(table["method"] == "SeLIP") & (table["label"] == "atrophy")]
    by_hand = np.mean([auc(p["truth"], p["score"]) for _, p in part.groupby("seed")])
    assert scores.loc[("SeLIP", "atrophy"), "auc"] == pytest.approx(by_hand)
    both = scores.loc["SeLIP"].loc[["acute_infarct", "atrophy"], "auc"].mean()
    assert scores.loc[("SeLIP", MEAN), "auc"] == pytest.approx(both)
    differences = auc_difference_table(table, samples=200, seed=0)
    assert differences["comparison"].tolist() == ["SeLIP − scratch"]
    mean = {m: scores.loc[(m, MEAN), "auc"] for m in ("scratch", "SeLIP")}
    assert differences["difference"][0] == pytest.approx(mean["SeLIP"] - mean["scratch"])
    assert 0 < differences["p"][0] <= 1 and len(differences["by_seed"][0].split(", ")) == 2
    assert differences["test"].tolist() == [DELONG]


def test_a_label_that_nobody_has_in_a_share_is_not_scored_there(models, task):
    rare = task.truth.assign(rare=np.arange(40) == 3)
    rare.loc[rare.index[28:34], "rare"] = True  # the test has six, the training patients one
    some = {key: models[key] for key in (("scratch", 0), ("SeLIP", 0))}
    table = probed(some, ClassificationTask(**{**vars(task), "truth": rare}), (0.1, 1.0))
    gone = not_learnable(table)
    assert gone.loc[gone["label"] == "rare", "fraction"].tolist() == [0.1]
    scores = score_table(table, samples=50, seed=0)
    assert set(scores.loc[scores["fraction"] == 0.1, "label"]) == {"acute_infarct", "atrophy", MEAN}
    assert "rare" in set(scores.loc[scores["fraction"] == 1.0, "label"])


def test_a_label_without_prompts_is_left_out_of_zero_shot(models, task):
    unknown = ClassificationTask(**{**vars(task), "truth": task.truth.rename(columns={"atrophy": "glioma"})})
    assert set(prompted(models, unknown)["label"]) == {"acute_infarct"}
    alone = ClassificationTask(**{**vars(task), "truth": unknown.truth[["glioma"]]})
    assert prompted(models, alone).empty


def test_what_is_acquired_on_suspicion_is_not_looked_at(monkeypatch):
    suspected = Sequence("FLAIRce", contrast=True, indicated=True)
    monkeypatch.setattr(classification, "TABLE", TABLE | {"FLAIRce": suspected})
    patients = [f"P{i}" for i in range(12)]
    index = pd.DataFrame(
        [(p, s) for p in patients for s in ("T1", "T1ce", "FLAIRce")], columns=["patient_id", "sequence"]
    ).assign(row=range(36))
    cache = SimpleNamespace(index=index, volumes=np.zeros((36, 1, *SHAPE)), preprocessing_fingerprint="f")
    labels = pd.DataFrame({"patient_id": patients, "label": ["normal", "glioma"] * 6})
    split = pd.Series((["train"] * 2 + ["validation"] * 1 + ["test"] * 1) * 3, index=patients)
    task, _ = labelled_task(cache, labels, split, fewest=1)
    assert set(task.index["sequence"]) == {"T1"}
    cache.index = index[(index["patient_id"] != "P0") | (index["sequence"] == "T1ce")]  # P0 has T1ce alone
    task, _ = labelled_task(cache, labels, split, fewest=1)
    assert len(task.truth) == 11 and "P0" not in task.truth.index


def test_series_of_patients_without_a_label_stay_in_the_index_and_out_of_every_part(models, task):
    cache = SimpleNamespace(index=task.index, volumes=task.volumes, preprocessing_fingerprint="f")
    labels = pd.DataFrame({"patient_id": [f"P{i:02d}" for i in range(20)], "label": ["normal", "glioma"] * 10})
    split = pd.Series((["train"] * 2 + ["test"] * 2) * 10, index=[f"P{i:02d}" for i in range(40)])
    half, _ = labelled_task(cache, labels, split, fewest=1)
    assert len(half.index) == 80 and len(half.truth) == 20
    series = classification._PatientSeries(half)
    found = np.concatenate([series.of(at) for at in half.parts.values()])
    assert set(half.index["patient_id"].to_numpy()[found]) == set(half.truth.index)
