import re
import shutil
import subprocess
import sys

import pytest

from selip_core.datasets.sequences import sequence_of_header, sequence_of_text
from tests.helpers.places import PACKAGE


@pytest.mark.parametrize(
    ("text", "sequence"),
    [
        ("t1_fl2d_tra", "T1"),
        ("t1_mprage_sag_iso", "T1"),
        ("Ax T1 FLAIR", "T1"),
        ("T1 平扫", "T1"),
        ("WIP T1 pre contrast", "T1"),
        ("sT1W_3D_TFE", "T1"),
        ("t2_tse_tra", "T2"),
        ("AX T2 PROPELLER", "T2"),
        ("t2_space_rst", "T2"),
        ("t2_tse_dark-fluid_tra", "FLAIR"),
        ("Ax T2 FLAIR", "FLAIR"),
        ("T2W_FLAIR_SPIR", "FLAIR"),
        ("fla", "FLAIR"),
        ("t2f", "FLAIR"),
        ("ep2d_diff_3scan_trace_p2_TRACEW", "DWI"),
        ("轴位DWI", "DWI"),
        ("Ax DWI 1000b", "DWI"),
        ("dti_ax", "DWI"),
        ("ep2d_diff_3scan_trace_p2_ADC", "ADC"),
        ("Apparent Diffusion Coefficient (mm2/s)", "ADC"),
        ("dADC", "ADC"),
        ("OAx T1+C", "T1ce"),
        ("t1_mprage_sag_iso_Gd", "T1ce"),
        ("T1POST", "T1ce"),
        ("t1_tse_tra 增强", "T1ce"),
        ("t1c", "T1ce"),
        ("T1 FLAIR +C", "T1ce"),
        ("brainmask", "mask"),
        ("NAME_seg", "mask"),
        ("gold_standard", "mask"),
    ],
)
def test_a_description_tells_its_sequence(text, sequence):
    assert sequence_of_text(text) == (sequence, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3Plane Loc SSFSE", "a scout"),
        ("定位像", "a scout"),
        ("AAHead_Scout", "a scout"),
        ("TOF_3D_multi-slab", "an angiography"),
        ("SWI_Images", "susceptibility-weighted"),
        ("Ax T2* GRE", "susceptibility-weighted"),
        ("Pha_Images", "a phase image"),
        ("mIP_Images(SW)", "susceptibility-weighted"),
        ("PD_TSE", "proton-density-weighted"),
        ("Perfusion_Weighted", "perfusion"),
        ("eADC", "a diffusion map other than ADC"),
        ("ep2d_bold_rest", "functional MRI"),
        ("svs_se_30", "spectroscopy"),
    ],
)
def test_what_is_no_sequence_of_ours_is_set_aside_with_its_reason(text, reason):
    assert sequence_of_text(text) == (None, reason)


@pytest.mark.parametrize("text", ["", "series 5", "patient_0012", "study1", "头颅"])
def test_a_text_without_a_sequence_tells_none(text):
    assert sequence_of_text(text) == (None, "")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "SeriesDescription": "t2"}, (None, "a scout")),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P"], "SeriesDescription": "t1"}, (None, "a phase image")),
        ({"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], "SeriesDescription": "ep2d_diff"}, ("ADC", "")),
        ({"ImageType": ["DERIVED", "PRIMARY", "PROJECTION IMAGE"], "SeriesDescription": "T1"}, (None, "a projection")),
        ({"SeriesDescription": "t1_se", "ContrastBolusAgent": "Gadovist"}, ("T1ce", "")),
        ({"SeriesDescription": "T1 pre contrast", "ContrastBolusAgent": "Gadovist"}, ("T1", "")),
        ({"SeriesDescription": "ax", "ProtocolName": "t2_tse"}, ("T2", "")),
        ({"RepetitionTime": "9000", "EchoTime": "110", "InversionTime": "2500"}, ("FLAIR", "")),
        ({"RepetitionTime": "500", "EchoTime": "12"}, ("T1", "")),
        ({"RepetitionTime": "4000", "EchoTime": "100"}, ("T2", "")),
        ({"RepetitionTime": "4000", "EchoTime": "80", "b_value": 1000.0}, ("DWI", "")),
        ({"BodyPartExamined": "HEADNECK", "SeriesDescription": "t2"}, ("T2", "")),
        ({"BodyPartExamined": "CSPINE", "SeriesDescription": "t2"}, (None, "not of the head")),
        ({"Modality": "CT", "SeriesDescription": "t2"}, (None, "not MRI")),
    ],
)
def test_a_header_tells_the_sequence(header, found):
    assert sequence_of_header(header) == found


