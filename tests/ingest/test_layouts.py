from pathlib import Path

import pytest

from selip_core.errors import SelipError
from selip_core.ingest.layouts import find_volumes, other_volume, released_splits, released_texts, report_of_texts
from selip_core.reports.parser import parse_report


def _of(root, *names, **options):
    return {one.description: one for one in find_volumes(root, [root / name for name in names], **options)}


def _told(one):
    return one.patient_id, one.study_id, one.sequence, one.layout


def test_bids_names_tell_patient_session_and_sequence(tmp_path):
    found = _of(
        tmp_path,
        "sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz",
        "sub-01/ses-2/anat/sub-01_ses-2_ce-gd_T1w.nii.gz",
        "sub-02/dwi/sub-02_dir-AP_dwi.nii.gz",
        "sub-02/func/sub-02_task-rest_bold.nii.gz",
    )
    told = list(found.values())
    assert _told(told[0]) == ("sub-01", "sub-01_ses-2", "T1", "bids")
    assert told[1].sequence == "T1ce"
    assert _told(told[2]) == ("sub-02", "sub-02", "DWI", "bids")
    assert "BIDS suffix bold" in told[3].reason


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("HGG/Brats18_1/Brats18_1_t1ce.nii.gz", ("Brats18_1", "Brats18_1", "T1ce", "brats")),
        ("Brats18_1/Brats18_1_seg.nii.gz", ("Brats18_1", "Brats18_1", "mask", "brats")),
        (
            "BraTS-GLI-00005-001/BraTS-GLI-00005-001-t2f.nii.gz",
            ("BraTS-GLI-00005", "BraTS-GLI-00005-001", "FLAIR", "brats"),
        ),
        ("a/nii_mri_1_processed/t2_tse_tra/Q7.npy", ("1/Q7", "1/Q7", "T2", "released")),
        ("a/nii_mri_2_processed_small/ep2d_diff_3scan_trace_p2_ADC/Q7.nii.gz", ("2/Q7", "2/Q7", "ADC", "released")),
        ("Wang/Wang_t1ce.nii.gz", ("Wang", "Wang", "T1ce", "plain")),
        ("Li/T1.nii.gz", ("Li", "Li", "T1", "plain")),
        ("Li/visit1_FLAIR.nii", ("Li", "Li/visit1", "FLAIR", "plain")),
        ("Li/2020/T1/0001.nii.gz", ("Li", "Li/2020", "T1", "plain")),
        ("Li_t2w.nii.gz", ("Li", "Li", "T2", "plain")),
        ("Li/2020/ax_T1+C.nii.gz", ("Li", "Li/2020", "T1ce", "plain")),
        ("P001/2024/Ax_T2_FLAIR.nii.gz", ("P001", "P001/2024", "FLAIR", "plain")),
        ("P001/2024/FLAIR_to_T1.nii.gz", ("P001", "P001/2024", "FLAIR", "plain")),
        ("PD_01/v1/PD_02_T1.nii.gz", ("PD_01", "PD_01/v1/PD_02", "T1", "plain")),
    ],
)
def test_each_layout_is_known_by_the_name_of_the_file(tmp_path, name, told):
    assert _told(_of(tmp_path, name)[name]) == told


def test_a_plain_mask_belongs_to_its_patients_only_study(tmp_path):
    found = _of(
        tmp_path, "Li/T1.nii.gz", "Li/lesion_seg_final.nii.gz", "Wu/a_T1.nii.gz", "Wu/b_T1.nii.gz", "Wu/seg.nii.gz"
    )
    assert found["Li/lesion_seg_final.nii.gz"].study_id == "Li"
    assert found["Wu/seg.nii.gz"].study_id == "Wu"


def test_a_pattern_names_the_parts_and_sets_aside_what_does_not_fit(tmp_path):
    found = _of(tmp_path, "x/Li-2020/scan_T2.nii.gz", "Li.nii.gz", pattern="*/{patient}-{study}/scan_{sequence}.nii.gz")
    assert _told(found["x/Li-2020/scan_T2.nii.gz"]) == ("Li", "Li/2020", "T2", "plain")
    assert found["Li.nii.gz"].reason == "its path does not fit --pattern"


@pytest.mark.parametrize(
    "pattern", ["{patient}.nii.gz", "{patient}/{sequence}/{name}.nii", "{patient}/{patient}_{sequence}.nii"]
)
def test_a_pattern_that_cannot_work_is_refused(tmp_path, pattern):
    with pytest.raises(SelipError, match="must hold {patient} and {sequence}"):
        _of(tmp_path, "a.nii.gz", pattern=pattern)


def test_texts_and_splits_of_the_released_layout_are_read(tmp_path):
    texts = tmp_path / "text_data_1" / "splited_json_data" / "information.json"
    texts.parent.mkdir(parents=True)
    texts.write_text(
        '{"Q7": {"T2": "在左侧额叶表现为长信号，在右侧丘脑表现为短信号", "DWI": "在左侧额叶表现为高信号"}}',
        encoding="utf-8",
    )
    names = tmp_path / "nii_mri_1_data" / "split_txt" / "training.txt"
    names.parent.mkdir(parents=True)
    names.write_text("Q7\nQ8\n")
    told = released_texts([texts])["1/Q7"]
    read = parse_report(report_of_texts(told))
    assert {s: [f.site for f in fs] for s, fs in read.items()} == {"T2": ["左侧额叶", "右侧丘脑"], "DWI": ["左侧额叶"]}
    assert released_splits([names]) == {"1/Q7": "train", "1/Q8": "train"}
    texts.write_text("[1]")
    with pytest.raises(SelipError, match="information.json is no JSON of texts"):
        released_texts([texts])


