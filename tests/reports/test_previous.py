"""What a previous study showed, and what has gone, is no finding; what is compared, unchanged or grown is one."""

import pytest

from selip_core.reports.parser import is_normal_report, parse_report


def flat(text):
    return sorted(f"{s} {f.site} {f.appearance}" for s, findings in parse_report(text).items() for f in findings)


# fmt: off
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("前片示左额叶DWI高信号，现未见显示。", []),
        ("前片示左额叶DWI高信号。", []),
        ("前片示左侧丘脑T2高信号，右侧额叶DWI高信号。", []),
        ("2020年片示右侧丘脑DWI高信号，本次DWI呈低信号。", ["DWI 右侧丘脑 低信号"]),
        ("2020-01-02片示右侧丘脑DWI高信号，ADC低信号；现T2呈高信号。", ["T2 右侧丘脑 高信号"]),
        ("2020年3月外院MRI示右侧丘脑DWI高信号，本次DWI呈低信号。", ["DWI 右侧丘脑 低信号"]),
        ("前片示左额叶DWI高信号，ADC低信号，本次DWI及ADC均呈等信号。", ["ADC 左侧额叶 等信号", "DWI 左侧额叶 等信号"]),
        ("既往片示左侧额叶T2高信号，今右侧额叶T2高信号。", ["T2 右侧额叶 高信号"]),
        ("上次检查示左侧额叶T2高信号，此次FLAIR呈高信号。", ["FLAIR 左侧额叶 高信号"]),
        ("上次MRI（2021年3月）示左侧额叶T2高信号，本次T2呈等信号。", ["T2 左侧额叶 等信号"]),
        ("前片示双侧侧脑室扩大，现双侧侧脑室形态正常。", []),
        ("既往左侧基底节区脑出血，现呈长T1长T2信号。", ["T1 左侧基底节区 长信号", "T2 左侧基底节区 长信号"]),
        ("原左侧丘脑DWI高信号，现DWI呈等信号。", ["DWI 左侧丘脑 等信号"]),
        ("左侧额叶原有DWI高信号已不明显。", []),
        ("左侧额叶原有DWI高信号已不明显，T2仍呈高信号。", ["T2 左侧额叶 高信号"]),
        ("原右侧额叶强化结节未见显示。", []),
        ("原右侧额叶强化结节此次未见，右侧顶叶见T2高信号。", ["T2 右侧顶叶 高信号"]),
        ("原左侧丘脑DWI高信号，现已消失。", []),
        ("左侧额叶原T2高信号灶消失。", []),
        ("前片所示左侧额叶强化结节现已消失。", []),
        ("与前片比较，左侧额叶强化结节未见显示，右侧额叶T2高信号。", ["T2 右侧额叶 高信号"]),
    ],
)
def test_the_past_is_no_finding(text, told):
    assert flat(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("与前片比较，左侧额叶T2高信号新增。", ["T2 左侧额叶 高信号"]),
        ("对比前片，左侧额叶T2高信号病灶较前增大。", ["T2 左侧额叶 高信号"]),
        ("与2020年片比较，左侧额叶DWI高信号，范围相仿。", ["DWI 左侧额叶 高信号"]),
        ("较前片左侧额叶T2高信号增大。", ["T2 左侧额叶 高信号"]),
        ("前片示左侧额叶T2高信号，本次未见明显变化。", ["T2 左侧额叶 高信号"]),
        ("前片示左侧额叶T2高信号，现范围增大。", ["T2 左侧额叶 高信号"]),
        ("前片示左侧额叶T2高信号，现左侧额叶病灶较前增大。", ["T2 左侧额叶 高信号"]),
        ("前片所示左侧额叶T2高信号，大致同前。", ["T2 左侧额叶 高信号"]),
        ("左侧额叶原病灶T2呈高信号，范围较前缩小。", ["T2 左侧额叶 高信号"]),
        ("原发灶位于左侧额叶，T2呈高信号，现未见强化。", ["T1ce 左侧额叶 无强化", "T2 左侧额叶 高信号"]),
        ("原左侧额叶病灶T2呈高信号，右侧丘脑见DWI高信号，现考虑梗死。", ["DWI 右侧丘脑 高信号", "T2 左侧额叶 高信号"]),
        ("2024-05-01头颅MRI示：左侧丘脑DWI高信号。", ["DWI 左侧丘脑 高信号"]),
        ("患者2020年行胶质瘤切除术，现左侧额叶见长T2信号。", ["T2 左侧额叶 长信号"]),
        ("左侧额叶见T2高信号，表现为FLAIR高信号。", ["FLAIR 左侧额叶 高信号", "T2 左侧额叶 高信号"]),
        ("左侧额叶病灶部分吸收，T2呈高信号。", ["T2 左侧额叶 高信号"]),
    ],
)
# fmt: on
def test_what_is_compared_unchanged_or_grown_is_present(text, told):
    assert flat(text) == told


def test_what_was_does_not_keep_a_report_from_being_normal():
    assert is_normal_report("前片示左侧额叶DWI高信号灶，现未见显示。脑实质未见异常信号。")
    assert not is_normal_report("前片示左侧额叶占位，现大致同前。余脑实质未见异常信号。")
