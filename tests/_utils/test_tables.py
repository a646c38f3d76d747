"""Tables however they were exported, and files that are never left half written."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selip_core._utils.files import replacing, write_text
from selip_core._utils.tables import named_tests, read_saved_table, read_table, read_text, text_rows, write_table
from selip_core.errors import SelipError

ROWS = "patient_id,findings\n0001,左侧额叶见斑片状长T1长T2信号影。\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_usual_encoding_is_read(tmp_path, encoding):
    table = read_table(write(tmp_path / "reports.csv", ROWS, encoding), ("patient_id", "findings"))
    assert list(table["findings"]) == ["左侧额叶见斑片状长T1长T2信号影。"]


def test_unknown_encoding_names_the_file(tmp_path):
    path = tmp_path / "reports.csv"
    path.write_bytes(b"patient_id,findings\n1,\xff\xff\xff\n")
    with pytest.raises(SelipError, match=r"reports\.csv makes no sense in any encoding known here"):
        read_text(path)


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_separator_is_found_and_ids_keep_their_zeros(tmp_path, separator):
    text = separator.join(["patient_id", "study_id", "findings"]) + "\r\n" + separator.join(["007", "NA", "x"]) + "\r\n"
    table = read_table(write(tmp_path / "a.csv", text), ("patient_id",))
    assert table.iloc[0].to_dict() == {"patient_id": "007", "study_id": "NA", "findings": "x", "line": 2}


def test_column_names_are_compared_without_case_and_white_space(tmp_path):
    assert read_table(write(tmp_path / "a.csv", " Patient_ID ,Path\n1, x \n"), ("patient_id", "path"))["path"][0] == "x"


def test_lines_are_those_of_the_file(tmp_path):
    text = 'patient_id,findings\n1,"first\nsecond, with a comma"\n\n2,x\n'
    table = read_table(write(tmp_path / "a.csv", text), ("patient_id",))
    assert list(table["line"]) == [2, 5]
    assert table["findings"][0] == "first\nsecond, with a comma"


def test_short_rows_are_filled_and_empty_trailing_cells_dropped(tmp_path):
    table = read_table(write(tmp_path / "a.csv", "patient_id,findings\n1\n2,x,,\n"), ("patient_id",))
    assert list(table["findings"]) == ["", "x"]


def test_a_bare_comma_in_every_row_does_not_shift_columns(tmp_path):
    path = write(tmp_path / "a.csv", "patient_id,findings\n1,left,right\n2,left,right\n")
    with pytest.raises(SelipError, match=r"a\.csv line 2 has 3 cells for 2 columns; put texts .* in quotes"):
        read_table(path, ("patient_id",))


def test_an_open_quote_does_not_swallow_the_patients_after_it(tmp_path):
    with pytest.raises(SelipError, match=r"a\.csv line 3 .*quotes"):
        read_table(write(tmp_path / "a.csv", 'patient_id,findings\n1,x\n2,"y\n3,z\n'), ("patient_id",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient_id,text\n1,x\n", r"a\.csv lacks the column findings; it has patient_id, text"),
        ("patient_id,findings,findings\n1,x,y\n", r"a\.csv has the column findings twice"),
        ("", r"a\.csv is not a table: it is empty"),
        ("\n\n", r"a\.csv is not a table: it is empty"),
    ],
)
def test_broken_tables_say_what_is_wrong(tmp_path, text, message):
    with pytest.raises(SelipError, match=message):
        read_table(write(tmp_path / "a.csv", text), ("patient_id", "findings"))


def test_missing_table_is_named(tmp_path):
    with pytest.raises(SelipError, match=r"reports\.csv is missing: a cohort needs it"):
        read_table(tmp_path / "reports.csv", ("patient_id",))


def test_a_table_with_a_header_only_has_its_columns(tmp_path):
    table = read_table(write(tmp_path / "a.csv", "patient_id,findings\n"), ("patient_id",))
    assert len(table) == 0
    assert list(table.columns) == ["patient_id", "findings", "line"]


SAVED = pd.DataFrame({
    "patient_id": ["NA", "001"], "rank": [1, 2], "dice": [np.nan, 0.5], "normal": [True, False], "test": ["", "DeLong"],
})  # fmt: skip


def test_a_saved_table_keeps_the_names_of_patients_and_gives_numbers_where_they_are_wanted(tmp_path):
    SAVED.to_csv(tmp_path / "a.csv", index=False)
    table = read_saved_table(tmp_path / "a.csv", numbers=True)
    assert table["patient_id"].tolist() == ["NA", "001"] and table["test"].tolist() == ["", "DeLong"]
    assert table["rank"].sum() == 3 and np.isnan(table["dice"][0]) and table["normal"].dtype == bool


def test_a_saved_table_is_text_as_it_was_written(tmp_path):
    SAVED.to_csv(tmp_path / "a.csv", index=False)
    assert read_saved_table(tmp_path / "a.csv").iloc[0].tolist() == ["NA", "1", "", "True", ""]


def test_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as partial:
        partial.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_full_disk_names_the_file_and_leaves_the_old_one(tmp_path, code):
    path = tmp_path / "table.csv"
    write_text(path, "old")
    with pytest.raises(SelipError, match=r"cannot write .*table\.csv: .*check free space"), replacing(path) as partial:
        partial.write_text("ne")
        raise OSError(code, "no room or no right")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_the_tests_of_a_table_are_named_once_each_and_only_where_there_is_a_p_value():
    table = pd.DataFrame({"p": [0.1, np.nan, 0.2, 0.3], "test": ["a", "", "b", "a"]})
    assert named_tests(table) == "a, b"
    assert named_tests(table[["p"]]) == "" and named_tests(table.iloc[1:2]) == ""


IDS = ["NA", "None", "NULL", "nan", "N/A", "null", "1E5", "0012", "12", "TRUE", "inf", "-inf", "1_000", "2024-01-02",
       "0x1F", "#N/A", "<NA>", "1e-3", "01", "1", "1.0", "A'B", "é", "False"]  # fmt: skip


@pytest.mark.parametrize("ids", [IDS, ["0012", "12", "1E5"], ["NA", "None"], ["TRUE", "False"]])
def test_every_name_of_a_patient_and_of_a_label_stays_as_it_was_given(tmp_path, ids):
    path = tmp_path / "a.csv"
    path.write_text("patient_id,label\n" + "".join(f"{name},{name}\n" for name in ids), encoding="utf-8")
    given = read_table(path, ["patient_id", "label"])
    assert given["patient_id"].tolist() == given["label"].tolist() == ids
    given.drop(columns="line").assign(dice=0.5).to_csv(path, index=False, encoding="utf-8")
    for numbers in (False, True):
        saved = read_saved_table(path, numbers=numbers)
        assert saved["patient_id"].tolist() == saved["label"].tolist() == ids


def test_a_text_with_a_carriage_return_stays_in_its_row(tmp_path):
    texts = ["首行\r次行", "a\r\nb, c"]
    table = pd.DataFrame({"patient_id": ["P1", "P2"], "findings": texts, "n": [1, 2], "x": [0.5, None]})
    write_table(table, tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv", ("findings",))["findings"].tolist() == ["首行\n次行", "a\nb, c"]
    assert table["findings"][0] == "首行\r次行"


def test_a_text_that_a_line_break_has_torn_is_whole_again(tmp_path):
    text = "patient_id,findings,impression\n1,双侧大脑半球对称。\n左侧额叶见片状影,梗死\n2,未见异常,x\n"
    table = read_table(write(tmp_path / "a.csv", text), ("patient_id", "findings"))
    assert table["findings"].tolist() == ["双侧大脑半球对称。\n左侧额叶见片状影", "未见异常"]
    assert table["line"].tolist() == [2, 4]


def test_a_torn_row_that_makes_no_whole_one_is_named(tmp_path):
    text = "patient_id,a,findings,b,c\n1,x,双侧。\n左侧额叶。,y\n2,x,未见异常,y,z\n3,x,未见异常,y,z\n"
    with pytest.raises(SelipError, match=r"a\.csv lines 2, 3 look like one row that a line break has torn: put texts"):
        read_table(write(tmp_path / "a.csv", text), ("patient_id",))


@pytest.mark.parametrize("title", ["", "export;2024;2 rows\n"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_the_separator_is_that_of_the_line_with_the_columns(tmp_path, title, separator):
    text = title + separator.join(["patient_id", "findings"]) + "\n" + separator.join(["1", "x"]) + "\n"
    path = write(tmp_path / "a.csv", text)
    rows = text_rows(path, known=lambda names: sum(name in ("patient_id", "findings") for name in names))
    assert rows[-1][1] == ["1", "x"]


@pytest.mark.parametrize(("encoding", "language"), [("cp949", "Korean"), ("euc_jp", "Japanese")])
def test_a_table_of_another_language_in_its_own_encoding_is_refused_by_name(tmp_path, encoding, language):
    text = {"cp949": "1,우측 전두엽에 고신호 병변이 관찰됨", "euc_jp": "1,右前頭葉に高信号域を認める。"}[encoding]
    path = tmp_path / "a.csv"
    path.write_bytes(f"patient_id,findings\n{text}\n".encode(encoding))
    with pytest.raises(SelipError, match=rf"a\.csv is a text in {language} .*: export it again as UTF-8"):
        read_table(path, ("patient_id",))
