"""Exports of reports: every usual file is read, no identifier comes out, and nothing is silently chosen."""

import base64
import datetime
import re
import zipfile
import zlib

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet._reader import WorkSheetParser

from selip_core.errors import SelipError
from selip_core.ingest import report_files
from selip_core.ingest.deidentify import scrub
from selip_core.ingest.person_words import HOLE
from selip_core.ingest.report_join import join
from selip_core.ingest.report_tables import pseudonymised, read_reports, safe_cell

HEADER = ["检查号", "病人ID", "姓名", "检查所见", "诊断意见"]
TEXT = "左侧额叶见斑片状长T1长T2信号影。"

OLD_EXCEL = (  # a workbook of Excel 97, which no library here can write: zlib, base85
    "c-rk)T}V@57=FI9Gq>r~&7VMvDM41I&>!KA&7zVnnwCK&m8lyR<|fku3(B%xNCZJQ6?Gw45roxE*&pad&_!V6MGyqeu$v$VD!Wim@AsawrOUuU"
    "3CelK_nz<lJ>Sp!{p`FMa*y;p%#R`gn_<C}=0M6cnV{l`F)ol^(_}UFv{TVcEGRhaG?6J*JWGFVlXEENI|>C4)Ip-aD3ya~g)bBg6wV{IavSP}"
    "Y(u$FDfblIppt<+ZdVr5MyA<J@3ZZ5rWGu?#I&4jM?@`#yuRWxBainh%UPE}RNyiDyl2Te<l>dg<Fl8AZfnJs@Ui;ii$&p4o#+M4b!8wJ2unT_"
    "w~z{S5K3EGO8tJ1nugml6V@_DkV8x_zH5cRx7hk0C^Y5sD;FU7&zW-DU*vY0)7j(>n%G476-5O)p&b!&F+`A#epPC$XbhbUgd@mA1|I`9gafUi"
    "aC_SXP9u#3vXE&o)E=-v3>+P68n2<H`trn6-%f0kYisyG`d(F6RWuBC8`ZHuL6a)eYvX#dx!6`v<%IZj=uXwmt3PT6yOp}K!_lho8mA^zWZ`RC"
    "R!gqMO}Z{so<qEExn}HJ>AaeqME%reS$FfAcF}N5-2M7?S3|Y8jwPLZR_Q0&3fX;VI43>GIU}yoX)$}OVS1jUF6DYY(;ONmdKOjZ8kHSgY;%FN"
    "Mf9ExjA8G}Y4uf9k9^+U?}>c$uBLilW%N`|-#c#)meUmZ$zT4uP$Eji^=lGOys@V+_P!5H^ZwWe?TX82yJj5QnV6IdoZ!~ab|njsq$%x_zcC-9"
    "YJr|u3wKnlvyQ6lvChRtN9PpcEOE|4oEqm;;;cqwkr4TelFBkSz6jl3aO4!kI2qX%=VW9#_PU=+eHp!{aAYMR@(ZJ%+1Mmxd=Ix-Mo~DX!-%PH"
    "%v2+$5|7EbgV}P&gb5QSOqejSP$2l0qTkF^<8GG1cYXc4&Lov7^E1h!#U6y{*G_*4w<Ac;FglXTpCz!0SS&F|pV;?8iGB3;Fq+Z8?PyLqf9W<W"
    "ruS#gj;?>Vgpz&#R5I=S&+q>Q`>r=@"
)


def old_workbook(path, *, encrypted=False):
    data = bytearray(zlib.decompress(base64.b85decode(OLD_EXCEL)))
    if encrypted:
        start = data.index(b"\x09\x08\x10\x00")  # the workbook's first record; FILEPASS in place of the second
        data[start + 20 : start + 22] = b"\x2f\x00"
    path.write_bytes(data)
    return path


