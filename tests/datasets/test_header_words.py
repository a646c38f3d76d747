"""What headers call parts of the body and contrast agents: another part is set aside, no agent is made up."""

import re

import pytest

from selip_core.datasets.header_words import (
    AGENTS,
    HEAD,
    NAMED_PHANTOM,
    NO_AGENT,
    NO_HEAD_AT_ALL,
    ORGANS,
    PHANTOM,
    TEST_OF_A_SCANNER,
    VEIN,
)
from selip_core.datasets.sequences import header_remarks, sequence_of_header, sequence_of_text

ASIDE = (None, "not of the head")


def test_words_are_upper_case_for_the_text_is_brought_to_it():
    kinds = (AGENTS, HEAD, NO_AGENT, NO_HEAD_AT_ALL, ORGANS, PHANTOM, NAMED_PHANTOM, TEST_OF_A_SCANNER, VEIN)
    words = [re.sub(r"\\[a-z]", "", word) for kind in kinds for word in kind]
    assert [word for word in words if word != word.upper()] == []


@pytest.mark.parametrize(
    "body",
    ["PROSTATE", "LIVER", "ANKLE", "CHEST", "腰椎", "LSPINE", "CSPINE", "NECK", "WHOLEBODY", "JAW", "PELVIS", "股骨头",
     "FEMORAL HEAD", "PATELLA", "ILIAC", "FACET", "KIDNEY"],
)  # fmt: skip
def test_a_part_of_the_body_that_is_no_head_sets_a_series_aside(body):
    assert sequence_of_header({"BodyPartExamined": body, "SeriesDescription": "t2_tse_tra"}) == ASIDE


@pytest.mark.parametrize(
    "body",
    ["HEAD", "HEADNECK", "HEAD_NECK", "BRAIN", "Brain", "SKULL", "ORBIT", "SELLA", "IAC", "IACS", "PITUITARY", "FACE",
     "头部", "头颅", "颅脑", "脑", "KOPF", "TETE", "CABEZA", "", "UNKNOWN", None, "頭部", "腦", "CNS", "STROKE",
     "RESEARCH", "EPILEPSY", "MENINGES", "TEMPORAL LOBE", "POSTERIOR FOSSA", "INTERNAL AUDITORY CANAL",
     "CIRCLE OF WILLIS", "EAR",
     "松果体", "听神经", "Schadel", "ROUTINE"],
)  # fmt: skip
def test_a_head_and_a_word_for_nothing_are_kept_without_remark(body):
    header = {"BodyPartExamined": body, "SeriesDescription": "t2_tse_tra"}
    assert sequence_of_header(header) == ("T2", "") and header_remarks(header) == ()


@pytest.mark.parametrize(
    ("header", "found", "remarked"),
    [
        ({"ProtocolName": "LUMBAR SPINE"}, ASIDE, False),
        ({"ProtocolName": "LUMBAR SPINE", "BodyPartExamined": "HEAD"}, ASIDE, False),
        ({"StudyDescription": "MRI KNEE"}, ASIDE, False),
        ({"StudyDescription": "腹部MRI平扫"}, ASIDE, False),
        ({"StudyDescription": "Neuro^LumbarSpine"}, ASIDE, False),
        ({"StudyDescription": "MRI BRAIN AND CERVICAL SPINE"}, ("T2", ""), False),
        ({"StudyDescription": "头颈部MRI"}, ("T2", ""), False),
        ({"StudyDescription": "MRI KNEE", "BodyPartExamined": "HEAD"}, ("T2", ""), True),
        ({"StudyDescription": "MRI BRAIN", "BodyPartExamined": "KNEE"}, ("T2", ""), True),
        ({"ProtocolName": "Brain routine", "BodyPartExamined": "CSPINE"}, ("T2", ""), True),
        ({"ProtocolName": "Brain routine", "StudyDescription": "MRI NECK"}, ("T2", ""), True),
        ({"StudyDescription": "Routine", "BodyPartExamined": "BRAIN"}, ("T2", ""), False),
        ({"StudyDescription": "Lung Ca, r/o mets"}, ("T2", ""), True),
        ({"StudyDescription": "肺癌查转移"}, ("T2", ""), True),
        ({"StudyDescription": "肝豆状核变性"}, ("T2", ""), True),
    ],
)  # fmt: skip
def test_descriptions_are_judged_by_one_list_and_a_contradiction_is_remarked(header, found, remarked):
    header = {"SeriesDescription": "Ax T2 FSE", **header}
    assert sequence_of_header(header) == found
    assert ["another part of the body" in one for one in header_remarks(header)] == [True] * remarked


@pytest.mark.parametrize(
    "text",
    ["t2_tse_tra_prostate", "T2 neck", "腹部T2", "T2 tra lung", "DWI liver", "t1_vibe_breast", "盆腔T1增强", "T2 HIP",
     "膝关节T2", "C-SPINE DWI"],
)  # fmt: skip
def test_a_name_of_another_organ_is_set_aside(text):
    assert sequence_of_text(text) == ASIDE


@pytest.mark.parametrize(
    ("text", "sequence"),
    [("T2 HIPPOCAMPUS", "T2"), ("T2 head neck", "T2"), ("t2_arms_tra", "T2"), ("T2 cardiac gated", "T2"),
     ("Handley_T1", "T1"), ("Chester_T1", "T1"), ("手术后T1", "T1"), ("胼胝体膝T1", "T1"), ("丘脑腹侧T2", "T2"),
     ("横断面T2", "T2"), ("Hand", None), ("Heart", None)],
)  # fmt: skip
def test_words_that_only_hold_an_organ_and_words_without_a_sequence_are_nothing(text, sequence):
    assert sequence_of_text(text) == (sequence, "")


