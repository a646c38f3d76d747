import pytest

from selip_core.errors import SelipError
from selip_core.reports.english import check_english, to_chinese
from selip_core.reports.parser import describe_series, is_normal_report, parse_report
from selip_core.reports.sentences import NORMAL_STATEMENT


def _read(text, **options):
    return {s: sorted(f"{f.site} {f.appearance}" for f in fs) for s, fs in parse_report(text, **options).items()}


CASES = [
    ("Patchy hyperintensity in the left frontal lobe on T2 and FLAIR.",
     {"T2": ["左侧额叶 片状高信号"], "FLAIR": ["左侧额叶 片状高信号"]}),
    ("There is a round lesion in the right frontal and parietal lobes, hyperintense on T2, hypointense on T1.",
     {"T1": ["右侧顶叶 类圆形低信号", "右侧额叶 类圆形低信号"],
      "T2": ["右侧顶叶 类圆形高信号", "右侧额叶 类圆形高信号"]}),
    ("A 2.5 cm mass in the right temporal lobe is T1 hypointense and T2 hyperintense, with ring enhancement.",
     {"T1": ["右侧颞叶 团块状低信号"], "T2": ["右侧颞叶 团块状高信号"], "T1ce": ["右侧颞叶 环形强化"]}),
    ("Acute infarct in the left thalamus with restricted diffusion and low ADC.",
     {"DWI": ["左侧丘脑 高信号"], "ADC": ["左侧丘脑 信号降低"]}),
    ("Multiple punctate T2 hyperintense foci in the bilateral periventricular white matter.",
     {"T2": ["双侧侧脑室旁白质 多发点状高信号"]}),
    ("In the right temporal lobe there is high signal on T2, without restricted diffusion.",
     {"T2": ["右侧颞叶 高信号"]}),
    ("Left frontoparietal region: high signal on FLAIR.", {"FLAIR": ["左侧顶叶 高信号", "左侧额叶 高信号"]}),
    ("High signal on DWI in the pons.", {"DWI": ["脑桥 高信号"]}),
    ("The frontal lobe of the right cerebral hemisphere shows low signal on T1.", {"T1": ["右侧额叶 低信号"]}),
    ("Hyperintense on FLAIR in the left insula. The corpus callosum is isointense on T1.",
     {"T1": ["胼胝体 等信号"], "FLAIR": ["左侧岛叶 高信号"]}),
    ("No evidence of hyperintensity on DWI in the left frontal lobe.", {}),
    ("Mild mucosal thickening with high T2 signal of the maxillary sinuses.", {}),
    ("T2-weighted images show a high signal intensity in the left cerebellar hemisphere.",
     {"T2": ["左侧小脑半球 高信号"]}),
    ("Left frontal lobe shows high signal on T2 and FLAIR without restricted diffusion.",
     {"T2": ["左侧额叶 高信号"], "FLAIR": ["左侧额叶 高信号"]}),
    ("Hyperintense lesion in the left frontal lobe on FLAIR without mass effect.", {"FLAIR": ["左侧额叶 高信号"]}),
    ("High FLAIR signal in the right thalamus with no significant midline shift.", {"FLAIR": ["右侧丘脑 高信号"]}),
    ("High FLAIR signal in the right thalamus, no midline shift.", {"FLAIR": ["右侧丘脑 高信号"]}),
    ("Left temporal hyperintensity on FLAIR and normal ventricles.", {"FLAIR": ["左侧颞叶 高信号"]}),
    ("Left temporal lobe without abnormal signal.", {}),
    ("HIGH SIGNAL IN THE LEFT FRONTAL LOBE ON FLAIR.", {"FLAIR": ["左侧额叶 高信号"]}),
    ("A lesion of the right thalamus is hyperintense on T2 and FLAIR, isointense on T1.",
     {"T1": ["右侧丘脑 等信号"], "T2": ["右侧丘脑 高信号"], "FLAIR": ["右侧丘脑 高信号"]}),
    ("Subdural low signal on T1 along the left hemisphere.", {"T1": ["左侧硬膜下 低信号"]}),
    ("The left hippocampus shows increased signal on FLAIR but no enhancement.",
     {"FLAIR": ["左侧海马 高信号"], "T1ce": ["左侧海马 无强化"]}),
    ("Scattered punctate foci of FLAIR hyperintensity in the subcortical white matter of both frontal lobes.",
     {"FLAIR": ["双侧额叶 多发点状高信号"]}),
    ("The left basal ganglia are bright on diffusion-weighted imaging.", {"DWI": ["左侧基底节区 高信号"]}),
    ("A lesion in the left frontal lobe is bright on T2 and FLAIR and dark on T1.",
     {"T1": ["左侧额叶 低信号"], "T2": ["左侧额叶 高信号"], "FLAIR": ["左侧额叶 高信号"]}),
    ("Mass in the left temporal lobe with high signal on T2 and surrounding edema.",
     {"T2": ["左侧颞叶 团块状高信号", "左侧颞叶 水肿"], "FLAIR": ["左侧颞叶 水肿"]}),
    ("Mass in the left temporal lobe with high signal on T2, without surrounding edema.",
     {"T2": ["左侧颞叶 团块状高信号"]}),
    ("左侧frontal lobe见patchy hyperintensity，FLAIR呈high signal", {"FLAIR": ["左侧额叶 片状高信号"]}),
    ("右侧基底节区病灶，T2WI/FLAIR呈high signal，T1WI呈低信号", {
        "T1": ["右侧基底节区 低信号"], "T2": ["右侧基底节区 高信号"], "FLAIR": ["右侧基底节区 高信号"]}),
    ("bilateral thalamus见多发punctate高信号，DWI呈高信号", {"DWI": ["双侧丘脑 多发点状高信号"]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), CASES)
def test_english_and_mixed_reports_are_read_into_the_words_of_chinese_ones(text, found):
    assert _read(text) == found


def test_morphology_is_read_on_the_sequences_that_show_it():
    found = _read("Midline shift to the left. The right lateral ventricle is compressed.")
    assert found == {s: ["中线结构 向左侧移位", "右侧侧脑室 受压变窄"] for s in ("T1", "T2", "FLAIR")}
    assert _read("The sulci are widened.")["T1"] == ["脑沟 增宽"]
    assert _read("Ventricular compression is not observed.") == {}


@pytest.mark.parametrize(
    ("text", "on_t1"),
    [
        ("Enlarged lateral ventricles.", ["双侧侧脑室 扩大"]),
        ("Compression of the right lateral ventricle.", ["右侧侧脑室 受压变窄"]),
        ("Dilated ventricles and widened sulci.", ["双侧侧脑室 扩大", "脑沟 增宽"]),
        ("The ventricles are dilated and the sulci are widened.", ["双侧侧脑室 扩大", "脑沟 增宽"]),
        ("Effacement of the sulci.", []),
        ("No enlarged ventricles.", []),
        ("Ventricles not dilated.", []),
        ("The ventricles are not enlarged, sulci not widened.", []),
        ("The ventricles and sulci are not enlarged.", []),
        ("The midline is not shifted to the left.", []),
        ("Compressed brainstem and dilated ventricles.", ["双侧侧脑室 扩大"]),
    ],
)
def test_what_is_said_of_an_organ_may_stand_before_it(text, on_t1):
    assert _read(text).get("T1", []) == on_t1


def test_a_report_of_one_sequence_need_not_name_it():
    text = "The lesion is in the left temporal lobe with mixed high and low signals. Edema is seen around it."
    assert "混杂信号" not in str(_read(text))
    assert "左侧颞叶 混杂信号" in _read(text, default_sequence="FLAIR")["FLAIR"]
    assert _read(text, default_sequence="T2")["T2"][0].startswith("左侧颞叶")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("No acute intracranial abnormality.", True),
        ("The brain parenchyma is unremarkable. The ventricles are normal in size.", True),
        ("Normal brain MRI.", True),
        ("High signal on T2 in the left frontal lobe. Otherwise unremarkable.", False),
        ("Please correlate clinically.", False),
        ("High FLAIR signal in the right thalamus with no significant midline shift.", False),
        ("Left frontal lesion, hyperintense on T2 without restricted diffusion. Normal ventricles.", False),
        ("No mass. No restricted diffusion. The midline structures are normal.", True),
    ],
)
def test_normal_reports_are_told(text, normal):
    assert is_normal_report(text) is normal


