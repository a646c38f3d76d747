"""Names that no column holds: out where the text itself tells a name, and no medical word with them."""

import pytest

from selip_core.ingest.comparable import comparable
from selip_core.ingest.person_words import with_holes
from selip_core.ingest.signatures import signatures
from tests.helpers.places import ROOT


def without_signatures(text):
    return with_holes(text, signatures(comparable(text)))[0]


TOLD = [
    "{0}医师审核。", "由{0}主治医师审核", "已电话通知神经内科{0}医师。", "已告知神经外科值班{0}医师",
    "报告人：{0} 审核人：{1}", "审核：{1}",
    "医师签名：{0}", "姓　名：{0}", "报告医师：{0}、{1}", "书写医师：{0}/审核医师：{1}", "签字：{0}",
    "患者{0}，男，45岁。", "报告者：{0}审核者：{1}",
    "报告医师：\n{0}", "复核: {1}", "报告医师签名：{0} 2024-01-01",
    "左侧额叶高信号。{0}医生", "请结合临床。 {0} 主任医师", "{0}医师：脑萎缩。", "经治医生{0}", "申请医生 {0}，",
    "副主任医师 {0}", "审核人{0}", "检查技师{0}", "姓名{0} 性别男", "{0}，男，45岁，头痛", "签名 {0}", "读片：{1}",
    "左侧额叶高信号。{0} 审核", "由{0}、{1}医师共同阅片", "患者{0}因头痛3天就诊", "家属（{0}，儿子）", "母亲{0}陪同",
    "{0}教授会诊意见：", "联系人：{0} 电话",
]  # fmt: skip
LATIN = [
    "DR. {0}", "DR {0}", "Radiologist: {0}", "Interpreted by: {0} MD", "Mme {0}, 45 ans", "Docteur {0}.",
    "Monsieur {0}",
    "/s/ {0}", "Rédigé par {0}", "Name: {0}  DOB: none",
    "Attending: {0}", "Patient's name: {0}", "ELECTRONICALLY SIGNED BY: {0}", "Seen with Ms. {0}, RN", "le docteur {0}",
    "医师：{0}",
]  # fmt: skip
MEDICAL = [
    "报告：高信号", "报告：左侧额叶", "报告医师：\n脑萎缩。", "审核：通过", "高年资医师审核。",
    "已通知神经内科值班医师", "请联系神经外科主任", "诊断：脑梗死",
    "患者高热，男性多见", "患者高热，男，45岁", "患者平素健康，男", "检查：头颅平扫", "报告：白质高信号、方便时复查",
    "报告医师：", "已告知临床医师", "患者左侧，男",
    "DR CHEST PA", "DR IMAGES", "Radiologist: Left frontal lesion", "Name: MRI Brain", "Pr Brain", "Miss Image 3",
    "Physician: Normal study", "医师：MRI Brain", "Read by the team. Left", "Dr. was told", "MS PLAQUES",
    "madame est là", "MRS NAA peak is decreased, MRS Cho peak is increased", "On MRS Choline is raised",
    "建议神经外科医生会诊", "主管医生要求复查", "主管医生高度怀疑", "麻醉医师", "高级医师：", "康复医师，", "白班医生",
    "检查者于术后复查", "诊断医师高度怀疑", "姓名不详", "患者于昨日因头痛", "女儿高热，头痛", "父亲高血压，糖尿病",
    "家属于外院，", "患者常年因头痛", "高信号，男，45岁", "平素体健，男，60岁", "丈夫陪同",
    "attending physician Left Frontal",
    "和主任医师", "上级医师：脑梗死。", "会诊医师：左侧额叶",
    "Radiologist: Enhancing mass in the pons", "审核：单发灶", "报告：石骨症", "报告：成骨",
    "【审核医师】\n左侧额叶", "gez. Aufnahmen der Orbita", "Paciente: Sexo Masculino", "Paciente: Refere Cefaleia",
    "左侧/右侧 报告", "医生：建议复查", "cc: Dizziness, Left weakness",
]  # fmt: skip


@pytest.mark.parametrize("text", TOLD)
@pytest.mark.parametrize("names", [("王小明", "李建国"), ("李娜", "张伟"), ("欧阳娜娜", "诸葛亮")])
def test_chinese_names_go(text, names):
    assert without_signatures(text.format(*names)) == text.format("＊＊", "＊＊")


