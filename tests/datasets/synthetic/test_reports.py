"""The report writer: the truth holds what the text says, in every style, and nothing about missing sequences."""

import re
import unicodedata
from collections import Counter

import numpy as np
import pytest
import yaml

from selip_core.datasets.synthetic.catalogue import Lesion, catalogue, draw_lesions
from selip_core.datasets.synthetic.report_lesions import _LOBES
from selip_core.datasets.synthetic.report_styles import (
    BOOK,
    HELD_OUT_STYLES,
    STYLE_WEIGHTS,
    STYLES,
    style_named,
)
from selip_core.datasets.synthetic.reports import write_report
from selip_core.reports.sentences import SEQUENCES, Finding, canonical_sentence

ALL_STYLES = STYLES + HELD_OUT_STYLES
FIVE = {"T1", "T2", "FLAIR", "DWI", "ADC"}
SIGNAL_KINDS = [name for name, kind in catalogue()["kinds"].items() if "signal" in kind]
SHAPES = "小圆形|类圆形|不规则形|大?片状|斑点状|斑片状|点状|结节状|脑回状|团块状|囊状"
MORPHOLOGY_SITES = {"脑沟", "双侧侧脑室", "左侧侧脑室", "右侧侧脑室", "中线结构"}
# How a report may name a sequence, after full-width letters are folded and case is raised.
NAMED = {"T1": "T1(?!CE)", "T2": "T2(?!-?FLAIR)", "FLAIR": "FLAIR|压水|水抑制", "DWI": "DWI|弥散|扩散", "ADC": "ADC"}


def plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def lesion_of(kind: str, seed: int = 0) -> Lesion:
    book, rng = catalogue()["kinds"][kind], np.random.default_rng(seed)
    site = str(rng.choice(list(book["sites"])))
    side = "" if catalogue()["sites"][site]["centre_mm"][0] == 0 else "左侧"
    return Lesion(kind, site, side, next(iter(book["shapes"])), book["foci"][1], 10.0)


def drawn(n: int, seed: int = 0, frequencies: str = "clinical"):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        yield draw_lesions(rng, frequencies=frequencies), rng


def test_there_are_enough_styles_and_their_weights_add_up():
    assert len(STYLES) >= 5 and len(HELD_OUT_STYLES) >= 2
    assert not set(STYLES) & set(HELD_OUT_STYLES)
    assert tuple(STYLE_WEIGHTS) == STYLES and sum(STYLE_WEIGHTS.values()) == pytest.approx(1)


def test_relaxation_idiom_has_three_quarters_of_the_weight():
    relaxing = sum(w for s, w in STYLE_WEIGHTS.items() if style_named(s)["idiom"] == "relaxation")
    assert relaxing == pytest.approx(0.75, abs=0.05)


def test_every_key_of_a_style_is_one_that_the_writer_knows():
    book = BOOK
    required_anew = {"weight", "introduce", "introduce_vague"}
    for name, style in (book["general"] | book["held_out"]).items():
        assert set(style) <= set(book["common"]) | required_anew, name


def test_unknown_style_is_named():
    with pytest.raises(ValueError, match="no_such_style"):
        write_report([], FIVE, np.random.default_rng(0), "no_such_style")


@pytest.mark.parametrize("style", ALL_STYLES)
def test_same_seed_same_report(style):
    for seed in range(10):
        lesions = draw_lesions(np.random.default_rng(seed))
        first, second = (write_report(lesions, FIVE, np.random.default_rng(seed), style) for _ in range(2))
        assert first == second


@pytest.mark.parametrize("style", ALL_STYLES)
def test_normal_patient_has_text_and_no_truth(style):
    for seed in range(20):
        report = write_report([], FIVE, np.random.default_rng(seed), style)
        assert report.findings and report.impression and report.truth == []


@pytest.mark.parametrize("style", ALL_STYLES)
@pytest.mark.parametrize("kind", SIGNAL_KINDS)
def test_every_kind_gets_text_impression_and_truth(style, kind):
    lesion = lesion_of(kind)
    report = write_report([lesion], FIVE | {"T1ce"}, np.random.default_rng(1), style)
    stated = {sequence for sequence, finding in report.truth if finding.site == lesion.side + lesion.site}
    # A raised ADC and a low DWI may go unsaid; all else of the catalogue is stated.
    signal = catalogue()["kinds"][kind]["signal"]
    may_stay_unsaid = {s for s, level in signal.items() if (s, level) in (("ADC", "high"), ("DWI", "low"))}
    assert set(signal) - may_stay_unsaid <= stated <= set(signal)
    assert report.impression


