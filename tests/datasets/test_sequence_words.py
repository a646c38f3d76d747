"""What exports call the sequences, contrast and parts of the body in many languages: no name stands for two."""

import re

import pytest

from selip_core.datasets.sequence_words import MASK_WORDS, NAMES, OTHER_SEQUENCES, PLAIN_WORDS, SET_ASIDE
from selip_core.datasets.sequences import header_remarks, other_part, sequence_of_header, sequence_of_text
from selip_core.sequences import SEQUENCES, TABLE

ASIDE = (None, "not of the head")


def test_every_sequence_of_the_table_has_its_names():
    assert set(NAMES) == set(TABLE)


@pytest.mark.parametrize("names", ["aliases", "bids", "brats"])
def test_a_name_stands_for_one_sequence(names):
    given = [name for sequence in NAMES.values() for name in getattr(sequence, names)]
    assert len(given) == len(set(given)) and not set(given) & set(SEQUENCES) - {"FLAIR", "ADC"}


def test_words_are_upper_case_for_the_text_is_brought_to_it():
    words = [word for sequence in NAMES.values() for word in sequence.words]
    words += [word for aside in SET_ASIDE + OTHER_SEQUENCES for word in aside.words + aside.hints]
    words += [*MASK_WORDS, *PLAIN_WORDS]
    assert [word for word in words if re.sub(r"\\[a-z]", "", word) != re.sub(r"\\[a-z]", "", word).upper()] == []


@pytest.mark.parametrize(
    "text",
    ["T1 CON CONTRASTE", "T1 CONTRASTE", "T1 contrastada", "T1 POSCONTRASTE", "T1 PÓS-CONTRASTE", "AX T1 POS",
     "AX T1 PÓS",
     "T1 POS 3D", "T1 con mdc", "T1 dopo mdc", "T1 dopo", "T1 con mezzo di contrasto", "T1 +CIV", "T1 CIV 3D", "T1 C/C",
     "T1 C/ CONTRASTE", "T1 IVKM", "T1 KONTRAST", "T1 mit KM", "T1 nach KM-Gabe", "T1 kontrastverstärkt",
     "T1 kontrastli",
     "T1 增強", "T1 増強", "T1 顯影", "T1 造影後", "造影T1", "T1 조영", "T1 조영증강", "T1 조영 후", "T1 強化",
     "MPRAGE POS"],
)  # fmt: skip
def test_a_t1_after_contrast_is_an_enhanced_one_in_any_language(text):
    assert sequence_of_text(text) == sequence_of_header({"SeriesDescription": text}) == ("T1ce", "")


@pytest.mark.parametrize(
    "text",
    ["T1 SIN CONTRASTE", "T1 SIN MEDIO DE CONTRASTE", "T1 S/CONTRASTE", "T1 S/ GD", "T1 S/C", "T1 SEM CONTRASTE",
     "T1 senza mdc", "T1 senza m.d.c.", "T1 prima del mdc", "T1 senza mezzo di contrasto", "T1 basale", "T1 SIN CIV",
     "T1 ohne KM", "T1 ohne i.v. KM", "T1 vor Kontrastmittel", "T1 kontrastfrei", "T1 sans produit de contraste",
     "T1 kontrastsız", "T1 未增強", "T1 無顯影", "T1 増強前", "造影前T1", "T1 造影なし", "T1 非造影", "単純T1",
     "T1 조영전",
     "T1 조영 전", "T1 비조영", "T1 PRÉ", "T1 nativo", "T1 POS OP", "T1 PÓS-OPERATÓRIO", "T1 POS CIRUGIA",
     "T1 AX POS 2",
     "HIV POS T1", "T1 SAG/COR", "T1 POSITION", "T1 平掃"],
)  # fmt: skip
def test_a_t1_before_contrast_or_after_an_operation_is_plain_in_any_language(text):
    assert sequence_of_text(text) == ("T1", "")


@pytest.mark.parametrize(
    "text",
    ["T1 Gd(-)", "T1 Gd-", "T1 (Gd -)", "T1 CE-", "T1CE-", "T1 CE(-)", "T1 KM-", "T1 KM (-)",
     "T1 CONTRAST -", "T1 Gadovist(-)", "T1 造影(-)", "T1 造影剤(-)", "T1增强(-)", "T1增强−", "T1 before Gd",
     "T1 prior to contrast", "T1 vorher KM", "T1 przed kontrastem", "T1 без контраста", "T1 до введения контраста",
     "T1 без КУ", "T1 trước tiêm", "T1 không thuốc"],
)  # fmt: skip
def test_a_minus_or_a_word_for_before_beside_the_medium_tells_a_plain_t1_whatever_the_header_has(text):
    assert sequence_of_text(text) == ("T1", "")
    assert sequence_of_header({"SeriesDescription": text, "ContrastBolusAgent": "Gadovist"}) == ("T1", "")


