import os
import stat
from pathlib import Path

import pytest

from selip_core.ingest.layouts import FoundSeries
from selip_core.ingest.pseudonyms import Names, load_secret, safe_name


def _series(patient, study, layout="plain", order=""):
    return FoundSeries((Path("x"),), patient, study, "T1", "x", "", layout, order=order)


def test_a_secret_is_the_owners_alone_stays_and_survives_an_interrupt(tmp_path):
    path = tmp_path / "secret"
    first = load_secret(path)
    assert len(first) == 32 and load_secret(path) == first
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    path.write_bytes(first[:7])
    assert len(load_secret(path)) == 32


def test_studies_are_numbered_in_time_and_not_dated():
    names = Names([_series("p", "b", order="20200101"), _series("p", "a", order="20210101")], b"s" * 32)
    pseudonym = names.patient("p")
    assert [names.study("b"), names.study("a")] == [f"{pseudonym}-1", f"{pseudonym}-2"]
    assert "p" not in pseudonym[1:] and len(pseudonym) == 11


@pytest.mark.parametrize(
    ("layout", "keep", "kept"),
    [("bids", None, True), ("dicom", None, False), ("bids", False, False), ("dicom", True, True)],
)
def test_ids_are_kept_where_they_are_published_or_where_the_user_says_so(layout, keep, kept):
    names = Names([_series("sub-01", "sub-01_ses-1", layout)], b"s" * 32, keep)
    assert (names.patient("sub-01") == "sub-01") is kept and (names.study("sub-01_ses-1") == "sub-01_ses-1") is kept


def test_an_id_that_the_images_do_not_have_is_not_told():
    names = Names([_series("p", "s")], b"s" * 32)
    assert "MRN7" not in names.any("MRN7") and names.any("MRN7") == names.any("MRN7") != names.any("MRN8")


@pytest.mark.parametrize(
    ("text", "name"), [("sub-01", "sub-01"), ("a/b c", "a_b_c"), ("..", "_"), ("李四", "李四"), ("", "_")]
)
def test_ids_become_names_of_files(text, name):
    assert safe_name(text) == name
