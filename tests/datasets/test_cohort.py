import unicodedata

import pytest

from selip_core._utils.tables import read_table
from selip_core.datasets.cohort import load_cohort, split_patients
from selip_core.datasets.findings import describe_cohort
from selip_core.datasets.sequences import standard_sequence
from selip_core.errors import SelipError
from selip_core.pipeline.records import describe_data_source
from tests.helpers.cohort_files import REPORTS, SERIES, write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_tables_in_any_usual_encoding_are_read(tmp_path, encoding):
    cohort = load_cohort(write(tmp_path, encoding=encoding))
    assert cohort.reports["findings"][0] == "左侧额叶见长T1长T2信号影。"
    assert cohort.series["patient_id"].tolist() == ["001", "001", "002"]  # leading zeros stay
    assert cohort.series["sequence"].tolist() == ["T1", "FLAIR", "T2"]
    assert cohort.problems.empty and cohort.data_source == f"user cohort {tmp_path.name}"


def test_tab_separated_tables_are_read(tmp_path):
    cohort = load_cohort(write(tmp_path, SERIES.replace(",", "\t"), REPORTS.replace(",", "\t")))
    assert len(cohort.series) == 3


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"series": SERIES + "001,t1,d.nii.gz\n"}, r"series.csv gives one series twice: study_id 001, sequence T1"),
        ({"reports": REPORTS + "002,又一份,无\n"}, r"reports.csv gives one report twice: study_id 002 in lines 3, 4"),
        ({"series": "patient_id,path\n1,a\n"}, r"series.csv lacks the column sequence; it has patient_id, path"),
        ({"series": SERIES.replace("a.nii.gz", "../a.nii.gz")}, r"line 2: path '../a.nii.gz' must lie inside"),
        ({"series": SERIES.replace("a.nii.gz", "/etc/passwd")}, r"must lie inside the cohort folder"),
        ({"splits": "patient_id,split\n001,train\n001,test\n002,train\n"}, r"patient 001 is in test and train"),
        ({"splits": "patient_id,split\n001,holdout\n"}, r"splits.csv line 2: split 'holdout' is none of"),
        ({"series": ""}, r"series.csv is not a table"),
        ({"series": SERIES.replace("c.nii.gz", "./a.nii.gz")}, r"a.nii.gz in lines 2, 4 \(patients 001, 002\)"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_stops(tmp_path, changes, message):
    with pytest.raises(SelipError, match=message):
        load_cohort(write(tmp_path, **changes))


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(SelipError, match=r"series.csv is missing"):
        load_cohort(tmp_path)
    with pytest.raises(SelipError, match="does not exist"):
        load_cohort(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(SelipError, match="cohort folder .*/file is a file, no folder"):
        load_cohort(tmp_path / "file")


def test_one_bad_row_is_left_out_with_its_reason(tmp_path):
    series = SERIES + "003,TOF,d.nii.gz\n004,T1,e.nii.gz\n005,T1,f.nii.gz\n"
    reports = REPORTS + "004,,\n006,左侧丘脑见长T1信号。,\n"
    cohort = load_cohort(write(tmp_path, series, reports))
    problems = dict(zip(cohort.problems["problem"], cohort.problems["consequence"], strict=True))
    assert "unknown sequence 'TOF'" in problems and "T1ce" in problems["unknown sequence 'TOF'"]
    assert {"report without findings text", "study 005 has series but no report"} <= set(problems)
    assert "study 006 has a report but no series" in problems
    assert set(cohort.series["patient_id"]) == {"001", "002", "004", "005"}
    assert set(cohort.reports["patient_id"]) == {"001", "002", "006"}


def test_bytes_in_no_known_encoding_are_named(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n\xff\xff\xff,1\n")
    with pytest.raises(SelipError, match="makes no sense in any encoding known here"):
        read_table(tmp_path / "t.csv", ("a",))


@pytest.mark.parametrize(
    "given, sequence", [("t1", "T1"), ("T2-FLAIR", "FLAIR"), ("T1 post", "T1ce"), ("t1ce", "T1ce"), ("TOF", None)]
)
def test_sequence_names(given, sequence):
    assert standard_sequence(given) == sequence


def cohort_of(tmp_path, n):
    rows = "".join(f"P{i:03d},T1,{i}.nii.gz\nP{i:03d},T2,{i}b.nii.gz\n" for i in range(n))
    return load_cohort(write(tmp_path, "patient_id,sequence,path\n" + rows, REPORTS))


def test_split_is_by_patient_and_follows_the_seed(tmp_path):
    cohort = cohort_of(tmp_path, 100)
    options = {"validation_fraction": 0.1, "test_fraction": 0.2}
    first, again, other = (split_patients(cohort, seed=s, **options) for s in (0, 0, 1))
    assert first.equals(again) and not first.equals(other)
    assert first["patient_id"].is_unique
    assert first["split"].value_counts().to_dict() == {"train": 70, "test": 20, "validation": 10}


@pytest.mark.parametrize("n", [3, 6])
def test_few_patients_leave_no_split_empty(tmp_path, n):
    splits = split_patients(cohort_of(tmp_path, n), seed=0, validation_fraction=0.1, test_fraction=0.1)
    assert set(splits["split"]) == {"train", "validation", "test"}


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_patients_are_all_for_training(tmp_path, n):
    splits = split_patients(cohort_of(tmp_path, n), seed=0, validation_fraction=0.1, test_fraction=0.1)
    assert len(splits) == n and set(splits["split"]) == {"train"}


def test_the_cohorts_own_split_is_kept_and_must_be_whole(tmp_path):
    series = SERIES + "003,T1,d.nii\n004,T1,e.nii\n"
    given = "patient_id,split\n001,test\n002,train\n003,validation\n004,train\n"
    cohort = load_cohort(write(tmp_path, series, splits=given))
    splits = split_patients(cohort, seed=0, validation_fraction=0.1, test_fraction=0.1)
    assert splits.set_index("patient_id")["split"].to_dict() == {
        "001": "test", "002": "train", "003": "validation", "004": "train",
    }  # fmt: skip
    cohort = load_cohort(write(tmp_path, series, splits=given.replace("002,train\n", "")))
    with pytest.raises(SelipError, match="no row for patient 002"):
        split_patients(cohort, seed=0, validation_fraction=0.1, test_fraction=0.1)


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        (["test", "train", "train"], "no validation patient:"),
        (["train", "validation", "validation"], "no test patient:"),
        (["test", "validation", "test"], "no training patient:"),
        (["test", "test", "test"], "no training and no validation patient:"),
    ],
)
def test_a_split_that_leaves_a_part_empty_stops_where_models_are_to_be_trained(tmp_path, splits, said):
    rows = [f"00{i},{split}" for i, split in enumerate(splits, 1)]
    rows += ["007,train", "008,validation", "009,test"]  # who have no series
    series = SERIES + "003,T1,d.nii\n"
    cohort = load_cohort(write(tmp_path, series, splits="\n".join(["patient_id,split", *rows])))
    with pytest.raises(SelipError, match=f"splits.csv has {said}"):
        split_patients(cohort, seed=0, validation_fraction=0.1, test_fraction=0.1)


def test_a_cohort_without_any_report_is_told_first(tmp_path):
    cohort = load_cohort(write(tmp_path, reports="patient_id,findings\n"))
    first = cohort.problems.iloc[0]
    assert first["problem"] == "no report at all" and "ingest with --reports" in first["consequence"]
    with pytest.raises(SelipError, match="reports.csv is empty: ingest with --reports"):
        describe_cohort(cohort.reports, cohort.series, progress=False)


def test_fingerprint_changes_with_a_table(tmp_path):
    before = load_cohort(write(tmp_path)).fingerprint
    assert load_cohort(tmp_path).fingerprint == before
    assert load_cohort(write(tmp_path, reports=REPORTS.replace("长T1", "短T1"))).fingerprint != before


@pytest.mark.parametrize("name", [".DS_Store", ".~lock.reports.csv#", "~$reports.csv", "Thumbs.db", ".git/index"])
def test_what_a_system_leaves_beside_the_files_is_no_part_of_the_cohort(tmp_path, name):
    before = load_cohort(write(tmp_path)).fingerprint
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    assert load_cohort(tmp_path).fingerprint == before
    (tmp_path / "a.nii.gz").write_bytes(b"x")
    assert load_cohort(tmp_path).fingerprint != before


def test_a_report_in_the_column_of_the_path_stops_nothing(tmp_path):
    """Columns that have shifted: as a file's name it is too long to be asked for."""
    cohort = load_cohort(write(tmp_path, SERIES.replace("c.nii.gz", "左侧额叶见长信号影。" * 20)))
    assert len(cohort.series) == 3


@pytest.mark.parametrize("text", ["{", "[]", '{"synthetic": "false"}'])
def test_a_broken_description_stops_for_the_stamp_depends_on_it(tmp_path, text):
    (tmp_path / "cohort.json").write_text(text)
    with pytest.raises(SelipError, match=r"cohort\.json .*correct"):
        load_cohort(write(tmp_path))


def test_the_description_is_read_with_a_byte_order_mark(tmp_path):
    described = '{"data_source": "embedded synthetic cohort", "synthetic": true}'
    (tmp_path / "cohort.json").write_text(described, encoding="utf-8-sig")
    cohort = load_cohort(write(tmp_path))
    assert cohort.synthetic and cohort.data_source == "embedded synthetic cohort"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_figures_are_stamped_with_what_the_cohort_says_in_any_encoding(tmp_path, encoding):
    (tmp_path / "cohort.json").write_text('{"data_source": "华山医院"}', encoding=encoding)
    assert load_cohort(write(tmp_path)).data_source == describe_data_source(str(tmp_path), tmp_path) == "华山医院"


@pytest.mark.parametrize("path", ["x/../../a.nii", "..\\a.nii", ""])
def test_a_path_out_of_the_folder_names_line_and_patient(tmp_path, path):
    with pytest.raises(SelipError, match=r"series\.csv line 5: path .* must lie inside .*\(patient 003\)"):
        load_cohort(write(tmp_path, SERIES + f"003,T1,{path}\n"))


def test_separators_of_windows_are_read(tmp_path):
    assert load_cohort(write(tmp_path, SERIES + "003,T1,x\\c.nii\n")).series["path"].iloc[-1] == "x/c.nii"


def test_a_link_out_of_the_folder_stops(tmp_path):
    folder = tmp_path / "cohort"
    (tmp_path / "elsewhere").mkdir()
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SelipError, match="must lie inside the cohort folder"):
        load_cohort(write(folder, SERIES + "003,T1,link/c.nii\n"))


