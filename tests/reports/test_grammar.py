"""What of a clause speaks of the lesion: neither what is denied, turned or compared, nor a neighbour, nor a diagnosis."""

import pytest

from selip_core.reports.grammar import of_unknown_place
from selip_core.reports.lexicon import load_lexicon
from selip_core.reports.parser import is_normal_report, parse_report
from selip_core.reports.text import split_sentences
from tests.helpers.reports import flat


# fmt: off
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("左侧额叶点状T2高信号，未见强化及弥散受限。", ["T1ce 左侧额叶 无强化", "T2 左侧额叶 点状高信号"]),
        ("左侧额叶点状T2高信号，均无强化、弥散受限及周围水肿。", ["T1ce 左侧额叶 无强化", "T2 左侧额叶 点状高信号"]),
        ("左侧额叶点状T2高信号，未见异常强化或DWI高信号。", ["T1ce 左侧额叶 无强化", "T2 左侧额叶 点状高信号"]),
        ("左侧额叶点状T2高信号，弥散受限未见，FLAIR高信号。", ["FLAIR 左侧额叶 点状高信号", "T2 左侧额叶 点状高信号"]),
        # 末 for 未
        ("左侧额叶点状T2高信号，DWI末见高信号，增强末见强化。", ["T1ce 左侧额叶 无强化", "T2 左侧额叶 点状高信号"]),
        # a denial ends with its clause, and is none where it only names a kind
        ("左侧额叶T2高信号，无强化，弥散受限。", ["ADC 左侧额叶 信号降低", "DWI 左侧额叶 高信号", "T1ce 左侧额叶 无强化", "T2 左侧额叶 高信号"]),
        ("右侧额叶长T2信号，增强后呈未闭合环形强化。", ["T1ce 右侧额叶 环形强化", "T2 右侧额叶 长信号"]),
        ("右侧额叶长T2信号，增强后呈非闭合性环状强化。", ["T1ce 右侧额叶 环形强化", "T2 右侧额叶 长信号"]),
        ("右侧额叶长T2信号，增强后非均匀强化。", ["T1ce 右侧额叶 强化", "T2 右侧额叶 长信号"]),
        ("双侧额叶见非对称性片状T2高信号。", ["T2 双侧额叶 片状高信号"]),
        ("左侧额叶见不定形T2高信号，FLAIR呈不均质高信号。", ["FLAIR 左侧额叶 高信号", "T2 左侧额叶 高信号"]),
        ("右侧颞叶非出血性梗死，T2WI呈高信号。", ["T2 右侧颞叶 高信号"]),
    ],
)
def test_a_denial_holds_for_all_that_it_lists(text, told):
    assert flat(text) == told


@pytest.mark.parametrize(
    "normal",
    [
        "增强扫描未见异常强化灶。", "增强扫描未见明显异常强化影，余未见异常。", "脑膜未见强化及增厚。脑实质未见异常。",
        "脑实质内末见明显异常信号，DWI末见弥散受限。", "脑实质未见异常强化结节。",
    ],
)
def test_a_report_of_denials_is_normal(normal):
    assert is_normal_report(f"脑实质未见异常信号。{normal}") and parse_report(normal) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("右侧小脑半球DWI高信号较前消失，T2WI呈高信号。", ["T2 右侧小脑半球 高信号"]),
        ("左侧额叶FLAIR高信号灶基本消失。", []),
        ("右侧颞叶强化结节消失。", []),
        ("左侧额叶FLAIR高信号完全吸收。", []),
        ("右侧丘脑病灶DWI由高信号转为低信号。", ["DWI 右侧丘脑 低信号"]),
        ("左侧小脑半球DWI高信号现呈等信号。", ["DWI 左侧小脑半球 等信号"]),
        ("左侧丘脑DWI高信号变为低信号，ADC由低信号演变为高信号。", ["ADC 左侧丘脑 高信号", "DWI 左侧丘脑 低信号"]),
        ("中线结构左移较前恢复。", []),
        # but not what is only less, nor what it turns into
        ("左侧额叶DWI高信号部分消失。", ["DWI 左侧额叶 高信号"]),
        ("左侧额叶T1WI表现为低信号T2WI表现为高信号。", ["T1 左侧额叶 低信号", "T2 左侧额叶 高信号"]),
        ("左侧额叶病灶T2高信号，水肿消失。", ["T2 左侧额叶 高信号"]),
    ],
)
def test_what_has_gone_or_turned_is_no_finding(text, told):
    assert flat(text) == told


