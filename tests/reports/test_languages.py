import pytest
import yaml

from selip_core.errors import SelipError
from selip_core.reports import languages, words
from selip_core.reports.book import check_language
from selip_core.reports.languages import to_chinese, unread
from selip_core.reports.parser import describe_series, is_normal_report, parse_report, unknown_words
from selip_core.reports.sentences import NORMAL_STATEMENT, Finding
from selip_core.reports.share_read import share_read
from selip_core.reports.words import Language
from tests.helpers.places import PACKAGE

EN = PACKAGE / "reports" / "lexicons" / "en.yaml"


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


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("There is midline shift of 6 mm to the right.", "右侧"),
        ("5 mm of leftward midline shift.", "左侧"),
        ("Leftward shift of midline structures by 4 mm.", "左侧"),
        ("Right-to-left midline shift of 5 mm.", "左侧"),
        ("Left-to-right shift of 1.2 cm.", "右侧"),
        ("Shift of the midline structures to the left.", "左侧"),
        ("Left frontal hematoma with left-to-right shift.", "右侧"),
        ("The midline is deviated to the right by 4 mm.", "右侧"),
        ("5 mm midline shift to right.", "右侧"),
        ("Déviation gauche de la ligne médiane.", "左侧"),
        ("Déviation de la ligne médiane de 8 mm vers la droite.", "右侧"),
        ("Engagement sous-falcoriel vers la droite.", "右侧"),
        ("No leftward midline shift.", ""),
        ("No shift of the midline structures to the left.", ""),
        ("Pas de déviation de la ligne médiane vers la gauche.", ""),
        ("Leftward displacement of the pituitary stalk.", ""),
        ("The pituitary stalk is deviated to the left.", ""),
        ("The mass measures 3 cm left to right.", ""),
        ("Lésion étendue vers la droite.", ""),
    ],
)
def test_a_shift_of_the_midline_is_read_in_its_usual_words(text, side):
    found = {s: [f"中线结构 向{side}移位"] for s in ("T1", "T2", "FLAIR")} if side else {}
    assert _read(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hypersignal diffusion et T2 du splénium du corps calleux, l'ADC étant abaissé.",
         {"T2": ["胼胝体 高信号"], "DWI": ["胼胝体 高信号"], "ADC": ["胼胝体 低信号"]}),
        ("Hyperintensity on DWI and T2 in the left thalamus, the ADC being reduced.",
         {"T2": ["左侧丘脑 高信号"], "DWI": ["左侧丘脑 高信号"], "ADC": ["左侧丘脑 低信号"]}),
        ("Hyperintense on T2, FLAIR and hypointense on T1 lesion in the left thalamus.",
         {"T1": ["左侧丘脑 低信号"], "T2": ["左侧丘脑 高信号"], "FLAIR": ["左侧丘脑 高信号"]}),
        ("Left temporal lesion, T1 dark, T2 bright.", {"T1": ["左侧颞叶 低信号"], "T2": ["左侧颞叶 高信号"]}),
        ("High signal on DWI and ADC in the pons consistent with T2 shine-through.",
         {"DWI": ["脑桥 高信号"], "ADC": ["脑桥 高信号"]}),
        ("Lésion pariétale droite en hypersignal FLAIR, hyposignal T1 ne se rehaussant pas après injection.",
         {"T1": ["右侧顶叶 低信号"], "FLAIR": ["右侧顶叶 高信号"], "T1ce": ["右侧顶叶 无强化"]}),
        ("Lésion en hyposignal T1 se rehaussant après injection du lobe frontal droit.",
         {"T1": ["右侧额叶 低信号"], "T1ce": ["右侧额叶 强化"]}),
        ("Lésion temporale droite en hypersignal T2 et hyposignal T1 après injection prenant le contraste.",
         {"T1": ["右侧颞叶 低信号"], "T2": ["右侧颞叶 高信号"], "T1ce": ["右侧颞叶 强化"]}),
        ("Lesion in the left frontal lobe is hypointense on T1 with contrast enhancement.",
         {"T1": ["左侧额叶 低信号"], "T1ce": ["左侧额叶 强化"]}),
        ("Hyposignal T1 après injection du lobe temporal droit.", {"T1ce": ["右侧颞叶 低信号"]}),
        ("L'hypersignal T2 du thalamus gauche persiste.", {"T2": ["左侧丘脑 高信号"]}),
        ("FLAIR hyperintensity in the left but not the right hippocampus.", {"FLAIR": ["左侧海马 高信号"]}),
    ],
)  # fmt: skip
def test_a_signal_is_of_the_sequence_that_names_it(text, found):
    assert _read(text) == found


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


