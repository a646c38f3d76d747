"""A run writes what it promises, stamps its data source, and refuses what does not belong to it."""

import json
import os
import random

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from selip_core._utils.devices import resolve_device, set_seeds
from selip_core.config import get_settings
from selip_core.downstream.kept_runs import keep
from selip_core.errors import SelipError
from selip_core.pipeline.run import Run, start_run
from selip_core.pretraining.distributed import ALONE, joined_processes


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("SELIP_ROOT", str(tmp_path))
    monkeypatch.delenv("SELIP_PIPELINE", raising=False)
    yield tmp_path
    torch.use_deterministic_algorithms(False)


def start(name="01_data_curation", **options):
    return start_run(name, **{"profile": "smoke", "device": "cpu"} | options)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_run_json_has_what_a_reader_needs():
    run = start(seed=3)
    assert read(run.results / "run.json")["finished"] is False
    run.record("preprocessing_fingerprint", "abc")
    run.finish()
    record = read(run.results / "run.json")
    assert record["finished"] is True
    assert record["seed"] == 3
    assert record["settings"]["profile"] == "smoke"
    assert record["records"] == {"preprocessing_fingerprint": "abc"}
    assert record["versions"]["torch"] == torch.__version__
    assert record["peak_memory_mb"] > 10
    assert {"git", "device", "duration_s", "data_source", "inputs", "run_id"} <= set(record)


def test_figure_is_saved_three_times_with_the_data_source():
    run = start()
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.set_xlabel("左侧基底节区")
    run.save_figure(figure, "counts", "A caption.", table=pd.DataFrame({"n": [1, 2]}))
    folder = run.results / "figures"
    with Image.open(folder / "counts.png") as image:
        assert image.info["dpi"][0] >= 149.9
        assert "embedded synthetic cohort" in image.info["Source"]
    assert "embedded synthetic cohort".encode("utf-16-be") in (folder / "counts.pdf").read_bytes()
    assert list(pd.read_csv(folder / "counts.csv").columns) == ["n", "data_source"]
    assert any("embedded synthetic cohort" in text.get_text() for text in figure.texts)
    assert sorted(p.name for p in folder.iterdir()) == ["counts.csv", "counts.pdf", "counts.png"]


def test_table_carries_its_data_source():
    run = start()
    run.save_table(pd.DataFrame({"f1": [0.5]}, index=["T1"]), "scores", "A caption.")
    table = pd.read_csv(run.results / "tables" / "scores.csv", index_col=0)
    assert table.loc["T1", "data_source"] == "embedded synthetic cohort"


def test_a_caption_names_the_tests_of_its_table_and_no_other(monkeypatch):
    shown = []
    monkeypatch.setattr("selip_core.pipeline.run.display", lambda thing: shown.append(getattr(thing, "data", "")))
    run = start()
    table = pd.DataFrame({"p": [0.1, np.nan, 0.2], "test": ["sign flips", "", "DeLong"]})
    run.save_table(table, "differences", "Differences.")
    run.save_table(pd.DataFrame({"train": [3], "test": [2]}), "cases", "Cases by split.")
    captions = [text for text in shown if text.startswith("*Table")]
    assert captions[0].startswith("*Table differences. Differences. Test: sign flips, DeLong. Data:")
    assert captions[1].startswith("*Table cases. Cases by split. Data:")


def test_metrics_keep_their_interval_and_nan_becomes_null():
    run = start()
    run.metric("top10", np.float32(0.5), low=0.4, high=0.6, n=np.int64(20), headline=True)
    run.metric("few", float("nan"))
    run.finish()
    metrics = read(run.results / "metrics.json")["metrics"]
    assert metrics["top10"] == {
        "value": 0.5, "low": 0.4, "high": 0.6, "n": 20, "unit": "", "headline": True,
        "data_source": "embedded synthetic cohort",
    }  # fmt: skip
    assert metrics["few"]["value"] is None


