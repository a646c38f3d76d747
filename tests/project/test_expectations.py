"""Metrics are held to expected values by tolerance; a missing file, notebook or metric is a failure."""

import pytest

from selip_core._utils.files import read_json, write_json
from selip_core.errors import SelipError
from tests.helpers.expectations import compare, main, write_expectations


@pytest.fixture
def results(tmp_path):
    metrics = {"f1": {"value": 0.98}, "kept": {"value": 290}, "auc": {"value": None}}
    write_json(tmp_path / "smoke" / "01_one" / "metrics.json", {"metrics": metrics})
    return tmp_path / "smoke"


@pytest.mark.parametrize(
    ("rules", "failures"),
    [
        ({"f1": {"value": 0.97, "tolerance": 0.02}, "kept": {"value": 290}, "auc": {"value": None}}, 0),
        ({"f1": {"value": 0.9, "tolerance": 0.02}}, 1),
        ({"kept": {"value": 291}}, 1),
        ({"auc": {"value": 0.5, "tolerance": 1}}, 1),
        ({"absent": {"value": 1, "tolerance": 9}}, 1),
    ],
)
def test_compare_counts_what_does_not_hold(results, tmp_path, rules, failures):
    write_json(tmp_path / "expected.json", {"01_one": rules})
    assert compare(results, tmp_path / "expected.json")[1] == failures
    assert main([str(results), str(tmp_path / "expected.json")]) == failures


def test_missing_notebook_fails(results, tmp_path):
    write_json(tmp_path / "expected.json", {"02_two": {"f1": {"value": 1}}})
    assert compare(results, tmp_path / "expected.json")[1] == 1


@pytest.mark.parametrize("text", [None, "", "{}", "[1]", "{"])
def test_missing_or_empty_expectations_fail(results, tmp_path, text):
    path = tmp_path / "expected.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SelipError, match="missing, empty"):
        compare(results, path)
    assert main([str(results), str(path)]) == 1


def test_written_expectations_hold(results, tmp_path):
    write_expectations(results, tmp_path / "expected.json")
    assert compare(results, tmp_path / "expected.json")[1] == 0


def test_a_tolerance_that_was_set_by_hand_is_kept(results, tmp_path):
    write_json(tmp_path / "expected.json", {"01_one": {"f1": {"value": 0.1, "tolerance": 0.4}}})
    write_expectations(results, tmp_path / "expected.json")
    rules = read_json(tmp_path / "expected.json")["01_one"]
    assert rules["f1"] == {"value": 0.98, "tolerance": 0.4} and rules["kept"]["tolerance"] == 0
