import pytest

from selip_core.explore.explore_map import SEVERAL, UNKNOWN, map_labels, mapped_series
from tests.helpers.explorer_files import make_explorer


@pytest.fixture
def explorer(tmp_path):
    return make_explorer(tmp_path)


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