def table(path, rows, *, header=HEADER, encoding="utf-8"):
    lines = [",".join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def workbook(path, rows, *, header=HEADER, sheets=()):
    book = openpyxl.Workbook()
    sheet = book.active
    for name in sheets:
        sheet.title = name
        sheet.append(["note"])
        sheet = book.create_sheet("reports")
    for row in (header, *rows):
        sheet.append(row)
    book.save(path)
    return path


def problems_of(found) -> list[str]:
    return list(found.problems["problem"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_exports_of_every_encoding(tmp_path, encoding):
    found = read_reports(table(tmp_path / "r.csv", [["007", "1", "王伟", TEXT, "腔梗"]], encoding=encoding))
    assert found.reports.iloc[0].to_dict() == {
        "patient_id": "1", "study_id": "007", "findings": TEXT, "impression": "腔梗", "where": "r.csv row 2",
    }  # fmt: skip
    assert found.problems.empty
    assert found.columns["findings"] == "检查所见"


def test_excel_numbers_become_ids_and_text_keeps_zeros(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [[123.0, "0042", "王伟", TEXT, None], ["0005", 7, "李娜", TEXT, ""]])
    assert read_reports(path).reports[["study_id", "patient_id"]].values.tolist() == [["123", "0042"], ["0005", "7"]]


def test_zeros_that_a_number_format_shows_are_kept(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [[42, "1", "王伟", TEXT, ""]])
    book = openpyxl.load_workbook(path)
    book.active["A2"].number_format = "00000000"
    book.save(path)
    assert read_reports(path).reports["study_id"][0] == "00000042"


def test_the_first_sheet_with_the_columns_is_read_and_named(tmp_path):
    found = read_reports(workbook(tmp_path / "r.xlsx", [["1", "1", "王伟", TEXT, ""]], sheets=["cover"]))
    assert len(found.reports) == 1
    assert "sheet reports is read, the first of 2" in found.notes[0]


def test_old_excel_is_read_with_the_zeros_it_shows(tmp_path):
    found = read_reports(old_workbook(tmp_path / "r.xls"))
    assert found.reports[["study_id", "patient_id", "findings"]].values.tolist() == [
        ["123", "0042", f"左侧额叶见异常信号，{HOLE}"],
        ["000077", "7", "未见异常"],
    ]
    assert found.reports["where"][0] == "r.xls sheet reports row 2"


def test_a_title_above_the_header_is_passed_over(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [HEADER, ["1", "1", "王伟", TEXT, ""]], header=["2024 reports"])
    assert read_reports(path).reports["where"].tolist() == ["r.xlsx row 3"]


@pytest.mark.parametrize(
    "header", [["Ａccession　Number", "MRN", "Patient Name", " FINDINGS ", "Impression"],
               ["影像号", "住院号", "姓名", "影像表现", "结论"]],
)  # fmt: skip
def test_columns_are_known_by_many_names(tmp_path, header):
    found = read_reports(table(tmp_path / "r.csv", [["A1", "P1", "Smith", "x", "y"]], header=header))
    assert found.reports.iloc[0][["study_id", "patient_id", "findings", "impression"]].tolist() == [
        "A1",
        "P1",
        "x",
        "y",
    ]


def test_a_column_can_be_named(tmp_path):
    header = ["检查号", "所见文本", "检查所见"]
    path = table(tmp_path / "r.csv", [["1", "this", "that"]], header=header)
    assert read_reports(path, columns={"findings": "所见文本"}).reports["findings"][0] == "this"


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        (
            ["检查号", "检查所见", "影像描述"],
            {},
            "检查所见 and 影像描述 could each be findings; name it with --columns findings=",
        ),
        (["检查号", "文本"], {}, "no column known as findings; it has 检查号, 文本; name it with --columns findings="),
        (["姓名", "检查所见"], {}, "no column known as study_id"),
        (["检查号", "检查所见"], {"findings": "text"}, "no column 'text'; it has 检查号, 检查所见"),
        (["检查号", "检查所见"], {"colour": "text"}, "'colour' is no column of a report"),
    ],
)
def test_missing_and_unclear_columns_are_named(tmp_path, header, columns, message):
    path = table(tmp_path / "r.csv", [["1"] * len(header)], header=header)
    with pytest.raises(SelipError, match=message):
        read_reports(path, columns=columns)


def test_the_message_is_about_the_row_that_is_most_like_a_header(tmp_path):
    rows = [["检查号", "检查所见", "影像描述"], ["1", "x", "y"]]
    path = workbook(tmp_path / "r.xlsx", rows, header=["2024 reports"], sheets=["cover"])
    with pytest.raises(SelipError, match="sheet reports: 检查所见 and 影像描述 could each be findings"):
        read_reports(path)


def test_without_a_header_no_cell_of_a_patient_is_shown(tmp_path):
    path = table(tmp_path / "r.csv", [], header=["1001", "王伟", TEXT])
    with pytest.raises(SelipError) as error:
        read_reports(path)
    assert "王伟" not in str(error.value)
    assert "is its first row a header?" in str(error.value)


def test_full_width_ids_are_read_in_half_width_and_listed(tmp_path):
    found = read_reports(table(tmp_path / "r.csv", [["ＭＲ１２", "1", "王伟", TEXT, ""]]))
    assert found.reports["study_id"][0] == "MR12"
    assert problems_of(found) == ["study_id holds full-width or invisible characters"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [("1.23E+11", "scientific"), ("=1+1", "formula"), ("@SUM(A1)", "formula"), ("+12", "formula"), ("-12", "formula")],
)
def test_ids_that_cannot_be_trusted_are_refused(tmp_path, value, problem):
    found = read_reports(table(tmp_path / "r.csv", [[value, "1", "王伟", TEXT, ""], ["2", "2", "李娜", TEXT, ""]]))
    assert found.reports["study_id"].tolist() == ["2"]
    assert problem in found.problems["problem"][0]


def test_a_number_longer_than_excel_keeps_is_refused(tmp_path):
    found = read_reports(workbook(tmp_path / "r.xlsx", [[110101199001011234, "1", "王伟", TEXT, ""]]))
    assert found.reports.empty
    assert "scientific notation" in found.problems["problem"][0]


def test_formulas_are_never_computed(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [["=1+1", "1", "王伟", TEXT, ""], ["2", "2", "李娜", TEXT, "=1+1"]])
    found = read_reports(path)
    assert found.reports[["study_id", "impression"]].values.tolist() == [["2", ""]]
    assert [p.split(" is ")[1] for p in problems_of(found)] == ["a formula without a value, or an error of Excel"] * 2


def test_the_value_that_excel_left_for_a_formula_is_read(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [["=1+1", "1", "王伟", TEXT, ""]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb"<v ?/>|<v></v>", b"<v>2</v>", parts[sheet])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    found = read_reports(path)
    assert found.reports["study_id"].tolist() == ["2"]
    assert found.problems.empty


@pytest.mark.parametrize("write", [old_workbook, lambda p: workbook(p, [["1", "1", "王伟", TEXT, ""]])])
def test_spoiled_excel_files_raise_nothing_else(tmp_path, write):
    rng = np.random.default_rng(0)
    write(tmp_path / "r.xls")
    raw = (tmp_path / "r.xls").read_bytes()
    for _ in range(60):
        data = bytearray(raw)
        for place in rng.integers(8, len(data), 12):
            data[place] = rng.integers(0, 256)
        (tmp_path / "r.xls").write_bytes(data)
        try:
            read_reports(tmp_path / "r.xls")
        except SelipError as error:
            assert "\n" not in str(error)


def test_a_text_that_begins_like_a_formula_loses_the_sign(tmp_path):
    found = read_reports(table(tmp_path / "r.csv", [["1", "1", "王伟", "=cmd|' /C calc'!A0", ""]]))
    assert found.reports["findings"][0] == "cmd|' /C calc'!A0"
    assert problems_of(found) == ["findings begins like a formula"]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("=1+1", "'=1+1"), (" @x", "' @x"), ("＝1", "'＝1"), ("-x", "'-x"), ("-1.5", "-1.5"), ("左", "左"), ("", "")],
)
def test_cells_that_this_project_writes_are_safe(cell, shown):
    assert safe_cell(cell) == shown


def test_no_identifier_comes_out_of_a_row(tmp_path):
    header = ["检查号", "住院号", "病人ID", "姓名", "出生日期", "身份证号", "电话", "地址", "报告医生", "检查所见"]
    values = ["MR20240017", "Z998877", "P-55501", "欧阳娜娜", "1960-05-03", "11010119600503123X", "13812345678",
              "北京市朝阳区", "李明辉"]  # fmt: skip
    text = (
        "患者欧阳 娜娜（1960年5月3日生，北京市朝阳区，住院号Z998877，病人P-55501，检查ＭＲ20240017），"
        f"证件11010119600503123X，电话138 1234 5678。{TEXT}李明辉"
    )
    found = read_reports(table(tmp_path / "r.csv", [[*values, text]], header=header))
    kept = found.reports["findings"][0]
    for value in (*values[1:], "欧阳", "1960", "20240017", "1234", "北京"):
        assert value not in kept
    assert TEXT in kept
    assert found.removed == kept.count(HOLE) == 9
    assert set(found.reports.columns) == {"patient_id", "study_id", "findings", "impression", "where"}
    assert "欧阳" not in found.problems.to_csv()


@pytest.mark.parametrize(
    ("name", "text"),
    [("高信", "双侧额叶见高信号影"), ("高明", "左侧额叶信号增高明显"), ("海马", "左侧海马见长T2信号")],
)
def test_a_name_that_is_a_medical_word_makes_no_hole_but_is_listed(tmp_path, name, text):
    found = read_reports(table(tmp_path / "r.csv", [["1", "1", name, text, ""]]))
    assert found.reports["findings"][0] == text
    assert "may stand in its text 1 times" in problems_of(found)[0]
    assert name not in found.problems.to_csv()


