"""Whose a series is, where ids and names do not tell it by themselves."""

import zipfile

import pytest

from selip_core.ingest.inventory import patient_of_header, take_inventory


@pytest.mark.parametrize("given", ["", "***", "anonymous", "ANONYMISED", "Unknown", "0", "000000", "NA", "n/a", "XXXX",
                                   "匿名", "de-identified"])  # fmt: skip
def test_an_id_that_everybody_has_is_none(given):
    assert patient_of_header({"PatientID": given, "StudyInstanceUID": "1.2.3"}) == "1.2.3"


@pytest.mark.parametrize("given", ["007", "P000", "anon12", "A", "XX", "王伟"])
def test_an_id_that_somebody_has_is_kept(given):
    assert patient_of_header({"PatientID": given, "StudyInstanceUID": "1.2.3"}) == given


@pytest.mark.parametrize(
    ("members", "patients"),
    [
        ({"P1": ["anat/T1.nii.gz", "anat/FLAIR.nii.gz"], "P2": ["anat/T1.nii.gz"]}, {"P1", "P2"}),
        ({"P1": ["T1.nii.gz", "FLAIR.nii.gz"]}, {"P1"}),
        ({"a": ["P1/T1.nii.gz"], "b": ["P2/T1.nii.gz"]}, {"P1", "P2"}),
        ({"T1": ["P1/T1.nii.gz", "P2/T1.nii.gz"], "FLAIR": ["P1/FLAIR.nii.gz"]}, {"P1", "P2"}),
        ({"IXI-T1": ["IXI002-T1.nii.gz", "IXI003-T1.nii.gz"], "IXI-T2": ["IXI002-T2.nii.gz"]}, {"IXI002", "IXI003"}),
        ({"A": ["001/T1.nii.gz", "002/T1.nii.gz"], "B": ["001/T1.nii.gz", "003/T1.nii.gz"]},
         {"A/001", "002", "B/001", "003"}),
        ({"A": ["001/T1.nii.gz", "050/T1.nii.gz"], "B": ["001/T1.nii.gz", "002/T1.nii.gz", "050/DWI.nii.gz"]},
         {"A/001", "A/050", "B/001", "B/050", "002"}),
        ({"P1": ["T1.nii.gz", "FLAIR.nii.gz", "mask.nii.gz"], "P2": ["T1.nii.gz", "mask.nii.gz"]}, {"P1", "P2"}),
        ({"P1": ["anat/T1.nii.gz", "dwi/DWI.nii.gz"], "P2": ["anat/T1.nii.gz", "dwi/DWI.nii.gz"]}, {"P1", "P2"}),
        ({"P1": ["t1_mprage.nii.gz", "t2_tra.nii.gz"], "P2": ["t1_mprage.nii.gz"]}, {"P1", "P2"}),
        ({"ds1": ["sub-01/anat/sub-01_T1w.nii.gz"], "ds2": ["sub-01/anat/sub-01_T1w.nii.gz"]},
         {"ds1/sub-01", "ds2/sub-01"}),
    ],
)  # fmt: skip
def test_archives_tell_patients_apart_where_their_members_do_not(tmp_path, members, patients):
    found = take_inventory(zips(tmp_path / "in", members), tmp_path / "work", progress=False)
    assert {one.patient_id for one in found.series} == patients


def zips(folder, members):
    folder.mkdir()
    for name, files in members.items():
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for file in files:
                archive.writestr(file, b"x")
    return folder


def test_an_archive_of_one_patient_is_one_study_as_its_folder_would_be(tmp_path):
    files = ["t1_mprage.nii.gz", "t2_flair.nii.gz", "dwi.nii.gz", "mask.nii.gz"]
    found = take_inventory(zips(tmp_path / "in", {"P1": files, "P2": files}), tmp_path / "work", progress=False)
    assert {(one.patient_id, one.study_id) for one in found.series} == {("P1", "P1"), ("P2", "P2")}
    assert not any(one.notes for one in found.series)


def test_a_report_finds_its_patient_by_the_bare_id_where_one_archive_has_it(tmp_path):
    members = {"A": ["001/T1.nii.gz", "002/T1.nii.gz"], "B": ["001/T1.nii.gz", "003/T1.nii.gz"]}
    found = take_inventory(zips(tmp_path / "in", members), tmp_path / "work", progress=False)
    told = {one.patient_id: (one.keys, bool(one.notes)) for one in found.series}
    renamed = ({"patient": "001"}, True)
    assert told == {"A/001": renamed, "B/001": renamed, "002": ({}, False), "003": ({}, False)}
