"""Chinese names that nothing but their place tells: out, and no word of reports with them."""

import pytest

from selip_core.ingest.bare_names import bare_names
from selip_core.ingest.comparable import comparable
from selip_core.ingest.person_words import with_holes


def without_names(text):
    return with_holes(text, bare_names(comparable(text)))[0]


@pytest.mark.parametrize(
    "name", ["王小明", "李娜", "欧阳娜娜", "張偉", "单丽", "余同辉", "左建国", "左利民", "高强", "叶枫"]
)
@pytest.mark.parametrize(
    "text",
    [
        "左侧额叶高信号。（{}）", "未见异常。({} 2024-01-03)", "未见异常。\n{}", "未见异常。 {}",
        "未见异常。\n{}  2024年1月3日 10:30",
        "{}\n左侧额叶高信号。", "{}，45岁，头痛", "{} 45岁 男", "头痛3天。{}，女。", "以上由{}报告", "由{}操作。",
    ],
)  # fmt: skip
def test_names_go(text, name):
    assert without_names(text.format(name)) == text.format("＊＊")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("未见异常。\n王小明/李建国", "未见异常。\n＊＊/＊＊"),
        ("未见异常。 王小明 李建国\n2024-01-03", "未见异常。 ＊＊ ＊＊\n2024-01-03"),
        ("请张主任会诊", "请＊＊主任会诊"), ("经李教授审阅", "经＊＊教授审阅"), ("与王医生沟通", "与＊＊医生沟通"),
        ("张主任已阅", "＊＊主任已阅"),
        ("王女士，头痛3天", "＊＊女士，头痛3天"), ("家属王先生", "家属＊＊先生"), ("患者李小姐", "患者＊＊小姐"),
    ],
)  # fmt: skip
def test_several_names_and_family_names_go(text, left):
    assert without_names(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "左侧额叶高信号。\n高信号", "（高信号）", "左侧额叶（白质）", "白质变性。（左侧）", "于术后",
        "白质区\n高信号", "高热，45岁", "高信号，男。",
        "平素体健，男", "由方法报告", "请管主任医师会诊", "请上级医生会诊", "高年资医师", "全科医生", "时任主任",
        "任何女士", "主管医生", "科主任",
        "常规，男，45岁", "安静，女，3岁", "明显，女。", "请相关主任", "左侧大脑中动脉。\n左侧",
        "急性脑梗死（左枕）", "脑梗死（左顶、左枕）", "脑梗死（左半球）", "梗死（左基底）", "左额顶",
        "左额顶\n左颞枕\n",
        "听神经瘤（左优势）", "胶质瘤（高级别）", "软化灶（陈旧）", "囊肿（单房）", "DWI（阳性）", "脑膜瘤（包膜）",
        "脑干软化灶同前。余同前", "脑干软化灶同前。\n余如前\n脑室不大。", "脑干软化灶同前。余尚可",
        "占位（高密度）", "占位（单个）",
    ],
)  # fmt: skip
def test_words_stay(text):
    assert without_names(text) == text


@pytest.mark.parametrize("text", ["王" * 60_000, "（王小明" * 20_000, "\n  " * 20_000, "。" + " " * 60_000])
def test_a_long_text_comes_to_its_end_without_a_name(text):
    assert bare_names(text) == []
