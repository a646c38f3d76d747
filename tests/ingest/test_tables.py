"""From a scanner's folder and a table to a cohort: what header and row tell of a person meets, and goes no further."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from selip_core.errors import SelipError
from selip_core.ingest import ingest
from selip_core.ingest.layouts import FoundSeries
from selip_core.ingest.tables import from_its_id, told
from tests.helpers.dicom_files import PERSON, head, write_series

HEADER = "检查号,患者ID,姓名,性别,出生日期,检查日期,检查所见"


def made(tmp_path, row):
    write_series(tmp_path / "src" / "a", person=PERSON | {"PatientSex": "F", "PatientName": "Wang^Fang"})
    (tmp_path / "r.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    counts = ingest(tmp_path / "src", tmp_path / "out", reports=tmp_path / "r.csv", progress=False, workers=1)
    return counts["reports"], (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("person", ["Wang Fang,女,1970/4/12", ",,", "王芳,F,12.04.1970"])
def test_a_report_of_the_header_s_person_is_joined(tmp_path, person):
    assert made(tmp_path, f"ACC778899,MRN0012345,{person},01/02/2024,左侧额叶见长T2信号影。")[0] == 1


@pytest.mark.parametrize("person", ["Zhao Lei,,", ",男,", ",,1988-08-08"])
def test_a_report_of_somebody_else_is_set_aside_and_tells_nothing_of_them(tmp_path, person):
    n, page = made(tmp_path, f"ACC778899,MRN0012345,{person},01/02/2024,左侧额叶见长T2信号影。")
    assert n == 0 and "is another than that in the header" in page
    assert not any(told in page for told in ("Zhao", "Wang", "1988", "1970"))


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.iso"])
def test_an_archive_that_is_not_opened_says_so_in_one_line(tmp_path, name):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / name).write_bytes(b"x" * 500)
    for source in (tmp_path / "src", tmp_path / "src" / name):
        with pytest.raises(SelipError, match=r"which is not opened here: unpack it first") as error:
            ingest(source, tmp_path / f"out{source.suffix}", progress=False, workers=1)
        assert "\n" not in str(error.value)


def at(path, patient, study, layout):
    return FoundSeries((Path("/data") / path,), patient, study, "T1", path, "", layout)


@pytest.mark.parametrize(
    ("path", "ids", "layout", "shown"),
    [
        ("赵铁柱_0012345/sub-01/anat/sub-01_T1w.nii.gz", ("sub-01", "sub-01"), "bids", "sub-01/anat/sub-01_T1w.nii.gz"),
        ("赵铁柱/sub-01_T1w.nii.gz", ("sub-01", "sub-01"), "bids", "sub-01_T1w.nii.gz"),
        ("赵铁柱/BraTS20_001_a/BraTS20_001_a_t1.nii.gz", ("BraTS20_001", "BraTS20_001_a"), "brats",
         "BraTS20_001_a/BraTS20_001_a_t1.nii.gz"),
        ("赵铁柱/nii_mri_1_processed/t2_tse_tra/A.npy", ("1/A", "1/A"), "released",
         "nii_mri_1_processed/t2_tse_tra/A.npy"),
        ("sub-01/anat/sub-01_T1w.nii.gz", ("sub-01", "sub-01"), "bids", "sub-01/anat/sub-01_T1w.nii.gz"),
    ],
)  # fmt: skip
def test_of_a_published_layout_no_folder_above_its_id_is_told(path, ids, layout, shown):
    series = at(path, *ids, layout)
    assert from_its_id(series) == shown
    assert "赵铁柱" not in told(f"{path} cannot be read", series)
    assert told("a mask that fills no voxel", series) == "a mask that fills no voxel"


def test_a_kept_layout_below_a_person_s_folder_tells_nobody(tmp_path):
    for patient in ("赵铁柱_0012345/sub-01", "MuellerHeinz_19700412/sub-02"):
        name = f"{patient.rpartition('/')[2]}_T1w.nii.gz"
        (tmp_path / "src" / patient / "anat").mkdir(parents=True)
        image = nib.Nifti1Image(head((12, 32, 32)).transpose(2, 1, 0).astype(np.float32), np.diag([4, 4, 6, 1]))
        nib.save(image, tmp_path / "src" / patient / "anat" / name)
    (tmp_path / "src" / "赵铁柱_0012345" / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz").write_bytes(b"x" * 99)
    ingest(tmp_path / "src", tmp_path / "out", progress=False, workers=1)
    written = "".join((tmp_path / "out" / f"quality.{kind}").read_text(encoding="utf-8") for kind in ("csv", "html"))
    assert "sub-02/anat/sub-02_T1w" in written
    assert not any(personal in written for personal in ("赵铁柱", "0012345", "Mueller", "19700412"))


def test_a_name_in_a_series_description_that_another_header_or_the_report_s_row_holds_is_taken_out(tmp_path):
    anon = PERSON | {"PatientName": "ANON", "OperatorsName": ""}
    for i, name in enumerate(("t2_tse_tra Qian Shouren 45Y", "t1_tse_tra Zhao Tiezhu", "flair_tra"), 1):
        write_series(tmp_path / "src" / str(i), person=anon | ({"PatientName": "Zhao^Tiezhu"} if i == 3 else {}),
                     SeriesDescription=name, SeriesNumber=i)  # fmt: skip
    table = "检查号,申请医生,赵铁柱评分,检查所见\nACC778899,Qian Shouren,3,左侧额叶见长T2信号影。\n"
    (tmp_path / "r.csv").write_text(table, encoding="utf-8")
    ingest(tmp_path / "src", tmp_path / "out", reports=tmp_path / "r.csv", progress=False, workers=1)
    written = "".join((tmp_path / "out" / f"quality.{kind}").read_text(encoding="utf-8") for kind in ("csv", "html"))
    assert "t2_tse_tra ＊＊" in written and "t1_tse_tra ＊＊" in written and "flair_tra" in written
    assert not any(personal in written for personal in ("Qian", "Shouren", "Zhao", "Tiezhu", "赵铁柱"))
    assert "as identifying: column 3" in written
