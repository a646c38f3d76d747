"""Of a report with sections only what is seen now is read."""

import pytest

from selip_core.reports import is_normal_report, parse_report
from selip_core.reports.sections import findings_part, present_part

ENGLISH = (
    "CLINICAL HISTORY: Known right frontal glioma, T2 hyperintense. COMPARISON: MRI 2020 with a left thalamic infarct. "
    "FINDINGS: There is a T2 hyperintense lesion in the left parietal lobe. The previously seen right frontal lesion "
    "has resolved. IMPRESSION: Left parietal lesion. RECOMMENDATION: follow-up of the right temporal lobe."
)
CHINESE = (
    "临床诊断：右侧额叶胶质瘤术后。检查方法：颅脑MR平扫。影像所见：左侧顶叶见片状长T2信号影；与2020-01-02片比较，"
    "原右侧丘脑片状长T2信号影已吸收。诊断意见：左侧顶叶异常信号。建议：复查右侧颞叶。"
)


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_history_comparison_technique_and_what_has_gone_are_no_findings(text):
    found = parse_report(text)
    assert {finding.site for findings in found.values() for finding in findings} == {"左侧顶叶"} and "T2" in found
    assert not is_normal_report(text)


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("左侧额叶见长T2信号影。", "左侧额叶见长T2信号影。"),
        ("【检查所见】左侧额叶见长T2信号影。【诊断】腔梗。", "左侧额叶见长T2信号影。"),
        ("检查方法：平扫。\n左侧额叶见长T2信号影。", "左侧额叶见长T2信号影。"),
        ("检查方法：平扫。增强。检查所见：左侧额叶见长T2信号影。", "左侧额叶见长T2信号影。"), ("所见:A。\n印象:B。", "A。\n"),
        ("诊断：腔梗。", "腔梗。"), ("T2 lesion in the pons.", "T2 lesion in the pons."),
        ("原发灶未见。病灶部分吸收。", "原发灶未见。病灶部分吸收。"),
    ],
)  # fmt: skip
def test_sections_by_their_headings(text, findings):
    assert findings_part(text) == findings


def test_a_heading_in_small_letters_within_a_sentence_is_a_word_of_it():
    text = "Two new lesions since the last examination: one in the pons and one in the left insula."
    assert findings_part(text) == text
    assert findings_part("examination: MRI brain. Lesion in the pons.") == "Lesion in the pons."


def test_a_differential_diagnosis_is_no_finding():
    assert findings_part("Mass in the left insula. DD: thalamic glioma, abscess. No edema.") == (
        "Mass in the left insula. . No edema."
    )
    assert "左侧额叶T2高信号" in findings_part("影像所见：脑实质未见异常。\nDD: 胶质瘤？\n左侧额叶T2高信号。")
    assert "glioma" in present_part("Mass. DDx: glioma.")


def test_a_normal_report_may_have_sections():
    assert is_normal_report("检查方法：平扫。检查所见：脑实质未见异常。诊断意见：未见异常。建议：随访。")
    assert present_part("HISTORY: infarct. FINDINGS: normal brain.").strip() == "normal brain."