def test_the_same_name_outside_a_medical_word_is_removed():
    done = scrub("高信，男，双侧额叶见高信号影", ["高信"])
    assert (done.text, done.removed, done.spared) == (f"{HOLE}，男，双侧额叶见高信号影", 1, 1)


@pytest.mark.parametrize("value", ["", "王", "12", "1234", "M1", "不详", "N/A"])
def test_short_values_and_words_for_nothing_make_no_hole(value):
    assert scrub("王某，病灶12mm，序列1234，M1段，性质不详，N/A", [value]).removed == 0


@pytest.mark.parametrize("value", ["20240017", "123400", "P-20001"])
def test_ids_are_taken_whole_and_no_part_of_them(value):
    assert scrub(f"检查{value}，共1234层，2024年", [value]).text == f"检查{HOLE}，共1234层，2024年"


@pytest.mark.parametrize("written", ["1960-05-03", "1960/5/3", "19600503", "1960年5月3日", "1960.05.03"])
@pytest.mark.parametrize("value", ["1960-05-03", "19600503", "1960/5/3", "1960-05-03 00:00:00"])
def test_a_date_of_birth_is_found_however_it_is_written(value, written):
    assert scrub(f"生于{written}。", [value]).text == f"生于{HOLE}。"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("未见异常。报告医师：王小明", f"未见异常。报告医师：{HOLE}"),
        ("No lesion. Reported by Dr. Anna Smith", f"No lesion. Reported by Dr. {HOLE}"),
        ("医生：建议复查随访观察", "医生：建议复查随访观察"),
    ],
)
def test_the_name_under_a_report_is_removed_without_a_column_for_it(text, left):
    assert scrub(text, []).text == left


def test_english_words_that_are_names_make_no_hole():
    done = scrub("White matter lesions. Seen by Mr Whitehead.", ["John White", "Whitehead"])
    assert (done.text, done.spared) == (f"White matter lesions. Seen by Mr {HOLE}.", 1)


def test_numbers_within_longer_ones_and_names_within_words_stay():
    assert scrub("size 123456789 Lincoln", ["23456", "Lin"]).removed == 0


def test_parts_of_a_name_in_latin_letters_are_removed():
    assert scrub("Mr. Smith was seen; SMITH^JOHN.", ["Smith^John"]).text == f"Mr. {HOLE} was seen; {HOLE}."


@pytest.mark.parametrize(
    "written", ["王伟", "王^伟", "王 伟", "WangWei", "WeiWang", "Wang Wei", "Wei Wang", "WANG^WEI"]
)
def test_a_name_in_two_scripts_is_removed_in_each(written):
    assert scrub(f"患者{written}，男，图中王者伟岸", ["Wang^Wei=王^伟"]).text == f"患者{HOLE}，男，图中王者伟岸"


def test_parts_of_a_chinese_name_are_joined_and_one_character_alone_is_none():
    assert scrub("王小东，小东，王某", ["王^小东"]).text == f"{HOLE}，{HOLE}，王某"


@pytest.mark.parametrize("written", ["LiNa", "NaLi", "Na Li", "Li, Na"])
def test_short_latin_names_are_removed_in_both_orders_but_not_by_halves(written):
    assert scrub(f"Seen: {written}. NA level", ["Li^Na"]).text == f"Seen: {HOLE}. NA level"


@pytest.mark.parametrize(
    "written", ["3/2/1960", "02/03/1960", "03.02.1960", "1960.2.3", "Feb 3, 1960", "3 Feb 1960", "February 3rd 1960"]
)
@pytest.mark.parametrize("value", ["1960-02-03", "19600203", "3/2/1960", "Feb 3, 1960", "3 February 1960"])
def test_a_date_of_birth_is_found_with_day_or_month_first(value, written):
    assert scrub(f"born {written}, seen", [value]).text == f"born {HOLE}, seen"


@pytest.mark.parametrize("written", ["3/12/1960", "13/2/1960", "Feb 13, 1960", "1960年2月30日"])
def test_another_date_is_none_of_birth(written):
    assert scrub(f"seen {written}", ["1960年2月3日"]).removed == 0


@pytest.mark.parametrize(
    "number", ["010-62345678", "(0571)87654321", "（0571）87654321", "010 6234 5678", "+86-10-62345678"]
)
def test_landline_numbers_are_removed(number):
    assert scrub(f"电话{number}。", []).text == f"电话{HOLE}。"


@pytest.mark.parametrize("text", ["大小010-12", "(012)层", "0.10-62345678", "1.010-62345678"])
def test_sizes_are_no_landline_numbers(text):
    assert scrub(text, []).removed == 0


@pytest.mark.parametrize("text", ["左侧额叶高明显信号", "信号较高明显"])
def test_a_name_that_cuts_into_common_words_makes_no_hole(text):
    done = scrub(text, ["高明"])
    assert (done.text, done.spared) == (text, 1)


def test_a_name_beside_a_common_word_is_still_removed():
    assert scrub("王明显示头痛", ["王明"]).text == f"{HOLE}显示头痛"


@pytest.mark.parametrize(
    "column", ["患者", "病人", "申请人", "Patient", "Pt Name", "Referring MD", "出生时间地点", "诊断人", ""]
)
def test_a_column_of_unknown_name_counts_as_identifying(tmp_path, column):
    path = table(tmp_path / "r.csv", [["1", "王伟", f"王伟，{TEXT}"]], header=["检查号", column, "检查所见"])
    assert read_reports(path).reports["findings"][0] == f"{HOLE}，{TEXT}"


def test_unknown_columns_are_named_in_the_notes_and_known_ones_are_not(tmp_path):
    header = ["检查号", "患者", "性别", "检查日期", "检查部位", "检查方法", "设备型号", "空列", "检查所见"]
    row = [
        "1",
        "王伟",
        "男性",
        "2024-01-02",
        "额叶上部",
        "平扫加",
        "西门子",
        "",
        "男性，2024-01-02额叶上部平扫加西门子",
    ]
    found = read_reports(table(tmp_path / "r.csv", [row], header=header))
    assert found.reports["findings"][0] == row[-1]
    assert found.notes[-1].endswith("as identifying: 患者")


@pytest.mark.parametrize("value", ["额叶", "左侧额叶梗死", "正常", "王", "王" * 41])
def test_medical_words_texts_and_single_characters_of_unknown_columns_stay(tmp_path, value):
    path = table(tmp_path / "r.csv", [["1", value, f"所示{value}。"]], header=["检查号", "杂项", "检查所见"])
    found = read_reports(path)
    assert found.reports["findings"][0] == f"所示{value}。"
    assert found.problems.empty


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("+cmd|calc!A0", "cmd|calc!A0"), ("-2+3+cmd", "2+3+cmd"), ("＋cmd", "cmd"), ("- 1|calc!A0", "1|calc!A0")],
)
def test_a_text_that_begins_with_a_computed_sign_loses_it(tmp_path, cell, kept):
    found = read_reports(table(tmp_path / "r.csv", [["1", "1", "王伟", TEXT, cell]]))
    assert found.reports["impression"][0] == kept
    assert problems_of(found) == ["impression begins like a formula"]