def all_of(text):
    return parse_report(text), is_normal_report(text), unread(text), unknown_words([text]), share_read(text)


@pytest.mark.parametrize("text", [
    "左侧额叶见长T2信号，FLAIR、DWI呈高信号。", "颅脑未见异常。\nT2WI/T2FLAIR 扫描 3 次", "DWI +", "DWI+, FLAIR+",
    "颅脑未见异常。\nT1WI、T2WI、T2FLAIR、DWI", "左侧额叶怪病灶魑魅。\nDTI", "↑ DWI高信号，左侧丘脑",
])  # fmt: skip
def test_a_chinese_report_is_read_as_with_the_lexicons_of_other_languages(monkeypatch, text):
    here, chinese = all_of(text), to_chinese(text)
    monkeypatch.setattr(languages, "_is_chinese", lambda text: False)
    assert (here, chinese) == (all_of(text), to_chinese(text))


def test_a_chinese_report_does_not_wait_for_other_lexicons(monkeypatch):
    def not_asked():
        raise AssertionError("a lexicon of another language is loaded, which takes seconds")

    monkeypatch.setattr(languages, "languages", not_asked)
    all_of("左侧额叶见长T2信号，FLAIR、DWI呈高信号。")
    with pytest.raises(AssertionError):
        all_of("左侧额叶见长T2信号，FLAIR、DWI呈高信号，直径5mm。")


@pytest.mark.parametrize(
    ("book", "message"), [([], "must be a mapping"), ({"language": "en"}, "lacks the key"), ({"x": 1}, "lacks the key")]
)
def test_a_broken_lexicon_is_named(tmp_path, book, message):
    with pytest.raises(SelipError, match=message):
        check_language(book, tmp_path / "en.yaml")


def test_a_site_that_chinese_does_not_know_is_named(tmp_path):
    book = yaml.safe_load(EN.read_text(encoding="utf-8"))
    check_language(book, tmp_path / "en.yaml")
    book["sites"]["月亮"] = ["moon"]
    with pytest.raises(SelipError, match="月亮"):
        check_language(book, tmp_path / "en.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "Hyperintense Läsion links frontal in T2.",
        "Links frontal hyperintense Raumforderung in T2 und FLAIR",
        "Occipital rechts hyperintens in T2",
        "Lesión hiperintensa en T2 en el lóbulo frontal izquierdo.",
        "Lesione iperintensa in T2 in sede frontale sinistra",
        "Hiperintensidade em T2 no lobo frontal esquerdo",
        "Hyperintense laesie links frontaal op T2",
        "Normal MRT des Kopfes ohne Läsion",
    ],
)
def test_another_language_is_unread_and_told_never_half_read(text):
    assert parse_report(text, default_sequence="T2") == {} and not is_normal_report(text)
    told = unknown_words([text])
    assert told and not set(told) & {"hyperintense", "frontal", "occipital", "normal"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hyperintensité T2 du lobe frontal gauche", {"T2": ["左侧额叶 高信号"]}),
        ("HYPERINTENSITE T2 DU LOBE FRONTAL GAUCHE", {"T2": ["左侧额叶 高信号"]}),
        ("Hypersignal T2 et FLAIR du lobe frontal gauche, sans prise de contraste.",
         {"T2": ["左侧额叶 高信号"], "FLAIR": ["左侧额叶 高信号"], "T1ce": ["左侧额叶 无强化"]}),
        ("Lésion hyperintense T2 pariétale droite. Ventricules normaux.", {"T2": ["右侧顶叶 高信号"]}),
        ("Plages d'hypersignal FLAIR des deux hippocampes et du pont.", {"FLAIR": ["双侧海马 片状高信号", "脑桥 片状高信号"]}),
        ("La lésion est située dans le vermis. Elle est en hyposignal T1 et ne se rehausse pas.",
         {"T1": ["小脑蚓部 低信号"], "T1ce": ["小脑蚓部 无强化"]}),
        ("Pas d'hypersignal en diffusion du tronc cérébral.", {}),
        ("Lésion bifrontale, hyperT2, prenant le contraste en anneau.",
         {"T2": ["双侧额叶 高信号"], "T1ce": ["双侧额叶 环形强化"]}),
    ],
)  # fmt: skip
def test_french_reports_are_read_into_the_words_of_chinese_ones(text, found):
    assert _read(text) == found and unread(text) == []


