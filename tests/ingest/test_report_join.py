"""Reports and studies: what a careful reader would join is joined, and never a report of another day or person."""

import pandas as pd
import pytest

from selip_core.ingest.identity import person_of_header
from selip_core.ingest.report_join import join
from selip_core.ingest.report_tables import read_reports

Z = "左侧额叶见片状长T2信号影。"
ONE = pd.DataFrame({"patient_id": ["P1"], "study_id": ["S1"], "date": ["20230601"], "accession": ["ACC001"]})


def joined(tmp_path, rows, studies=ONE, columns=None, **options):
    path = tmp_path / "r.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    reports = read_reports(path, columns=columns)
    matched, problems = join(reports, studies, **options)
    return list(matched["study_id"]), [*reports.problems["problem"], *problems["problem"]]


DATES = ["20230601093000", "06/01/2023", "01.06.2023", "01-Jun-2023", "112/06/01", "1120601", "令和5年6月1日",
         "45078", "23-06-01"]


@pytest.mark.parametrize("date", DATES)
def test_a_date_in_any_form_tells_the_study_from_others(tmp_path, date):
    row = {"患者ID": "P1", "检查日期": date, "检查所见": Z}
    assert joined(tmp_path, [row])[0] == ["S1"]
    found, problems = joined(tmp_path, [row], ONE.assign(date="20240102"))
    assert found == [] and "of another day than the study" in problems[0]


def test_a_date_in_either_order_is_joined_where_one_is_the_study_s(tmp_path):
    row = {"患者ID": "P1", "检查日期": "06/01/2023", "检查所见": Z}
    assert joined(tmp_path, [row], ONE.assign(date="20230106"))[0] == ["S1"]
    decided = [row, {"患者ID": "P9", "检查日期": "06/13/2023", "检查所见": Z}]
    assert joined(tmp_path, decided, ONE.assign(date="20230106"))[0] == []
    assert joined(tmp_path, decided)[0] == ["S1"]


@pytest.mark.parametrize(("n", "found"), [(1, ["S1"]), (2, [])])
def test_a_date_that_cannot_be_read_is_told_and_tells_no_reports_apart(tmp_path, n, found):
    rows = [{"患者ID": "P1", "检查日期": f"二〇二三年六月{i}", "报告时间": f"2024-01-0{i + 1}", "检查所见": Z + str(i)}
            for i in range(n)]  # fmt: skip
    studies, problems = joined(tmp_path, rows)
    assert studies == found and f"cannot be read in {n} of {n} rows" in problems[0]
    assert ("the table has 2 reports of its patient" in " ".join(problems)) == (n == 2)


def test_an_hour_or_nothing_in_the_column_of_dates_is_no_date_that_cannot_be_read(tmp_path):
    for date in ("09:30", "0000-00-00", "NULL", "-"):
        assert joined(tmp_path, [{"患者ID": "P1", "检查日期": date, "检查所见": Z}]) == (["S1"], [])


OTHERS = [
    {"病歷號": "P1", "檢查部位": "胸部CT", "檢查日期": "", "檢查所見": Z},
    {"MRN": "P1", "Exam": "CT CHEST W CONTRAST", "Findings": Z},
    {"MRN": "P1", "Procedure Name": "MR KNEE", "Findings": Z},
    {"MRN": "P1", "Service Date": "2020-05-05", "Findings": Z},
    {"患者番号": "P1", "検査部位": "腹部", "所見": Z}, {"患者番号": "P1", "検査日": "2020年5月5日", "所見": Z},
    {"ID paciente": "P1", "Estudio": "TC de tórax", "Hallazgos": Z},
    {"ID paciente": "P1", "Fecha del examen": "05/05/2020", "Hallazgos": Z},
    {"Patienten-ID": "P1", "Untersuchung": "MRT Knie links", "Befund": Z},
    {"Patienten-ID": "P1", "Körperregion": "LWS", "Befund": Z},
    {"ID patient": "P1", "Type d'examen": "Scanner thoracique", "Résultats": Z},
    {"ID do paciente": "P1", "Exame": "Ressonância do joelho", "Achados": Z},
]  # fmt: skip


@pytest.mark.parametrize("row", OTHERS)
def test_another_examination_under_columns_in_other_languages(tmp_path, row):
    found, problems = joined(tmp_path, [row])
    assert found == [] and "report not joined" in problems[0]


