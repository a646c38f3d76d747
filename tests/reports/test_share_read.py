import pytest

from selip_core.errors import SelipError
from selip_core.reports import share_read as module
from selip_core.reports.share_read import LEAST_READ, WAY_OUT, hardly_read, share_read

READ = [
    "左侧额叶见片状长T1长T2信号影。",
    "左側額葉見片狀長T1長T2訊號影，增強後未見明顯強化。",
    "颅脑MRI平扫未见异常。",
    "Axial FLAIR shows multiple small hyperintense foci in both frontal lobes.",
    "Hypersignal T2 du lobe frontal gauche, sans prise de contraste.",
    "左侧frontal lobe见patchy hyperintensity，FLAIR呈high signal",
    "DWI (-)",
    "",
]
UNREAD = [
    "Hyperintense Läsion links frontal in T2, ohne Kontrastmittelaufnahme.",
    "Lesión hiperintensa en T2 en el lóbulo frontal izquierdo, sin realce.",
    "左前頭葉に斑状のT2高信号域を認める。",
    "좌측 전두엽에 T2 고신호강도 병변이 관찰됨.",
    "В левой лобной доле очаг гиперинтенсивного сигнала на Т2.",
    "锟斤拷烫烫烫屯屯屯",
    "Ã¥Â·Â¦Ã¤Â¾Â§Ã©Â¢ÂÃ¥ÂÂ¶",
    "asdf qwer zxcv uiop",
    "12345 -",
]


@pytest.mark.parametrize("text", READ)
def test_a_report_in_a_language_that_is_known_is_read(text):
    assert share_read(text) >= 0.8


@pytest.mark.parametrize("text", UNREAD)
def test_a_report_in_any_other_language_or_script_is_told(text):
    assert share_read(text) < LEAST_READ


def test_traditional_characters_without_their_conversion_are_told(monkeypatch):
    def missing(text):
        raise SelipError("a report in traditional characters needs opencc")

    monkeypatch.setattr(module, "simplified", missing)
    assert share_read(READ[1]) < LEAST_READ < share_read(READ[0])


def test_what_is_half_read_is_told_by_its_share():
    half = "There is a hyperintense lesion in the left frontal lobe. Hyperintense Läsion rechts okzipital ohne Ödem."
    assert 0.3 < share_read(half) < 0.8


def test_reports_that_are_hardly_read_are_listed_with_the_way_out():
    found = hardly_read([READ[0], UNREAD[0], "", UNREAD[2]])
    assert found["report"].tolist() == [1, 3] and set(found["what_to_do"]) == {WAY_OUT}
    assert found["begins"].iloc[0].startswith("Hyperintense Läsion") and "selip_core.extract" in WAY_OUT
    assert hardly_read([]).empty
