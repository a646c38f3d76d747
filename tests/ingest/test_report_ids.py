"""Ids of rows: written otherwise, or several in a cell, they lead to their study and to no other."""

import pandas as pd
import pytest

from selip_core.ingest.report_ids import Keys, several_ids

STUDIES = pd.DataFrame({"study_id": ["S1", "S2", "S3"], "accession": ["MR20240001", "MR20240002", "00001"]})


def study_of(value, named=()):
    return Keys(STUDIES, ("study_id", "accession"), [value, *named]).find_study(value, ignore_zeros=False)[0]


@pytest.mark.parametrize(
    ("cell", "ids"),
    [
        ("A101,A102", ["A101", "A102"]), ("A101；A102", ["A101", "A102"]), ("A101、A102", ["A101", "A102"]),
        ("A101\nB202", ["A101", "B202"]), ("MR20240001/MR20240002", ["MR20240001", "MR20240002"]),
        ("MR20240001 MR20240002", ["MR20240001", "MR20240002"]),
        ("MR20240001+MR20240002", ["MR20240001", "MR20240002"]),
        ("MR 20240001", []), ("2024/00001", []), ("202401/000001", []), ("A101", []), ("Wang, Wei", []), ("", []),
    ],
)  # fmt: skip
def test_several_ids_in_a_cell(cell, ids):
    assert several_ids(cell) == ids


@pytest.mark.parametrize(
    ("value", "study"),
    [("mr20240001", {"S1"}), ("MR20240001,CT77777", {"S1"}), ("CT77777,mr20240001", {"S1"}), ("MR20240001", {"S1"}),
     ("MR20240001,MR20240002", {"S1", "S2"}), ("MR20240009", set()), ("2024/00001", set()), ("", set())],
)  # fmt: skip
def test_a_study_is_found_by_its_number_written_otherwise(value, study):
    assert study_of(value) == study


def test_capitals_count_where_somebody_tells_ids_apart_by_them():
    assert study_of("mr20240001", named=["MR20240001"]) == set()
    both = pd.DataFrame({"study_id": ["a1", "A1"]})
    assert Keys(both, ("study_id",)).find_study("A1", False)[0] == {"A1"}
    assert Keys(pd.DataFrame({"study_id": ["ab", "Ab"]}), ("study_id",)).find_study("AB", False)[0] == set()
