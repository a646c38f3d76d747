import re
import shutil
import subprocess
import sys

import pytest

from selip_core.datasets.sequences import (
    BY_TIMES_ALONE,
    b_values_of_text,
    header_remarks,
    sequence_of_file,
    sequence_of_header,
    sequence_of_text,
)
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


SUSCEPTIBLE, FLOW = (None, "susceptibility-weighted"), (None, "a measurement of flow")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *((text, SUSCEPTIBLE) for text in (
            "Ax T2 MPGR", "AX MPGR", "GRE T2", "T2 AX GRE", "AX T2 2D GRE", "FFE T2W", "T2W tra FFE", "OAx T2 FGRE",
            "sT2W_FFE")),
        ("TRICKS", (None, "an angiography")), ("t1_twist_tra", (None, "an angiography")), ("Twist", (None, "")),
        ("CSF_FLOW", FLOW), ("Q-Flow", FLOW), ("T2 FLOW COMP", ("T2", "")),
        ("Head_MRAC_PET", (None, "an attenuation map of PET")), ("UMAP", (None, "an attenuation map of PET")),
        ("T1 GRE", ("T1", "")), ("gre_t1_fsp_3d_sag", ("T1", "")), ("T2 GRASE", ("T2", "")), ("T2 B-FFE", ("T2", "")),
    ],
)  # fmt: skip
def test_a_gradient_echo_is_no_t2_in_whatever_order_it_is_called(text, found):
    assert sequence_of_text(text) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ({"SeriesDescription": "Ax GRE", "RepetitionTime": "650", "EchoTime": "20"}, SUSCEPTIBLE),
        ({"ScanningSequence": ["GR"], "RepetitionTime": "650", "EchoTime": "20"}, SUSCEPTIBLE),
        ({"SeriesDescription": "Ax T2", "ScanningSequence": "GR", "EchoTime": "25"}, SUSCEPTIBLE),
        ({"SeriesDescription": "Ax T2", "ScanningSequence": "SE\\GR", "EchoTime": "90"}, ("T2", "")),
        ({"SeriesDescription": "Ax T2", "ScanningSequence": "SE", "EchoTime": "90"}, ("T2", "")),
        ({"SeriesDescription": "T2 CISS", "ScanningSequence": "GR", "EchoTime": "2.5"}, ("T2", "")),
        ({"SeriesDescription": "T1 FFE", "ScanningSequence": "GR", "EchoTime": "13"}, ("T1", "")),
        ({"ScanningSequence": ["GR"], "RepetitionTime": "8", "EchoTime": "3"}, ("T1", "")),
        ({"SeriesDescription": "TRICKS", "RepetitionTime": "3.5", "EchoTime": "1.3"}, (None, "an angiography")),
        ({"SeriesDescription": "CSF_FLOW", "RepetitionTime": "25", "EchoTime": "8"}, FLOW),
        ({"SeriesDescription": "Head_MRAC", "RepetitionTime": "4", "EchoTime": "1"},
         (None, "an attenuation map of PET")),
    ],
)  # fmt: skip
def test_an_echo_of_a_gradient_is_told_from_one_of_a_spin(header, found):
    assert sequence_of_header(header) == found


def test_a_series_that_times_alone_tell_is_remarked():
    times = {"RepetitionTime": "500", "EchoTime": "12"}
    assert header_remarks(times) == (BY_TIMES_ALONE,)
    assert header_remarks({**times, "ProtocolName": "t1_se"}) == ()


@pytest.mark.parametrize(
    ("text", "values", "found"),
    [
        ("DWI b0_b1000", [0, 1000], "DWI"), ("DWI_b0_1000", [0, 1000], "DWI"), ("DWI b=0,1000", [0, 1000], "DWI"),
        ("DWI (b=0/1000)", [0, 1000], "DWI"), ("epi_dwi_tra_b0_b1000", [0, 1000], "DWI"), ("DWI 1000b", [1000], "DWI"),
        ("DWI b2000", [2000], "DWI"), ("DWI", [], "DWI"), ("DWI_b1000_3", [1000], "DWI"), ("DWI b50", [50], None),
        ("B12_DWI", [], "DWI"), ("S1_B5_DWI_3", [], "DWI"),
        ("DWI b0", [0], None), ("trace b0", [0], None), ("DWI B100", [100], None), ("DWI_b0_7", [0], None),
        ("DWI_b0_20240101120000_5", [0], None), ("DWI_b0_501", [0], None), ("DWI_LOWB", [], None),
    ],
)  # fmt: skip
def test_a_name_is_judged_by_the_highest_b_value_in_it(text, values, found):
    assert b_values_of_text(text) == values
    assert sequence_of_text(text)[0] == found and bool(sequence_of_text(text)[1]) == (found is None)


