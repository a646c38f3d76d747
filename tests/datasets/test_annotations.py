"""Labels and masks of a cohort: what is read, left out with a reason, and what stops; labels as a matrix."""

import pandas as pd
import pytest

from selip_core.datasets.annotations import by_split, label_matrix, read_labels, read_masks, site_labels, support
from selip_core.datasets.cohort import load_cohort
from selip_core.errors import SelipError
from selip_core.reports.sentences import NORMAL_STATEMENT
from tests.helpers.cohort_files import write

LABELS = pd.DataFrame(
    [("A", "tumour"), ("A", "infarct"), ("B", "normal"), ("C", "infarct"), ("Z", "tumour")],
    columns=["patient_id", "label"],
)
SPLIT = pd.Series({"A": "train", "B": "train", "C": "test"})


def test_a_cohort_without_annotations_has_empty_tables(tmp_path):
    cohort = load_cohort(write(tmp_path))
    assert read_labels(cohort).table.empty and read_masks(cohort).table.empty


def test_labels_are_read_and_bad_rows_told(tmp_path):
    text = "patient_id,label\n001,tumour\n001,infarct\n001,tumour\n002,normal\n002,\n009,tumour\n"
    labels = read_labels(load_cohort(write(tmp_path, labels=text)))
    assert labels.table.values.tolist() == [["001", "tumour"], ["001", "infarct"], ["002", "normal"]]
    assert labels.problems[["where", "problem"]].values.tolist() == [
        ["labels.csv line 7", "patient has no series"], ["labels.csv line 6", "no label"],
    ]  # fmt: skip


def test_normal_and_something_else_contradict(tmp_path):
    cohort = load_cohort(write(tmp_path, labels="patient_id,label\n001,normal\n001,tumour\n"))
    with pytest.raises(SelipError, match="patient 001 is both normal and tumour"):
        read_labels(cohort)


def test_masks_are_read_and_a_missing_file_told(tmp_path):
    text = "patient_id,target,path,values\n001,tumour,m.nii.gz,1 3\n002,tumour,gone.nii.gz,\n"
    write(tmp_path, masks=text)
    (tmp_path / "m.nii.gz").write_bytes(b"x")
    masks = read_masks(load_cohort(tmp_path))
    assert masks.table.values.tolist() == [["001", "001", "tumour", "m.nii.gz", (1, 3)]]
    assert masks.problems["problem"].tolist() == ["mask gone.nii.gz is missing"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("001,tumour,../m.nii.gz,1\n", "line 2: path '../m.nii.gz' must lie inside"),
        ("001,tumour,m.nii.gz,one\n", "line 2: values 'one' must be whole numbers"),
        ("001,tumour,m.nii.gz,1\n001,tumour,n.nii.gz,1\n", "tumour of study 001 is given twice"),
    ],
)
def test_masks_that_cannot_be_trusted_stop(tmp_path, row, message):
    cohort = load_cohort(write(tmp_path, masks="patient_id,target,path,values\n" + row))
    with pytest.raises(SelipError, match=message):
        read_masks(cohort)


@pytest.mark.parametrize("word", ["Normal", "NORMAL", "正常"])
def test_normal_is_understood_however_it_is_written(tmp_path, word):
    labels = read_labels(load_cohort(write(tmp_path, labels=f"patient_id,label\n001,{word}\n")))
    assert labels.table["label"].tolist() == ["normal"]


SERIES = "patient_id,study_id,sequence,path\n001,001-a,T1,a.nii.gz\n002,002-a,T1,b.nii.gz\n002,002-b,T1,c.nii.gz\n"


def test_a_mask_belongs_to_the_only_study_of_its_patient(tmp_path):
    write(tmp_path, series=SERIES, masks="patient_id,target,path\n001,tumour,m.nii.gz\n")
    (tmp_path / "m.nii.gz").write_bytes(b"x")
    assert read_masks(load_cohort(tmp_path)).table["study_id"].tolist() == ["001-a"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("001,002-a,tumour,m.nii.gz\n", "line 2: study 002-a belongs to patient 002, not 001"),
        ("002,,tumour,m.nii.gz\n", r"patient 002 has several studies \(002-a, 002-b\); give the study_id"),
    ],
)
def test_a_mask_of_another_patients_study_stops(tmp_path, row, message):
    write(tmp_path, series=SERIES, masks="patient_id,study_id,target,path\n" + row)
    with pytest.raises(SelipError, match=message):
        read_masks(load_cohort(tmp_path))


def test_matrix_has_a_row_for_each_labelled_patient():
    matrix = label_matrix(LABELS, ["C", "A", "B", "D"])
    assert list(matrix.index) == ["C", "A", "B"]  # D has no label: not normal, but unknown
    assert list(matrix.columns) == ["abnormal", "infarct", "tumour"]
    assert matrix.values.tolist() == [[True, True, False], [True, True, True], [False, False, False]]


def test_a_label_with_too_few_patients_says_why():
    table = support(label_matrix(LABELS, ["A", "B", "C"]), SPLIT, fewest=1).set_index("label")
    assert table.loc["infarct", ["train", "validation", "test"]].tolist() == [1, 0, 1]
    assert table.loc["tumour", "not_scored"] == "0 test patients with it"
    assert table.loc["abnormal", "not_scored"] == "0 test patients without it"


def test_patients_by_split_are_positions_in_the_matrix():
    parts = by_split(label_matrix(LABELS, ["C", "A", "B"]), SPLIT)
    assert {name: part.tolist() for name, part in parts.items()} == {"train": [1, 2], "validation": [], "test": [0]}


def test_normal_patients_alone():
    matrix = label_matrix(LABELS, ["B"])
    assert list(matrix.columns) == ["abnormal"] and not matrix.loc["B", "abnormal"]


def test_abnormal_alone_names_no_kind():
    labels = pd.DataFrame({"patient_id": ["A", "B"], "label": ["abnormal", "normal"]})
    matrix = label_matrix(labels, ["A", "B"])
    assert list(matrix.columns) == ["abnormal"] and matrix["abnormal"].tolist() == [True, False]


def test_sites_are_labels_with_their_sides_and_normal_patients_are_normal():
    sentences = pd.DataFrame([
        ("P1", "在左侧额叶表现为长信号，在双侧丘脑表现为高信号"), ("P1", "在左侧额叶表现为高信号"),
        ("P1", NORMAL_STATEMENT), ("P2", NORMAL_STATEMENT),
    ], columns=["patient_id", "sentence"])  # fmt: skip
    table = site_labels(sentences)
    assert table.to_numpy().tolist() == [["P1", "左侧额叶"], ["P1", "双侧丘脑"], ["P2", "normal"]]
    matrix = label_matrix(table, ["P1", "P2", "P3"])
    assert matrix["左侧额叶"].to_dict() == {"P1": True, "P2": False}