@pytest.mark.parametrize(
    "text",
    ["T1 KM-COR", "T1 CE-MPRAGE", "T1 GD - COR", "T1 Gd(+)", "T1 +GD- COR", "T1增强-矢状位", "T1 CONTRAST-ENHANCED",
     "T1 CONTRAST- ENHANCED", "T1 POST GD- FS"],
)  # fmt: skip
def test_a_hyphen_that_joins_a_word_to_the_medium_is_no_minus(text):
    assert sequence_of_text(text) == ("T1ce", "")


@pytest.mark.parametrize(
    "text",
    ["PRE OP STEALTH T1 +C", "Ax T1 +C PRE-OP", "Pre GK T1 +Gd", "pre-RT T1 C+", "T1 POST PRE-SRS", "T1+C pre-surgery",
     "PRE-FRAME T1 GAD", "GdT1WI", "CET1WI", "ceT1W 3D", "GdT1", "T1 SPACE postGd", "t1_tse_tra_postKM", "T1 nachKM",
     "T1 postkontrast", "T1 nakontrast", "MPRAGE_postGd", "T1_postC", "T1 p.c.", "T1 P.C. tra", "T1 po kontraście",
     "T1 po kontrascie", "T1 с контрастом", "T1 после контраста", "T1 с КУ", "T1 sau tiêm", "T1 có thuốc"],
)  # fmt: skip
def test_a_t1_before_an_operation_or_with_the_medium_joined_to_a_word_is_an_enhanced_one(text):
    assert sequence_of_text(text) == sequence_of_header({"SeriesDescription": text}) == ("T1ce", "")


@pytest.mark.parametrize("text", ["T1 PRE", "PRE T1", "T1 pre Gd", "P.C. T1", "Nace_T1", "Cetin_T1", "T1 PRE-OP"])
def test_a_word_that_only_holds_one_of_contrast_tells_none(text):
    assert sequence_of_text(text) == ("T1", "")


@pytest.mark.parametrize(
    "text",
    ["AX T1 WITH GAD- FS", "AX T1 GAD- FS", "T1 GAD- NAV", "T1 tra mit KM- fs", "t1_mpr_nach_KM-_tra", "T1 after GAD-",
     "T1 mit KM-", "T1 con contraste- axial", "3D T1 CE- STEALTH"],
)  # fmt: skip
def test_a_hyphen_behind_the_medium_that_was_given_or_before_a_word_is_no_minus(text):
    assert sequence_of_header({"SeriesDescription": text, "ContrastBolusAgent": "Gadovist"}) == ("T1ce", "")


@pytest.mark.parametrize("protocol", ["BRAIN T1 POST GAD", "T1 -/+ GAD", "BRAIN T1+T1C", "Neuronav 3D BRAVO C+"])
def test_a_protocol_of_the_whole_examination_makes_no_enhanced_t1_of_a_silent_description(protocol):
    assert sequence_of_header({"SeriesDescription": "Ax T1", "ProtocolName": protocol}) == ("T1", "")


@pytest.mark.parametrize("text", ["Ax T1 NC", "T1 AC PC"])
def test_a_letter_before_a_c_is_no_medium(text):
    assert sequence_of_header({"SeriesDescription": text, "ContrastBolusAgent": "NONE"}) == ("T1", "")


@pytest.mark.parametrize("protocol", ["CEREBRO CON Y SIN CONTRASTE", "Kopf mit und ohne KM", "senza e con mdc"])
def test_a_protocol_of_both_says_nothing_of_one_of_its_series(protocol):
    header = {"SeriesDescription": "T1", "ProtocolName": protocol, "ContrastBolusAgent": "Gadovist"}
    assert sequence_of_header(header) == ("T1ce", "")


@pytest.mark.parametrize(
    ("agent", "sequence"),
    [("SI", "T1ce"), ("SÍ", "T1ce"), ("mdc", "T1ce"), ("Kontrastmittel", "T1ce"), ("造影剤", "T1ce"),
     ("조영제", "T1ce"),
     ("SIN CONTRASTE", "T1"), ("senza mdc", "T1"), ("nessuno", "T1"), ("Nein", "T1"), ("なし", "T1"), ("無", "T1"),
     ("SEM CONTRASTE", "T1")],
)  # fmt: skip
def test_an_agent_given_or_not_in_any_language(agent, sequence):
    header = {"SeriesDescription": "t1_se_tra", "ContrastBolusAgent": agent}
    assert sequence_of_header(header) == (sequence, "") and header_remarks(header) == ()