LESION = "左侧额叶见点状FLAIR高信号。"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "右侧眶内肌锥外见类圆形长T1长T2信号影，增强明显强化", "右侧蝶骨大翼见片状短T1信号", "左侧横窦见充盈缺损，T1WI呈高信号",
        "透明隔见结节状等T1等T2信号", "左侧颈部见多发肿大淋巴结，DWI呈高信号", "右侧面神经膝段增粗，T2WI信号增高，增强后强化",
        "胸椎T2、T3椎体内见血管瘤，呈高信号", "C7/T1椎间盘突出，硬膜囊受压", "颈髓C3-4水平见条状T2高信号", "右侧舌下腺见长T2信号",
        "右侧枕动脉走行区见长T2信号", "鼻咽顶后壁见T2高信号", "左侧颞肌内见片状长T2信号", "右侧颞下颌关节见关节腔积液，T2WI呈高信号",
        "左侧上颌窦顶壁见长T2信号", "T1-2水平脊髓见T2高信号",
    ],
)
def test_a_place_that_is_no_site_gives_nothing_to_the_lesion_before(elsewhere):
    assert flat(f"{LESION}{elsewhere}。") == ["FLAIR 左侧额叶 点状高信号"]


@pytest.mark.parametrize(
    ("further", "told"),
    [
        ("增强后似见轻度强化。", "T1ce 左侧额叶 强化"),
        ("延迟期可见强化。", "T1ce 左侧额叶 强化"),
        ("相应区域可见DWI高信号。", "DWI 左侧额叶 高信号"),
        ("病灶内见T1低信号。", "T1 左侧额叶 低信号"),
        ("右侧大脑脚沿皮质脊髓束走行区见DWI高信号。", "DWI 右侧大脑脚 高信号"),
        ("中脑顶盖见T2高信号。", "T2 四叠体 高信号"),
        ("脑干及颈髓内见T2高信号。", "T2 脑干 高信号"),
    ],
)
def test_a_clause_without_a_place_or_with_a_site_is_read(further, told):
    assert [finding.replace("点状", "") for finding in flat(LESION + further) if "FLAIR" not in finding] == [told]


