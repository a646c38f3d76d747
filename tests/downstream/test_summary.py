"""The summary: every number from the tables, and paragraphs that say what the numbers say."""

import re

import pandas as pd
import pytest

from selip_core.downstream.summary import CLAIMS, NOTEBOOKS, TASKS, collect, latex, side_by_side, verdicts
from tests.helpers.places import ROOT


@pytest.fixture
def results(tmp_path):
    """Tables as the notebooks write them, with one clear gain and one that is none."""
    folders = {n: tmp_path / n for n in ("05_image_text_retrieval", "06_classification", "07_segmentation")}
    tables = {
        ("05_image_text_retrieval", "recall"): [
            {"direction": "image to text", "method": m, "k": k, "recall": r, "low": r - 0.1, "high": r + 0.1,
             "queries": 90}
            for m, r in (("CLIP", 0.2), ("SeLIP", 0.4)) for k in (1, 10)
        ],
        ("05_image_text_retrieval", "difference"): [
            {"direction": "image to text", "k": k, "difference": 0.2, "low": 0.1, "high": 0.3, "p": 0.001,
             "test": "sign flips", "queries": 90}
            for k in (1, 10)
        ],
        ("06_classification", "scores"): [
            {"task": "kind of finding", "approach": "linear probe", "method": m, "fraction": f, "label": label,
             "auc": 0.7, "low": 0.6, "high": 0.8, "patients": 50}
            for m in ("scratch", "SeLIP") for f in (0.1, 1.0) for label in ("mean of the labels", "lacune")
        ],
        ("06_classification", "differences"): [
            {"task": "kind of finding", "approach": "linear probe", "fraction": f, "comparison": "SeLIP − scratch",
             "difference": 0.01, "low": -0.1, "high": 0.12, "p": 0.7, "test": "DeLong",
             "patients": 50}
            for f in (0.1, 1.0)
        ],
        ("07_segmentation", "brats_scores"): [
            {"task": "BraTS", "region": "whole", "method": "SeLIP", "fraction": 1.0, "dice": 0.5, "low": None,
             "high": None, "test_cases": 2}
        ],
        ("07_segmentation", "brats_differences"): [
            {"task": "BraTS", "region": "whole", "fraction": 1.0, "comparison": "SeLIP − scratch", "difference": 0.1,
             "low": None, "high": None, "p": None, "test": "", "patients": 2}
        ],
    }  # fmt: skip
    for (notebook, name), rows in tables.items():
        path = folders[notebook] / "tables" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).assign(data_source="a test").to_csv(path, index=False)
    (folders["07_segmentation"] / "tables" / "scores.csv").write_text("\n")  # a cohort without masks
    return folders


def test_every_outcome_stands_once_with_its_interval(results):
    scores, _ = collect(results)
    table = side_by_side(scores).set_index("outcome")
    assert table.loc["image to text, recall@10", "SeLIP"] == "0.400 (0.300 to 0.500)"
    assert table.loc["image to text, recall@10", "scratch"] == ""
    assert table.loc["BraTS, whole, 100 %, Dice", "SeLIP"] == "0.500"
    assert len(table) == 4 and not table.index.str.contains("lacune").any()


def test_differences_are_corrected_for_their_number(results):
    _, differences = collect(results)
    table = differences.set_index("outcome")
    assert table.loc["image to text, recall@10", "p_holm"] == pytest.approx(3 * 0.001)  # three rows have a p-value
    assert table["significant"].tolist() == [True, False, False, False]


def test_paragraphs_say_what_the_numbers_say(results):
    _, differences = collect(results)
    text = dict(zip([c.text for c in CLAIMS], verdicts(differences), strict=True))
    assert "Held on the a test" in text["SeLIP finds the report of an image better than CLIP"]
    assert "+0.200 (+0.100 to +0.300), p 0.003" in text["SeLIP finds the report of an image better than CLIP"]
    assert "Left open" in text["Pretraining helps to classify head MRI"]
    assert "10 %" in text["Pretraining helps to classify where labels are few"]
    assert "100 %" not in text["Pretraining helps to classify where labels are few"]
    assert "too few patients" in text["Pretraining helps to segment"]
    assert "not measured" in text["SeLIP finds the image of a report better than CLIP"]


def test_each_difference_and_each_paragraph_name_their_own_test(results):
    _, differences = collect(results)
    assert differences["test"].tolist() == ["sign flips", "DeLong", "DeLong", ""]
    text = dict(zip([c.text for c in CLAIMS], verdicts(differences), strict=True))
    assert "Test: sign flips;" in text["SeLIP finds the report of an image better than CLIP"]
    assert "Test: DeLong;" in text["Pretraining helps to classify head MRI"]
    assert "Test" not in text["Pretraining helps to segment"]


def test_a_significant_loss_is_called_one(results):
    path = results["05_image_text_retrieval"] / "tables" / "difference.csv"
    table = pd.read_csv(path)
    table[["difference", "low", "high"]] = [-0.2, -0.3, -0.1]
    table.to_csv(path, index=False)
    assert any("the reverse did" in paragraph for paragraph in verdicts(collect(results)[1]))


def test_latex_escapes_what_it_must(results):
    text = latex(side_by_side(collect(results)[0]), "Outcomes, 95 % intervals")
    assert "100 \\%" in text and "\\toprule" in text and "a test" in text


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.notebook}, {task.scores}")
def test_the_notebook_of_every_task_writes_its_tables(task):
    source = (ROOT / "notebooks" / f"{task.notebook}.ipynb").read_text(encoding="utf-8")
    for name in (task.scores, task.differences):
        assert re.search(rf'run\.save_table\([^\n]*\\"{name}\\"', source)


def test_a_claim_is_about_a_task_that_there_is():
    groups = {task.group for task in TASKS} | {"image to text", "text to image"}
    assert {claim.group for claim in CLAIMS} <= groups


def test_a_notebook_that_has_no_results_is_not_passed_over(results):
    for notebook in NOTEBOOKS:
        with pytest.raises(KeyError, match=notebook):
            collect({name: folder for name, folder in results.items() if name != notebook})