@pytest.mark.parametrize("style", ALL_STYLES)
def test_truth_only_for_acquired_sequences_and_text_names_no_other(style):
    for i, (lesions, rng) in enumerate(drawn(100, 3, "uniform")):
        missing = sorted(FIVE)[i % 5]
        acquired = FIVE - {missing}
        report = write_report(lesions, acquired, rng, style)
        assert {sequence for sequence, _ in report.truth} <= acquired
        assert not re.search(NAMED[missing], plain(report.findings)), report.findings


@pytest.mark.parametrize("style", ALL_STYLES)
def test_t1_and_t2_may_both_be_missing(style):
    lesions = [Lesion("acute_infarct", "丘脑", "左侧", "片状", 1, 9.0)]
    report = write_report(lesions, {"FLAIR", "DWI", "ADC"}, np.random.default_rng(0), style)
    assert [s for s, _ in report.truth] == ["FLAIR", "DWI", "ADC"] and "丘脑" in report.findings
    # Nothing to state still leaves the lesion described.
    lesion = Lesion("acute_haemorrhage", "丘脑", "左侧", "团块状", 1, 9.0)
    alone = write_report([lesion], {"ADC"}, np.random.default_rng(0), style)
    assert alone.truth == [] and "丘脑" in alone.findings and "团块状" in alone.findings


@pytest.mark.parametrize("style", ALL_STYLES)
def test_every_lesion_is_described_with_its_side(style):
    for lesions, rng in drawn(80, 4):
        report = write_report(lesions, FIVE | {"T1ce"}, rng, style)
        sites = {finding.site for _, finding in report.truth}
        for lesion in lesions:
            if lesion.site:
                # Left and right of one kind may be written as both sides.
                assert sites & {lesion.side + lesion.site, "双侧" + lesion.site if lesion.side else ""}
        sides = {lesion.side for lesion in lesions if lesion.site and lesion.side}
        known = sides | ({"双侧"} if {"左侧", "右侧"} <= sides else set())
        assert {site[:2] for site in sites - MORPHOLOGY_SITES if site[1:2] == "侧"} <= known


@pytest.mark.parametrize("style", ALL_STYLES)
def test_truth_can_be_traced_to_the_text(style):
    words = style_named(style)["sites"]
    for lesions, rng in drawn(80, 5):
        report = write_report(lesions, FIVE | {"T1ce"}, rng, style)
        text = plain(report.findings)
        for _, finding in report.truth:
            if finding.site in MORPHOLOGY_SITES:
                continue
            site = re.sub("^(左侧|右侧|双侧)", "", finding.site)
            synonyms = words[site] if isinstance(words[site], dict) else [words[site]]
            lobes = f"{site[0]}[额颞顶枕]*叶" if site in _LOBES else "$."
            assert any(plain(word) in text for word in synonyms) or re.search(lobes, text), finding
            for shape in re.findall(SHAPES, finding.appearance):
                assert shape in text
            assert not finding.appearance.startswith("多发") or re.search("多发|散在|多个|数个", text)


@pytest.mark.parametrize("style", ALL_STYLES)
def test_appearances_keep_to_the_conventions(style):
    shape = f"({SHAPES})+"
    signal = "(长信号|短信号|等信号|高信号|低信号|混杂信号|信号降低|信号升高)"
    pattern = f"(多发)?{shape}{signal}|水肿|环形强化|无强化|增宽|扩大|受压变窄|向[左右]侧移位"
    for lesions, rng in drawn(100, 6, "uniform"):
        for sequence, finding in write_report(lesions, FIVE | {"T1ce"}, rng, style).truth:
            assert sequence in SEQUENCES and re.fullmatch(pattern, finding.appearance), finding


def test_reports_are_not_canonical_sentences():
    for style in ALL_STYLES:
        for lesions, rng in drawn(30, 7):
            findings = write_report(lesions, FIVE, rng, style).findings
            assert not re.search("在(?!(?:T|FLAIR|DWI|ADC))[^，。]{2,12}表现为", findings)


def test_three_foci_are_several_and_two_are_not():
    def appearance(*lesions):
        report = write_report(list(lesions), {"FLAIR"}, np.random.default_rng(0), "standard")
        return {finding.appearance[:2] == "多发" for _, finding in report.truth}

    assert appearance(Lesion("lacune", "丘脑", "左侧", "点状", 3, 5.0)) == {True}
    assert appearance(Lesion("lacune", "丘脑", "左侧", "点状", 2, 5.0)) == {False}
    assert appearance(Lesion("lacune", "丘脑", "双侧", "点状", 2, 5.0)) == {True}


def test_merged_sites_share_their_multiplicity_and_shape():
    lesions = [Lesion("old_infarct", site, "左侧", "片状", 2, 9.0) for site in ("额叶", "顶叶", "丘脑")]
    report = write_report(lesions, {"T2"}, np.random.default_rng(0), "standard")
    assert sorted(finding for _, finding in report.truth) == sorted(
        Finding(site, "多发片状长信号") for site in ("左侧额叶", "左侧顶叶", "左侧丘脑")
    )


