"""A side alone, `前者` and `后者` speak of a part of the lesion, and of nothing where it has no such part."""

import pytest

from selip_core.reports.lesion import ReportedLesion
from tests.helpers.reports import flat


# fmt: off
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("双侧丘脑对称，右侧见点状T2高信号。", ["T2 右侧丘脑 点状高信号"]),
        ("双侧海马体积缩小，左侧FLAIR呈高信号，右侧信号正常。", ["FLAIR 左侧海马 高信号"]),
        ("双侧小脑半球形态正常，左侧见斑片状DWI高信号。", ["DWI 左侧小脑半球 斑片状高信号"]),
        (
            "双侧小脑半球见片状T2高信号，右侧病灶强化，左侧病灶无强化。",
            ["T1ce 右侧小脑半球 强化", "T1ce 左侧小脑半球 无强化", "T2 双侧小脑半球 片状高信号"],
        ),
        ("双侧丘脑见片状长T2信号，DWI右侧呈高信号，ADC呈低信号。", ["ADC 右侧丘脑 片状低信号", "DWI 右侧丘脑 片状高信号", "T2 双侧丘脑 片状长信号"]),
        ("双侧放射冠多发点状T2高信号，其中左侧一枚DWI呈高信号。", ["DWI 左侧放射冠 点状高信号", "T2 双侧放射冠 多发点状高信号"]),
        ("双侧额叶见长T2信号，左侧呈点状，DWI左侧呈高信号。", ["DWI 左侧额叶 点状高信号", "T2 双侧额叶 长信号"]),
        ("双侧丘脑见片状T2高信号。左侧病灶DWI呈高信号。", ["DWI 左侧丘脑 片状高信号", "T2 双侧丘脑 片状高信号"]),
        ("双侧额叶、脑桥见点状T2高信号，左侧DWI呈高信号。", ["DWI 左侧额叶 点状高信号", "T2 双侧额叶 点状高信号", "T2 脑桥 点状高信号"]),
        (
            "左侧额叶、右侧顶叶见结节状T2高信号，左侧强化，右侧未见强化。",
            ["T1ce 右侧顶叶 无强化", "T1ce 左侧额叶 强化", "T2 右侧顶叶 结节状高信号", "T2 左侧额叶 结节状高信号"],
        ),
        # the other side of a lesion that has none is nothing known, but a half of the pons is the pons
        ("左侧额叶见片状T2高信号，右侧DWI呈高信号。", ["T2 左侧额叶 片状高信号"]),
        ("脑桥见片状T2高信号，右侧DWI呈高信号。", ["DWI 脑桥 片状高信号", "T2 脑桥 片状高信号"]),
        # a side of which no look is told, or the edge of one lesion, changes nothing
        ("双侧丘脑见片状T2高信号，右侧较大，DWI呈高信号。", ["DWI 双侧丘脑 片状高信号", "T2 双侧丘脑 片状高信号"]),
        ("双侧额叶见片状T2高信号，左侧缘见DWI高信号。", ["DWI 双侧额叶 片状高信号", "T2 双侧额叶 片状高信号"]),
        ("双侧上颌窦炎，右侧见T2高信号。", []),
    ],
)
def test_a_side_alone_is_that_of_the_lesion(text, told):
    assert flat(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "左侧额叶及右侧顶叶见片状DWI高信号，前者ADC呈低信号，后者ADC呈等信号。",
            ["ADC 右侧顶叶 片状等信号", "ADC 左侧额叶 片状低信号", "DWI 右侧顶叶 片状高信号", "DWI 左侧额叶 片状高信号"],
        ),
        (
            "左侧额叶见T1低信号，右侧顶叶见T1高信号，前者强化，后者无强化。",
            ["T1 右侧顶叶 高信号", "T1 左侧额叶 低信号", "T1ce 右侧顶叶 无强化", "T1ce 左侧额叶 强化"],
        ),
    ],
)
# fmt: on
def test_the_former_and_the_latter(text, told):
    assert flat(text) == told


def test_a_part_of_a_part_is_one_of_the_whole():
    whole = ReportedLesion(sites=["双侧丘脑", "脑桥"], shapes=["片状"], sentence=2)
    right = whole.part(whole.sites_on("右侧"), 5)
    assert right.sites == ["右侧丘脑"] and right.sites_on("左侧") == ["左侧丘脑"]
    assert (right.sentence, right.clause, right.shapes) == (2, 5, ["片状"])
    assert whole.part(["左侧丘脑"], 6).shapes is not whole.shapes
