"""What was given for a volume and is none is called what it is; tests/test_preprocessing.py has more of them."""

import pytest

from selip_core._utils.file_kinds import what_it_is
from tests.helpers.dicom_files import PERSON, head, write_series


def test_a_dicom_file_is_sent_to_ingest(tmp_path):
    write_series(tmp_path / "s", study="1.2.3", person=PERSON, voxels=head((2, 8, 8)), SeriesDescription="t1")
    file = next(path for path in (tmp_path / "s").rglob("*") if path.is_file())
    assert what_it_is(file).startswith("a DICOM file: python -m selip_core.ingest makes a cohort")


@pytest.mark.parametrize(("content", "said"), [(b"", "empty"), (b"<html>", "web page"), (b"\x5c\x01", "")])
def test_other_files_are_told_by_their_beginning(tmp_path, content, said):
    (tmp_path / "a.nii").write_bytes(content)
    found = what_it_is(tmp_path / "a.nii")
    assert said in found and bool(found) == bool(said)


def test_a_folder_is_a_folder(tmp_path):
    assert what_it_is(tmp_path) == "a folder; give one file of it"