@pytest.mark.parametrize("cell", ["-左侧额叶T1-T2异常", "- 未见异常！", "-2.5cm结节", "+ 腔梗"])
def test_a_bullet_before_a_text_stays(tmp_path, cell):
    found = read_reports(table(tmp_path / "r.csv", [["1", "1", "王伟", cell, ""]]))
    assert found.reports["findings"][0] == cell
    assert found.problems.empty


def test_the_same_report_twice_is_kept_once(tmp_path):
    found = read_reports(table(tmp_path / "r.csv", [["1", "1", "王伟", TEXT, ""]] * 2))
    assert found.reports["where"].tolist() == ["r.csv row 2"]
    assert problems_of(found) == ["report given twice, the same text"]


def test_of_different_reports_of_a_study_none_is_chosen(tmp_path):
    found = read_reports(table(tmp_path / "r.csv", [["1", "1", "王伟", TEXT, ""], ["1", "1", "王伟", "x", ""]]))
    assert found.reports.empty
    assert problems_of(found) == ["2 reports of one study differ"] * 2


def test_rows_without_id_or_findings_are_listed(tmp_path):
    found = read_reports(table(tmp_path / "r.csv", [["--", "", "王伟", TEXT, ""], ["2", "2", "李娜", " ", " "]]))
    assert found.reports.empty
    assert [said.partition(" (")[0] for said in problems_of(found)] == ["no id", "report without findings text"]


def test_a_row_with_an_impression_alone_is_kept_and_told(tmp_path):
    found = read_reports(table(tmp_path / "r.csv", [["2", "2", "李娜", " ", "李娜，左侧额叶梗死。"]]))
    assert found.reports[["findings", "impression"]].values.tolist() == [[f"{HOLE}，左侧额叶梗死。"] * 2]
    assert problems_of(found) == ["report of an impression alone, without findings text"]
    rows = [["2", "2", "李娜", "", "腔梗"], ["2", "2", "李娜", TEXT, "腔梗"]]
    found = read_reports(table(tmp_path / "r.csv", rows))
    assert found.reports["findings"].tolist() == [TEXT]
    assert problems_of(found)[1:] == ["an impression alone beside a whole report"]


def test_a_number_in_a_column_called_exam_is_taken_out_of_the_text(tmp_path):
    header = ["检查号", "Exam", "检查所见"]
    for value, kept in (("MR20240017", HOLE), ("MR BRAIN", "MR BRAIN")):
        path = table(tmp_path / "r.csv", [["A1", value, f"{value}，{TEXT}"]], header=header)
        assert read_reports(path).reports["findings"][0] == f"{kept}，{TEXT}"


def encrypted(path):
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"))


def truncated(path):
    workbook(path, [["1", "1", "王伟", TEXT, ""]])
    path.write_bytes(path.read_bytes()[:-200])


def no_workbook(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside.txt", "x")


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("r.xlsx", encrypted, "is encrypted with a password; open it in Excel and save it without one"),
        ("r.xls", encrypted, "is encrypted with a password"),
        ("r.xls", lambda p: old_workbook(p, encrypted=True), "is encrypted with a password"),
        ("r.xlsx", truncated, "cannot be read as Excel .*it may be cut off"),
        ("r.xlsx", no_workbook, "cannot be read as Excel"),
        ("r.xls", lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)), "cannot be read as Excel"),
        (
            "r.xls",
            lambda p: p.write_text("<html><table></table></html>"),
            "is a web page saved as .xls; open it in Excel",
        ),
        ("r.xls", lambda p: p.write_text("a\nb"), "is no Excel file, though named as .xls"),
        ("r.csv", encrypted, "is an Excel file by another name"),
        ("r.csv", lambda p: p.write_bytes(b"\n "), "is empty; export the reports again"),
        ("r.xls", lambda p: p.write_bytes(bytes(4096)), "is no Excel file, though named as .xls"),
        ("r.rar", lambda p: p.write_bytes(b"Rar!"), "holds one: unpack it first"),
        ("r.csv.gz", lambda p: p.write_bytes(b"\x1f\x8b"), "holds one: unpack it first"),
        ("r", lambda p: p.mkdir(),
        "is a folder without .txt files: give a table of reports, or a folder that has a .txt"),
        ("r.pdf", lambda p: p.write_bytes(b"%PDF"), "is no table of reports; give .csv, .tsv"),
        ("r.csv", lambda p: None, "does not exist"),
    ],
)
def test_files_that_cannot_be_read_are_named_in_one_line(tmp_path, name, write, message):
    write(tmp_path / name)
    with pytest.raises(SelipError, match=message) as error:
        read_reports(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))
    assert "\n" not in str(error.value)
    assert not (tmp_path.parent.parent / "outside.txt").exists()


STUDIES = pd.DataFrame(
    [["P1", "S1", "A1", "1.2.1"], ["P1", "S1", "A1", "1.2.1"], ["P2", "S2", "A2", "1.2.2"], ["P2", "S3", "A3", "1.2.3"],
     ["007", "S7", "0070", "1.2.7"]],
    columns=["patient_id", "study_id", "accession", "study_uid"],
)  # fmt: skip


def joined(tmp_path, rows, studies=STUDIES, **options):
    path = table(tmp_path / "r.csv", [[*row, "王伟", TEXT + str(i), ""] for i, row in enumerate(rows)])
    return join(read_reports(path), studies, **options)


@pytest.mark.parametrize("value", ["S1", "A1", "1.2.1", "Ａ１"])
def test_reports_are_joined_by_each_id_of_a_study(tmp_path, value):
    matched, problems = joined(tmp_path, [[value, ""]])
    assert matched[["patient_id", "study_id"]].values.tolist() == [["P1", "S1"]]
    assert list(problems["study_id"]) == ["S2", "S3", "S7"]


def test_a_patient_with_one_study_is_joined_by_its_own_id(tmp_path):
    matched, _ = joined(tmp_path, [["", "P1"], ["", "P2"]])
    assert list(matched["study_id"]) == ["S1"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["", "P2"], "2 studies may be meant"),
        (["S1", "P2"], "its study belongs to another patient in the source"),
        (["X9", "P9"], "no series of its study or patient"),
    ],
)
def test_reports_that_fit_nowhere_are_listed_on_both_sides(tmp_path, row, why):
    matched, problems = joined(tmp_path, [row])
    assert matched.empty
    assert problems["problem"][0] == f"report not joined: {why}"
    assert (problems["problem"] == "study has series but no report").sum() == 4