HEADS = [
    {"病歷號": "P1", "檢查部位": "頭部", "檢查日期": "2023/06/01", "檢查所見": Z},
    {"MRN": "P1", "Exam": "MR BRAIN W WO", "Findings": Z},
    {"MRN": "P1", "Service Date": "2023-06-01", "Findings": Z}, {"患者番号": "P1", "検査部位": "頭部MRI", "所見": Z},
    {"ID paciente": "P1", "Estudio": "RM de cráneo", "Fecha": "01/06/2023", "Hallazgos": Z},
    {"Patienten-ID": "P1", "Untersuchung": "MRT Schädel", "Befund": Z},
    {"Patienten-ID": "P1", "Untersuchung": "cMRT", "Befund": Z},
    {"ID patient": "P1", "Type d'examen": "IRM cérébrale", "Résultats": Z},
    {"ID do paciente": "P1", "Exame": "RM do encéfalo", "Achados": Z},
    {"ID do paciente": "P1", "Data": "unknown", "Achados": Z},
]  # fmt: skip


@pytest.mark.parametrize("row", HEADS)
def test_an_mri_of_the_head_under_columns_in_other_languages(tmp_path, row):
    assert joined(tmp_path, [row]) == (["S1"], [])


def test_columns_of_date_and_procedure_can_be_named(tmp_path):
    rows = [{"MRN": "P1", "when": "2020-05-05", "what": "MR BRAIN", "Findings": Z}]
    assert joined(tmp_path, rows)[0] == ["S1"]
    assert joined(tmp_path, rows, columns={"date": "when"})[0] == []
    rows[0] |= {"when": "2023-06-01", "what": "CT CHEST"}
    assert joined(tmp_path, rows, columns={"procedure": "what", "date": "when"})[0] == []


TWO = pd.DataFrame({"patient_id": ["P0", "P1"], "study_id": ["S0", "S1"], "accession": ["1001", "1001"]})


def test_of_two_patients_with_one_number_the_patient_decides(tmp_path):
    rows = [{"检查号": "1001", "患者ID": f"P{i}", "检查所见": Z + str(i)} for i in range(2)]
    assert joined(tmp_path, rows, TWO) == (["S0", "S1"], [])
    assert joined(tmp_path, rows[1:], TWO)[0] == ["S1"]
    for other in ("", "P7"):
        assert joined(tmp_path, [{"检查号": "1001", "患者ID": other, "检查所见": Z}], TWO)[0] == []


def test_two_patients_under_the_number_of_one_study_are_no_versions(tmp_path):
    rows = [{"检查号": "ACC001", "患者ID": f"H{i}", "报告时间": f"2024-01-0{i + 1}",
    "检查所见": Z + str(i)} for i in range(2)]
    found, problems = joined(tmp_path, rows)
    assert found == [] and problems.count("2 reports of one study differ") == 2


@pytest.mark.parametrize("nothing", ["NULL", "N/A", "无", "0", "None", "(null)", "nan", "-", ""])
def test_a_word_for_nothing_is_an_empty_cell(tmp_path, nothing):
    studies = pd.DataFrame({"patient_id": ["P0", "P1"], "study_id": ["S0", "S1"], "accession": ["A10", "A11"]})
    rows = [{"检查号": nothing, "患者ID": f"P{i}", "检查所见": Z + str(i)} for i in range(2)]
    assert joined(tmp_path, rows, studies) == (["S0", "S1"], [])
    rows = [{"检查号": f"A1{i}", "患者ID": nothing, "检查所见": Z + str(i)} for i in range(2)]
    assert joined(tmp_path, rows, studies) == (["S0", "S1"], [])


def test_patients_that_are_numbered_from_zero_keep_their_number(tmp_path):
    studies = pd.DataFrame({"patient_id": ["0", "1"], "study_id": ["S0", "S1"]})
    assert joined(tmp_path, [{"患者ID": str(i), "检查所见": Z + str(i)} for i in range(2)], studies)[0] == ["S0", "S1"]


def test_two_numbers_in_a_cell_lead_to_the_study_that_is_there(tmp_path):
    assert joined(tmp_path, [{"检查号": "ACC001,ACC002", "检查所见": Z}])[0] == ["S1"]
    both = pd.DataFrame({"patient_id": ["P1", "P1"], "study_id": ["S1", "S2"], "accession": ["ACC001", "ACC002"]})
    assert "2 studies may be meant" in joined(tmp_path, [{"检查号": "ACC001,ACC002", "检查所见": Z}], both)[1][0]


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        ([{"检查号": "P1", "患者ID": "H9", "检查所见": Z}], "column 检查号 holds 1 of the source's patient ids"),
        ([{"病人ID": "H9", "住院号": "P1", "检查号": "X", "检查所见": Z}],
        "column 住院号 holds 1 of the source's patient ids"),
        ([{"患者ID": "ACC001", "检查所见": Z}], "column 患者ID holds 1 of the source's accession numbers"),
        ([{"检查号": "20249", "检查所见": Z}], "column 检查号 holds 1 of the source's StudyID of the headers"),
    ],
)  # fmt: skip
def test_where_nothing_joins_the_columns_that_would_are_named(tmp_path, rows, hint):
    found, problems = joined(tmp_path, rows, ONE.assign(study_number="20249"))
    assert found == [] and any(hint in told for told in problems)
    assert not any("no report was joined" in told for told in joined(tmp_path,
    [*rows, {"检查号": "S1", "检查所见": Z}])[1])


