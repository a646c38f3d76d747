"""Labels as a matrix, and which of them can be scored."""

import pandas as pd

from selip_core.datasets.labels import by_split, label_matrix, support

LABELS = pd.DataFrame(
    [("A", "tumour"), ("A", "infarct"), ("B", "normal"), ("C", "infarct"), ("Z", "tumour")],
    columns=["patient_id", "label"],
)
SPLIT = pd.Series({"A": "train", "B": "train", "C": "test"})


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