def test_a_study_of_a_patient_who_is_not_in_the_source_is_refused_where_others_are(tmp_path):
    matched, problems = joined(tmp_path, [["A1", "P999"], ["S2", "P2"]])
    assert list(matched["study_id"]) == ["S2"]
    assert problems[["patient_id", "study_id"]].values.tolist()[0] == ["P999", "A1"]
    assert "its patient id is not" in problems["problem"][0]


def test_where_patients_are_numbered_otherwise_the_study_is_enough(tmp_path):
    assert list(joined(tmp_path, [["A1", "P999"], ["S2", "P998"]])[0]["study_id"]) == ["S1", "S2"]


def test_a_folder_that_many_patients_have_finds_a_study_of_the_reports_own_patient_alone(tmp_path):
    names = [["003", "V1"], ["003", "V2"], ["005", "V1"]]
    studies = pd.DataFrame([[p, f"{p}/{v}", v] for p, v in names], columns=["patient_id", "study_id", "folder"])
    matched, problems = joined(tmp_path, [["V2", "003"], ["V1", "005"]], studies)
    assert list(matched["study_id"]) == ["003/V2", "005/V1"]
    for row in (["V2", "5"], ["V2", "H77"], ["V1", ""]):  # 5 is 005, who has no V2; H77 is nobody; V1 has everybody
        assert joined(tmp_path, [row], studies)[0].empty
    assert list(joined(tmp_path, [["V2", ""]], studies)[0]["study_id"]) == ["003/V2"]


def test_other_exams_of_an_export_thrice_the_source_do_not_take_the_place_of_those_that_are_there(tmp_path):
    names = [[f"P{i}", f"E{i}"] for i in range(4)]
    studies = pd.DataFrame([[p, f"{p}/{e}", e] for p, e in names], columns=["patient_id", "study_id", "folder"])
    rows = [[e, p] for p, e in names[:3]] + [[f"X{i}", f"P{i % 4}"] for i in range(9)] + [["X99", "P99"]]
    matched, _ = joined(tmp_path, rows, studies)
    assert list(matched["study_id"]) == ["P0/E0", "P1/E1", "P2/E2"]


def test_another_name_of_a_patient_finds_its_study_where_one_alone_has_it(tmp_path):
    rows = [["A/001", "A/s1", "001"], ["B", "B/s1", "001"], ["C/002", "C/s1", "002"]]
    studies = pd.DataFrame(rows, columns=["patient_id", "study_id", "patient"])
    assert list(joined(tmp_path, [["", "002"]], studies)[0]["study_id"]) == ["C/s1"]
    assert joined(tmp_path, [["", "001"]], studies)[1]["problem"][0] == "report not joined: 2 studies may be meant"


def test_a_name_that_the_export_has_cut_is_taken_out_as_far_as_it_goes_and_told(tmp_path):
    rows = [[f"A{i}", f"P{i}", "王小明", f"王小明{TEXT}", ""] for i in range(60)]
    data = table(tmp_path / "r.csv", rows).read_bytes().replace("王小明".encode(), "王小明".encode()[:-1], 1)
    for mark in (b"", b"\xef\xbb\xbf"):  # Excel's own UTF-8 too
        (tmp_path / "r.csv").write_bytes(mark + data)
        found = read_reports(tmp_path / "r.csv")
        assert problems_of(found) == ["a name or number of the row was cut off by the export"]
        assert "王小" not in "".join(found.reports["findings"])


def test_another_examination_of_a_patient_does_not_take_the_place_of_one(tmp_path):
    matched, problems = joined(tmp_path, [["S2", "P2"], ["S99", "P1"]])
    assert list(matched["study_id"]) == ["S2"]
    assert problems["problem"][0] == "report not joined: no series of its study"


def test_where_studies_are_numbered_otherwise_the_patient_stands_for_its_study(tmp_path):
    matched, _ = joined(tmp_path, [["H-1", "P1"]])
    assert list(matched["study_id"]) == ["S1"]


def test_reports_that_meet_in_one_study_and_differ_are_both_left_out(tmp_path):
    matched, problems = joined(tmp_path, [["S1", ""], ["A1", ""]])
    assert matched.empty
    assert (problems["problem"] == "2 reports of one study differ").sum() == 2


@pytest.mark.parametrize(("row", "theirs"), [(["70", ""], "0070"), (["", "7"], "007")])
def test_ids_that_differ_by_leading_zeros_are_not_joined_unless_told(tmp_path, row, theirs):
    matched, problems = joined(tmp_path, [row])
    assert matched.empty
    ours = row[0] or row[1]
    assert f"differs from ⟦{theirs}⟧ of the source by leading zeros only" in problems["problem"][0]
    assert (
        f"⟦{ours}⟧ of the reports differs by leading zeros only" in problems.set_index("study_id").loc["S7", "problem"]
    )
    assert list(joined(tmp_path, [row], ignore_leading_zeros=True)[0]["study_id"]) == ["S7"]


def test_leading_zeros_are_never_ignored_where_two_could_be_meant(tmp_path):
    studies = pd.DataFrame({"patient_id": ["07", "007"], "study_id": ["a", "b"]})
    assert joined(tmp_path, [["", "7"]], studies, ignore_leading_zeros=True)[0].empty


def test_pseudonyms_take_the_place_of_ids_everywhere(tmp_path):
    _, problems = joined(tmp_path, [["70", "P9"]])
    shown = pseudonymised(problems, lambda value: "x" * 3).to_csv()
    assert not any(value in shown for value in ("70", "P9", "S1", "P1", "S7"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('检查号,检查所见\n="001000",{0}\n', "utf-8"), ('"检查号","检查所见"\n"=""001000""","{0}"\n', "utf-8"),
        ("sep=;\n检查号;检查所见\n001000;{0}\n", "utf-8"), ("放射科报告\n检查号,检查所见\n001000,{0}\n", "utf-8"),
        ('检查号,x,检查所见,x\n001000,1,{0},2\n', "utf-8"), ('"检查号" , "检查所见"\n"001000" , "{0}"\n', "utf-8"),
        ('检查号,检查所见\n"001000","{0}直径\\"3\\"。"\n', "utf-8"), ("检查号,检查所见\r001000,{0}\r", "utf-8"),
        ("检查号,检查所见\n'001000,{0}\n", "utf-8"), ("检查号,检查所见\n\x1f001000,{0}\n", "utf-8"),
        ("检查号,检查所见\n001000,{0}\n", "utf-16-le"), ("检查号,检查所见\n001000,{0}\n", "big5hkscs"),
    ],
)  # fmt: skip
def test_exports_with_habits_of_their_own_are_read(tmp_path, text, encoding):
    said = "腦實質內未見異常信號影。" if encoding == "big5hkscs" else TEXT
    if encoding == "big5hkscs":
        text = text.replace("检查号", "檢查號").replace("检查所见", "檢查所見")
    (tmp_path / "r.csv").write_bytes(text.format(said).encode(encoding))
    columns = {"study_id": "檢查號", "findings": "檢查所見"} if encoding == "big5hkscs" else None
    found = read_reports(tmp_path / "r.csv", columns=columns).reports
    assert found["study_id"].tolist() == ["001000"] and found["findings"].item().startswith(said)