def test_a_report_without_text_is_listed_once(tmp_path):
    problems = load_cohort(write(tmp_path, reports=REPORTS.replace("脑实质未见异常。", " "))).problems
    assert problems[["patient_id", "problem"]].values.tolist() == [["002", "report without findings text"]]


def test_ids_that_contradict_each_other_stop(tmp_path):
    with pytest.raises(SelipError, match=r"study S belongs to several patients \(001, 002\)"):
        load_cohort(write(tmp_path, "patient_id,study_id,sequence,path\n001,S,T1,a\n002,S,T2,b\n"))
    with pytest.raises(SelipError, match=r"study 001 belongs to patient 001 in series\.csv but to 002 in reports\.csv"):
        load_cohort(write(tmp_path, reports="patient_id,study_id,findings\n002,001,x\n"))


def test_no_usable_series_stops(tmp_path):
    with pytest.raises(SelipError, match="lists no usable series; sequences must be among T1, T2"):
        load_cohort(write(tmp_path, "patient_id,sequence,path\n001,TOF,a.nii\n"))


@pytest.mark.parametrize("fraction", [0.01, 0.49])
@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_extreme_fractions_leave_no_split_empty(tmp_path, n, fraction):
    splits = split_patients(cohort_of(tmp_path, n), seed=0, validation_fraction=fraction, test_fraction=fraction)
    assert set(splits["split"]) == {"train", "validation", "test"} and len(splits) == n


def test_a_path_is_found_in_the_unicode_form_of_the_disk(tmp_path):
    composed, apart = "Müller", unicodedata.normalize("NFD", "Müller")
    (tmp_path / apart).mkdir()
    (tmp_path / apart / "a.nii.gz").write_bytes(b"")
    cohort = load_cohort(write(tmp_path, SERIES.replace("a.nii.gz", f"{composed}/a.nii.gz").replace("b.nii", "é.nii")))
    assert cohort.series["path"].tolist()[0] == f"{apart}/a.nii.gz" and (tmp_path / cohort.series["path"][0]).exists()
    assert cohort.series["path"].tolist()[1] == "é.nii.gz"  # not there in any form
