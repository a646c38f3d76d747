"""Whose a plain file is: words of a protocol are of no patient, and two patients are never made one."""

import pytest

from selip_core.ingest.layouts import find_volumes
from selip_core.ingest.plain_names import date_folders, own_name, patient_of_name


def _of(root, *names):
    return find_volumes(root, [root / f"{name}.nii.gz" for name in names])


DCM2NIIX = [
    f"{patient}_{series}" for patient in ("P001", "P002")
    for series in ("t1_mprage_sag_20240101120000_3", "t2_tse_tra_20240101120000_5",
                   "t2_tirm_tra_dark-fluid_20240101120000_6")
]  # fmt: skip


def test_the_files_of_dcm2niix_are_of_the_patient_before_them(tmp_path):
    found = _of(tmp_path, *DCM2NIIX)
    assert {(one.patient_id, one.study_id) for one in found} == {("P001", "P001"), ("P002", "P002")}
    assert [one.sequence for one in found] == ["T1", "T2", "FLAIR"] * 2 and not any(one.notes for one in found)
    nested = _of(tmp_path, *(name.replace("_", "/", 1) for name in DCM2NIIX))
    assert {(one.patient_id, one.study_id) for one in nested} == {("P001", "P001"), ("P002", "P002")}


@pytest.mark.parametrize(
    "name",
    ["001_T1", "001_T1_C+", "001_T1_C-", "001_T1_post", "001_T1_CE", "001_T1+C", "001_T2_tra", "001_T1_sag",
     "001_Ax_T2", "001_FLAIR_cor", "001_T1_Gd", "001_t2_tse_tra_p2", "001_T1_FS", "001_DWI_b1000", "001_T1_iso",
     "001_T1_增强", "T1_001", "T1_sag_001", "T1_001_ax", "001_T2_2D_SE", "001_t1_mprage_sag_20240101120000_3a",
     "001_T2_to_T1", "001_T1_1mm", "001_DWI_1000", "001_DWI_800", "001_T1_ph", "001_ADC_map", "001_T2 - Copy",
     "001_T2 - Copy (2)", "001_T2 (1)", "001_T2 - 副本", "001_FLAIR_corrected", "001_T1_CONTRASTE",
     "001_T1_con_contraste",
     "001_T1 sin contraste", "001_T1_POS", "001_T1_senza_mdc", "001_T1_ohne_KM", "001_T1 增強", "001_T1_IVKM",
     "001_T1_postGd"],
)  # fmt: skip
def test_words_of_a_protocol_are_no_part_of_a_patient(name):
    assert patient_of_name(name) == "001"


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("3_T1", "3"), ("T1_3", "3"), ("P2_T1", "P2"), ("T1_P2", "P2"), ("P001_T1_P2", "P001"), ("FS_T1", "FS"),
        ("SE_01_T1", "SE_01"), ("GD_001_T1", "GD_001"), ("PD_01_T1", "PD_01"), ("AD_01_T1", "AD_01"),
        ("HC_01_T1", "HC_01"), ("Wang_C_T1", "Wang_C"), ("Ax_T1", "Ax"), ("T1_B12_visit1", "B12_visit1"),
        ("T1_wang_se", "wang_se"), ("T1_FS_wang_post", "wang"), ("T1_P2_se", "P2_se"), ("P001_T1_brain", "P001"),
        ("P001_visit2_T1", "P001_visit2"), ("20241399999999_T1", "20241399999999"), ("T1", ""),
        ("20240101120000_T1", "20240101120000"), ("t2_tse_tra_20240101120000_5", "20240101120000"),
        ("DICOM_t2_tse_tra_20240101120000_5", "DICOM_20240101120000"), ("T1_ph", "ph"), ("PH_01_T1", "PH_01"),
        ("T1 (2)", "(2)"), ("001_DWI_1001", "001_1001"), ("001_T1_1000", "001_1000"), ("T1_sin_wook", "sin_wook"),
    ],
)  # fmt: skip
def test_ids_and_initials_stay_what_they_are(name, patient):
    assert patient_of_name(name) == patient


@pytest.mark.parametrize(
    "names",
    [("P001_t1", "P002_t1"), ("GD_001_T1", "KM_001_T1"), ("PD_01_T1", "AD_01_T1"), ("T1_P2", "T1_P3"),
     ("FS_T1", "SE_T1"), ("3_T1_sag", "4_T1_sag"), ("T1_B12_v1", "T1_B13_v1"), ("IR_1_T1", "SE_1_T1"),
     ("T1_wang_se", "T1_wang_ce"), ("MRI_T1_P2", "MRI_T1_P3"), ("GBM_T1_B12", "GBM_T1_B13"),
     ("siteA_T1_e3", "siteA_T1_e4"), ("Smith_T1_P2", "Smith_T1_P3"), ("001_T1_B12", "001_T1_B13"),
     ("20240101000000_001_T1", "20240101000000_002_T1"),
     ("DICOM_T1_20240101120000_3", "DICOM_T1_20240102120000_3"), ("T1 (1)", "T1 (2)"), ("T1_sin_wook", "T1_con_wook"),
     ("site1_DWI_101", "site1_DWI_102"), ("CIV_01_T1", "MDC_01_T1"), ("T1_PH", "T1_AB")],
)  # fmt: skip
def test_two_patients_stay_two(tmp_path, names):
    assert len({one.patient_id for one in _of(tmp_path, *names)}) == 2


