import json
import shutil

import pytest
import torch
from huggingface_hub import ModelCard

from selip_core.downstream.summary import NOTEBOOKS
from selip_core.encoders.files import FORMAT_VERSION
from selip_core.encoders.model import SelipModel
from selip_core.encoders.study import StudyFusion
from selip_core.export import main
from selip_core.pretraining.methods import PRETRAINED, run_folder
from tests.helpers.data import SENTENCES, SHAPE
from tests.helpers.places import TESTS


@pytest.fixture
def results(tiny_model, tmp_path):
    tiny_model.config |= {"data_source": "user cohort mine", "preprocessing_fingerprint": "abc123",
                          "cohort_fingerprint": "def456"}  # fmt: skip
    tiny_model.save_pretrained(tmp_path / "results/04_pretraining/models/SeLIP_seed0/best")
    (tmp_path / "results/05_image_text_retrieval").mkdir()
    metric = {
        "value": 0.25,
        "low": 0.2,
        "high": 0.3,
        "n": 12,
        "unit": "",
        "headline": True,
        "data_source": "user cohort mine",
    }
    metrics = {"SeLIP_recall_at_10": metric, "CLIP_recall_at_10": {**metric, "value": 0.11}}
    (tmp_path / "results/05_image_text_retrieval/metrics.json").write_text(json.dumps({"metrics": metrics}))
    record(tmp_path / "results")
    return tmp_path / "results"


def record(results, notebooks=("04_pretraining", *NOTEBOOKS), **changes):
    """Write that notebooks have finished, on the cohort of the model."""
    run = {
        "finished": True, "run_id": "1", "seed": 0, "settings": {"n_seeds": 3}, "cohort": "/mine",
        "inputs": {"cohort": "def456"}, "data_source": "user cohort mine", **changes,
    }  # fmt: skip
    for notebook in notebooks:
        (results / notebook).mkdir(exist_ok=True)
        (results / notebook / "run.json").write_text(json.dumps(run))


def test_a_model_leaves_with_its_card_and_comes_back_bit_equal(results, tiny_model, tmp_path):
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    card = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert "| recall at 10 | 0.250 | 0.200 to 0.300 | 12 | user cohort mine |" in card and "0.110" not in card
    assert "Not run yet, or made of an earlier run: 06_classification, 07_segmentation." in card
    assert "Not a medical device" in card and "abc123" in card and "synthetic" not in card
    again = SelipModel.from_pretrained(tmp_path / "mine")
    for name, tensor in tiny_model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
    with torch.inference_mode():
        volumes = torch.rand(2, 1, *SHAPE)
        assert torch.equal(again.encode_image(volumes), tiny_model.eval().encode_image(volumes))
        assert torch.equal(again.encode_text(SENTENCES), tiny_model.encode_text(SENTENCES))


def test_the_card_tells_the_results_of_every_downstream_task(results, tmp_path):
    for notebook in NOTEBOOKS:
        metric = {"value": 0.5, "low": None, "high": None, "n": 3, "data_source": "here"}
        (results / notebook).mkdir(exist_ok=True)
        (results / notebook / "metrics.json").write_text(json.dumps({"metrics": {f"SeLIP_{notebook}": metric}}))
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    card = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert all(f"| {notebook.replace('_', ' ')} | 0.500 |" in card for notebook in NOTEBOOKS)
    assert "Not run yet" not in card


@pytest.mark.parametrize(
    ("notebook", "changes", "said"),
    [
        ("04_pretraining", {"seed": 1}, "Not listed: the last run"),
        ("04_pretraining", {"inputs": {"cohort": "other"}}, "Not listed: the last run"),
        ("04_pretraining", {"data_source": "another cohort"}, "Not listed: the last run"),
        ("05_image_text_retrieval", {"upstream": {"04_pretraining": "0"}}, "None yet"),
        ("05_image_text_retrieval", {"finished": False}, "None yet"),
    ],
)
def test_results_of_other_models_are_not_in_the_card(results, tmp_path, notebook, changes, said):
    record(results, [notebook], **changes)
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    card = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert said in card and "recall at 10" not in card


@pytest.mark.parametrize("method", PRETRAINED)
def test_each_way_of_pretraining_has_its_card_with_the_constant_answer_beside(results, tiny_model, tmp_path, method):
    folder = run_folder(results / "04_pretraining/models", method, 2) / "best"
    tiny_model.save_pretrained(folder)
    metric = {"value": 0.5, "low": None, "high": None, "n": 3, "data_source": "here"}
    own = {f"{name.replace(' ', '_')}_recall_at_10": {**metric, "value": i / 10} for i, name in enumerate(PRETRAINED)}
    found = {"metrics": {**own, "constant_answer_recall_at_10": metric}}
    (results / "05_image_text_retrieval/metrics.json").write_text(json.dumps(found))
    assert main([str(results), method, "2", "--out", str(tmp_path / "mine")]) == 0
    card = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    rows = [line for line in card.splitlines() if "recall at 10" in line]
    value = PRETRAINED.index(method) / 10
    assert rows[0] == f"| recall at 10 | {value:.3f} |  | 3 | here |"
    assert rows[1:] == ["| constant answer recall at 10 | 0.500 |  | 3 | here |"]
    assert ("hard targets" in card) == (method == "CLIP")
    assert ("even over a batch" in card) == (method == "label smoothing")
    assert ("site weight 0.9, power 2" in card) == ("sharp" in method or "smoothing" in method)


