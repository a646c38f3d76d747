"""An address is taken out, and what stands about places in the head is not."""

import pytest

from selip_core.ingest.addresses import addresses
from selip_core.ingest.deidentify import scrub


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("住址：北京市海淀区中关村大街1号，头痛三天", "住址：＊＊，头痛三天"),
        ("家庭地址: 广东省深圳市南山区科技路9号\n左侧额叶高信号", "家庭地址: ＊＊\n左侧额叶高信号"),
        ("家住上海市浦东新区张江路88弄3号501室，头晕", "家住＊＊，头晕"),
        ("Address: 12 Elm St., Springfield. FINDINGS: normal.", "Address: ＊＊. FINDINGS: normal."),
        (
            "姓名：王小明 性别：男 住址：上海市浦东新区张江路88弄 检查所见：左侧额叶见片状高信号影，DWI呈高信号。",
            "姓名：＊＊ 性别：男 住址：＊＊ 检查所见：左侧额叶见片状高信号影，DWI呈高信号。",
        ),
        ("住址：上海市 浦东新区张江路88弄电话：无 高信号", "住址：＊＊电话：无 高信号"),
        ("家住上海市浦东新区张江路88弄 检查所见：左侧额叶高信号", "家住＊＊ 检查所见：左侧额叶高信号"),
        ("住址：张江路88弄 检查所见 左侧额叶高信号", "住址：＊＊ 检查所见 左侧额叶高信号"),
        ("住址：张江路88弄【检查所见】左侧额叶高信号", "住址：＊＊【检查所见】左侧额叶高信号"),
        (
            "Address: 12 Main Street, Springfield Age: 53 FINDINGS: Acute infarct in the left MCA territory. No bleed.",
            "Address: ＊＊ Age: 53 FINDINGS: Acute infarct in the left MCA territory. No bleed.",
        ),
        (
            "Address: 12 Main Street, Springfield Clinical history: seizures",
            "Address: ＊＊ Clinical history: seizures",
        ),
        ("Address: Street: 12 Main Street, City: Springfield. FINDINGS: normal", "Address: ＊＊. FINDINGS: normal"),
        (
            f"Address: 12 {'Long ' * 13}Street, Age: 53 FINDINGS: infarct",
            "Address: ＊＊ Age: 53 FINDINGS: infarct",
        ),
        ("Address: 12 Main Street Apt: 5B\nSex: F", "Address: ＊＊\nSex: F"),
        ("住址：幸福路3号 小区：幸福里3号楼 检查所见：正常", "住址：＊＊ 检查所见：正常"),
        ("Anschrift: Hauptstr 3, 10115 Berlin\nBefund: unauffällig", "Anschrift: ＊＊\nBefund: unauffällig"),
    ],
)
def test_where_somebody_lives_is_taken_out(text, left):
    assert scrub(text, []).text == left


@pytest.mark.parametrize(
    "text",
    [
        "病灶位于左侧额叶皮层下区，大小约1号",
        "现住院3天，右侧基底节区片状高信号",
        "脑室旁白质区多发点状高信号，居住史不详",
        "The lesion addresses the left frontal lobe: no enhancement.",
        "住址： 检查所见：左侧额叶高信号",
        "Address: FINDINGS: infarct in the left MCA territory",
        "address the findings with the clinician",
    ],
)
def test_what_is_no_address_stays(text):
    assert addresses(text) == []
