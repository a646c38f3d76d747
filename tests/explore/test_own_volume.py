from pathlib import Path

import pytest

from selip_core.errors import SelipError
from selip_core.explore.own_volume import named_file


@pytest.mark.parametrize("text", ["{}", " {} ", "'{}'", '"{}"', "file://{}"])
def test_a_path_is_taken_as_file_managers_copy_it(tmp_path, text):
    (tmp_path / "scan.nii.gz").write_bytes(b"no")
    assert named_file(text.format(tmp_path / "scan.nii.gz")) == tmp_path / "scan.nii.gz"


def test_an_address_is_decoded_and_the_home_is_known(monkeypatch):
    monkeypatch.setenv("HOME", "/somebody")
    assert named_file("file:///a%20b/%E5%A4%B4.nii") == Path("/a b/头.nii")
    assert named_file("~/x.nii") == Path("/somebody/x.nii")
    assert named_file("~nosuchuser/x.nii") == Path("~nosuchuser/x.nii")  # "no such file", says who reads it


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no file is named"),
        ("''", "no file is named"),
        ("a" * 5000 + ".nii", "cannot be used as a path on this computer"),
        (__file__, "is no NIfTI file"),
        (str(Path(__file__).parent), "is no NIfTI file"),
    ],
)
def test_what_cannot_be_a_file_to_read_is_told(text, why):
    with pytest.raises(SelipError, match=why) as told:
        named_file(text)
    assert len(str(told.value)) < 400