def test_a_hidden_sheet_comes_after_those_that_are_shown_and_a_date_is_no_id(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [["A1", "P1", "王伟", TEXT, ""], ["A2", "P2", "李娜", TEXT, ""]])
    book = openpyxl.load_workbook(path)
    shown, old = book.active, book.copy_worksheet(book.active)
    old["A2"], shown["A3"] = "OLD", datetime.date(2024, 3, 12)
    book.move_sheet(old, -1)
    old.sheet_state, book.active = "hidden", 1
    book.save(path)
    found = read_reports(path)
    assert found.reports["study_id"].tolist() == ["A1"]
    assert problems_of(found) == ["study_id is a date: Excel has turned the id into one; export the column as text"]


BARE = ('<row r="{0}" s="1"><c r="A{0}" s="1"/>\n<c r="B{0}" s="1"></c></row>', '<row r="{0}"/>',
        '<x:row r="{0}"><x:c r="A{0}" s="1"/></x:row>')  # fmt: skip


@pytest.mark.parametrize("bare", BARE)
def test_rows_that_hold_formats_alone_cost_nothing_and_change_no_row_number(tmp_path, monkeypatch, bare):
    path = workbook(tmp_path / "r.xlsx", [["A1", "P1", "王伟", TEXT, ""], ["A2", "P2", "李娜", TEXT, ""]])
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "long.xlsx", "w") as target:
        for name in source.namelist():
            text = source.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                start, end = text.index('<row r="3"'), text.index("</sheetData>")
                last = re.sub(r'r="([A-Z]?)3"', r'r="\g<1>2000"', text[start:end])
                before, after = ("".join(map(bare.format, which)) for which in (range(3, 2000), range(2001, 5000)))
                text = text[:start] + before + last + after + text[end:]
                text = text.replace("<worksheet ", f"<worksheet xmlns:x={re.search('xmlns=(.*?)>', text)[1]} ", 1)
            target.writestr(name, text)
    whole, rows = read_reports(tmp_path / "long.xlsx").reports, []
    assert whole["study_id"].tolist() == ["A1", "A2"] and whole["where"][1] == "long.xlsx row 2000"
    monkeypatch.setattr(report_files, "_LARGE_SHEET", 1000)
    monkeypatch.setattr(report_files, "_AT_ONCE", 777)
    monkeypatch.setattr(WorkSheetParser, "parse_row", lambda self, row, real=WorkSheetParser.parse_row:
                        rows.append(row) or real(self, row))  # fmt: skip
    pd.testing.assert_frame_equal(read_reports(tmp_path / "long.xlsx").reports, whole)
    assert len(rows) == 2 * 3  # the header and two reports, as values and as formulas


def test_a_workbook_whose_styles_are_broken_says_so(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [["A1", "P1", "王伟", TEXT, ""]])
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "broken.xlsx", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/styles.xml":
                data = re.sub(rb"<fills.*?</fills>", b'<fills count="1"><fill/></fills>', data, flags=re.DOTALL)
            target.writestr(name, data)
    with pytest.raises(SelipError, match="its styles .* are not as Excel writes them"):
        read_reports(tmp_path / "broken.xlsx")


def test_what_a_person_says_is_no_person(tmp_path):
    header = ["Accession Number", "Radiologist Impression", "Tumor type", "Findings"]
    said = "Mass in the left frontal lobe, suspicious for glioblastoma."
    row = ["A1", "Left frontal glioblastoma", "Glioblastoma", said]
    assert read_reports(table(tmp_path / "r.csv", [row], header=header)).reports["findings"].tolist() == [said]


def test_a_table_of_tabs_that_is_called_xls_is_read(tmp_path):
    rows = [HEADER, ["A1", "P1", "王伟", TEXT, ""]]
    text = "\n".join("\t".join(row) for row in rows)
    for name, encoding in (("a.xls", "gbk"), ("b.xls", "utf-16")):
        (tmp_path / name).write_bytes(text.encode(encoding))
        assert read_reports(tmp_path / name).reports["findings"].tolist() == [TEXT]


def test_a_cell_that_was_cut_amid_a_character_is_told_and_the_others_are_read(tmp_path):
    rows = [[f"A{i}", f"P{i}", "王伟", TEXT, ""] for i in range(60)]
    data = table(tmp_path / "r.csv", rows).read_bytes().replace("信号影。".encode(), "信号影。".encode()[:-1], 1)
    (tmp_path / "r.csv").write_bytes(data)
    found = read_reports(tmp_path / "r.csv")
    assert len(found.reports) == 60 and found.reports["findings"][0] == TEXT[:-1]
    assert problems_of(found) == ["findings holds characters that the export has cut off"]


def test_a_formula_that_shows_nothing_is_an_empty_cell(tmp_path):
    path = workbook(tmp_path / "r.xlsx", [["A1", "P1", "王伟", TEXT, "", "=1"]], header=[*HEADER, "n"])
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "filled.xlsx", "w") as target:
        for name in source.namelist():
            text = source.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                row = '<row r="{0}"><c r="F{0}" t="str"><f>IF(A{0}="","",A{0})</f><v></v></c></row>'
                text = text.replace("</sheetData>", f"{''.join(map(row.format, range(3, 40)))}</sheetData>")
            target.writestr(name, text)
    found = read_reports(tmp_path / "filled.xlsx")
    assert found.reports["study_id"].tolist() == ["A1"] and found.problems.empty


def test_a_number_that_is_shown_as_a_date_prints_nothing(tmp_path, recwarn):
    path = workbook(tmp_path / "r.xlsx", [[20240017123, "P1", "王伟", TEXT, ""], ["A2", "P2", "李娜", TEXT, ""]])
    book = openpyxl.load_workbook(path)
    book.active["A2"].number_format = "yyyy-mm-dd"
    book.save(path)
    found = read_reports(path)
    assert found.reports["study_id"].tolist() == ["A2"] and not [w for w in recwarn if "20240017123" in str(w.message)]


def test_the_name_of_the_file_and_of_its_sheets_stay_out_of_what_is_written(tmp_path):
    found = read_reports(workbook(tmp_path / "报告_王小明.xlsx", [["", "", "", TEXT, ""]] * 2, sheets=["张三"]))
    told = [found.without_its_name(text) for text in (*found.problems["where"], *found.notes)]
    assert told[0] == "reports, sheet 2 row 2" and not any("王小明" in text or "张三" in text for text in told)