@pytest.mark.parametrize(("b_value", "sequence"), [(0.0, None), (50.0, None), (None, "DWI"), (800.0, "DWI")])
def test_a_known_low_b_value_is_no_diffusion_and_an_unknown_one_may_be(b_value, sequence):
    for said in ("ep2d_diff_tra", "DWI b1000"):
        assert sequence_of_header({"SeriesDescription": said, "b_value": b_value})[0] == sequence
    assert sequence_of_header({"SeriesDescription": "T2", "b_value": b_value})[0] == (None if b_value == 800 else "T2")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FLAIR_to_T1", ("FLAIR", "")), ("FLAIR_reg_T1", ("FLAIR", "")), ("flair_in_t1_space", ("FLAIR", "")),
        ("T2_space-T1", ("T2", "")),
        ("T2_SPACE-FLAIR", ("FLAIR", "")), ("rT2_to_T1", ("T2", "")), ("T2_reg_to_T1", ("T2", "")),
        ("flair2t1", ("FLAIR", "")), ("T1ce_to_T1", ("T1ce", "")), ("T1_to_T1ce", ("T1", "")), ("T2toT1", ("T2", "")),
        ("DWI_to_T1", ("DWI", "")), ("SWI_to_T1", SUSCEPTIBLE), ("FLAIR_to_T1_mask", ("mask", "")),
        ("T1_to_FLAIR", ("T1", "")), ("T1 FLAIR", ("T1", "")), ("T1_fse_flair", ("T1", "")), ("reg_T1", ("T1", "")),
        ("T1 SPACE", ("T1", "")), ("t2_space_rst", ("T2", "")), ("Toto_T1", ("T1", "")), ("brain_to_T1", ("T1", "")),
    ],
)  # fmt: skip
def test_a_registered_image_is_what_it_was_and_not_what_it_lies_on(text, found):
    assert sequence_of_text(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *((text, ("T1ce", "")) for text in (
            "T1WI强化", "T1 强化扫描", "造影T1", "T1 INJ", "T1 SE INJECTE", "T1 apres injection", "T1 Dotarem",
            "T1 MULTIHANCE", "T1(+)", "T1+", "T1W+", "T1W+ FS", "AX T1 +", "t1 fs (+)")),
        *((text, ("T1", "")) for text in (
            "T1 sans injection", "T1 SANS GADO", "T1 avant injection", "T1 未强化", "T1 非增强", "T1 增强前", "T1(-)",
            "T1 without Dotarem", "T1+COR", "T1 + CORONAL", "T1 SAG INJURY")),
        ("t1_mp2rage_sag_INV1", (None, "one of the two inversions of MP2RAGE")),
        ("t1_mp2rage_sag_INV2", (None, "one of the two inversions of MP2RAGE")),
        ("t1_mp2rage_sag_T1_Images", (None, "a quantitative map")), ("t1_mp2rage_UNI_Images", ("T1", "")),
        ("t1_vibe_dixon_tra_F", (None, "a fat image")), ("FAT: OAx T2 IDEAL", (None, "a fat image")),
        ("WATER: OAx T2 IDEAL", ("T2", "")), ("t2_dixon_fat_sat", ("T2", "")), ("T2 FAT SAT", ("T2", "")),
        ("t1_vibe_dixon_tra_W", ("T1", "")), ("血管造影", (None, "an angiography")),
        ("t2_spc_dir_sag_p2", (None, "a double inversion recovery")), ("T2 DIR AP", ("T2", "")),
        ("sT2W_TSE", ("T2", "")), ("dT2W_TSE", ("T2", "")), ("sT1W_3D_TFE", ("T1", "")), ("MAST2W", (None, "")),
    ],
)  # fmt: skip
def test_words_of_vendors_and_of_other_countries(text, found):
    assert sequence_of_text(text) == found


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (["DERIVED", "PRIMARY", "M", "T1 MAP", "ND"], (None, "a quantitative map")),
        (["DERIVED", "PRIMARY", "T2_STAR_MAP"], (None, "a quantitative map")),
        (["DERIVED", "PRIMARY", "DIXON", "FAT"], (None, "a fat image")),
        (["DERIVED", "DIXON", "F"], (None, "a fat image")),
        (["ORIGINAL", "PRIMARY", "T1", "NONE"], ("T1", "")), (["DERIVED", "PRIMARY", "DIXON", "WATER"], ("T1", "")),
        (["ORIGINAL", "PRIMARY", "F"], ("T1", "")),
    ],
)  # fmt: skip
def test_maps_and_fat_images_are_known_by_the_type_of_image(kinds, found):
    assert sequence_of_header({"ImageType": kinds, "SeriesDescription": "t1_fl3d_tra"}) == found


def test_a_double_inversion_is_no_flair_by_its_times():
    header = {"SeriesDescription": "t2_spc_dir_sag_p2", "InversionTime": "3000", "EchoTime": "325"}
    assert sequence_of_header(header) == (None, "a double inversion recovery")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("GD_001_T1", ("T1", "")), ("KM_01_T1", ("T1", "")), ("POST_01_T1", ("T1", "")), ("DSI_02_T1", ("T1", "")),
        ("PD_01_T1", ("T1", "")), ("pd01_FLAIR", ("FLAIR", "")), ("GD_001_T1_C+", ("T1ce", "")),
        ("PD_01_T1_post", ("T1ce", "")), ("FA_01_dwi", ("DWI", "")),
        ("post_T1", ("T1ce", "")), ("CE_T1", ("T1ce", "")), ("T1_Gd", ("T1ce", "")),
        ("PD_TSE", (None, "proton-density-weighted")),
        ("PD_01", (None, "proton-density-weighted")), ("T1_3_FLAIR", ("T1", "")), ("GT_01_t1", ("mask", "")),
    ],
)  # fmt: skip
def test_a_patients_code_before_the_sequence_of_a_file_is_no_word_of_it(name, found):
    assert sequence_of_file(name) == found