def test_a_metric_named_twice_is_refused_in_the_pipeline(monkeypatch):
    monkeypatch.setenv("SELIP_PIPELINE", "1")
    run = start()
    run.metric("f1", 1)
    with pytest.raises(SelipError, match="twice"):
        run.metric("f1", 1)


def test_a_cell_run_again_by_hand_records_its_last_metric():
    run = start()
    for value in (1, 2):
        run.metric("f1", value)
    run.finish()
    assert read(run.results / "metrics.json")["metrics"]["f1"]["value"] == 2


def test_a_results_folder_that_cannot_be_written_is_told(monkeypatch):
    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("selip_core.pipeline.run.Run._prepare_folder", refused)
    with pytest.raises(SelipError, match="cannot be written .Permission denied.*another user"):
        start()


def test_a_notebook_is_one_process_whatever_the_shell_says(monkeypatch):
    for name, value in {"WORLD_SIZE": "4", "RANK": "0", "MASTER_ADDR": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    start()
    assert not {"WORLD_SIZE", "RANK", "MASTER_ADDR"} & set(os.environ)
    assert joined_processes("cpu") == ALONE


def test_same_seed_gives_the_same_numbers():
    draws = []
    for _ in range(2):
        set_seeds(5)
        draws.append((random.random(), np.random.rand(), torch.rand(1).item()))
    assert draws[0] == draws[1]


@pytest.mark.parametrize(
    ("options", "word"),
    [({"seed": "1"}, "seed"), ({"seed": True}, "seed"), ({"seed": -1}, "seed"), ({"profile": "x"}, "unknown profile"),
     ({"cohort": "/nowhere/at/all"}, "does not exist"), ({"device": "tpu"}, "unknown device")],
)  # fmt: skip
def test_wrong_parameters_are_named(options, word):
    with pytest.raises(SelipError, match=word):
        start(**options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has CUDA")
def test_cuda_where_there_is_none_is_a_clear_error():
    assert resolve_device("auto").type == "cpu"
    with pytest.raises(SelipError, match="no CUDA device"):
        resolve_device("cuda")


def test_user_cohort_names_its_source(project):
    folder = project / "hospital"
    folder.mkdir()
    assert start(cohort=str(folder)).data_source == "user cohort hospital"
    (folder / "cohort.json").write_text('{"name": "A", "data_source": "hospital A, 2019"}', encoding="utf-8")
    run = start(cohort=str(folder))
    assert run.data_source == "hospital A, 2019"
    assert run.cohort_dir == folder


def test_upstream_says_which_notebook_to_run():
    run = start("02_report_findings")
    with pytest.raises(SelipError, match="01_data_curation has not been run.*--only 01"):
        run.upstream("01_data_curation")
    first = start()
    with pytest.raises(SelipError, match="has not finished"):
        run.upstream("01_data_curation")
    first.finish()
    assert run.upstream("01_data_curation") == first.results
    assert list(read(run.results / "run.json")["upstream"]) == ["01_data_curation"]


def test_a_table_of_an_upstream_run_is_read_as_it_was_saved():
    first = start()
    first.save_data(pd.DataFrame({"patient_id": ["NA", "001"], "value": [0.5, np.nan]}), "splits")
    first.save_table(pd.DataFrame({"dice": [0.25]}), "scores", "A caption.")
    first.finish()
    run = start("02_report_findings")
    assert run.upstream_table("01_data_curation", "splits")["value"].tolist() == ["0.5", ""]
    table = run.upstream_table("01_data_curation", "splits", numbers=True)
    assert table["patient_id"].tolist() == ["NA", "001"] and table["value"].sum() == 0.5
    assert run.upstream_table("01_data_curation", "tables/scores", numbers=True)["dice"].tolist() == [0.25]
    assert list(run.upstream_table("01_data_curation", "masks", columns=("task",))) == ["task"]
    assert list(read(run.results / "run.json")["upstream"]) == ["01_data_curation"]


def test_drawing_is_of_the_settings_and_the_seed():
    run = start(seed=3)
    assert run.drawing == {"samples": run.settings.statistics.bootstrap_samples, "seed": 3}


def test_upstream_of_another_seed_is_refused():
    start(seed=1).finish()
    with pytest.raises(SelipError, match="seed 1"):
        start("02_report_findings", seed=0).upstream("01_data_curation")


def leave(run, name):
    path = run.results / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("step 10", encoding="utf-8")
    return path


def test_what_a_run_left_goes_with_another_seed_but_long_work_stays():
    run = start()
    table, model = leave(run, "sentences.csv"), leave(run, "models/last")
    start()
    assert table.exists() and model.exists()
    start(seed=1)
    assert not table.exists() and model.exists()


def test_what_a_run_left_goes_when_the_notebook_changes(project):
    notebook = project / "notebooks" / "01_data_curation.ipynb"
    notebook.parent.mkdir()
    notebook.write_text('{"cells": []}', encoding="utf-8")
    run = start()
    path = leave(run, "sentences.csv")
    run.finish()
    start().finish()
    assert path.exists()
    notebook.write_text('{"cells": [{"cell_type": "code", "source": "1"}]}', encoding="utf-8")
    start()
    assert not path.exists()


def test_what_a_run_left_goes_when_its_upstream_ran_again():
    start().finish()
    run = start("02_report_findings")
    run.upstream("01_data_curation")
    path = leave(run, "sentences.csv")
    start("02_report_findings")  # fails before it looks upstream
    start().finish()
    run = start("02_report_findings")
    run.upstream("01_data_curation")
    assert not path.exists()


def test_what_lies_in_a_folder_that_no_run_has_written_stays(project):
    note = project / "results" / "smoke" / "01_data_curation" / "notes.txt"
    note.parent.mkdir(parents=True)
    note.write_text("mine")
    start()
    assert note.exists()


def test_what_a_run_has_saved_stays_when_it_looks_upstream_later():
    start().finish()
    run = start("02_report_findings")
    run.upstream("01_data_curation")
    run.finish()
    start().finish()
    run = start("02_report_findings")
    run.save_data(pd.DataFrame({"a": [1]}), "first")
    run.upstream("01_data_curation")
    assert (run.results / "first.csv").exists()


def kept_by(run):
    """Keep a training in a run's place for them, and return the file."""
    [place] = run.kept.places("tumour", "a budget", [(0, "CLIP")])
    keep(place, np.ones(2))
    return place


def test_trainings_are_kept_until_the_notebook_has_finished(monkeypatch):
    monkeypatch.setenv("SELIP_PIPELINE", "1")
    place = kept_by(start())
    run = start()  # after an interruption
    assert run.kept.places("tumour", "a budget", [(0, "CLIP")]) == [place] and place.exists()
    run.finish()
    assert not place.exists()


@pytest.mark.parametrize("other", ["seed", "cohort", "settings", "code", "upstream", "record"])
def test_trainings_of_another_code_settings_or_data_are_not_found(monkeypatch, tmp_path, other):
    monkeypatch.setenv("SELIP_PIPELINE", "1")
    start().finish()
    first = start("06_classification")
    first.upstream("01_data_curation")
    place, options = kept_by(first), {"seed": {"seed": 1}, "cohort": {"cohort": str(tmp_path)}}.get(other, {})
    if other == "upstream":
        start().finish()
    elif other == "record":
        (first.results / "run.json").unlink()
    elif other == "settings":
        changed = get_settings("smoke", segmentation={"steps": 9})
        monkeypatch.setattr("selip_core.pipeline.records.get_settings", lambda profile: changed)
    elif other == "code":
        monkeypatch.setattr("selip_core.pipeline.records.digest", lambda *parts: "other")
    run = start("06_classification", **options)
    assert not place.exists()
    if other in ("seed", "cohort", "settings", "code"):  # and would not be found if it were
        assert run.kept.folder != place.parent


def test_by_hand_no_training_is_kept_for_a_cell_may_be_another_than_the_files():
    assert start().kept is None


def test_an_upstream_that_was_made_of_an_earlier_run_is_told(monkeypatch):
    shown = []
    monkeypatch.setattr(Run, "say", lambda _, text: shown.append(text) if "earlier run" in text else None)
    start().finish()
    for name, upstream in (("02_report_findings", "01_data_curation"), ("04_pretraining", "02_report_findings")):
        run = start(name)
        run.upstream(upstream)
        run.finish()
    start("05_image_text_retrieval").upstream("04_pretraining")
    assert shown == []
    start().finish()
    run = start("05_image_text_retrieval")
    for _ in range(2):
        run.upstream("04_pretraining")
    (said,) = shown
    assert "04_pretraining was made of an earlier run of 01_data_curation" in said


def test_figures_of_an_earlier_run_do_not_stay():
    run = start()
    old = run.results / "tables" / "old.csv"
    old.parent.mkdir()
    old.write_text("x", encoding="utf-8")
    start()
    assert not old.exists()


def test_data_for_later_notebooks_carry_their_source():
    run = start()
    run.save_data(pd.DataFrame({"patient_id": ["007"]}), "splits")
    assert (run.results / "splits.csv").read_text() == "patient_id,data_source\n007,embedded synthetic cohort\n"


def test_brats_is_a_source_of_its_own(project):
    run = start("06_classification", brats="embedded")
    assert run.brats_dir == project / "data/synthetic_brats/10_HGG_10_LGG_seed0" and "brats" in run.inputs
    run.save_table(pd.DataFrame({"a": [1]}), "t", "T.", data_source="BraTS folder X")
    assert pd.read_csv(run.results / "tables" / "t.csv")["data_source"][0] == "BraTS folder X"
    run.save_table(pd.DataFrame({"a": [1], "data_source": ["BraTS folder Y"]}), "mixed", "T.", data_source="both")
    assert pd.read_csv(run.results / "tables" / "mixed.csv")["data_source"][0] == "BraTS folder Y"  # row by row
    with pytest.raises(SelipError, match="BraTS folder nowhere does not exist"):
        start("06_classification", brats="nowhere")


def test_published_data_are_none_or_where_they_lie(tmp_path):
    none = {"lgg": "none", "openi": "none", "ct": "none"}
    run = start("11_external_validation", **none)
    assert run.published == dict.fromkeys(none) and {key: run.inputs[key] for key in none} == none
    (tmp_path / "lgg").mkdir()
    (tmp_path / "openi.csv").write_text("findings,MeSH\n", encoding="utf-8")
    given = {**none, "lgg": str(tmp_path / "lgg"), "openi": str(tmp_path / "openi.csv")}
    run = start("11_external_validation", **given)
    assert run.published["lgg"] == tmp_path / "lgg" and run.published["ct"] is None
    before = run.inputs
    (tmp_path / "openi.csv").write_text("findings,MeSH\nx,y\n", encoding="utf-8")
    changed = start("11_external_validation", **given).inputs
    assert {key for key in before if before[key] != changed[key]} == {"openi"}


def test_settings_of_external_validation_are_its_own(monkeypatch):
    none = {"lgg": "none", "openi": "none", "ct": "none"}
    before = [start("04_pretraining").inputs, start("11_external_validation", **none).inputs]
    values = get_settings("smoke", external={"seeds": 3})
    monkeypatch.setattr("selip_core.pipeline.records.get_settings", lambda profile: values)
    after = [start("04_pretraining").inputs, start("11_external_validation", **none).inputs]
    changed = [{key for key in a if a[key] != b[key]} for a, b in zip(before, after, strict=True)]
    assert changed == [set(), {"external settings"}]


@pytest.mark.parametrize("given", [{"lgg": "nowhere"}, {"lgg": "a file"}, {"openi": "a folder"}, {"ct": ""}])
def test_published_data_that_are_not_there_are_named(tmp_path, given):
    (tmp_path / "a file").touch()
    (tmp_path / "a folder").mkdir()
    ((name, path),) = given.items()
    wrong = "(does not exist|is a file, no folder|is a folder, no file)"
    with pytest.raises(SelipError, match=f"{wrong}: data/README.md says where it is published"):
        start("11_external_validation", **{name: str(tmp_path / path)})
