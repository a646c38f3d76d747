"""Rows that a line break has torn are joined where they add up; tables that leave cells out stay as they are."""

import pytest

from selip_core._utils.torn_rows import joined_rows


def rows_of(text):
    return [(line, row.split(",")) for line, row in enumerate(text.split("\n"), 2)]


@pytest.mark.parametrize(
    ("text", "width", "joined"),
    [
        ("A1,双侧对称。\n左侧额叶见片状影,梗死\nA2,未见异常,未见异常", 3, {2: ["A1", "双侧对称。\n左侧额叶见片状影",
         "梗死"]}),
        ("A1,双侧。\n2、左侧。\n3、右侧。,梗死\nA2,未见异常,x", 3, {2: ["A1", "双侧。\n2、左侧。\n3、右侧。", "梗死"]}),
        ("A1,双侧大脑半球对称。\n左侧额叶见片状影。\nA2,未见异常", 2, {2: ["A1",
         "双侧大脑半球对称。\n左侧额叶见片状影。"]}),
        ("A1,双侧对称。\n左侧额叶见片状影。\nA2,未见异常,x", 3, {2: ["A1", "双侧对称。\n左侧额叶见片状影。"]}),
        ("P1,a,Left lesion.\nThere is no edema.,x\nP2,b,c,d", 4, {2: ["P1", "a", "Left lesion.\nThere is no edema.",
         "x"]}),
    ],
)  # fmt: skip
def test_what_adds_up_is_joined(text, width, joined):
    found, count, torn = joined_rows(rows_of(text), width)
    assert {line: cells for line, cells in found if line in joined} == joined and count == 1 and torn == []
    assert [line for line, _ in found] == [2, rows_of(text)[-1][0]]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("A1,左侧额叶\nA2,右侧额叶\nA3,未见异常,x", 3),  # impressions left out
        ("A1,左侧额叶\nA2,右侧额叶", 3), ("1\n2,x", 2), ("", 3),
        ("阿卜杜热合曼,A1,左侧\n买买提艾力江,A1,左侧\n王伟,1,2", 5), ("王伟,左侧\n李娜,右侧\n张敏,x,y\n陈静,x,y", 3),
        ("P1,T1,a.nii\nthis is a comment\nP2,T1,a.nii", 3), ("A1,a,b\n阿卜杜热合曼买买提,x\nA2,a,b", 3),
        ("A1,脑实质未见异常\n以上共2条，导出。", 2), ("control one,x\nP2,y\nP3,a,b\nP4,a,b", 3),
        ("A1,左侧额叶见片状影,左额叶梗死\n神经内科张三丰患者的检查报告如下\nA2,b,c", 3),
        ("A1,左侧额叶见片状影,左额叶梗死\n神经内科张三丰患者的报告：\nA2,b,c", 3),
        ("Kim C,Normal study\nVan Der Berg,Right temporal mass\nA2,b,c\nA3,b,c", 3),
        ("A1,左侧额叶见片状影。,x\nA2,右侧\n梗死,y\nA3,a,b", 3),  # 梗死 could be a name: of nobody
    ],
)  # fmt: skip
def test_short_rows_that_are_whole_stay(text, width):
    rows = rows_of(text)
    assert joined_rows(rows, width) == (rows, 0, [])


def test_what_does_not_add_up_is_set_aside_with_its_lines():
    found, count, torn = joined_rows(rows_of("A1,x,双侧。\n左侧。,a\nA2,b,未见异常,c,d\nA3,b,未见异常,c,d"), 5)
    assert [line for line, _ in found] == [4, 5] and count == 0 and torn == [[2, 3]]