@pytest.mark.parametrize(
    "cell",
    ["{{\\rtf1\\ansi\\ansicpg936 {0}\\par}}", "<p>患者&#29579;&#23567;&#26126;</p><div>{1}</div>",
     "患者王\u200b小\ufeff明{1}", "&lt;b&gt;王小明&lt;/b&gt;{1}", "王<b>小明</b>{1}"],
)  # fmt: skip
def test_a_name_does_not_get_out_through_markup_and_invisible_characters(tmp_path, cell):
    coded = "".join(f"\\'{byte:02x}" for byte in f"患者王小明{TEXT}".encode("gb18030"))
    found = read_reports(workbook(tmp_path / "r.xlsx", [["A1", "P1", "王小明", cell.format(coded, TEXT), ""]]))
    text = found.reports["findings"][0]
    assert HOLE in text and TEXT in text and "\\" not in text and "<" not in text and found.removed == 1


def test_a_name_in_markup_in_its_own_column_is_taken_out_and_lost_characters_are_told(tmp_path):
    rows = [["A1", "P1", "<b>王&#23567;明</b>", f"王小明{TEXT}", ""],
            ["A2", "P2", "李娜", "{\\rtf1\\ansicpg936 \\'cd\\'f5\\'d0", ""]]  # fmt: skip
    found = read_reports(workbook(tmp_path / "r.xlsx", rows))
    assert found.reports["findings"].tolist() == [f"{HOLE}{TEXT}", "王"]
    assert problems_of(found) == ["findings holds RTF of which 2 characters cannot be read"]


@pytest.mark.parametrize("text", ["T2<T1，结节<3cm", "a<b and c>d", "病灶 & 水肿"])
def test_signs_that_are_no_markup_stay(tmp_path, text):
    assert read_reports(workbook(tmp_path / "r.xlsx", [["A1", "P1", "王伟", text, ""]])).reports["findings"][0] == text


def exams(tmp_path, header, rows, **options):
    text = "\n".join(",".join(row) for row in (header, *rows))
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    return read_reports(tmp_path / "r.csv", **options)


ONE_STUDY_EACH = pd.DataFrame({"patient_id": ["P1", "P2"], "study_id": ["S1", "S2"], "date": ["20240102", ""]})
EXAM = ["患者ID", "检查日期", "设备类型", "检查部位", "检查所见"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["P1", "2024-01-02", "CT", "头颅", "x"], "by CT, not by MR"),
        (["P1", "2024-01-02", "MR", "胸部", "x"], "another part .*胸"),
        (["P1", "2015-01-02", "MR", "头颅", "x"], "of another day than the study"),
        (["P1", "", "", "腰椎", "x"], "another part"),
    ],
)  # fmt: skip
def test_another_examination_is_not_joined_by_the_patient_alone(tmp_path, row, why):
    matched, problems = join(exams(tmp_path, EXAM, [row]), ONE_STUDY_EACH)
    assert matched.empty and re.search(why, problems["problem"][0])
    assert "2015" not in problems.to_csv() and "2024" not in matched.to_csv()


@pytest.mark.parametrize(
    "row",
    [["P1", "2024-01-03", "MR", "头颅", "x"], ["P1", "2024-01-02", "", "", "x"], ["P1", "", "1.5T", "平扫", "x"],
     ["P2", "2015-01-02", "磁共振", "脑", "x"]],
)  # fmt: skip
def test_what_may_be_the_examination_is_joined(tmp_path, row):
    assert len(join(exams(tmp_path, EXAM, [row]), ONE_STUDY_EACH)[0]) == 1


def test_of_several_rows_of_a_patient_the_one_of_the_head_by_mr_is_taken(tmp_path):
    rows = [["P1", "2015-01-02", "CT", "胸部", "双肺纹理清晰"], ["P1", "2024-01-02", "MR", "头颅", TEXT],
            ["P1", "2019-01-02", "MR", "头颅", "x"], ["P1", "2024-01-02", "MR", "腰椎", "y"]]  # fmt: skip
    assert join(exams(tmp_path, EXAM, rows), ONE_STUDY_EACH)[0]["findings"].tolist() == [TEXT]
    undated = join(exams(tmp_path, EXAM, rows[:2]), ONE_STUDY_EACH.drop(columns="date"))
    assert undated[0]["findings"].tolist() == [TEXT]
    assert join(exams(tmp_path, EXAM, rows[1:3]), ONE_STUDY_EACH.drop(columns="date"))[0].empty  # nobody knows which


def test_dates_that_anonymising_has_shifted_are_not_compared(tmp_path):
    studies = pd.DataFrame([[f"P{i}", f"S{i}", f"2023010{i}"] for i in range(1, 5)], columns=[*ONE_STUDY_EACH.columns])
    rows = [[f"P{i}", f"2015-01-0{i}", "MR", "头颅", f"x{i}"] for i in range(1, 5)]
    matched, problems = join(exams(tmp_path, EXAM, rows), studies)
    assert len(matched) == 4 and "may be shifted" in problems["problem"][0] and len(problems) == 1
    by_id = exams(tmp_path, [*EXAM, "检查号"], [[*row, f"S{i}"] for i, row in enumerate(rows, 1)])
    assert join(by_id, studies)[1].empty  # nothing was to be compared
    rows[0][1] = "2023-01-01"  # one that agrees: the calendar is the same
    assert join(exams(tmp_path, EXAM, rows), studies)[0]["study_id"].tolist() == ["S1"]


def test_columns_that_tell_of_the_examination_hold_no_persons(tmp_path):
    rows = [["A1", "MR", "平扫加增强", "MR平扫加增强示异常"]]
    found = exams(tmp_path, ["检查号", "模态", "成像方式", "检查所见"], rows)
    assert found.reports["findings"].tolist() == ["MR平扫加增强示异常"]


def test_the_study_s_own_id_is_enough_whatever_the_row_says(tmp_path):
    found = exams(tmp_path, ["检查号", "设备类型", "检查所见"], [["S1", "CT", "x"]])
    assert len(join(found, ONE_STUDY_EACH)[0]) == 1


@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_report_that_a_line_break_has_torn_is_read_whole(tmp_path, separator):
    rows = [["检查号", "检查所见", "诊断意见"], ["A1", "双侧大脑半球对称。\n2、左侧额叶见片状影", "梗死"],
            ["A2", "未见异常", "x"]]  # fmt: skip
    (tmp_path / "r.csv").write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8")
    found = read_reports(tmp_path / "r.csv")
    assert found.reports["findings"].tolist() == ["双侧大脑半球对称。\n2、左侧额叶见片状影", "未见异常"]
    assert found.reports["impression"].tolist() == ["梗死", "x"] and "had torn, joined: 1" in found.notes[-1]


def test_torn_rows_that_make_no_whole_one_are_told_with_their_lines(tmp_path):
    header = ["检查号", "性别", "检查所见", "诊断意见", "备注"]
    rows = [["A1", "男", "双侧。"], ["左侧。", "a"], *([f"A{i}", "男", "未见异常", "x", "y"] for i in (2, 3))]
    found = exams(tmp_path, header, rows)
    assert found.reports["study_id"].tolist() == ["A2", "A3"]
    assert found.problems["where"].tolist() == ["r.csv rows 2, 3"] and "torn" in problems_of(found)[0]


