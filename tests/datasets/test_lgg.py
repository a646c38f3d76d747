import pandas as pd
import pytest

from selip_core.datasets.lgg import coded_sentences, coded_site, patient_of_study, read_codes
from selip_core.errors import SelipError
from selip_core.reports.parser import parse_report
from selip_core.reports.sentences import parse_sentence


def test_the_published_numbers_are_read_as_words(tmp_path):
    (tmp_path / "data.csv").write_text(
        "Patient,neoplasm_histologic_grade,laterality,tumor_location\n"
        "TCGA_CS_4941,2,3,2\nTCGA_DU_5849,1.0,1.0,6.0\nTCGA_HT_7473,,2,3\n", encoding="utf-8",
    )  # fmt: skip
    assert read_codes(tmp_path).to_numpy().tolist() == [
        ["TCGA-CS-4941", "CS", "right", "frontal lobe", "G3"],
        ["TCGA-DU-5849", "DU", "left", "temporal lobe", "G2"],
        ["TCGA-HT-7473", "HT", "midline", "", ""],
    ]


def test_a_table_in_words_comes_first(tmp_path):
    (tmp_path / "data.csv").write_text("Patient,laterality\nTCGA_CS_4941,1\n", encoding="utf-8")
    (tmp_path / "clinical.csv").write_text(
        "patient_id,side,lobe,grade\n" + "TCGA-CS-4941,right,frontal lobe,G3\n" * 2, encoding="utf-8"
    )
    assert read_codes(tmp_path)["side"].tolist() == ["right"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("clinical.csv", "patient_id,side,lobe,grade\nTCGA-CS-1,Left,Frontal lobe,G3\nTCGA-CS-2,links,,\n",
         "line 3: side 'links' is none of bilateral, left, midline, right"),
        ("clinical.csv", "patient_id,side,lobe,grade\nTCGA-CS-1,left,insula,G3\nTCGA-CS-1,right,insula,G3\n",
         r"TCGA-CS-1 is coded in several ways \(lines 2, 3\)"),
        ("data.csv", "Patient,laterality\nTCGA_CS_4941,1\n", "tumor_location"),
    ],
)  # fmt: skip
def test_codes_that_cannot_be_read_are_named(tmp_path, name, text, message):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SelipError, match=message):
        read_codes(tmp_path)


def test_capitals_do_not_matter_and_the_archive_may_hold_a_folder(tmp_path):
    (tmp_path / "kaggle_3m").mkdir()
    (tmp_path / "kaggle_3m" / "clinical.csv").write_text(
        "patient_id,side,lobe,grade\nTCGA-CS-1,Left,Frontal Lobe,g3\n", encoding="utf-8"
    )
    assert read_codes(tmp_path).to_numpy().tolist() == [["TCGA-CS-1", "CS", "left", "frontal lobe", "G3"]]


def test_a_folder_without_codes_is_named_with_what_is_missing(tmp_path):
    with pytest.raises(SelipError, match="neither data.csv nor clinical.csv"):
        read_codes(tmp_path)


def test_a_coded_site_is_one_that_the_lexicon_knows():
    for lobe in ("frontal lobe", "temporal lobe", "parietal lobe", "occipital lobe", "insula", "cerebellum"):
        site = coded_site("left", lobe)
        found = parse_report(f"{site}见片状高信号", default_sequence="T2") or parse_report(f"FLAIR示{site}见片状高信号")
        assert {finding.site for finding in found["FLAIR"]} == {site}
    assert coded_site("midline", "frontal lobe") == coded_site("left", "") == coded_site("", "insula") == ""


def test_sentences_of_codes_are_canonical_and_of_known_patients_only():
    codes = pd.DataFrame({
        "patient_id": ["A", "B", "C"], "side": ["left", "midline", "right"],
        "lobe": ["frontal lobe", "frontal lobe", "parietal lobe"],
    })  # fmt: skip
    said = coded_sentences(codes)
    assert set(said) == {"A", "C"} and set(said["A"]) == {"FLAIR", "T1"}
    assert [(f.site, f.appearance) for f in parse_sentence(said["C"]["T1"])] == [("右侧顶叶", "低信号")]


def test_a_barcode_is_one_however_it_is_written():
    assert {patient_of_study(name) for name in ("TCGA_CS_4941_19960909", "TCGA-CS-4941")} == {"TCGA-CS-4941"}