def test_a_place_is_unknown_where_a_word_before_what_is_seen_is():
    lexicon = load_lexicon()

    def unknown(text):
        return of_unknown_place(split_sentences(text, lexicon)[0][0], lexicon)

    assert unknown("右侧舌下腺见结节") and unknown("双侧泪囊可见长T2信号")
    assert not any(map(unknown, ("左侧额叶见结节", "亦可见结节", "增强后隐约可见强化", "未见泪囊异常", "泪囊")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # a diagnosis, a sign or a vessel in the middle
        ("鞍区见团块状等T1信号，考虑垂体瘤，增强后明显强化。", ["T1 鞍区 团块状等信号", "T1ce 鞍区 强化"]),
        ("左侧额叶见DWI高信号，考虑左侧大脑中动脉供血区急性梗死，ADC呈低信号。", ["ADC 左侧额叶 低信号", "DWI 左侧额叶 高信号"]),
        ("左侧额叶见DWI高信号，首先提示右侧岛叶栓塞可能，ADC呈低信号。", ["ADC 左侧额叶 低信号", "DWI 左侧额叶 高信号"]),
        ("右侧顶部见等T1信号，增强明显强化，见脑膜尾征，周围见片状水肿。", ["FLAIR 右侧顶叶 水肿", "T1 右侧顶叶 等信号", "T1ce 右侧顶叶 强化", "T2 右侧顶叶 水肿"]),
        ("左侧颞叶见DWI高信号，岛带征消失，ADC呈低信号。", ["ADC 左侧颞叶 低信号", "DWI 左侧颞叶 高信号"]),
        ("右侧额叶见FLAIR高信号，小脑幕切迹疝形成，DWI呈高信号。", ["DWI 右侧额叶 高信号", "FLAIR 右侧额叶 高信号"]),
        ("左侧颞叶见团块影，由脑膜中动脉供血，T1WI呈等信号。", ["T1 左侧颞叶 团块状等信号"]),
        ("左侧放射冠见DWI高信号，右侧大脑前动脉A1段纤细，ADC呈低信号。", ["ADC 左侧放射冠 低信号", "DWI 左侧放射冠 高信号"]),
        ("左侧额叶点状T2高信号。考虑右侧丘脑梗死，T1呈低信号。", ["T1 右侧丘脑 低信号", "T2 左侧额叶 点状高信号"]),
        # a place that a lesion touches, or is compared with
        ("左侧颞叶肿块，与左侧海马、岛叶分界不清，DWI呈等信号。", ["DWI 左侧颞叶 等信号"]),
        ("松果体区T2高信号，与双侧丘脑关系密切，DWI呈高信号。", ["DWI 松果体区 高信号", "T2 松果体区 高信号"]),
        ("左侧颞叶与右侧颞叶见T2高信号，与左侧海马分界清。", ["T2 右侧颞叶 高信号", "T2 左侧颞叶 高信号"]),
        ("右侧海马较左侧海马FLAIR信号稍高。", ["FLAIR 右侧海马 高信号"]),
        ("左侧海马较右侧T2WI信号增高。", ["T2 左侧海马 高信号"]),
        ("右侧丘脑病灶比左侧丘脑病灶小，DWI呈高信号。", ["DWI 右侧丘脑 高信号"]),
        # but what it grows into is its own
        ("左侧丘脑见T2高信号，向下达中脑，FLAIR呈高信号。", ["FLAIR 中脑 高信号", "FLAIR 左侧丘脑 高信号", "T2 中脑 高信号", "T2 左侧丘脑 高信号"]),
        ("右侧丘脑见T2高信号，上达放射冠，下至大脑脚。", ["T2 右侧丘脑 高信号", "T2 右侧大脑脚 高信号", "T2 右侧放射冠 高信号"]),
        ("胼胝体见T2高信号，范围包括双侧扣带回。", ["T2 双侧扣带回 高信号", "T2 胼胝体 高信号"]),
        ("左侧颞叶见团块影，长入左侧桥小脑角区，T1WI呈等信号。", ["T1 左侧桥小脑角区 团块状等信号", "T1 左侧颞叶 团块状等信号"]),
    ],
)
def test_another_place_takes_nothing_of_the_lesion(text, told):
    assert flat(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("右侧丘脑血肿，T1WI呈等信号，T2WI周边见低信号环。", ["T1 右侧丘脑 等信号"]),
        ("右侧额叶结节，T1WI低信号，病灶周围FLAIR见大片高信号。", ["T1 右侧额叶 结节状低信号"]),
        ("右侧丘脑血肿，T2WI周缘见低信号环，中心高信号。", ["T2 右侧丘脑 高信号"]),
        ("右侧额叶血肿，T2WI周边见低信号环，SWI呈低信号。", []),
        ("右侧顶叶见等T1信号，明显强化，邻近脑膜增厚强化，周围见大片水肿。", ["FLAIR 右侧顶叶 水肿", "T1 右侧顶叶 等信号", "T1ce 右侧顶叶 强化", "T2 右侧顶叶 水肿"]),
        ("右侧额叶、左侧顶叶见T1低信号，部分病灶DWI呈高信号，ADC呈低信号。", ["T1 右侧额叶 低信号", "T1 左侧顶叶 低信号"]),
        ("右侧额叶、左侧顶叶见T1低信号，FLAIR部分呈高信号。", ["T1 右侧额叶 低信号", "T1 左侧顶叶 低信号"]),
        ("左侧颞叶见T1高信号，T2边缘呈低信号。", ["T1 左侧颞叶 高信号"]),
        ("左侧额叶术后，术区边缘见T2高信号。", ["T2 左侧额叶 高信号"]),
        ("左侧额叶、顶叶见T2高信号，其中部分强化，余无强化。", ["T2 左侧顶叶 高信号", "T2 左侧额叶 高信号"]),
        # of a mass a part is as bright as it was told, and the only look of a rim is the lesion's
        ("左侧额叶、颞叶肿块，部分呈囊状T2高信号。", ["T2 左侧额叶 囊状高信号", "T2 左侧颞叶 囊状高信号"]),
        ("左侧额叶软化灶，边缘FLAIR高信号。", ["FLAIR 左侧额叶 高信号"]),
        # at one site some lesions are of that site
        ("右侧额叶多发T1低信号，部分病灶DWI呈高信号。", ["DWI 右侧额叶 多发高信号", "T1 右侧额叶 多发低信号"]),
    ],
)
# fmt: on
def test_what_is_said_of_a_rim_or_of_some_lesions_is_not_said_of_the_whole(text, told):
    assert flat(text) == told
