"""Files of reports: rare separators, and a folder of texts."""

import pandas as pd
import pytest

from selip_core.ingest.report_join import join
from selip_core.ingest.report_tables import read_reports

TEXT = "左侧额叶见片状长T2信号影。"
STUDIES = pd.DataFrame({"patient_id": ["P1", "P2"], "study_id": ["S1", "S2"], "accession": ["A1", "A2"]})


@pytest.mark.parametrize("separator", ["|", "^", ",", "\t", ";"])
def test_separators(tmp_path, separator):
    rows = [["患者ID", "姓名", "检查所见"], ["P1", "王小明", TEXT], ["P2", "李娜", TEXT]]
    (tmp_path / "r.csv").write_text("\n".join(map(separator.join, rows)), encoding="utf-8")
    assert read_reports(tmp_path / "r.csv").reports["findings"].tolist() == [TEXT, TEXT]


def test_a_rare_separator_within_cells_is_none(tmp_path):
    (tmp_path / "r.csv").write_text(f"检查号,姓名,检查所见\nA1|A,Wang^Wei,T1|T2^{TEXT}\n", encoding="utf-8")
    found = read_reports(tmp_path / "r.csv").reports
    assert found[["study_id", "findings"]].values.tolist() == [["A1|A", f"T1|T2^{TEXT}"]]


def test_a_folder_of_texts_is_a_table_of_ids(tmp_path):
    folder = tmp_path / "王小明"
    folder.mkdir()
    (folder / "A1.txt").write_text(TEXT, encoding="utf-8")
    (folder / "A2.TXT").write_text("未见异常\n\n", encoding="gb18030")
    (folder / "A9.txt").write_text("x", encoding="utf-8")
    (folder / ".A1.txt").write_text("y", encoding="utf-8")
    found = read_reports(folder)
    matched, problems = join(found, STUDIES)
    assert dict(zip(matched["study_id"], matched["findings"], strict=True)) == {"S1": TEXT, "S2": "未见异常"}
    assert "no series of its study" in problems["problem"][0]
    assert "王小明" not in found.without_its_name(found.reports["where"][0])


def test_a_folder_of_texts_called_by_patients(tmp_path):
    for patient in ("P1", "P2"):
        (tmp_path / f"{patient}.txt").write_text(f"{TEXT}{patient}", encoding="utf-8")
    assert join(read_reports(tmp_path), STUDIES)[0]["study_id"].tolist() == ["S1", "S2"]


def test_a_folder_of_texts_is_read_to_its_last_folder_and_what_is_not_read_is_told(tmp_path):
    (tmp_path / "2024" / "05").mkdir(parents=True)
    (tmp_path / "A1.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "2024" / "05" / "A2.rtf").write_bytes(rb"{\rtf1\ansi\ansicpg936 \'d7\'f3\'b2\'e0\par x}")
    for name in ("A3.docx", "A4.docx", "A5.pdf", "A6.王小明", "Thumbs.db", ".A7.txt", "~$A3.docx"):
        (tmp_path / "2024" / name).write_bytes(b"x")
    found = read_reports(tmp_path)
    matched, _ = join(found, STUDIES)
    assert dict(zip(matched["study_id"], matched["findings"], strict=True)) == {"S1": TEXT, "S2": "左侧\nx"}
    told = "files of the folder that are no .txt or .rtf: 2 .docx, 1 .pdf, 1 others"
    assert found.problems["problem"].tolist() == [told]


def test_two_reports_of_one_name_in_a_folder_are_none_s(tmp_path):
    for year in ("2023", "2024"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "A1.txt").write_text(TEXT + year, encoding="utf-8")
    found = read_reports(tmp_path)
    assert found.reports.empty and found.problems["problem"].tolist() == ["2 reports of one study differ"] * 2


def test_a_folder_of_a_short_name_changes_no_word_of_what_is_told(tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "A1.txt").write_text(TEXT, encoding="utf-8")
    found = read_reports(tmp_path / "t")
    assert found.without_its_name("t row 1") == "folder of reports row 1"
    assert found.without_its_name(found.notes[0]) == found.notes[0] == "patient_id is read from 'patient id'"