def header(*told):
    return ONE.assign(person=[person_of_header(*told)])


@pytest.mark.parametrize("ids", [{"检查号": "ACC001", "患者ID": "P1"}, {"患者ID": "P1"}, {"检查号": "S1"}])
@pytest.mark.parametrize(
    ("row", "told"),
    [({"性别": "男"}, "sex"), ({"出生日期": "1988-08-08"}, "birth date"), ({"姓名": "李建国"}, "name")],
)  # fmt: skip
def test_a_report_of_another_person_is_set_aside(tmp_path, ids, row, told):
    found, problems = joined(tmp_path, [{**ids, **row, "检查所见": Z}], header("F", "19500102", "王^芳"))
    assert found == [] and f"its {told} is another than that in the header" in problems[0]
    assert "李建国" not in problems[0] and "1988" not in problems[0]


def test_a_report_of_the_same_person_is_joined(tmp_path):
    row = {"患者ID": "P1", "性别": "女", "姓名": "王芳", "出生日期": "1950-01-02", "检查所见": Z}
    assert joined(tmp_path, [row], header("F", "19500102", "Wang^Fang=王^芳")) == (["S1"], [])
    assert joined(tmp_path, [row], header("", "", "ANON^12")) == (["S1"], [])


def test_what_anonymising_has_changed_of_most_is_not_compared_and_that_is_told(tmp_path):
    people = [person_of_header("F", f"197{i}0203", "x") for i in range(4)]
    studies = pd.DataFrame({"patient_id": [f"P{i}" for i in range(4)], "study_id": [f"S{i}" for i in range(4)]})
    rows = [{"患者ID": f"P{i}", "性别": "女", "出生日期": f"195{i}-05-06", "检查所见": Z} for i in range(4)]
    found, problems = joined(tmp_path, rows, studies.assign(person=people))
    assert len(found) == 4 and len(problems) == 1 and "4 of 4 reports have another birth date" in problems[0]
    rows[0]["性别"] = "男"  # what can be compared is
    assert joined(tmp_path, rows, studies.assign(person=people))[0] == ["S1", "S2", "S3"]


def test_ids_of_two_numberings_are_known_by_sexes_that_disagree(tmp_path):
    people = [person_of_header("MFMFMF"[i], f"197{i}0203", "x") for i in range(6)]
    studies = pd.DataFrame({"patient_id": [f"P{i}" for i in range(6)], "study_id": [f"S{i}" for i in range(6)]})
    rows = [{"患者ID": f"P{i}", "性别": "FMMMFF"[i], "出生日期": f"195{i}-05-06", "检查所见": Z} for i in range(6)]
    found, problems = joined(tmp_path, rows, studies.assign(person=people))
    assert found == [] and any("4 of 6 reports have another sex" in told for told in problems)
    masked = [person_of_header("F", "", "x")] * 6  # one sex for all is none
    found, problems = joined(tmp_path, rows, studies.assign(person=masked))
    assert len(found) == 6 and "3 of 6 reports have another sex" in problems[0]


def test_an_addition_alone_is_no_report_of_a_study(tmp_path):
    found, problems = joined(tmp_path, [{"检查号": "S1", "检查所见": "补充报告：右侧额叶另见小缺血灶。"}])
    assert found == [] and problems[0] == "an addition to a report that is not there"
    rows = [{"检查号": "ACC001", "检查所见": Z}, {"检查号": "S1", "检查所见": "补充报告：右侧额叶另见小缺血灶。"}]
    assert joined(tmp_path, rows) == (["S1"], ["an addition to a report"])


def signed(*times):
    return [{"患者ID": "P1", "报告时间": time, "检查所见": Z + str(i)} for i, time in enumerate(times)]


def test_a_report_that_was_signed_in_another_year_takes_no_other_s_place(tmp_path):
    found, problems = joined(tmp_path, signed("2023-06-01 10:00", "2025-03-01 10:00"))
    assert found == ["S1"] and "it was written many weeks after the study" in problems[0] and len(problems) == 1
    found, problems = joined(tmp_path, signed("2021-06-01", "2022-06-01", "2023-06-02", "2024-06-01"))
    assert found == ["S1"] and len(problems) == 3  # of one study that has its own
    found, problems = joined(tmp_path, signed("2019-01-01", "2023-06-02"))
    assert found == ["S1"] and "it was written long before the study" in problems[0]
    found, problems = joined(tmp_path, signed("2023-06-01", "2025-03-01"), ONE.assign(date=""))
    assert found == [] and problems.count("2 reports of one study differ") == 2  # nothing tells which it is