def test_series_of_an_english_report_are_described_in_canonical_sentences():
    found = describe_series("Patchy high signal on T2 in the left frontal lobe.", ["T1", "T2"])
    assert found == {"T2": "在左侧额叶表现为片状高信号"}
    assert describe_series("No acute intracranial abnormality.", ["T1"]) == {"T1": NORMAL_STATEMENT}


@pytest.mark.parametrize("text", ["左侧额叶见片状长T1长T2信号影，DWI呈高信号。", "T2-FLAIR呈高信号；MRI平扫", ""])
def test_a_chinese_report_comes_back_as_it_is(text):
    assert to_chinese(text).replace("。", "").replace("；", "") == text.replace("。", "").replace("；", "")


@pytest.mark.parametrize(
    ("book", "message"), [([], "must be a mapping"), ({"language": "en"}, "lacks the key"), ({"x": 1}, "lacks the key")]
)
def test_a_broken_lexicon_is_named(tmp_path, book, message):
    with pytest.raises(SelipError, match=message):
        check_english(book, tmp_path / "en.yaml")


def test_a_site_that_chinese_does_not_know_is_named(tmp_path):
    import yaml

    from selip_core.reports import english

    book = yaml.safe_load(english._PATH.read_text(encoding="utf-8"))
    check_english(book, tmp_path / "en.yaml")
    book["sites"]["月亮"] = ["moon"]
    with pytest.raises(SelipError, match="月亮"):
        check_english(book, tmp_path / "en.yaml")
