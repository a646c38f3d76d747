"""Traditional characters are read as the simplified ones; simplified text is left as it is, to the letter."""

import pytest

from selip_core.reports import is_normal_report, parse_report
from selip_core.reports.script import simplified


@pytest.mark.parametrize(
    ("simple", "traditional"),
    [
        ("左侧基底节区见斑片状长T1长T2信号影，FLAIR及DWI呈高信号。", "左側基底節區見斑片狀長T1長T2信號影，FLAIR及DWI呈高信號。"),
        ("右侧丘脑见片状长T1长T2信号。", "右側視丘見片狀長T1長T2訊號。"),
        ("双侧额叶见点状T1WI低T2WI高信号影。", "雙側額葉見點狀T1WI低T2WI高信號影。"),
    ],
)
def test_both_scripts_give_the_same_findings(simple, traditional):
    assert parse_report(traditional) == parse_report(simple) != {}
    assert is_normal_report("腦實質內未見異常信號影，中線結構居中。")


def test_simplified_text_and_english_are_left_as_they_are():
    for text in ("双侧额叶见点状T1WI低T2WI高信号影，程序、囟门、镕。", "No acute infarct.", ""):
        assert simplified(text) is text