def test_a_folder_that_may_be_a_site_is_remarked(tmp_path):
    names = [f"Utrecht/{i}/orig/FLAIR.nii.gz" for i in range(4)]
    site = _of(tmp_path, *names, "Li/2020/T1.nii.gz", "Li/2021/T1.nii.gz")
    told = {name: " ".join(one.notes) for name, one in site.items()}
    assert "who then has 4 studies: if it is a site" in told["Utrecht/0/orig/FLAIR.nii.gz"]
    assert told["Li/2020/T1.nii.gz"] == ""
    fits = _of(tmp_path, *(f"Utrecht/{i}/FLAIR.nii.gz" for i in range(4)), pattern="*/{patient}/{sequence}.nii.gz")
    assert [one.patient_id for one in fits.values()] == list("0123")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("derivatives/prep/sub-01/anat/sub-01_T1w.nii.gz", "folder derivatives"),
        ("sub-01/dwi/sub-01_part-phase_dwi.nii.gz", "entity part"),
        ("imagesTr/BRATS_001_0000.nii.gz", "number of a channel"),
    ],
)
def test_what_is_not_the_plain_image_is_set_aside(tmp_path, name, reason):
    one = _of(tmp_path, name)[name]
    assert one.sequence is None and reason in one.reason


def test_of_the_decathlon_it_is_said_how_its_files_become_series(tmp_path):
    (tmp_path / "dataset.json").write_text("{}")
    found = _of(tmp_path, "imagesTr/BRATS_001.nii.gz", "labelsTr/BRATS_001.nii.gz")
    assert all(one.sequence is None and "Decathlon" in one.reason for one in found.values())
    assert "tells no known sequence" in _of(tmp_path / "no", "imagesTr/x.nii.gz")["imagesTr/x.nii.gz"].reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("T1.PAR", ".par volumes are not read; convert it to NIfTI"), ("brain.mgz", ".mgz volumes are not read"),
        ("pet.v", ".v volumes"), ("lh.pial.surf.gii", ".gii: a surface, no volume"), ("a.trk", "fibre tracts"),
        ("notes.txt", ""), ("T1.nii.gz", ""),
    ],
)  # fmt: skip
def test_files_of_other_programs_are_called_by_their_kind(name, reason):
    assert reason in other_volume(Path(name))
    assert bool(other_volume(Path(name))) == bool(reason)


def test_sub_01_of_two_datasets_are_two_patients_and_derivatives_stay_with_theirs(tmp_path):
    found = _of(tmp_path, "ds1/sub-01/anat/sub-01_T1w.nii.gz", "张三/sub-01/anat/sub-01_T1w.nii.gz",
                "ds1/derivatives/x/sub-01/anat/sub-01_desc-lesion_mask.nii.gz")  # fmt: skip
    assert [one.patient_id for one in found.values()] == ["ds1/sub-01", "张三/sub-01", "ds1/sub-01"]
    assert {one.layout for one in found.values()} == {"plain"}  # a folder may be called after a person: pseudonyms
    for names in (
        ("rawdata/sub-01/anat/sub-01_T1w.nii.gz", "derivatives/x/sub-01/sub-01_mask.nii.gz"),
        ("T1w/sub-01/sub-01_T1w.nii.gz", "FLAIR/sub-01/sub-01_FLAIR.nii.gz"),
        ("bids/sub-01/anat/sub-01_T1w.nii.gz", "lesions/sub-01/sub-01_mask.nii.gz"),
    ):
        assert {(one.patient_id, one.layout) for one in _of(tmp_path, *names).values()} == {("sub-01", "bids")}


def test_a_pattern_keeps_patients_of_two_sites_apart(tmp_path):
    names = ("A/001/T1.nii.gz", "B/001/T1.nii.gz")
    found = _of(tmp_path, *names, pattern="{site}/{patient}/{sequence}.nii.gz")
    assert [one.patient_id for one in found.values()] == ["A/001", "B/001"]


def test_sequences_alone_in_a_folder_are_of_the_patient_who_has_it(tmp_path):
    found = _of(tmp_path / "P7", "T1.nii.gz", "FLAIR.nii.gz")
    assert {(one.patient_id, one.study_id) for one in found.values()} == {("P7", "P7")}
    others = ["T1/0001.nii.gz", "T1/0002.nii.gz"], ["张三T1.nii.gz", "李四T2.nii.gz"], ["1_T1.nii.gz", "2_T1.nii.gz"]
    for names in others:
        assert len({one.patient_id for one in _of(tmp_path, *names).values()}) == 2


def test_a_studys_folder_is_remembered(tmp_path):
    found = _of(tmp_path, "P1/MR12/T1.nii.gz", "P1/T1.nii.gz", "P2/V1/flair.nii.gz")
    assert [one.keys for one in found.values()] == [{"folder": "MR12"}, {}, {"folder": "V1"}]
