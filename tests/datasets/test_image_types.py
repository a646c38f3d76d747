"""Maps, captures and scouts are told from images, by their type or their name; a derived one by no protocol."""

import pytest

from selip_core.datasets.sequences import sequence_of_header, sequence_of_text

MAP, SCOUT = (None, "a diffusion map other than ADC"), (None, "a scout")
CAPTURE, PHASE = (None, "a capture of a screen, no volume"), (None, "a phase image")
DERIVED = ["DERIVED", "SECONDARY", "COMBINED"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Average DC", ("ADC", "")), ("Average DC: Nov 07", ("ADC", "")), ("Fractional Aniso.", MAP),
        ("Fractional Ansio. (No Units)", MAP), ("Fractional Anisotropy", MAP), ("FA map", MAP), ("DWI FA map", MAP),
        ("T2-weighted trace", MAP), ("Isotropic image", MAP), ("eADC", MAP), ("EXP_ADC", MAP), ("DWI e-ADC", MAP),
        ("Exponential Coefficient", MAP), ("Mean Diffusivity", MAP), ("Volume Ratio Aniso.", MAP),
        ("image ADC", ("ADC", "")), ("ADC map", ("ADC", "")), ("ep2d_diff_TRACEW", ("DWI", "")),
        ("DWI isotropic", ("DWI", "")),
        ("DWI trace", ("DWI", "")), ("T1 isotropic", ("T1", "")), ("T2 anisotropic voxels", ("T2", "")),
    ],
)  # fmt: skip
def test_maps_of_diffusion_are_no_diffusion_image(text, found):
    protocols = ("Head DWI", "DTI 25 dir")
    headers = [{"SeriesDescription": text, "ProtocolName": name, "ImageType": DERIVED} for name in protocols]
    assert [sequence_of_text(text), *map(sequence_of_header, headers)] == [found] * 3


@pytest.mark.parametrize("said", ["Result", "Map 3"])
def test_a_derived_series_has_no_sequence_by_its_protocol_or_its_times_alone(said):
    acquired = {"SeriesDescription": said, "ProtocolName": "Head DWI", "RepetitionTime": 6000, "EchoTime": 90}
    header = {**acquired, "ImageType": DERIVED}
    assert sequence_of_header(header)[0] is None and "derived of another series" in sequence_of_header(header)[1]
    assert sequence_of_header({**header, "ProtocolName": ""})[0] is None
    assert sequence_of_header({**acquired, "ImageType": ["ORIGINAL", "PRIMARY"]}) == ("DWI", "")
    assert sequence_of_header({**header, "LossyImageCompression": "01"}) == ("DWI", "")


@pytest.mark.parametrize("said", ["", None, " "])
def test_where_an_anonymiser_has_blanked_the_description_the_protocol_tells(said):
    header = {"SeriesDescription": said, "ProtocolName": "t1_mprage", "ImageType": DERIVED}
    assert sequence_of_header(header) == ("T1", "")


@pytest.mark.parametrize("kinds", [["DERIVED", "SECONDARY", "MPR"], ["DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"],
                                   ["DERIVED", "PRIMARY", "DIXON", "WATER"]])  # fmt: skip
def test_a_reformat_is_what_its_protocol_is(kinds):
    header = {"SeriesDescription": "Range[1]", "ProtocolName": "t1_mprage_sag", "ImageType": kinds}
    assert sequence_of_header(header) == ("T1", "")


def test_a_trace_by_its_type_is_diffusion():
    kinds = ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"]
    assert sequence_of_header({"ProtocolName": "ep2d_diff", "ImageType": kinds}) == ("DWI", "")


@pytest.mark.parametrize(
    "said",
    ["Locator", "Scout", "Survey", "Localizer", "3-plane", "定位像", "Localizador", "Lokalizer", "Repérage", "PILOT",
     "Übersicht", "Scano", "Topogram", "位置決め"],
)  # fmt: skip
def test_a_scout_is_none_of_ours_whatever_its_times(said):
    header = {"SeriesDescription": said, "RepetitionTime": 20, "EchoTime": 5}
    assert sequence_of_header(header) == sequence_of_text(said) == SCOUT


