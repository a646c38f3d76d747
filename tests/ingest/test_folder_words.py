"""A folder that tells contrast medium, b-value or sequence is judged together with a name, and is no study."""

import pytest

from selip_core.ingest.folder_words import words_beside
from selip_core.ingest.layouts import find_volumes, of_their_archives

WEAK = "diffusion without weighting (b-value 0)"


def _of(root, *names):
    return find_volumes(root, [root / f"{name}.nii.gz" for name in names])


def _told(found):
    return [(one.study_id, one.sequence or one.reason) for one in found]


@pytest.mark.parametrize(
    ("names", "sequences"),
    [
        (("P01/T1/pre", "P01/T1/post"), ["T1", "T1ce"]),
        (("P01/平扫/T1", "P01/增强/T1", "P01/平扫/FLAIR"), ["T1", "T1ce", "FLAIR"]),
        (("P01/T1/增强/0001", "P01/T1/平扫/0001"), ["T1ce", "T1"]),
        (("P01/non-contrast/T1", "P01/C+/T1", "P01/C+/T2"), ["T1", "T1ce", "T2"]),
        (("P01/增强/T1_平扫",), ["T1"]),
        (("P01/T1ce/MPRAGE", "P01/T1/T1", "P01/FLAIR/FLAIR", "P01/ADC/ADC"), ["T1ce", "T1", "FLAIR", "ADC"]),
        (("P01/DWI/0", "P01/DWI/1000"), [WEAK, "DWI"]),
        (("P01/DWI/b0", "P01/DWI/b1000"), [WEAK, "DWI"]),
    ],
)  # fmt: skip
def test_folder_and_name_are_judged_together_and_are_one_study(tmp_path, names, sequences):
    found = _told(_of(tmp_path, *names))
    assert [sequence for _, sequence in found] == sequences
    assert {study for study, sequence in found if sequence != WEAK} == {"P01"}


def test_what_lies_in_a_folder_of_plain_images_is_told_plain(tmp_path):
    assert [one.told_plain for one in _of(tmp_path, "P01/平扫/T1", "P01/增强/T1", "P01/v1/T1")] == [True, False, False]


def test_a_number_in_a_folder_of_diffusion_is_its_b_value(tmp_path):
    assert [one.b_value for one in _of(tmp_path, "P01/DWI/0", "P01/DWI/800")] == [0.0, 800.0]


@pytest.mark.parametrize(
    "names",
    [("P01/T1/post",), ("P01/post/T1",), ("P01/pre/T1", "P01/post/T1"), ("P01/pre/T1", "P01/post/T1", "P01/pre/FLAIR"),
     ("siteA/KM/T1", "siteA/KM/T2", "siteA/CE/T1"), ("P01/pre/T1", "P01/post/T1", "P01/pre/T2", "P01/post/T2"),
     ("P01/preop/T1", "P01/postop/T1"), ("CE/T1", "GD/T1"), ("P01/T1/T1", "P01/T1/T2", "P01/T2/T1", "P01/T2/T2")],
)  # fmt: skip
def test_pre_and_post_of_an_operation_times_called_t1_and_t2_and_initials_stay_what_they_were(tmp_path, names):
    assert words_beside(names) == {}
    assert not any(one.sequence == "T1ce" for one in _of(tmp_path, *names))


@pytest.mark.parametrize(
    "names",
    [("P01/DWI/0", "P01/DWI/1"), ("P01/DWI/0000", "P01/DWI/0500"), ("DWI/B12", "DWI/B50"), ("P01/DWI/50",),
     ("DWI/100", "DWI/1000", "T1/100", "T1/1000")],
)
def test_numbers_of_series_and_of_patients_are_no_b_values(tmp_path, names):
    assert words_beside(names) == {} and {one.sequence for one in _of(tmp_path, *names)} <= {"DWI", "T1"}


def test_folders_of_sequences_above_patients_hold_one_study_of_each(tmp_path):
    assert _told(_of(tmp_path, "T1/P001_T1", "FLAIR/P001_FLAIR")) == [("P001", "T1"), ("P001", "FLAIR")]


def test_labels_pre_and_post_of_bids_count_where_both_are_there(tmp_path):
    names = [f"sub-01/anat/sub-01_acq-{word}_T1w" for word in ("pre", "post")]
    assert _told(_of(tmp_path, *names)) == [("sub-01", "T1"), ("sub-01", "T1ce")]
    assert _told(_of(tmp_path, names[1])) == [("sub-01", "T1")]


def test_folders_in_an_archive_of_one_patient_count_as_elsewhere(tmp_path):
    found = of_their_archives({"P01": _of(tmp_path, "T1/pre", "T1/post", "FLAIR/FLAIR")})
    assert [one.study_id for one in found] == ["P01"] * 3
    assert [one.sequence for one in found] == ["T1", "T1ce", "FLAIR"]