def test_the_front_of_the_card_is_metadata_that_the_hub_reads(results, tmp_path):
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    data = ModelCard.load(tmp_path / "mine/README.md").data
    assert (data.library_name, data.pipeline_tag, data.language) == ("selip", "image-feature-extraction", "zh")
    assert data.license == "unknown" and "mri" in data.tags and "synthetic-data" not in data.tags


def test_the_card_says_how_much_it_was_trained_on(results, tiny_model, tmp_path):
    tables = results / "04_pretraining" / "tables"
    tables.mkdir()
    (tables / "pairs.csv").write_text(",train,validation\npatients,816,144\nseries with a sentence,3514,608\n")
    record = {"profile": "study", "git": "abc", "settings": {"pretraining": {"steps": 1000, "batch_size": 32}}}
    (results / "04_pretraining" / "run.json").write_text(json.dumps(record))
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    card = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert "| train data | 816 patients, 3514 series with a sentence |" in card
    assert "| validation data | 144 patients, 608 series with a sentence |" in card
    assert "| steps | 1000 of at most 32 pairs;" in card
    assert f"| parameters | {sum(p.numel() for p in tiny_model.parameters()) / 1e6:.1f} million |" in card


def test_a_model_of_an_earlier_format_leaves_in_todays(tmp_path):
    model = tmp_path / "results/04_pretraining/models/CLIP_seed3/best"
    shutil.copytree(TESTS / "earlier_checkpoint", model)
    assert main([str(tmp_path / "results"), "CLIP", "3", "--out", str(tmp_path / "mine")]) == 0
    assert json.loads((tmp_path / "mine/config.json").read_text())["format_version"] == FORMAT_VERSION
    again, first = SelipModel.from_pretrained(tmp_path / "mine"), SelipModel.from_pretrained(model)
    assert torch.equal(again.encode_text(SENTENCES), first.encode_text(SENTENCES))


def test_all_files_of_a_model_can_be_read_by_whoever_can_read_its_card(results, tmp_path):
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    assert len({path.stat().st_mode for path in (tmp_path / "mine").iterdir()}) == 1


def test_a_model_of_synthetic_data_says_so_first(results, tmp_path):
    path = results / "04_pretraining/models/SeLIP_seed0/best/config.json"
    path.write_text(path.read_text().replace("user cohort mine", "embedded synthetic cohort"))
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    assert "images and reports are synthetic" in (tmp_path / "mine/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", ["user cohort nonsynthetic", "user cohort embedded synthetic cohort"])
def test_a_cohort_of_patients_gets_no_licence_by_its_name(results, tmp_path, source):
    path = results / "04_pretraining/models/SeLIP_seed0/best/config.json"
    path.write_text(path.read_text().replace("user cohort mine", source))
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    card = ModelCard.load(tmp_path / "mine/README.md")
    assert card.data.license == "unknown" and "synthetic-data" not in card.data.tags
    assert "images and reports are synthetic" not in card.text and "for the owner of the data" in card.text


def test_what_is_wrong_is_one_line_and_nothing_is_overwritten(results, tmp_path, capsys):
    (results / "04_pretraining/models/SeLIP_seed0.previous-1/best").mkdir(parents=True)
    assert main([str(results), "CLIP", "0", "--out", str(tmp_path / "x")]) == 1
    assert capsys.readouterr().err.endswith("has SeLIP_seed0\n")
    (tmp_path / "there").mkdir()
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "there")]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert main([str(results), "BERT", "0", "--out", str(tmp_path / "x")]) == 2
    assert not (tmp_path / "x").exists()


def test_the_card_says_whether_a_fusion_of_studies_is_in_the_folder(results, tiny_model, tmp_path):
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mean")]) == 0
    assert "no fusion is in this folder" in (tmp_path / "mean/README.md").read_text(encoding="utf-8")
    tiny_model.take_study_fusion(StudyFusion(16, ("T1", "DWI")))
    tiny_model.save_pretrained(results / "04_pretraining/models/SeLIP_seed0/best")
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "fused")]) == 0
    card = (tmp_path / "fused/README.md").read_text(encoding="utf-8")
    assert "a trained fusion is in this folder, of T1, DWI" in card
    assert SelipModel.from_pretrained(tmp_path / "fused").study_fusion.sequences == ("T1", "DWI")


def test_a_model_that_no_notebook_has_read_yet_says_what_to_run(results, tmp_path):
    (results / "04_pretraining" / "run.json").unlink()
    assert main([str(results), "SeLIP", "0", "--out", str(tmp_path / "mine")]) == 0
    card = (tmp_path / "mine/README.md").read_text(encoding="utf-8")
    assert "04_pretraining has not been run yet" in card and "export again" in card and "of another cohort" not in card