def test_each_sentence_is_of_its_own_language():
    found = _read("Patchy T2 hyperintensity in the left frontal lobe. Hyperintensité FLAIR occipitale droite.")
    assert found == {"T2": ["左侧额叶 片状高信号"], "FLAIR": ["右侧枕叶 高信号"]}
    assert not is_normal_report("Normal brain MRI. Tumeur occipitale droite.")


def test_the_clauses_that_are_not_read_are_named():
    spanish = "Lesión hiperintensa en T2 en el lóbulo frontal izquierdo"
    english = "Patchy high signal on T2 in the pons. The ventricles and sulci are normal."
    assert unread(f"{spanish}, sin realce. {english}") == [spanish, "sin realce."]
    assert unread("Patchy high signal on T2 in the left frontal lobe.") == [] == unread("左侧额叶见片状长T2信号。")


def test_an_english_report_is_read_beside_a_clause_in_another_language():
    english = "There is a patchy hyperintense lesion in the left frontal lobe on T2 and FLAIR, without mass effect."
    found = _read(f"{english} Hyperintense Läsion rechts okzipital.")
    assert found == _read(english) == {"T2": ["左侧额叶 片状高信号"], "FLAIR": ["左侧额叶 片状高信号"]}
    assert not is_normal_report("The brain is normal. Läsion links frontal.")


def test_a_chinese_report_with_a_foreign_line_is_read_as_before():
    assert (
        is_normal_report("SIEMENS Skyra 3.0T MRI\n颅脑未见异常。")
        and unread("SIEMENS Skyra 3.0T MRI\n颅脑未见异常。") == []
    )


SPANISH = {
    "language": "es", "letters": "a-zà-ÿ", "clause_words": ["pero"], "joined": [], "both": [],
    "sites": {"额叶": ["lóbulo frontal", "frontal*"], "丘脑": ["tálamo*"]},
    "sides": {"左侧": ["izquierd*"], "右侧": ["derech*"], "双侧": ["bilateral*"]},
    "signals": {"高信号": ["hiperintensidad*", "hiperintens*"], "低信号": ["hipointens*"]},
    "common": ["del", "de", "la", "el", "en", "y", "lesión"],
}  # fmt: skip


def test_a_new_language_is_one_lexicon(monkeypatch):
    book = yaml.safe_load(EN.read_text(encoding="utf-8")) | SPANISH
    check_language(book, EN)
    known = (*words.languages(), Language(book))
    monkeypatch.setattr(languages, "languages", lambda: known)
    found = {"T2": ["右侧丘脑 高信号", "左侧额叶 高信号"]}
    assert _read("Hiperintensidad en T2 del lóbulo frontal izquierdo y tálamo derecho") == found
    assert _read("Patchy hyperintensity in the left frontal lobe on T2.") == {"T2": ["左侧额叶 片状高信号"]}
    assert unread("Hyperintense Läsion links frontal in T2.") != []