def test_cells_that_are_left_out_at_the_end_of_rows_are_no_torn_ones(tmp_path):
    rows = [["A1", "左侧额叶"], ["A2", "右侧额叶。"], ["A3", "x", "y"]]
    found = exams(tmp_path, ["检查号", "检查所见", "诊断意见"], rows)
    assert found.reports["study_id"].tolist() == ["A1", "A2", "A3"] and found.problems.empty


def sheets_of(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_every_sheet_that_is_shown_is_read_and_the_others_are_told(tmp_path):
    path = sheets_of(tmp_path / "r.xlsx", y22=[HEADER, ["A1", "P1", "王伟", TEXT, ""]], notes=[["a"], ["b"], ["c"]],
                     y23=[HEADER, ["A2", "P2", "李娜", TEXT, ""], ["A1", "P1", "王伟", "x", ""]])  # fmt: skip
    found = read_reports(path)
    assert found.reports["where"].tolist() == ["r.xlsx sheet y23 row 2"]
    assert problems_of(found) == ["2 reports of one study differ"] * 2
    assert set(found.problems["where"]) == {"r.xlsx sheet y22 row 2", "r.xlsx sheet y23 row 3"}
    assert "2 of 3 sheets" in found.notes[0]
    assert "sheet notes is not read: it has not the columns; it has 3 rows" in found.notes[1]
    assert "y2" not in " ".join(map(found.without_its_name, (*found.notes, *found.problems["where"])))


def test_hidden_sheets_are_read_where_no_other_has_the_columns(tmp_path):
    path = sheets_of(tmp_path / "r.xlsx", shown=[["a"]], old=[HEADER, ["A1", "P1", "王伟", TEXT, ""]])
    book = openpyxl.load_workbook(path)
    book["old"].sheet_state = "hidden"
    book.save(path)
    assert read_reports(path).reports["study_id"].tolist() == ["A1"]


def test_a_sheet_called_ct_is_of_another_examination(tmp_path):
    header = ["患者ID", "检查所见"]
    path = sheets_of(tmp_path / "r.xlsx", MR=[header, ["P1", TEXT]], CT=[header, ["P1", "x"]])
    assert join(read_reports(path), ONE_STUDY_EACH)[0]["findings"].tolist() == [TEXT]
    alone = sheets_of(tmp_path / "s.xlsx", CT=[header, ["P1", TEXT]])  # one sheet may be called anything
    assert len(join(read_reports(alone), ONE_STUDY_EACH)[0]) == 1


@pytest.mark.parametrize("title", ["导出;2024-01-01;共2条", "导出时间 2024-01-01, 共2条,"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_title_with_another_separator_is_passed_over(tmp_path, title, separator):
    text = f"{title}\n检查号{separator}检查所见\nA1{separator}未见异常\n"
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    assert read_reports(tmp_path / "r.csv").reports["findings"].tolist() == ["未见异常"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [("左侧_x000D_右侧", "左侧\n右侧"), ("左侧_x000D_\n右侧", "左侧\n右侧"), ("左侧_x000A_右侧", "左侧\n右侧"),
     ("左侧_x000d__x000a_右侧", "左侧\n右侧"), ("a_x005F_x000D_b", "a_x000D_b"), ("a_x12_b", "a_x12_b"),
     ("a_xD800_b", "a_xD800_b")],
)  # fmt: skip
def test_characters_that_excel_writes_by_number(tmp_path, cell, said):
    assert read_reports(workbook(tmp_path / "r.xlsx", [["A1", "P1", "王伟", cell, ""]])).reports["findings"][0] == said


def test_the_final_report_replaces_the_initial_one(tmp_path):
    rows = [["A1", "初步", "左侧额叶见影"], ["A1", "终审", "右侧额叶见影"]]
    found = exams(tmp_path, ["检查号", "报告状态", "检查所见"], rows)
    assert found.reports["findings"].tolist() == ["右侧额叶见影"]
    assert problems_of(found) == ["an earlier version of a report"]
    rows = [["A1", "2024-01-02 10:00", "x"], ["A1", "2024-01-02 09:00", "y"]]
    found = exams(tmp_path, ["检查号", "报告时间", "检查所见"], rows)
    assert found.reports["findings"].tolist() == ["x"]
    found = exams(tmp_path, ["检查号", "报告状态", "检查所见"], [["A1", "终审", "x"], ["A1", "终审", "y"]])
    assert found.reports.empty


def test_a_text_that_goes_on_in_further_columns_is_read_whole_and_told(tmp_path):
    long = ("左侧额叶见长T2信号影，" * 200)[:1999]  # and one more: a length at which databases cut
    header = ["检查号", "姓名", "检查所见", "检查所见2", "检查所见(续)", "诊断意见", "诊断意见2"]
    rows = [["A1", "", long + "右", "侧小脑见结节。", "另见垂体瘤。", "胶质瘤", ""],
            ["A2", "王芳", TEXT, "王芳诉头痛", "", "", ""],
            ["A3", "", TEXT, TEXT, "", "", ""],
            ["A4", "", "", TEXT, "", "胶质瘤", "脑膜瘤"], ["A5", "", long[:300], "额叶", "", "", ""]]
    found = read_reports(table(tmp_path / "r.csv", rows, header=header))
    assert found.reports["findings"].tolist() == [
        f"{long}右侧小脑见结节。\n另见垂体瘤。", f"{TEXT}\n{HOLE}诉头痛", TEXT, TEXT, f"{long[:300]}\n额叶",
    ]  # fmt: skip
    assert found.reports["impression"].tolist() == ["胶质瘤", "", "", "胶质瘤\n脑膜瘤", ""]
    assert "findings goes on in '检查所见2', '检查所见(续)'" in found.notes
    assert not any("not known" in note for note in found.notes)


def test_rtf_that_goes_on_in_a_further_column_is_read_in_one(tmp_path):
    rtf = r"{\rtf1\ansi " + "left frontal lobe " * 20
    rows = [["A1", rtf + r"\'e9d", r"ema\par none}"]]
    found = read_reports(table(tmp_path / "r.csv", rows, header=["检查号", "检查所见", "检查所见2"]))
    assert found.reports["findings"][0].endswith("lobe édema\nnone") and found.problems.empty


def test_a_void_report_is_left_out_and_told_and_the_one_that_counts_is_used(tmp_path):
    rows = [["A1", "已作废", "x"], ["A1", "已审核", "y"], ["A2", "Cancelled", "z"]]
    found = exams(tmp_path, ["检查号", "报告状态", "检查所见"], rows)
    assert found.reports["findings"].tolist() == ["y"]
    assert problems_of(found) == ["a report that is void, withdrawn or cancelled by its status"] * 2
