"""What columns are called: in more languages and scripts, and only what is meant."""

import pytest

from selip_core.errors import SelipError
from selip_core.ingest.report_columns import (
    bare,
    continued_columns,
    examination_columns,
    map_columns,
    person_columns,
    shown_title,
    unknown_columns,
)


@pytest.mark.parametrize(
    ("name", "same"),
    [("檢查號", "检查号"), ("檢查所見", "检查所见"), ("病歷號", "病历号"), ("Conclusión", "CONCLUSION"),
     ("Ａ　b-c", "abc"),
     ("診断", "诊断")],
)  # fmt: skip
def test_names_are_compared_without_script_accents_and_width(name, same):
    assert bare(name) == bare(same)


@pytest.mark.parametrize(
    "name",
    ["诊断", "诊断结果", "检查结果", "报告结论", "影像诊断", "Diagnosis", "Beurteilung", "Conclusion", "Conclusión",
     "Impressão",
     "診断", "Impresión diagnóstica", "Zusammenfassung"],
)  # fmt: skip
def test_columns_of_impressions(name):
    assert map_columns(["检查号", "检查所见", name], {}, "t")["impression"] == 2


@pytest.mark.parametrize(
    "name",
    ["Befund", "Hallazgos", "所見", "検査所見", "Achados", "Résultats", "報告內容",
     "检查结果"],
)  # fmt: skip
def test_columns_of_findings(name):
    assert map_columns(["检查号", name], {}, "t") == {"study_id": 0, "findings": 1}


@pytest.mark.parametrize("name", ["临床诊断", "clinical diagnosis", "诊断医生", "检查结果状态", "Reason"])
def test_columns_that_are_no_impression(name):
    assert "impression" not in map_columns(["检查号", "检查所见", name], {}, "t")


def test_a_name_that_is_certain_outranks_one_that_is_not():
    assert map_columns(["检查号", "诊断", "检查结果", "检查所见", "诊断意见"], {}, "t")["impression"] == 4
    assert map_columns(["检查号", "检查结果", "检查结论"], {}, "t") == {"study_id": 0, "findings": 1, "impression": 2}


def test_columns_of_the_examination_can_be_given():
    header = ["检查号", "when", "what", "检查日期", "检查所见"]
    assert examination_columns(header) == {"date": [3]}
    given = {"date": "when", "procedure": "what"}
    assert examination_columns(header, given) == {"date": [1], "body_part": [2]}
    assert map_columns(header, given, "t") == {"study_id": 0, "findings": 4}
    with pytest.raises(SelipError, match="no column 'whn'; it has 检查号"):
        map_columns(header, {"date": "whn"}, "t")


def test_columns_of_the_person():
    assert person_columns(["姓名", "性別", "生年月日", "报告医生"]) == {"name": [0], "sex": [1], "birth": [2]}
    assert person_columns(["报告医生姓名", "性别描述"]) == {}


@pytest.mark.parametrize(
    ("header", "places"),
    [
        (["检查号", "检查所见", "检查所见2", "检查所见(续)"], [2, 3]),
        (["检查号", "检查所见3", "检查所见", "检查所见(2)"], [3, 1]),
        (["检查号", "檢查所見", "檢查所見續1", "檢查所見續2"], [2, 3]),
        (["Exam ID", "Findings", "Findings (continued)"], [2]),
        (["Exam ID", "Findings", "FINDINGS_2", "Findings date", "Findings physician 2"], [2]),
    ],
)  # fmt: skip
def test_columns_in_which_a_text_goes_on(header, places):
    used = map_columns(header, {}, "t")
    assert continued_columns(header, used) == {"findings": places}
    assert not set(places) & set(unknown_columns(header, used))


def test_columns_that_only_begin_like_a_text_are_none_of_it():
    header = ["检查号", "检查所见", "检查所见评分", "检查所见医生", "检查所见2023", "诊断意见2"]
    assert continued_columns(header, map_columns(header, {}, "t")) == {}
    header = ["检查号", "检查所见1", "检查所见2"]
    assert continued_columns(header, map_columns(header, {"findings": "检查所见1"}, "t")) == {"findings": [2]}


@pytest.mark.parametrize(
    ("title", "shown"),
    [*((title, "column 1") for title in ("赵铁柱评分", "評分_趙鐵柱", "评分赵铁柱", "欧阳晓燕", "")),
     *((title, title) for title in ("病灶大小", "高信号评分", "影像质量", "ADC", "备注", "患者", "病理结果", "成像质量",
                                    "评分", "金标准", "随访时长", "任务编号", "单位"))],
)  # fmt: skip
def test_a_title_that_may_hold_a_name_is_told_by_its_place(title, shown):
    assert shown_title([title], 0) == shown