@pytest.mark.parametrize(
    "text",
    [
        "Absent T2 hyperintensity in the left thalamus.",
        "T2 hyperintensity is absent in the left thalamus.",
        "Interval resolution of the T2 hyperintensity in the left thalamus.",
        "The T2 hyperintense lesion in the left thalamus has resolved.",
        "T2 hyperintensity in the left thalamus is excluded.",
        "T2 hyperintensity in the left thalamus is unlikely.",
        "Rule out T2 hyperintense lesion of the left thalamus.",
        "R/O T2 hyperintense lesion of the left thalamus.",
        "Hypersignal T2 résolutif du thalamus gauche.",
        "L'hypersignal T2 du thalamus gauche a complètement disparu.",
        "The T2 hyperintense lesions in the left frontal lobe, right thalamus and pons have resolved.",
        "The T2 hyperintense lesion in the left thalamus, which was seen before, has resolved.",
        "There are T2 hyperintense foci in the left frontal lobe that have resolved.",
        "Resolution of the left frontal, parietal and temporal T2 hyperintensities.",
        "Resolved left thalamic T2 hyperintensity.",
        "Prior left parietal DWI hyperintensity has normalized.",
        "There is no longer T2 hyperintensity in the left thalamus.",
        "L'hypersignal diffusion thalamique droit n'est plus visible.",
        "On ne retrouve plus l'hypersignal diffusion thalamique droit.",
        "The prior MRI showed T2 hyperintensity in the right thalamus.",
        "History of left frontal T2 hyperintense glioma.",
    ],
)
def test_what_has_gone_or_is_excluded_is_no_finding(text):
    assert parse_report(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "T2 hyperintensity in the left thalamus, unresolved.",
        "T2 hyperintense lesion in the left thalamus; the edema has resolved.",
        "Incomplete resolution of the T2 hyperintensity in the left thalamus.",
        "T2 hyperintense lesion in the left thalamus, metastasis is unlikely.",
        "The T2 hyperintense lesion in the left thalamus is unlikely to be a metastasis.",
        "The T2 hyperintensity in the left thalamus has partially resolved.",
        "Near-complete resolution of the T2 hyperintensity in the left thalamus.",
        "The DWI hyperintensity in the pons has resolved but there is a T2 hyperintense lesion in the left thalamus.",
        "The DWI hyperintensity in the pons has resolved, but there is a T2 hyperintense lesion in the left thalamus.",
        "There is a T2 hyperintense lesion in the left thalamus and the right frontal T2 hyperintense lesion has resolved.",
        "T2 hyperintensity in the left thalamus with resolution of the right thalamic T2 hyperintensity.",
        "T2 hyperintensity in the left thalamus cannot be ruled out.",
        "Disparition partielle de l'hypersignal T2 thalamique gauche.",
        "L'hypersignal T2 du pont a disparu mais il existe un hypersignal T2 du thalamus gauche.",
        "The previously seen T2 hyperintense lesion in the left thalamus is unchanged.",
        "Compared with the previous study, the T2 hyperintense lesion in the left thalamus was unchanged.",
        "In the prior examination a T2 hyperintense lesion was seen in the left thalamus; this is unchanged.",
        "The prior MRI showed T2 hyperintensity in the pons, now there is T2 hyperintensity in the left thalamus.",
        "Previously there was T2 hyperintensity in the pons, today T2 hyperintensity in the left thalamus.",
        "Hypersignal T2 thalamique gauche, déjà présent sur l'IRM antérieure, inchangé.",
        "Sur l'IRM antérieure, il existait un hypersignal T2 du pont. Hypersignal T2 thalamique gauche.",
    ],
)
def test_what_is_still_there_is_a_finding(text):
    assert {finding.site for finding in parse_report(text)["T2"]} == {"左侧丘脑"}


def test_what_has_gone_makes_no_report_normal_by_itself():
    assert not is_normal_report("L'hypersignal diffusion thalamique droit n'est plus visible.")
    assert not is_normal_report("The T2 hyperintensity in the left thalamus has resolved.")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The prior MRI showed T2 hyperintensity in the right thalamus. Today the thalamus is normal.", True),
        ("L'examen précédent montrait un hypersignal diffusion thalamique droit. Ce jour, pas d'anomalie.", True),
        ("Previously enhancing left frontal lesion shows no enhancement.", False),
        ("The lesion in the left frontal lobe was previously enhancing and does not enhance.", False),
    ],
)
def test_what_an_earlier_study_showed_is_past(text, normal):
    looks = {f"{finding.site} {finding.appearance}" for found in parse_report(text).values() for finding in found}
    assert looks == (set() if normal else {"左侧额叶 无强化"}) and is_normal_report(text) is normal


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("INDICATION : bilan de SEP. Hypersignal T2 du pont connu. TECHNIQUE : T1, T2. RÉSULTATS : Pas d'anomalie de "
         "signal du parenchyme. CONCLUSION : IRM normale.", set()),
        ("RENSEIGNEMENTS CLINIQUES : AVC du pont en hypersignal diffusion en 2018.\nRÉSULTATS : Hypersignal T2 frontal "
         "gauche.", {"左侧额叶"}),
        ("Antécédents : hypersignal T2 du pont. Comparaison : IRM 2018. Resultat : Hypersignal T2 frontal gauche. "
         "Conclusion : gliome.", {"左侧额叶"}),
        ("Motif : céphalées. Hypersignal T2 frontal gauche.", {"左侧额叶"}),
    ],
)  # fmt: skip
def test_french_sections_have_headings_too(text, sites):
    found = parse_report(text)
    assert {finding.site for findings in found.values() for finding in findings} == sites
    assert is_normal_report(text) is not bool(sites)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("左侧额叶见片状长T2信号影，R/O metastasis。右侧基底节区见点状长T2信号影。",
         "左侧额叶见片状长T2信号影，。右侧基底节区见点状长T2信号影。"),
        ("左侧额叶见长T2信号。Hemorrhage is ruled out。右侧正常。", "左侧额叶见长T2信号。。右侧正常。"),
        ("Left thalamic T2 hyperintense lesion r/o metastasis.", "Left thalamic T2 hyperintense lesion ."),
        ("脑桥信号增高，edema has resolved。", "脑桥信号增高，。"),
        ("左侧额叶见长T2信号, edema has resolved。", "左侧额叶见长T2信号。"),
    ],
)  # fmt: skip
def test_what_is_ruled_out_in_english_takes_nothing_of_the_chinese_around_it(text, left):
    assert findings_part(text) == left