@pytest.mark.parametrize(("key", "message"), [("XYZ", "sequences names 'XYZ'"), (None, "sequences lacks T1, ")])
def test_a_lexicon_names_the_sequences_that_there_are(key, message):
    book = yaml.safe_load(EN.read_text(encoding="utf-8"))
    book["sequences"] = book["sequences"] | {key: ["XYZ"]} if key else {"T2": ["T2"]}
    with pytest.raises(SelipError, match=message):
        check_language(book, EN)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Normal brain MRI. Hiperintensidad FLAIR occipital derecha.", "Hiperintensidad FLAIR occipital derecha."),
        ("Normal brain MRI. Tumore occipitale destro.", "Tumore occipitale destro."),
        ("Normal brain MRI. Raumforderung.", "Raumforderung."),
        ("Normal brain MRI. RAUMFORDERUNG RECHTS OKZIPITAL.", "RAUMFORDERUNG RECHTS OKZIPITAL."),
        ("Tumore frontale sinistro，余未见明显异常。", "Tumore frontale sinistro，余未见明显异常"),
        ("Raumforderung额叶，余未见明显异常。", "Raumforderung额叶，余未见明显异常"),
        ("颅脑未见异常。Läsion links frontal", "Läsion links frontal"),
        ("颅脑未见异常（Glioblastoom）。", "颅脑未见异常（Glioblastoom）"),
        (
            "Hyperintense Läsion des 额叶 links，呈长T2信号。余未见异常。",
            "Hyperintense Läsion des 额叶 links，呈长T2信号",
        ),
        ("lóbulo 额叶 izquierdo，T2呈高信号。", "lóbulo 额叶 izquierdo，T2呈高信号"),
    ],
)
def test_an_abnormal_clause_that_is_not_read_makes_no_report_normal(text, told):
    assert unread(text) == [told] and not is_normal_report(text)
    assert describe_series(text, ["T1", "T2", "FLAIR"]) == {} == parse_report(text, default_sequence="FLAIR")
    assert unknown_words([text])


def test_what_is_read_stays_beside_a_clause_that_holds_no_known_word_but_a_sequence():
    text = "Patchy T2 hyperintensity in the left frontal lobe. Raumforderung FLAIR okzipital rechts."
    assert _read(text) == {"T2": ["左侧额叶 片状高信号"]}
    assert unread(text) == ["Raumforderung FLAIR okzipital rechts."]
    text = "左侧额叶见片状长T2信号。lóbulo 额叶 derecho，T1呈低信号。"
    assert _read(text) == {"T2": ["左侧额叶 片状长信号"]} and unread(text) == ["lóbulo 额叶 derecho，T1呈低信号"]


@pytest.mark.parametrize(
    "beside",
    [
        "T2WI、FLAIR、DWI、ADC、MRI、CT、MRA、PWI、SWI、TOF、MRS、ASL", "大小约1.2cmx2.3cm，直径3mm", "大小约2.1cm×1.0cm×3 cm",
        "Fazekas 2级", "Fazekas 1", "fazekas2级", "Virchow-Robin间隙", "V-R间隙", "Galen静脉", "Willis环", "Dandy-Walker畸形",
        "Rathke囊", "Meckel腔", "Sturge-Weber综合征", "Binswanger病", "Gd-DTPA增强扫描", "b=1000 s/mm2",
        "GE Signa 3.0T", "扫描序列：TSE，EPI，FOV 230mm", "mra", "dwi", "SIEMENS Skyra 3.0T MRI", "Chiari畸形I型",
    ],
)  # fmt: skip
def test_what_chinese_reports_write_in_latin_letters_is_no_other_language(beside):
    plain = "左侧额叶见片状长T2信号"
    for text in (f"{beside}。{plain}。", f"{plain}（{beside}）。", f"{plain}，{beside}。"):
        assert unread(text) == [] and not is_normal_report(text)
        assert "左侧额叶 片状长信号" in _read(text)["T2"]
    assert unread(f"{beside}\n颅脑未见异常。") == []


@pytest.mark.parametrize("names", ["T2FLAIR及DWI", "T2WI、T2FLAIR", "T2WI/T2FLAIR", "T2 FLAIR", "T2-FLAIR", "t2flair"])
def test_sequences_that_are_glued_together_are_no_foreign_words(names):
    text = f"左侧丘脑见团块状异常信号,大小约39mm×31mm,T1WI呈等信号,{names}呈低信号"
    found = parse_report(text)
    assert found["FLAIR"] == [Finding("左侧丘脑", "团块状低信号")] and found["T1"] and unread(text) == []
