import gzip
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from selip_core.datasets.cohort import load_cohort
from selip_core.errors import SelipError
from selip_core.ingest.__main__ import main
from selip_core.ingest.build import ingest
from selip_core.ingest.tables import choose_series
from tests.helpers.dicom_files import PERSON, head, write_series

QUIET = {"progress": False, "workers": 1}
TEXT = "左侧额叶见片状长T1长T2信号影，DWI呈高信号。"
SECRETS = [
    *PERSON["PatientName"].split("^"),
    *(PERSON[k] for k in ("PatientID", "AccessionNumber", "PatientAddress")),
    "19700412",
    "1970-04-12",
    "张三",
]


def _nifti(path, *, spacing=(4, 4, 6), shape=(12, 32, 32), slices=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = head((slices or shape[0], *shape[1:])).transpose(2, 1, 0).astype(np.float32)
    nib.save(nib.Nifti1Image(voxels, np.diag([*spacing, 1.0])), path)
    return path


@pytest.fixture
def hospital(tmp_path):
    """Return a folder as it comes from the scanner, and its table of reports."""
    source = tmp_path / "张三_MR"
    write_series(source / "1", SeriesDescription="localizer", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_series(source / "2", SeriesDescription="t1_fl2d_tra Qiuxian Yuzhen", SeriesNumber=2)
    write_series(source / "3", SeriesDescription="t2_tse_tra", SeriesNumber=3)
    write_series(source / "4", SeriesDescription="TOF_3D", SeriesNumber=4)
    other = {**PERSON, "PatientID": "MRN777", "AccessionNumber": "ACC999", "PatientName": "Wu^Wang"}
    write_series(source / "5", study="1.2.4", person=other, SeriesDescription="t2_tse_tra")
    reports = tmp_path / "reports.csv"
    reports.write_text(
        f"检查号,患者姓名,出生日期,检查所见,诊断意见\nACC778899,张三,1970-04-12,张三，{TEXT}1970年4月12日出生。,脑梗死\n"
        "ACC000,李四,1950-01-01,未见异常。,正常\n",
        encoding="gb18030",
    )
    return source, reports


def _everything_written(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            yield path, f"{path.relative_to(folder)}\n{data.decode('utf-8', errors='replace')}"


def test_a_scanner_folder_and_a_table_of_reports_become_a_cohort(hospital, tmp_path):
    counts = ingest(*hospital[:1], tmp_path / "out", reports=hospital[1], **QUIET)
    assert counts == {"patients": 2, "studies": 2, "series": 3, "reports": 1, "masks": 0, "set_aside": 2, "problems": 2}
    cohort = load_cohort(tmp_path / "out")
    by_study = cohort.series.groupby("study_id")["sequence"].agg(sorted)
    (study,) = cohort.reports["study_id"]
    assert by_study[study] == ["T1", "T2"] and not cohort.synthetic
    assert cohort.reports["findings"].iloc[0] == f"＊＊，{TEXT}＊＊出生。"
    assert not (tmp_path / "out" / ".ingest").exists()


def test_no_name_birth_date_address_or_number_reaches_any_output(hospital, tmp_path, capfd):
    assert main([str(hospital[0]), "--out", str(tmp_path / "out"), "--reports", str(hospital[1])]) == 0
    printed = "".join(capfd.readouterr())
    for secret in SECRETS:
        assert secret not in printed
        for path, text in _everything_written(tmp_path / "out"):
            assert secret not in text, f"{secret} in {path}"


def test_no_name_of_a_plain_folder_reaches_any_output(tmp_path, capfd):
    names = ("LiuDehua/LiuDehua_t1.nii.gz", "LiuDehua/v/t1_mprage.nii.gz", "LiuDehua/v/t1_se.nii.gz",
             "Name: LiuDehua/s/t2.nii.gz", "LiuDehua/s/loc.nii.gz")  # fmt: skip
    for name in names:
        _nifti(tmp_path / "in" / name)
    (tmp_path / "in/LiuDehua/s/adc.nii").write_bytes(b"no volume")
    (tmp_path / "in/LiuDehua/s/flair.nii.gz").write_bytes(gzip.compress(b"no volume"))
    np.save(tmp_path / "in/LiuDehua/loose.npy", np.ones(3))
    for i, options in enumerate(([], ["--pattern", "{patient}/{study}/{sequence}.nii.gz"])):
        assert main([str(tmp_path / "in"), "--out", str(tmp_path / f"out{i}"), *options]) == 0
        for path, text in _everything_written(tmp_path / f"out{i}"):
            assert "LiuDehua" not in text, path
    assert "LiuDehua" not in "".join(capfd.readouterr())


def test_what_a_kill_leaves_after_the_end_is_taken_away(hospital, tmp_path):
    counts = ingest(hospital[0], tmp_path / "out", **QUIET)
    (tmp_path / "out/.ingest/archives/WangWei").mkdir(parents=True)
    assert ingest(hospital[0], tmp_path / "out", **QUIET) == counts
    assert not (tmp_path / "out/.ingest").exists()


def test_killed_after_the_key_was_written_it_goes_on(hospital, tmp_path, monkeypatch):
    import selip_core.ingest.build as module

    options = {"key": tmp_path / "key.csv", **QUIET}
    with monkeypatch.context() as patched:
        patched.setattr(module, "write_json", _killed_at("ingest.json", module.write_json))
        with pytest.raises(KeyboardInterrupt):
            ingest(hospital[0], tmp_path / "out", **options)
    before = (tmp_path / "key.csv").read_bytes()
    ingest(hospital[0], tmp_path / "out", **options)
    assert (tmp_path / "key.csv").read_bytes() == before and (tmp_path / "out/ingest.json").exists()


def _killed_at(name, write):
    def write_or_die(path, value):
        if path.name == name:
            raise KeyboardInterrupt
        write(path, value)

    return write_or_die


def test_a_slice_cut_off_is_refused_and_so_is_the_series_that_lacks_it(tmp_path):
    files = write_series(tmp_path / "in/1")
    files[5].write_bytes(files[5].read_bytes()[:-900])
    write_series(tmp_path / "in/2", SeriesDescription="t1_se_tra")
    counts = ingest(tmp_path / "in", tmp_path / "out", **QUIET)
    assert counts["series"] == 1 and counts["set_aside"] == 1 and counts["problems"] == 1
    page = (tmp_path / "out/quality.html").read_text(encoding="utf-8")
    assert "cut off before the end of its pixels" in page and "incomplete: 1 of 12 slices" in page


def test_diffusion_and_masks_are_checked_as_other_volumes(tmp_path):
    for name in ("sub-1_dwi", "sub-1_msk"):
        bad = _nifti(tmp_path / f"in/sub-1/{name}.nii.gz")
        data = gzip.decompress(bad.read_bytes())
        bad.write_bytes(gzip.compress(_patched(data, 80, np.float32([0, 0, 0]).tobytes(), no_sform=True)))
    _nifti(tmp_path / "in/sub-1/sub-1_T1w.nii.gz")
    assert ingest(tmp_path / "in", tmp_path / "out", masks="infarct", **QUIET)["set_aside"] == 2


def test_names_that_are_no_utf8_end_in_no_traceback(tmp_path):
    folder = os.fsencode(tmp_path / "in") + "/病人".encode("gb18030")
    os.makedirs(folder)
    source = _nifti(tmp_path / "T1.nii.gz")
    with open(folder + b"/T1.nii.gz", "wb") as file:
        file.write(source.read_bytes())
    assert main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--key", str(tmp_path / "key.csv")]) == 0


def test_the_key_is_written_on_request_only_and_for_its_owner_alone(hospital, tmp_path):
    ingest(hospital[0], tmp_path / "out", reports=hospital[1], key=tmp_path / "key.csv", **QUIET)
    key = pd.read_csv(tmp_path / "key.csv", dtype=str).set_index("sequence")
    assert stat.S_IMODE(os.stat(tmp_path / "key.csv").st_mode) == 0o600
    assert key.loc["T1", "source_patient_id"] == "MRN0012345"
    series = load_cohort(tmp_path / "out").series
    assert key.loc["T1", "patient_id"] == series.loc[series["sequence"] == "T1", "patient_id"].iloc[0]
    ingest(hospital[0], tmp_path / "keyless", reports=hospital[1], **QUIET)
    with pytest.raises(SelipError, match="was finished without a key, which can no longer be written"):
        ingest(hospital[0], tmp_path / "keyless", reports=hospital[1], key=tmp_path / "late.csv", **QUIET)
    with pytest.raises(SelipError, match="keep the key apart"):
        ingest(hospital[0], tmp_path / "more", key=tmp_path / "more" / "key.csv", **QUIET)
    with pytest.raises(SelipError, match="never overwritten"):
        ingest(hospital[0], tmp_path / "again", key=tmp_path / "key.csv", **QUIET)


def test_pseudonyms_of_two_ingests_cannot_be_compared(hospital, tmp_path):
    for name in ("a", "b"):
        ingest(hospital[0], tmp_path / name, **QUIET)
    first, second = (set(load_cohort(tmp_path / name).series["patient_id"]) for name in ("a", "b"))
    assert len(first) == len(second) == 2 and not first & second


def test_left_is_left_from_the_scanner_to_the_model(hospital, tmp_path):
    from selip_core.preprocessing import preprocess_array

    ingest(hospital[0], tmp_path / "out", **QUIET)
    cohort = load_cohort(tmp_path / "out")
    options = {"spacing_mm": (5.0, 5.0, 5.0), "shape": (12, 32, 32), "clip_percentiles": (0.0, 100.0)}
    for path in cohort.series["path"]:
        volume, _ = preprocess_array(cohort.directory / path, **options)
        assert np.argwhere(volume > 0.9 * volume.max()).mean(axis=0)[2] < 12  # W runs from left to right


def test_published_ids_stay_and_plain_ones_do_not(tmp_path):
    for name in (
        "sub-01/anat/sub-01_T1w.nii.gz",
        "BraTS1/BraTS1_t1ce.nii.gz",
        "BraTS1/BraTS1_seg.nii.gz",
        "wang/T2.nii.gz",
    ):
        _nifti(tmp_path / "in" / name)
    ingest(tmp_path / "in", tmp_path / "out", **QUIET)
    patients = set(load_cohort(tmp_path / "out").series["patient_id"])
    assert {"sub-01", "BraTS1"} < patients and "wang" not in patients and len(patients) == 3
    assert pd.read_csv(tmp_path / "out" / "masks.csv")["target"].tolist() == ["tumour"]
    ingest(tmp_path / "in", tmp_path / "kept", keep_ids=True, **QUIET)
    assert "wang" in set(load_cohort(tmp_path / "kept").series["patient_id"])


def test_of_two_series_of_a_sequence_the_axial_one_with_most_slices_is_used(tmp_path):
    _nifti(tmp_path / "in/p/T1.nii.gz", spacing=(4, 4, 6), slices=12)
    _nifti(tmp_path / "in/p/T1/more.nii.gz", spacing=(4, 4, 4), slices=20)
    _nifti(tmp_path / "in/p/T1/sagittal.nii.gz", spacing=(9, 4, 4), slices=30)
    counts = ingest(tmp_path / "in", tmp_path / "both", pattern="{patient}/{sequence}/*.nii.gz", keep_ids=True, **QUIET)
    (path,) = load_cohort(tmp_path / "both").series["path"]
    assert nib.load(tmp_path / "both" / path).shape == (32, 32, 20) and counts["set_aside"] == 2
    assert len(list((tmp_path / "both" / "images").rglob("*.nii.gz"))) == 1


def test_ranks_decide_and_the_first_wins_a_tie():
    class Series:
        study_id, sequence, description, personal, by_agent = "s", "T1", "d", (), False

    class Task:
        series = Series

    results = [{"reason": "", "rank": rank} for rank in ([1.0, 20], [1.0, 24], [1.0, 24], [0.0, 99])]
    assert [not reason for reason in choose_series([Task] * 4, results)] == [False, True, False, False]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: data[: len(data) // 2], "its gzip data are damaged or cut off"),
        (lambda data: gzip.compress(gzip.decompress(data)[:-5000]), "cannot be read as a volume"),
        (
            lambda data: gzip.compress(_patched(gzip.decompress(data), 42, np.int16(3000).tobytes())),
            "cannot be read as a volume",
        ),
        (
            lambda data: gzip.compress(
                _patched(gzip.decompress(data), 80, np.float32([0, 0, 0]).tobytes(), no_sform=True)
            ),
            "spacing",
        ),
        (lambda data: b"not gzip at all", "not gzipped, though named so; rename it to .nii"),
        (lambda data: b"", "the file is empty; copy it again"),
    ],
)
def test_a_spoiled_file_is_set_aside_and_stops_nothing(tmp_path, spoil, reason):
    bad = _nifti(tmp_path / "in/sub-1/sub-1_T2w.nii.gz")
    bad.write_bytes(spoil(bad.read_bytes()))
    _nifti(tmp_path / "in/sub-1/sub-1_T1w.nii.gz")
    assert ingest(tmp_path / "in", tmp_path / "out", **QUIET)["set_aside"] == 1
    table = pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)
    assert reason in table.loc[table["sequence"] == "T2", "reason"].iloc[0]
    assert bad.exists() and load_cohort(tmp_path / "out").series["sequence"].tolist() == ["T1"]


def _patched(data, at, new, no_sform=False):
    data = data[:at] + new + data[at + len(new) :]
    return data[:252] + b"\1\0\0\0" + data[256:] if no_sform else data  # qform and sform codes


def test_a_report_whose_id_lost_its_zeros_is_listed_and_joined_on_request(tmp_path):
    _nifti(tmp_path / "in/00123/T1.nii.gz")
    (tmp_path / "r.csv").write_text(f"patient_id,findings\n１２３,{TEXT}\n", encoding="utf-8-sig")
    options = {"reports": tmp_path / "r.csv", "keep_ids": True, **QUIET}
    assert ingest(tmp_path / "in", tmp_path / "out", **options)["reports"] == 0
    assert "leading zeros" in (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")
    assert ingest(tmp_path / "in", tmp_path / "joined", ignore_leading_zeros=True, **options)["reports"] == 1
    assert load_cohort(tmp_path / "joined").reports["patient_id"].tolist() == ["00123"]


def test_the_released_layout_brings_its_texts_and_split(tmp_path):
    root = tmp_path / "in"
    for name, split in (("Q1", "training"), ("Q2", "test"), ("Q3", "validation")):
        folder = root / "nii_mri_1_data" / "nii_mri_1_processed" / "t2_tse_tra"
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{name}.npy", head().astype(np.float32))
        (root / "nii_mri_1_data" / "split_txt").mkdir(exist_ok=True)
        (root / "nii_mri_1_data" / "split_txt" / f"{split}.txt").write_text(f"{name}\n")
    (root / "text_data_1").mkdir()
    (root / "text_data_1" / "information.json").write_text('{"Q1": {"T2": "在左侧额叶表现为长信号"}}', encoding="utf-8")
    ingest(root, tmp_path / "out", **QUIET)
    cohort = load_cohort(tmp_path / "out")
    assert cohort.reports["findings"].tolist() == ["T2，在左侧额叶表现为长信号。"]
    assert sorted(cohort.given_splits["split"]) == ["test", "train", "validation"]
    path = cohort.series["path"].iloc[0]
    assert nib.aff2axcodes(nib.load(cohort.directory / path).affine) == ("L", "P", "S")


def test_an_array_that_would_run_code_is_never_loaded(tmp_path):
    folder = tmp_path / "in" / "nii_mri_1_processed" / "t2_tse_tra"
    folder.mkdir(parents=True)
    np.save(folder / "evil.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    _nifti(folder / "good.nii.gz")
    assert ingest(tmp_path / "in", tmp_path / "out", **QUIET)["set_aside"] == 1


def test_a_zip_is_read_and_what_climbs_out_of_it_is_a_row(tmp_path):
    volume = _nifti(tmp_path / "T1.nii.gz")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(volume, "Li/T1.nii.gz")
        archive.writestr("../outside.nii.gz", b"x")
    assert ingest(tmp_path / "in.zip", tmp_path / "out", **QUIET)["problems"] == 1
    assert "climbs out" in (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")


def test_nothing_is_overwritten(tmp_path):
    _nifti(tmp_path / "in/Li/T1.nii.gz")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(SelipError, match="is not empty"):
        ingest(tmp_path / "in", tmp_path / "full", **QUIET)
    counts = ingest(tmp_path / "in", tmp_path / "out", **QUIET)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    assert ingest(tmp_path / "in", tmp_path / "out", **QUIET) == counts
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    _nifti(tmp_path / "in/Wu/T1.nii.gz")
    with pytest.raises(SelipError, match="finished cohort of other options or files"):
        ingest(tmp_path / "in", tmp_path / "out", **QUIET)
    with pytest.raises(SelipError, match="lie in each other"):
        ingest(tmp_path / "in", tmp_path, **QUIET)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "required"),
        (["nowhere", "--out", "o"], 1, "neither a folder nor"),
        (["in", "--out", "o", "--workers", "0"], 2, "1 or more"),
        (["in", "--out", "o", "--columns", "findings"], 2, "findings=NAME"),
        (["in", "--out", "o", "--reports", "no.csv"], 1, "does not exist"),
        (["in", "--out", "o", "--pattern", "x"], 1, "must hold {patient}"),
        (["empty", "--out", "o"], 1, "holds no MRI series"),
        (["in", "--out", "o", "--strict"], 3, ""),
        (["in", "--out", "o"], 0, ""),
    ],
)
def test_the_exit_status_can_be_trusted(tmp_path, monkeypatch, capsys, arguments, status, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    _nifti(tmp_path / "in/Li/T1.nii.gz")
    _nifti(tmp_path / "in/Li/TOF.nii.gz")
    assert main(arguments) == status
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_killed_at_any_point_it_goes_on_without_doing_a_series_twice(tmp_path):
    for i in range(12):
        _nifti(tmp_path / f"in/sub-{i:02d}/sub-{i:02d}_T1w.nii.gz", shape=(16, 96, 96))
    command = [
        sys.executable,
        "-m",
        "selip_core.ingest",
        str(tmp_path / "in"),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "1",
    ]
    log = tmp_path / "out" / ".ingest" / "done.jsonl"
    for least in (2, 6):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") >= least):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = log.read_bytes().count(b"\n")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "images").rglob("*.nii.gz")}
    assert 6 <= done <= 12
    ingest(tmp_path / "in", tmp_path / "out", **QUIET)
    assert len(load_cohort(tmp_path / "out").series) == 12
    again = sum(path.stat().st_mtime_ns != then for path, then in written.items())
    assert again <= len(written) - done  # at most the one that was in hand


def test_a_series_of_nobody_is_set_aside_and_a_study_without_uid_goes_by_its_patient(tmp_path):
    nobody = {key: value for key, value in PERSON.items() if key not in ("PatientID", "AccessionNumber")}
    write_series(tmp_path / "in" / "a", study="", person={**nobody, "PatientID": ""})
    write_series(tmp_path / "in" / "b", study="", SeriesDescription="t1_se")
    write_series(tmp_path / "in" / "c", study="")
    counts = ingest(tmp_path / "in", tmp_path / "out", **QUIET)
    assert (counts["patients"], counts["studies"], counts["series"], counts["set_aside"]) == (1, 1, 2, 1)
    quality = pd.read_csv(tmp_path / "out" / "quality.csv", keep_default_na=False)
    assert quality["reason"].tolist()[-1].startswith("neither a patient's id nor a study UID")
    assert (load_cohort(tmp_path / "out").series["patient_id"] != "").all()
    assert not list((tmp_path / "out" / "images").glob("unknown*"))


def test_a_report_that_is_hardly_read_is_told_in_the_quality_report(tmp_path):
    for patient in ("P1", "P2"):
        _nifti(tmp_path / "source" / patient / f"{patient}_T2.nii.gz")
    german = "Hyperintense Läsion links frontal in T2, ohne Kontrastmittelaufnahme."
    reports = tmp_path / "reports.csv"
    reports.write_text(f"patient_id,findings\nP1,{TEXT}\nP2,\"{german}\"\n", encoding="utf-8")
    counts = ingest(tmp_path / "source", tmp_path / "out", reports=reports, keep_ids=True, **QUIET)
    assert counts["reports"] == 2 and counts["problems"] == 1
    page = (tmp_path / "out" / "quality.html").read_text(encoding="utf-8")
    assert "0% of the report is read" in page and "python -m selip_core.extract" in page
    table = pd.read_csv(tmp_path / "out" / "quality.csv", dtype=str, keep_default_na=False).set_index("patient_id")
    assert "of the report is read" in table.loc["P2", "description"]
    assert "of the report is read" not in table.loc["P1", "description"]


def test_the_next_step_is_one_that_can_be_taken(tmp_path, capsys):
    _nifti(tmp_path / "in/Li/T1.nii.gz")
    assert main([str(tmp_path / "in"), "--out", str(tmp_path / "o")]) == 0
    said = capsys.readouterr().out
    assert "next: " not in said and "./run_all.sh needs reports: ingest into another folder with --reports" in said
    (tmp_path / "r.csv").write_text("patient_id,findings\nLi,左侧额叶见长T1信号。\n", encoding="utf-8")
    with_reports = [str(tmp_path / "in"), "--out", str(tmp_path / "r"), "--reports", str(tmp_path / "r.csv")]
    assert main(with_reports) == 0 and "next: ./run_all.sh" in capsys.readouterr().out


def test_strict_counts_problems_as_its_help_says(tmp_path, capsys):
    _nifti(tmp_path / "in/Li/T1.nii.gz")
    (tmp_path / "r.csv").write_text("patient_id,findings\nWu,左侧额叶见长T1信号。\n", encoding="utf-8")
    given = [str(tmp_path / "in"), "--out", str(tmp_path / "o"), "--reports", str(tmp_path / "r.csv")]
    assert main([*given, "--strict"]) == 3
    assert ", 0 set aside," in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert "set aside or a problem" in " ".join(capsys.readouterr().out.split())