@pytest.mark.parametrize(
    "agent",
    ["NO CONTRAST", "No contrast given", "平扫", "否", "未用", "0 ml", "0", "0.0 ML", "W/O CONTRAST", "none used",
     "NONE", "n/a", "without gad", "未用造影剂", "无", "-", "", None, "sans", "Non"],
)  # fmt: skip
def test_an_agent_that_was_not_given_enhances_nothing(agent):
    header = {"SeriesDescription": "t1_se_tra", "ContrastBolusAgent": agent}
    assert sequence_of_header(header) == ("T1", "") and header_remarks(header) == ()


@pytest.mark.parametrize(
    "agent",
    ["Gadovist", "GADOLINIUM", "Gd-DTPA", "gd", "钆喷酸葡胺", "Dotarem 15 ml", "MAGNEVIST", "MultiHance", "Omniscan",
     "ProHance", "Clariscan", "Primovist", "Vueway", "Elucirem", "Ablavar", "欧乃影", "马根维显", "造影剂",
     "非离子型造影剂", "CONTRAST", "Contrast: yes", "YES", "7.5 ml Gadavist", "Gadavist, saline flush",
     "10.0 ml Dotarem", "15 ml Gd-DTPA, no reaction", "Gadovist, no adverse events", "钆喷酸葡胺 未稀释",
     "Dotarem 0 ml left", "GADAVIST 7.5 ML; none wasted", "15 ml", "0.1mmol/kg", "增强", "KM", "CE",
     "C+", "IV", "BOLUS", "GBCA",
     "静脉注射"],
)  # fmt: skip
def test_a_known_agent_makes_a_t1_an_enhanced_one_and_nothing_else(agent):
    assert sequence_of_header({"SeriesDescription": "t1_se_tra", "ContrastBolusAgent": agent}) == ("T1ce", "")
    assert sequence_of_header({"SeriesDescription": "t2_tse_tra", "ContrastBolusAgent": agent}) == ("T2", "")


@pytest.mark.parametrize("agent", ["saline", "XYZ-17", "ferumoxytol", "contrast: not told"])
def test_an_unknown_agent_changes_nothing_and_is_remarked(agent):
    header = {"SeriesDescription": "t1_se_tra", "ContrastBolusAgent": agent}
    assert sequence_of_header(header) == ("T1", "") and "contrast agent is no known one" in header_remarks(header)[0]
    assert header_remarks({**header, "SeriesDescription": "t2_tse_tra"}) == ()


T1 = {"SeriesDescription": "t1_se_tra"}


@pytest.mark.parametrize(
    "header",
    [{**T1, "PatientName": "PHANTOM^QA"}, {**T1, "PatientName": "ACR^Phantom"}, {"SeriesDescription": "ACR Axial T1"},
     {**T1, "StudyDescription": "质控 水模"}, {**T1, "StudyDescription": "ACR Phantom QA"},
     {"SeriesDescription": "T1 phantom"}, {**T1, "StudyDescription": "DAILY QA"}],
)  # fmt: skip
def test_a_phantom_is_nobodys_head(header):
    assert sequence_of_header(header) == (None, "a phantom, nobody's head")


@pytest.mark.parametrize(
    "header",
    [{"StudyDescription": "MRI BRAIN phantom limb pain"}, {"PatientName": "PHAN^TOM"}, {"PatientName": "ACR^01"},
     {"StudyDescription": "Phantomschmerz"}, {"StudyDescription": "QC BRAIN"}, {"StudyDescription": "头颅平扫"}],
)  # fmt: skip
def test_a_patient_is_no_phantom(header):
    assert sequence_of_header({**T1, **header}) == ("T1", "")


@pytest.mark.parametrize(
    ("said", "kinds", "found"),
    [
        ("3D FLAIR MS lesion", ["ORIGINAL", "PRIMARY"], ("FLAIR", "")),
        ("T2 lesions", "ORIGINAL\\PRIMARY", ("T2", "")),
        ("FLAIR lesion mask", ["ORIGINAL", "PRIMARY"], (None, "a segmentation")),
        ("FLAIR_lesion_seg", ["ORIGINAL", "PRIMARY"], (None, "a segmentation")),
        ("lesion", ["ORIGINAL", "PRIMARY"], (None, "a segmentation")),
        ("3D FLAIR MS lesion", ["DERIVED", "SECONDARY"], (None, "a segmentation")),
        ("3D FLAIR MS lesion", None, (None, "a segmentation")),
    ],
)
def test_an_original_image_made_for_a_lesion_is_no_segmentation(said, kinds, found):
    assert sequence_of_header({"Modality": "MR", "SeriesDescription": said, "ImageType": kinds}) == found


@pytest.mark.parametrize(
    ("agent", "volume", "route", "sequence"),
    [("", "10", "IV", "T1ce"), (None, "7.5", "INTRAVENOUS", "T1ce"), ("", 10, "静脉", "T1ce"), ("", "0", "IV", "T1"),
     ("", "10", "", "T1"), ("", "10", "ORAL", "T1"), ("NONE", "10", "IV", "T1"), ("", "N/A", "i.v.", "T1")],
)  # fmt: skip
def test_a_volume_into_a_vein_counts_as_an_agent_without_a_name(agent, volume, route, sequence):
    given = {"ContrastBolusAgent": agent, "ContrastBolusVolume": volume, "ContrastBolusRoute": route}
    assert sequence_of_header({**T1, **given}) == (sequence, "") and header_remarks({**T1, **given}) == ()