ELSEWHERE = [
    "MRT LWS", "MR HWS nativ", "BWS", "Halswirbelsäule", "Brustwirbel", "Schulter", "Becken", "MRT Knie", "Hüfte",
    "Huefte", "Handgelenk", "Sprunggelenk", "Rücken", "Oberschenkel", "IRM GENOU", "Épaule", "EPAULE DROITE",
    "RACHIS LOMBAIRE", "hanche", "bassin", "cheville", "RM RODILLA", "COLUMNA", "hombro", "cadera", "muñeca", "cuello",
    "tórax", "ginocchio", "COLONNA VERTEBRALE", "RM COLONNA", "spalla", "RM anca", "bacino", "rachide", "joelho",
    "ombro",
    "coluna lombar", "quadril", "bacia", "pescoço", "MRI LS", "MRI L/S", "MR LSP", "LS spine", "MRI 頸椎", "頚椎",
    "腰椎",
    "胸椎", "脊椎", "膝関節", "股関節", "肩関節", "骨盤", "頸部", "頚部", "子宮", "乳房", "椎間盤", "髖", "腎臟",
    "肝臓", "臂叢",
    "胸", "腰", "颈", "頸", "胸MRI", "左颈", "腰部", "大腿", "下肢", "小腿平扫", "경추", "요추 MRI", "흉추", "무릎",
    "어깨", "고관절",
    "골반", "척추", "자궁", "경부", "목",
]  # fmt: skip
HEAD_TOO = [
    "Kopf-Hals", "MRT Kopf und HWS", "Schädel MRT, HWS", "Gehirn und Halswirbelsäule", "head and neck",
    "MRI brain + LS spine",
    "IRM tête et cou", "IRM encéphale et rachis", "IRM cérébrale et genou", "RM cráneo y columna",
    "RM encéfalo e coluna",
    "RMN encefalo e rachide", "RM crânio e pescoço", "头颈部", "颅脑+颈部", "脑及胸部", "頭頸部", "頭部・頸部",
    "脳 頸椎", "頭頚部",
    "腦部 頸部", "뇌 경추", "두경부", "머리와 목",
]  # fmt: skip
NO_PART = [
    "颈内动脉海绵窦瘘", "颈静脉孔区", "四肢无力", "双下肢乏力", "下肢麻木", "左上肢活动障碍", "腰痛", "胼胝体膝部",
    "内囊膝", "內囊膝",
    "脊髓炎", "延髄", "뇌신경추적검사", "중요추가검사", "ANCA vasculitis", "Colonna", "Lombardi", "Kniel",
    "Beckenbauer", "Halsey", "Hals-Nasen-Ohren", "右下肢跛行", "四肢酸软", "faiblesse jambe gauche",
    "debilidad pierna izquierda", "Oberarmschwäche",
    "LS", "MRI optic", "MELAS", "单纯疱疹", "Storace",
]  # fmt: skip


def _headers(part):
    return [{"SeriesDescription": "t2_tse_tra", key: part} for key in ("StudyDescription", "BodyPartExamined")]


@pytest.mark.parametrize("part", ELSEWHERE)
def test_another_part_of_the_body_is_set_aside_in_any_language(part):
    assert [sequence_of_header(header) for header in _headers(part)] == [ASIDE, ASIDE] and other_part(part)
    assert sequence_of_text(f"t2 {part}") == ASIDE


@pytest.mark.parametrize("part", HEAD_TOO + NO_PART)
def test_the_head_is_refused_by_no_part_beside_it_and_by_no_word_that_only_holds_one(part):
    assert [sequence_of_header(header) for header in _headers(part)] == [("T2", "")] * 2 and not other_part(part)
    assert sequence_of_text(f"t2 {part}") == ("T2", "")


@pytest.mark.parametrize("study", ["Mammakarzinom, Schulter", "乳癌轉移", "neoplasia de columna", "tumeur du genou"])
def test_an_organ_for_which_a_head_is_examined_is_kept_with_a_remark(study):
    header = {"SeriesDescription": "t2_tse_tra", "StudyDescription": study}
    assert sequence_of_header(header) == ("T2", "") and "another part of the body" in header_remarks(header)[0]