def test_an_unknown_series_says_what_was_looked_at():
    assert "repetition time 2500 ms" in sequence_of_header({"RepetitionTime": "2500", "EchoTime": "40"})[1]
    assert "neither description nor times" in sequence_of_header({})[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ep2d_diff_b0", (None, "diffusion without weighting (b-value 0)")),
        ("DWI_b=0", (None, "diffusion without weighting (b-value 0)")),
        ("DWI b1000", ("DWI", "")),
        ("T2W_FFE", (None, "susceptibility-weighted")),
        ("t2_fl2d_tra", (None, "susceptibility-weighted")),
        ("AX T1 POST FOSSA", ("T1", "")),
        ("t1_vibe_sub", (None, "a subtraction")),
        ("SUB-T1_POST", (None, "a subtraction")),
        ("sub-01_T1w", ("T1", "")),
        ("sub-patientA_acq-ax_T2w", ("T2", "")),
        ("Sub_01_T2", ("T2", "")),
        ("sub01_FLAIR", ("FLAIR", "")),
        ("T2_mapping", (None, "a quantitative map")),
        ("T2_TSE_SAG C-SPINE", (None, "not of the head")),
        ("颈椎T2", (None, "not of the head")),
        ("Adcock_T2", ("T2", "")),
        ("Roisin_T1", ("T1", "")),
        ("Diffley_T1", ("T1", "")),
        ("Wang_C_T1", ("T1", "")),
        ("Gtao_T1", ("T1", "")),
    ],
)
def test_words_that_only_look_like_others(text, found):
    assert sequence_of_text(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "AX T1 C-", "AX T1 C- FS", "T1WI C-", "T1C-", "SAG T1 (C-)", "Ax T1 -C", "ＡＸ　Ｔ１　Ｃ－", "OAx T1 FLAIR C-",
        "t1_tse_tra ohne KM", "T1 UNENHANCED", "T1 non-enhanced", "T1+COR", "T1 + CORONAL", "AX T1 POST OP",
        "T1 POST SURGERY", "T1POST OP", "T1WI-C", "T1WI −C", "T1WI−C", "T1WI–C", "T1WI - C", "T1WI- C", "T1W-C",
        "T1WI_-C", "T1WI(-C)", "T1(-C)", "T1 (-C)", "T1−C", "T1–C", "T1- C", "Ｔ１ＷＩ－Ｃ", "T1WI-C FS",
        "AX T1WI-C TRA", "T1 FLAIR-C", "T1FLAIR-C", "T1_TSE-C", "SAG T1 SPACE-C", "T1WI FS-C", "T1WI C−", "T1WI C–",
        "T1WIC-",
    ],
)  # fmt: skip
def test_an_image_without_contrast_medium_is_no_enhanced_one(text):
    assert sequence_of_text(text) == ("T1", "")


@pytest.mark.parametrize(
    "text",
    ["AX T1 C+", "AX T1 FS+C", "T1 + C", "T1C-COR", "T1-C", "SAG T1 MPRAGE C+", "T1 ENHANCED", "T1+GD", "AX T1 POST",
     "T1WI+C", "T1WI-CE", "T1WI-C+", "T1WIC", "T1WI C", "T1WI-GD", "T1 POST-C", "T1WI+C SAG-C", "T1WI-POST"],
)
def test_an_image_after_contrast_medium_is_an_enhanced_one(text):
    assert sequence_of_text(text) == ("T1ce", "")


