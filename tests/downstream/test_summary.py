"""The summary: every number from the tables, and paragraphs that say what the numbers say."""

import re

import pandas as pd
import pytest

from selip_core.downstream.answer import DECIDING, sentences
from selip_core.downstream.summary import (
    CLAIMS,
    CONTENT,
    DIFFERENCES,
    NOTEBOOKS,
    SCORES,
    TASKS,
    collect,
    latex,
    side_by_side,
    verdicts,
)
from tests.helpers.places import ROOT


@pytest.fixture
def results(tmp_path):
    """Tables as the notebooks write them, with one clear gain and one that is none."""
    folders = {n: tmp_path / n for n in ("05_image_text_retrieval", "06_classification", "07_segmentation")}
    tables = {
        ("05_image_text_retrieval", "yardsticks"): [
            {"measure": measure, "method": m, "value": v, "low": v - 0.05, "high": v + 0.05, "queries": 60,
             "patients": 30, "note": ""}
            for measure in ("recall@10", "findings recall@10", "side and site F1, first five")
            for m, v in (("constant answer", 0.3), ("CLIP", 0.2), ("SeLIP", 0.4))
        ],
        ("05_image_text_retrieval", "yardstick_differences"): [
            {"measure": measure, "comparison": "sharp SeLIP − CLIP", "difference": 0.1, "low": 0.05, "high": 0.15,
             "p": 0.001, "test": "sign flips", "queries": 60, "patients": 30, "by_seed": "+0.1", "note": "",
             "p_holm": 0.002}
            for measure in ("findings recall@10", "side and site F1, first five")
        ],
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
        ("05_image_text_retrieval", "study"): [
            {"direction": "study to report", "measure": measure, "method": m, "fusion": way, "value": v, "low": v - 0.1,
             "high": v + 0.1, "queries": 20}
            for measure in ("findings recall@10", "findings MRR")
            for m, way, v in (
                ("constant answer", "constant answer", 0.1), ("scratch", "mean of series", 0.05),
                ("SeLIP", "learned fusion", 0.5), ("SeLIP", "mean of series", 0.45),
                ("SeLIP", "best single series", 0.3),
            )
        ],
        ("05_image_text_retrieval", "study_differences"): [
            {"method": m, "measure": "findings recall@10", "comparison": c, "difference": d, "low": d - 0.1,
             "high": d + 0.1, "p": p, "test": "sign flips", "queries": 20}
            for m, c, d, p in (
                ("SeLIP", "learned fusion − mean of series", 0.05, 0.4),
                ("SeLIP", "learned fusion − best single series", 0.2, 0.001),
                ("SeLIP", "mean of series − best single series", 0.15, 0.01),
                ("scratch", "mean of series − best single series", 0.02, 0.5),
            )
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
    assert table.loc["image to text, recall@10", "SeLIP"] == "0.400 (0.350 to 0.450)"  # once, from the yardsticks
    assert table.loc["image to text, recall@10", "constant answer"] == "0.300 (0.250 to 0.350)"
    assert table.loc["image to text, recall@10", "scratch"] == ""
    assert table.loc["BraTS, whole, 100 %, Dice", "SeLIP"] == "0.500"
    study = table.loc["by study, findings recall@10"]  # the untrained start has no fusion but the mean
    assert study["SeLIP"] == "0.500 (0.400 to 0.600)" and study["scratch"] == "0.050 (-0.050 to 0.150)"
    assert study["constant answer"] == "0.100 (0.000 to 0.200)"
    assert table.index.is_unique
    assert len(table) == 7 and not table.index.str.contains("lacune").any()


def test_differences_are_corrected_for_their_number(results):
    _, differences = collect(results)
    table = differences.set_index("outcome")
    assert table.loc["image to text, recall@10", "p_holm"] == pytest.approx(7 * 0.001)  # seven rows have a p-value
    assert table["significant"].tolist() == [True, True, True, False, True, False, False, False]


def test_the_planned_comparisons_have_a_correction_of_their_own_and_everything_said_goes_by_it(results):
    path = results["05_image_text_retrieval"] / "tables" / "yardstick_differences.csv"
    table = pd.read_csv(path)
    others = [table.iloc[:1].assign(measure=f"percentile {i}", p=0.9, difference=0.0) for i in range(20)]
    pd.concat([table.assign(p=0.02), *others]).to_csv(path, index=False)
    scores, differences = collect(results)
    assert differences.columns.tolist() == DIFFERENCES and scores.columns.tolist() == SCORES
    planned = differences[differences["p_planned"].notna()].set_index("outcome")
    assert list(planned.index) == list(DECIDING) and planned["p_planned"].tolist() == [0.04, 0.04]
    assert (planned["p_holm"] > 0.05).all() and planned["significant"].all()
    found = dict(zip([c.text for c in CLAIMS], verdicts(differences), strict=True))
    text = found["What sharp SeLIP finds says more of the truth than what CLIP finds"]
    assert "Held on the a test." in text and "p 0.04 (planned)" in text
    assert text.endswith("correction over the planned comparisons.")
    mixed = found["sharp SeLIP finds the report of an image better than CLIP"]
    assert "Held in 1 of 21" in mixed and "over all differences, of the planned ones over these alone." in mixed
    assert "sharp SeLIP is better than CLIP in findings recall@10 (+0.100, +0.050 to +0.150, p 0.04)" in sentences(
        scores, differences
    )[-1]


def test_an_outcome_that_two_tables_have_is_corrected_for_once(results):
    path = results["05_image_text_retrieval"] / "tables" / "yardstick_differences.csv"
    table = pd.read_csv(path)
    both = table.iloc[:1].assign(measure="recall@10", comparison="SeLIP − CLIP", difference=0.3)
    pd.concat([table, both]).to_csv(path, index=False)
    _, differences = collect(results)
    row = differences[differences["outcome"] == "image to text, recall@10"]
    assert row["difference"].tolist() == [0.3] and len(differences) == 8


def test_results_of_before_the_yardsticks_are_summed_up_too(results):
    for name in ("yardsticks", "yardstick_differences"):
        (results["05_image_text_retrieval"] / "tables" / f"{name}.csv").unlink()
    scores, differences = collect(results)
    assert side_by_side(scores).set_index("outcome").loc["image to text, recall@10", "SeLIP"].startswith("0.400 (0.300")
    assert len(differences) == 6


def test_paragraphs_say_what_the_numbers_say(results):
    _, differences = collect(results)
    text = dict(zip([c.text for c in CLAIMS], verdicts(differences), strict=True))
    assert "Held on the a test" in text["SeLIP finds the report of an image better than CLIP"]
    assert "+0.200 (+0.100 to +0.300), p 0.007" in text["SeLIP finds the report of an image better than CLIP"]
    sharp = text["sharp SeLIP finds the report of an image better than CLIP"]
    assert "Held" in sharp and "findings recall@10: +0.100" in sharp and "F1" not in sharp
    assert "F1" in text["What sharp SeLIP finds says more of the truth than what CLIP finds"]
    assert "not measured" in text["sharp SeLIP finds the report of an image better than label smoothing"]
    assert "Left open" in text["Pretraining helps to classify head MRI"]
    assert "10 %" in text["Pretraining helps to classify where labels are few"]
    assert "100 %" not in text["Pretraining helps to classify where labels are few"]
    assert "too few patients" in text["Pretraining helps to segment"]
    assert "not measured" in text["SeLIP finds the image of a report better than CLIP"]
    single = text["The learned fusion of a study's series finds its report better than the best single series"]
    assert "Held on the a test" in single and "by study, findings recall@10, SeLIP: +0.200" in single
    assert "Left open" in text["The learned fusion of a study's series finds its report better than their mean"]


def test_each_difference_and_each_paragraph_name_their_own_test(results):
    _, differences = collect(results)
    assert differences["test"].tolist() == [*["sign flips"] * 5, "DeLong", "DeLong", ""]
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
    groups = {task.group for task in TASKS} | {"image to text", "text to image", CONTENT}
    assert {claim.group for claim in CLAIMS} <= groups


def test_a_notebook_that_has_no_results_is_not_passed_over(results):
    for notebook in NOTEBOOKS:
        with pytest.raises(KeyError, match=notebook):
            collect({name: folder for name, folder in results.items() if name != notebook})