@pytest.mark.parametrize(
    ("time", "told"), [("2025-06-01", "after"), ("2020-06-01", "before"), ("2023-05-30", ""), ("2023-10-15", "")]
)
def test_a_single_report_of_another_year_is_joined_with_a_remark(tmp_path, time, told):
    found, problems = joined(tmp_path, signed(time))
    assert found == ["S1"] and len(problems) == bool(told)
    assert all(f"{told} the study" in problem and "report joined, but" in problem for problem in problems)
    number = [{"检查号": "ACC001", **signed(time)[0]}]
    assert joined(tmp_path, number) == (["S1"], [])


def test_signatures_and_amendments_that_come_late_and_shifted_days_set_nothing_aside(tmp_path):
    found, problems = joined(tmp_path, signed("2023-06-01", "2023-07-15"))
    assert found == ["S1"] and problems == ["an earlier version of a report"]
    days = pd.date_range("2015-01-01", periods=8, freq="200D").strftime("%Y%m%d")
    studies = pd.DataFrame({"patient_id": [f"P{i}" for i in range(8)], "study_id": [f"S{i}" for i in range(8)],
                            "date": days})  # fmt: skip
    rows = [{"患者ID": f"P{i}", "报告时间": "2023-06-01", "检查所见": Z + str(i)} for i in range(8)]
    found, problems = joined(tmp_path, rows, studies)
    assert len(found) == 8 and len(problems) == 1 and "of 8 reports were written long before" in problems[0]


NUMBERED = pd.DataFrame({
    "patient_id": [f"P{i}" for i in range(6)], "study_id": [f"1.2.{i}" for i in range(6)],
    "accession": [f"MR000{i}" for i in range(6)], "date": ["20240102"] * 6,
})  # fmt: skip


def numbered(*days, **first):
    row = {"检查类型": "MR", "检查部位": "头颅"}
    rows = [{"检查号": f"MR000{i}", "检查日期": day, **row, "检查所见": Z + str(i)} for i, day in enumerate(days)]
    return [{**rows[0], **first}, *rows[1:]]


def test_a_number_that_leads_to_an_examination_of_another_day_is_not_enough(tmp_path):
    rows = numbered("2021-05-05", "2024-01-02", "2024-01-03", "2024-01-08")
    found, problems = joined(tmp_path, rows, NUMBERED)
    assert found == ["1.2.1", "1.2.2", "1.2.3"] and "another day than the study, though its number" in problems[0]
    assert joined(tmp_path, [{**row, "患者ID": f"P{i}"} for i, row in enumerate(rows)], NUMBERED)[0][0] == "1.2.0"
    named = [{**row, "患者ID": f"P{i}", "检查类型": "MR" if i else "CT"} for i, row in enumerate(rows)]
    assert joined(tmp_path, named, NUMBERED)[0][0] == "1.2.1"  # the day and the device
    ordered = numbered("2023-12-15", "2024-01-02", "2024-01-03")  # and no patient is told
    assert joined(tmp_path, ordered, NUMBERED)[0] == ["1.2.0", "1.2.1", "1.2.2"]
    rows[0]["检查号"] = "1.2.0"  # its UID is nobody else's
    assert joined(tmp_path, rows, NUMBERED)[0] == [f"1.2.{i}" for i in range(4)]


def test_a_number_that_leads_to_another_device_and_part_is_not_enough(tmp_path):
    for first in ({"检查类型": "CT", "检查部位": "胸部"}, {"检查类型": "", "检查部位": "胸部CT平扫"}):
        found, problems = joined(tmp_path, numbered("", **first), NUMBERED)
        assert found == [] and "by CT, not by MR; it is an examination of another part" in problems[0]
    for first in ({"检查类型": "CT"}, {"检查部位": "颈部"}):  # one alone may be a slip
        assert joined(tmp_path, numbered("", **first), NUMBERED)[0] == ["1.2.0"]


@pytest.mark.parametrize(
    "days",
    [["2021-05-05"], ["2021-05-05", "2024-01-02"], ["2019-01-01", "2020-02-02", "2021-03-03"],
     ["2024-01-02", "2024-01-03", "2023-02-01", "2022-01-01", "2021-05-05"],
     ["2024-01-02", "2024-01-02", "02/01/2024", "01/03/2024"]],
)  # fmt: skip
def test_a_number_is_enough_where_days_may_be_shifted_ones(tmp_path, days):
    found, problems = joined(tmp_path, numbered(*days), NUMBERED)
    assert found == [f"1.2.{i}" for i in range(len(days))] and not any("not joined" in told for told in problems)