@pytest.mark.parametrize("text", ["Pilot01_T1", "Locatelli_T1", "t1_mprage_localization", "T1 PILOT"])
def test_a_word_that_only_looks_like_a_scout_is_none(text):
    assert sequence_of_text(text) == ("T1", "")


@pytest.mark.parametrize(
    "header",
    [{"SeriesDescription": "Screen Save"}, {"SeriesDescription": "Screenshot"}, {"ImageType": ["DERIVED", "SECONDARY",
     "SCREEN SAVE"]}, {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.4"}],
)  # fmt: skip
def test_what_was_captured_from_a_screen_is_no_volume_whatever_its_protocol(header):
    assert sequence_of_header({"SeriesDescription": "T1", "ProtocolName": "Sag T1", **header}) == CAPTURE


def test_a_volume_that_was_written_as_a_secondary_capture_with_its_place_is_used():
    header = {"SeriesDescription": "T1", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "ImagePositionPatient": [0.0] * 3}
    assert sequence_of_header(header) == ("T1", "")


@pytest.mark.parametrize(
    ("text", "found"),
    [("P001_T1_ph", PHASE), ("t1_gre_e2_ph", PHASE), ("T2_imaginary", PHASE), ("PH_01_T1", ("T1", "")),
     ("ph_T1", ("T1", "")), ("Phan_T1", ("T1", "")), ("T1_phantom", ("T1", ""))],
)  # fmt: skip
def test_a_phase_image_is_no_t1(text, found):
    assert sequence_of_text(text) == found


SUBTRACTION, QUANTITATIVE = (None, "a subtraction"), (None, "a quantitative map")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *((text, SUBTRACTION) for text in ("t1_vibe_Subtraktion", "T1 SUBTR", "T1 soustraction", "T1 sustracción",
                                           "T1 sottrazione", "T1 subtração", "T1 減影", "T1 サブトラクション")),
        *((text, QUANTITATIVE) for text in ("T2 Karte", "carte T2", "carte de T2", "mapa T2", "T1rho map", "T1-rho")),
        *((text, MAP) for text in ("dti_L1", "P001_dti_MO", "dti_S0", "弥散张量 各向异性分数", "平均扩散率")),
        *((text, ("ADC", "")) for text in ("弥散系数图", "扩散系数图", "Coefficient de diffusion apparent",
                                           "Diffusion Coefficient")),
        ("dti_V1", ("DWI", "")), ("弥散", ("DWI", "")), ("T1 Carter", ("T1", "")), ("Rhodes_T1", ("T1", "")),
    ],
)  # fmt: skip
def test_what_was_computed_is_known_by_its_name_in_any_language(text, found):
    assert sequence_of_text(text) == found


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (["DERIVED", "PRIMARY", "M", "ND", "SUB"], SUBTRACTION),
        (["DERIVED", "PRIMARY", "F", "F", "DERIVED"], (None, "a fat image")),
        ("DERIVED\\PRIMARY\\F\\F\\DERIVED", (None, "a fat image")),
        (["DERIVED", "PRIMARY", "W", "W", "DERIVED"], ("T1", "")),
        (["ORIGINAL", "PRIMARY", "F", "NONE"], ("T1", "")),
    ],
)
def test_a_subtraction_and_a_fat_image_of_philips_are_known_by_their_type(kinds, found):
    assert sequence_of_header({"ImageType": kinds, "SeriesDescription": "t1_vibe_tra"}) == found


@pytest.mark.parametrize(
    ("said", "kind", "b_value", "sequence"),
    [("DWI+ADC", r"ORIGINAL\PRIMARY\ADC\ADC", 1000.0, "ADC"), ("DWI+ADC", "ORIGINAL", 1000.0, "DWI"),
     ("DWI/ADC", "ORIGINAL", 1000.0, "DWI"),
     ("DWI+ADC", "DERIVED", 1000.0, "ADC"), ("DWI+ADC", "ORIGINAL", None, "ADC"),
     ("ep2d_diff_ADC", "ORIGINAL", 1000.0, "ADC")],
)  # fmt: skip
def test_of_a_protocol_of_images_and_map_the_original_with_a_b_value_is_the_image(said, kind, b_value, sequence):
    header = {"SeriesDescription": said, "ImageType": [*kind.split("\\"), "PRIMARY"], "b_value": b_value}
    assert sequence_of_header(header) == (sequence, "")