@pytest.mark.parametrize(
    ("text", "sequence"),
    [
        ("Ax T1 MPRAGE Reformat", "T1"), ("T1_MPRAGE_SAG_REF", "T1"), ("AX T2 ASSET", "T2"), ("FLAIR ASSET", "FLAIR"),
        ("Ax FLAIR HEMORRHAGE", "FLAIR"), ("Ax T2 HEMORRHAGE", "T2"), ("T2 MERGED", "T2"), ("AX T2 ANGIOMA", "T2"),
        ("PERFECT T2", "T2"), ("T2 SAG T10", "T2"), ("T13D", "T1"), ("T10 SAG", None), ("b10000", None),
    ],
)  # fmt: skip
def test_a_word_is_closed_at_its_end(text, sequence):
    assert sequence_of_text(text) == (sequence, "")


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["REF", "Ref_Head", "SENSE REF", "RefScan", "Ref 8 HNS", "ASSET calibration", "ASSET", "Calib",
          "CALIBRATION SCAN", "Localizer", "SURVEY", "SmartBrain", "3-plane loc"], "a scout"),
        (["AX HEMO", "t2_fl2d_hemo", "HEMOSIDERIN", "SWI", "SWIp", "SWI3D", "eSWI", "3D SWAN", "QSM", "T2STARW",
          "T2 STAR", "T2FFE", "T2 GRE", "T2 MERGE", "T2 MEDIC", "MINIP"], "susceptibility-weighted"),
        (["TOF3D", "3DTOF", "3D_TOF", "COW MIPS", "MR ANGIOGRAPHY", "MRV", "CE-MRA"], "an angiography"),
        (["3D PCASL", "ASL3D", "PERFUSION", "DSC", "rCBF CBF"], "perfusion"),
        (["PD TSE", "PDW_TSE", "PD_FS", "PDT2"], "proton-density-weighted"),
        (["T1MAP", "T1 MAPPING", "T2_MapIt_Images"], "a quantitative map"),
        (["FA map", "TENSOR", "eADC"], "a diffusion map other than ADC"),
        (["t2_stir_cor"], "a fat-suppressed sequence of another kind"),
    ],
)  # fmt: skip
def test_every_kind_that_is_set_aside_is_known_by_its_usual_names(texts, reason):
    assert {text: sequence_of_text(text) for text in texts} == dict.fromkeys(texts, (None, reason))


@pytest.mark.parametrize("said", ["t1_tse_pre", "T1 native", "T1平扫"])
def test_a_series_before_contrast_is_plain_though_the_header_names_the_agent(said):
    assert sequence_of_header({"SeriesDescription": said, "ContrastBolusAgent": "Gadovist"}) == ("T1", "")


def test_an_image_before_contrast_is_plain_by_every_minus_though_the_header_names_the_agent():
    for said in ("T1WI-C", "T1WI−C", "T1(-C)"):
        assert sequence_of_header({"SeriesDescription": said, "ContrastBolusAgent": "Gadovist"}) == ("T1", "")


RECIPE = [
    ("sequences.py", r'    Sequence\("DWI"\),', r'\g<0>\n    Sequence("SWI"),'),
    (
        "datasets/sequence_words.py",
        r'    "DWI": Names\(',
        r'    "SWI": Names(aliases=("SW",), bids=("swi",), words=(r"\\bSWI", r"\(SW\)")),\n\g<0>',
    ),
    ("reports/lexicons/zh.yaml", r"(?m)^  DWI: ", r"  SWI: [SWI]\n\g<0>"),
    ("reports/lexicons/en.yaml", r"(?m)^  DWI: ", r"  SWI: [susceptibility-weighted image*, SWI]\n\g<0>"),
    ("reports/lexicons/fr.yaml", r"(?m)^  DWI: ", r"  SWI: [SWI]\n\g<0>"),
]
ASKED = """
from selip_core.datasets.sequences import BIDS_SUFFIXES, sequence_of_text, standard_sequence
from selip_core.reports.parser import describe_series
for text in ("SWI_Images", "t2_tse", "SWI Pha_Images", "TOF"):
    print(sequence_of_text(text))
print(standard_sequence("sw"), BIDS_SUFFIXES["swi"])
print(describe_series("左侧额叶见点状信号影，SWI呈低信号。", ["SWI"]))
print(describe_series("Punctate low signal in the left frontal lobe on SWI.", ["SWI"]))
"""