def test_left_and_right_of_one_kind_are_written_as_both_sides():
    lesions = [Lesion("lacune", "丘脑", side, "点状", 1, 5.0) for side in ("左侧", "右侧")]
    sites = set()
    for seed in range(20):
        report = write_report(lesions, {"T2"}, np.random.default_rng(seed), "standard")
        sites.add(frozenset(finding.site for _, finding in report.truth))
    assert sites == {frozenset({"双侧丘脑"}), frozenset({"左侧丘脑", "右侧丘脑"})}


@pytest.mark.parametrize("style", ALL_STYLES)
def test_mass_pushes_the_midline_away_from_its_side(style):
    lesions = [Lesion("high_grade_tumour", "额叶", "左侧", "团块状", 1, 18.0), Lesion("midline_shift", "", "左侧")]
    report = write_report(lesions, FIVE | {"T1ce"}, np.random.default_rng(2), style)
    for sequence in ("T1", "T2", "FLAIR"):
        assert (sequence, Finding("中线结构", "向右侧移位")) in report.truth
        assert (sequence, Finding("左侧侧脑室", "受压变窄")) in report.truth
    assert ("T1ce", Finding("左侧额叶", "环形强化")) in report.truth
    assert "居中" not in report.findings


@pytest.mark.parametrize("style", ALL_STYLES)
def test_contrast_is_spoken_of_only_where_given(style):
    lesions = [Lesion("low_grade_tumour", "额叶", "右侧", "片状", 1, 15.0)]
    for seed in range(10):
        without = write_report(lesions, FIVE, np.random.default_rng(seed), style)
        assert "强化" not in without.findings and "增强" not in without.findings
    given = write_report(lesions, FIVE | {"T1ce"}, np.random.default_rng(0), style)
    assert ("T1ce", Finding("右侧额叶", "无强化")) in given.truth


@pytest.mark.parametrize("style", ALL_STYLES)
def test_normal_remarks_do_not_contradict_the_findings(style):
    for lesions, rng in drawn(150, 8):
        kinds = {lesion.kind for lesion in lesions}
        text = write_report(lesions, FIVE, rng, style).findings
        if "atrophy" in kinds:
            assert not re.search("脑沟[^。，]*(未见|无|不宽|正常)|脑室[^。，]*(正常|不大|如常)", text), text
        if "midline_shift" in kinds:
            assert not re.search("(?<!第四脑室)居中|不偏|无偏移|无移位", text), text
        if any(catalogue()["kinds"][k].get("signal", {}).get("DWI") == "high" for k in kinds):
            assert not re.search(r"。(DWI|弥散)[^，。]*(未见|无|\(-\))", text), text


def test_sentences_repeat_and_most_findings_recur():
    # What recurs is bounded by the lesions drawn: the same kinds, sites and sides recur in about a third of patients.
    sentences, findings = Counter(), Counter()
    styles, weights = list(STYLE_WEIGHTS), list(STYLE_WEIGHTS.values())
    for lesions, rng in drawn(1000, 9):
        report = write_report(lesions, FIVE, rng, styles[rng.choice(len(styles), p=weights)])
        flair = [finding for sequence, finding in report.truth if sequence == "FLAIR"]
        if flair:
            sentences[canonical_sentence(flair)] += 1
            findings.update(flair)
    repeated = sum(n for n in sentences.values() if n > 1) / sentences.total()
    recurring = sum(n for n in findings.values() if n >= 5) / findings.total()
    assert 0.1 < repeated < 0.6
    assert recurring > 0.75
    assert sentences.most_common(1)[0][1] < 0.1 * sentences.total()


def phrases(style: dict) -> set[str]:
    """Return the sentence-making phrases of a style, without terms that all styles must share."""
    keys = ("introduce", "openings", "normal", "normals", "normal_impression", "dwi_negative_phrases", "margins",
            "size_phrases", "largest_phrases", "enhance", "oedema", "mass_impression",
            "impression_hedges", "hedges")  # fmt: skip
    leaves, stack = set(), [style[key] for key in keys if key in style]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            leaves.add(item)
        else:
            stack += list(item.values()) if isinstance(item, dict) and not _weights(item) else list(item)
    return leaves - {""}


def _weights(item: dict) -> bool:
    return all(isinstance(value, (int, float)) for value in item.values())


def test_held_out_styles_have_phrases_of_their_own():
    book = yaml.safe_load(yaml.safe_dump(BOOK))
    general = phrases(book["common"]).union(*(phrases(style) for style in book["general"].values()))
    for name, style in book["held_out"].items():
        own = phrases(style)
        shared = own & general  # every hospital says 呈高信号, however it writes otherwise
        assert len(own) >= 30 and len(shared) <= 0.5 * len(own), (name, shared)
