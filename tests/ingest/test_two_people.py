"""Two people under one id are told: by what their headers disagree in."""

import pandas as pd
import pytest

from selip_core.ingest.build import ingest
from tests.helpers.dicom_files import write_series


def _told(tmp_path, *people):
    for number, (name, birth, sex) in enumerate(people, 1):
        tags = {"PatientID": "7001", "PatientName": name, "PatientBirthDate": birth, "PatientSex": sex}
        tags["StudyDate"] = f"2024010{number}"
        write_series(tmp_path / "src" / str(number), study=f"1.2.{number}", person=tags)
    ingest(tmp_path / "src", tmp_path / "out", progress=False, workers=1)
    page = (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")
    assert not [name for name, *_ in people if name and name.partition("^")[0] in page]
    return pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)["description"].tolist()


@pytest.mark.parametrize(
    ("second", "fields"),
    [
        (("Garcia^Ana", "19550203", "F"), "birth date and name"),
        (("Smith^John", "19550203", "F"), "sex and birth date"),
        (("", "19550203", "F"), "sex and birth date"),
    ],
)
def test_studies_of_people_who_cannot_be_one_are_remarked(tmp_path, second, fields):
    first = ("Smith^John", "19700412", "M" if "sex" in fields else "")
    told = _told(tmp_path, first, second)
    assert len(told) == 2 and all(f"disagree in {fields}: perhaps two people" in one for one in told)


@pytest.mark.parametrize(
    "second", [("Jones^Mary", "19700412", "F"), ("Smith^Mary", "19700101", "F"), ("ANON12", "", "O")]
)
def test_one_field_alone_may_have_changed(tmp_path, second):
    told = _told(tmp_path, ("Smith^Mary", "19700412", "F"), second)
    assert len(told) == 2 and not [one for one in told if "two people" in one]