def _after(steps, folder):
    shutil.copytree(PACKAGE, folder / "selip_core", ignore=shutil.ignore_patterns("__pycache__"))
    for file, where, then in steps:
        path = folder / "selip_core" / file
        text, times = re.subn(where, then, path.read_text(encoding="utf-8"))
        assert times == 1
        path.write_text(text, encoding="utf-8")
    run = [sys.executable, "-X", "utf8", "-c", ASKED]
    return subprocess.run(run, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, encoding="utf-8")


def test_the_recipe_for_a_new_sequence_makes_it_one_everywhere(tmp_path):
    done = _after(RECIPE, tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "('SWI', '')", "('T2', '')", "(None, 'a phase image')", "(None, 'an angiography')", "SWI SWI",
        *["{'SWI': '在左侧额叶表现为点状低信号'}"] * 2,
    ]  # fmt: skip


@pytest.mark.parametrize("left_out", [2, 3, 4])
def test_a_lexicon_without_the_new_sequence_is_named(tmp_path, left_out):
    error = _after(RECIPE[:left_out] + RECIPE[left_out + 1 :], tmp_path).stderr
    assert RECIPE[left_out][0] in error and "sequences lacks SWI" in error


@pytest.mark.parametrize(
    ("text", "sequence"),
    [("T2压水", "FLAIR"), ("T2抑水", "FLAIR"), ("压水像 横断位", "FLAIR"), ("液体衰减反转恢复", "FLAIR"),
     ("T2压脂", "T2")],
)  # fmt: skip
def test_everyday_chinese_names_of_flair(text, sequence):
    assert sequence_of_text(text) == (sequence, "")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ({"SeriesDescription": "T2 tra", "InversionTime": "2500", "EchoTime": "90"}, ("FLAIR", "")),
        ({"SeriesDescription": "T1 tra", "InversionTime": "900", "EchoTime": "3"}, ("T1", "")),
        ({"SeriesDescription": "T2 tra", "b_value": 1000.0},
         (None, "it is called T2, but its b-value is 1000 s/mm²")),
        ({"SeriesDescription": "FLAIR fs", "InversionTime": "160", "EchoTime": "90"},
         (None, "it is called FLAIR, but its inversion time is 160 ms: fat is dark in it, not fluid")),
        ({"SeriesDescription": "FLAIR sag", "InversionTime": "860", "EchoTime": "20"}, ("T1", "")),
        ({"SeriesDescription": "FLAIR sag", "InversionTime": "860", "EchoTime": "20", "ContrastBolusAgent": "Gd"},
         ("T1ce", "")),
        ({"SeriesDescription": "T1", "ProtocolName": "头颅平扫+增强", "ContrastBolusAgent": "Gadovist"}, ("T1ce", "")),
        ({"SeriesDescription": "T1", "ProtocolName": "头颅平扫", "ContrastBolusAgent": "Gadovist"}, ("T1", "")),
        ({"SeriesDescription": "T1", "ContrastBolusAgent": "NONE"}, ("T1", "")),
        ({"SeriesDescription": "T1", "ContrastBolusAgent": "无"}, ("T1", "")),
        ({"SeriesDescription": "T1", "ImageType": "ORIGINAL"}, ("T1", "")),
        ({"SeriesDescription": "T1", "ProtocolName": "HEAD W AND WO", "ContrastBolusAgent": "Gadovist"}, ("T1ce", "")),
    ],
)  # fmt: skip
def test_contrast_inversion_and_b_value_outrank_what_a_series_is_called(header, found):
    assert sequence_of_header(header) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SAGT1FLAIR", ("T1", "")), ("AXT1+C", ("T1ce", "")), ("3DT1C", ("T1ce", "")), ("OAXT2", ("T2", "")),
        ("AXT2*", (None, "susceptibility-weighted")), ("AXDWI", ("DWI", "")), ("SAG3DT1", ("T1", "")),
        ("CORFLAIR", ("FLAIR", "")), ("Ax FIESTA", (None, "a balanced gradient echo")),
        ("3D CISS", (None, "a balanced gradient echo")), ("bFFE", (None, "a balanced gradient echo")),
        ("T2 CISS", ("T2", "")), ("Inhance 3DPC", (None, "an angiography")),
    ],
)  # fmt: skip
def test_a_plane_joined_to_the_sequence_hides_nothing_and_balanced_echoes_are_no_t1(text, found):
    assert sequence_of_text(text) == found