def test_two_examinations_of_a_patient_are_two_studies_in_time(tmp_path):
    found = _of(tmp_path, "P1_T1_20250101120000_3", "P1_T2_20250101120000_4", "P1_T1_20240101120000_3")
    assert {one.patient_id for one in found} == {"P1"}
    assert [one.study_id for one in found] == ["P1/20250101120000"] * 2 + ["P1/20240101120000"]
    assert [one.order for one in found] == ["20250101120000"] * 2 + ["20240101120000"]
    nested = _of(tmp_path, "P1/a/T1_20250101120000_3", "P1/a/T1_20240101120000_3", "P1/T2")
    assert [one.keys.get("folder") for one in nested] == ["a/20250101120000", "a/20240101120000", None]


def test_many_times_of_what_may_be_a_site_are_remarked(tmp_path):
    found = _of(tmp_path, *(f"Utrecht_T1_2024010{day}120000_3" for day in range(1, 5)))
    assert {one.patient_id for one in found} == {"Utrecht"}
    assert "what its name begins with is taken for one patient, who then has 4 studies" in found[0].notes[0]


@pytest.mark.parametrize(
    ("names", "remarked"),
    [
        (("a-x_T1", "b-x_T2", "c-x_FLAIR"), True), (("A/T1", "B/FLAIR"), True), (("P1_T1", "P1_T2", "P2_T1"), False),
        (("P1_T1", "P2_T1"), False), (("P1_T1",), False), (("P1_T1", "P1_T2"), False),
    ],
)  # fmt: skip
def test_patients_of_one_series_each_are_remarked_with_the_way_out(tmp_path, names, remarked):
    notes = [note for one in _of(tmp_path, *names) for note in one.notes]
    assert len(notes) == remarked * len(names) and all("--pattern" in note for note in notes)
    files = [tmp_path / "a_T1.nii.gz", tmp_path / "b_T2.nii.gz"]
    assert not any(one.notes for one in find_volumes(tmp_path, files, pattern="{patient}_{sequence}.nii.gz"))


def test_what_is_left_of_a_name_and_its_time_are_told():
    assert own_name("P1_t1_mprage_20240101120000_3_e1") == ("P1", "20240101120000")
    assert own_name("wrT2_to_T1") == ("", "") and own_name("20241399999999_T1") == ("20241399999999", "")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("2020-01-01/P001/T1", "2020-01-01/P002/T1"), {("P001", "P001/2020-01-01"), ("P002", "P002/2020-01-01")}),
        (("2020-01-01/P001/T1", "2021.03.04/P001/T1"), {("P001", "P001/2020-01-01"), ("P001", "P001/2021.03.04")}),
        (("01.02.2020/P001/anat/T1",), {("P001", "P001/01.02.2020/anat")}),
        (("2020-01-01/P001_T1", "2020-01-01/P002_T1"), {("P001", "P001/2020-01-01"), ("P002", "P002/2020-01-01")}),
        (("2020年1月1日/王/T1",), {("王", "王/2020年1月1日")}),
        (("20200101/P1/T1", "20200101/P2/T1", "20200102/P1/T1"),
         {("P1", "P1/20200101"), ("P2", "P2/20200101"), ("P1", "P1/20200102")}),
        # eight digits may be a patient's number, and what lies below a patient is none
        (("20200101/P1/T1", "20200102/P2/T1"), {("20200101", "20200101/P1"), ("20200102", "20200102/P2")}),
        (("20200101/visit1/T1", "20200101/visit2/T1"), {("20200101", f"20200101/visit{i}") for i in (1, 2)}),
        (("20200101/T1", "20200101/T2"), {("20200101", "20200101")}),
        (("2020-01-01/T1/0001", "2020-01-01/T2/0001"), {("2020-01-01", "2020-01-01")}),
        (("2020-01-01/anat/T1",), {("2020-01-01", "2020-01-01/anat")}),
        (("P1/2020-01-01/T1", "P1/2021-01-01/T1"), {("P1", "P1/2020-01-01"), ("P1", "P1/2021-01-01")}),
        (("2020-13-01/P1/T1",), {("2020-13-01", "2020-13-01/P1")}),
    ],
)  # fmt: skip
def test_a_folder_that_is_a_date_is_no_patient(tmp_path, names, found):
    assert {(one.patient_id, one.study_id) for one in _of(tmp_path, *names)} == found


@pytest.mark.parametrize(
    ("names", "remark"),
    [
        (("2020-01-01/T1", "2020-01-01/T2"), "its folder is a date"),
        (("2020-01-01/1/T1", "2020-01-02/1/T1"), "the folders of 2 dates is taken for one person"),
        (("2020-01-01/P1/T1", "2020-01-01/P2/T1"), ""), (("20200101/T1", "20200101/T2"), ""),
    ],
)  # fmt: skip
def test_a_patient_of_dates_is_remarked(tmp_path, names, remark):
    notes = [note for one in _of(tmp_path, *names) for note in one.notes]
    assert bool(notes) == bool(remark) and all(remark in note for note in notes)


@pytest.mark.parametrize("name", ["3T T1 ({}).nii.gz", "MRI2023 FLAIR ({}).nii.gz"])
def test_a_field_strength_or_a_year_before_the_sequence_is_no_patient_of_several_files(name):
    assert len({patient_of_name(name.format(i).split(".nii")[0]) for i in range(1, 4)}) == 3


def test_folders_of_eight_digits_with_the_same_words_below_are_patients():
    paths = [f"{day}/{when}/T1.nii.gz" for day in ("20200101", "20200102") for when in ("before", "after")]
    assert date_folders(paths) == set()