@pytest.mark.parametrize("text", LATIN)
@pytest.mark.parametrize("name", ["John Smith", "JOHN SMITH", "Dupont", "María O’Neil"])
def test_latin_names_go(text, name):
    assert without_signatures(text.format(name)) in (text.format("＊＊"), text.replace(" MD", "").format("＊＊"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("報告醫師:陳大文 審核醫師:林美玲", "報告醫師:＊＊ 審核醫師:＊＊"), ("審核：李建國", "審核：＊＊"),
        ("読影医：山田太郎", "読影医：＊＊"), ("読影医：山下太郎", "読影医：＊＊"), ("読影医：竹内 誠", "読影医：＊＊"),
        ("审核：李半夏", "审核：＊＊"), ("Read by LEE", "Read by ＊＊"),
        ("Finalized by KHAN on 3 Jan", "Finalized by ＊＊ on 3 Jan"),
        ("読影者 山田 太郎", "読影者 ＊＊"), ("판독의: 김철수", "판독의: ＊＊"),
        ("【审核医师】钱守仁", "【审核医师】＊＊"), ("報告醫師=王小明", "報告醫師=＊＊"),
        ("一次読影：山田太郎", "一次読影：＊＊"), ("読影医：佐々木 太郎", "読影医：＊＊"),
        ("王小明/李建国 审核", "＊＊/＊＊ 审核"), ("Befunder: Schmidthuber", "Befunder: ＊＊"),
        ("Normal. gez. Schmidthuber", "Normal. gez. ＊＊"), ("gez. H. Schmidthuber\nBerlin", "gez. ＊＊\nBerlin"),
        ("Laudado por: Carlos Lima - CRM 12345", "Laudado por: ＊＊ - CRM 12345"),
        ("Paciente: Joana Prado, DN", "Paciente: ＊＊, DN"),
        ("诊断医师 王小明", "诊断医师 ＊＊"), ("报告医师（签章）：王小明", "报告医师（签章）：＊＊"),
        ("报告医生：王 明", "报告医生：＊＊"), ("患者：王小明", "患者：＊＊"), ("病人姓名 王小明", "病人姓名 ＊＊"),
        ("经与王小明主任讨论", "经与＊＊主任讨论"),
        ("Electronically signed by: Mary K. Jones, MD", "Electronically signed by: ＊＊, MD"),
        ("Signed by: SMITH, JOHN A", "Signed by: ＊＊"), ("Reported by Dr. J. K. Rowling", "Reported by Dr. ＊＊"),
        ("Dictated by: J. Smith, MD", "Dictated by: ＊＊, MD"), ("Dr. A. Kumar", "Dr. ＊＊"),
        ("John Smith, MD", "＊＊, MD"), ("Dr. med. Hans Müller", "Dr. med. ＊＊"), ("Dr. de la Cruz", "Dr. ＊＊"),
        ("Dra. García", "Dra. ＊＊"), ("Dott.ssa Bianchi", "Dott.ssa ＊＊"), ("Herr Schmidt", "Herr ＊＊"),
        ("Patient Name: John Smith  MRN: 1", "Patient Name: ＊＊  MRN: 1"), ("paged Jane Doe", "paged ＊＊"),
        ("discussed with John Smith at 3pm", "discussed with ＊＊ at 3pm"),
    ],
)  # fmt: skip
def test_names_of_other_places_and_habits_go(text, left):
    assert without_signatures(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "患者温度高，", "患者冷汗多，", "患者于外院，", "患者曾手术，", "患者：马尾", "受检查者 躁动",
        "诊断医：左侧额叶",
        "Reviewed with Multiplanar Reformats", "Patient: Chiari Malformation", "Junge Frau Mit Epilepsie",
        "Sra Paciente de 40 años", "Dra. Remite por cefalea",
        "患者：头痛3天", "患者：高热、抽搐", "患者白内障，术后", "患者黄疸，待查", "患者左侧肢体无力，3天",
        "请相关医生会诊",
        "与管床医生沟通", "discussed with Emergency Department",
        "reviewed with Neurology Team", "Silver stain, MD", "Left MCA, DO not repeat", "notified Nursing Service",
        "報告：高信號", "読影：左前頭葉に高信号", "患者姓名不详", "판독: 정상",
    ],
)  # fmt: skip
def test_what_stands_where_names_do_and_is_none_stays(text):
    assert without_signatures(text) == text


@pytest.mark.parametrize("text", MEDICAL)
def test_medical_words_stay(text):
    assert without_signatures(text) == text


def test_no_sentence_that_others_have_written_gets_a_hole():
    lines = [
        line for path in sorted((ROOT / "tests/reports/texts").rglob("*.*"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]  # fmt: skip
    assert len(lines) > 100
    assert [line for line in lines if without_signatures(line) != line] == []


def test_a_dotted_name_goes_whole():
    assert without_signatures("报告医师：阿卜杜热合曼·买买提 2024") == "报告医师：＊＊ 2024"
