"""How far a denial, `normal` and an exception reach in a sentence, and which reports are not normal for it."""

import pytest

from selip_core.reports.languages import to_chinese
from selip_core.reports.parser import is_normal_report, parse_report
from selip_core.reports.scope import words_in_scope
from selip_core.reports.words import languages

ENGLISH = languages()[0]


def _on(text, sequence):
    return {f"{finding.site} {finding.appearance}" for finding in parse_report(text).get(sequence, [])}


@pytest.mark.parametrize(
    ("text", "sequence", "found"),
    [
        ("The brain is normal except for a T2 hyperintense focus in the left frontal lobe.", "T2", "左侧额叶 高信号"),
        ("The brain is unremarkable except for FLAIR hyperintensity in the left hippocampus.", "FLAIR", "左侧海马 高信号"),
        ("No abnormal signal other than a 5 mm FLAIR hyperintense focus in the left corona radiata.", "FLAIR",
         "左侧放射冠 高信号"),
        ("Normal brain MRI with the exception of a T2 hyperintense focus in the pons.", "T2", "脑桥 高信号"),
        ("Unremarkable brain, apart from a FLAIR hyperintense lesion in the pons.", "FLAIR", "脑桥 高信号"),
        ("Aside from T2 hyperintensity in the right thalamus, the brain is normal.", "T2", "右侧丘脑 高信号"),
        ("No T2 hyperintensity except in the left frontal lobe.", "T2", "左侧额叶 高信号"),
        ("No T2 hyperintensity, except in the left thalamus.", "T2", "左侧丘脑 高信号"),
        ("No restricted diffusion, except for a focus in the right thalamus.", "DWI", "右侧丘脑 高信号"),
        ("No enhancement except in the left frontal lobe.", "T1ce", "左侧额叶 强化"),
        ("There are no enhancing lesions other than the known left frontal tumor.", "T1ce", "左侧额叶 强化"),
        ("Le parenchyme cérébral est de signal normal en dehors d'un hypersignal FLAIR frontal gauche.", "FLAIR",
         "左侧额叶 高信号"),
        ("Parenchyme cérébral normal hormis un hypersignal FLAIR frontal gauche.", "FLAIR", "左侧额叶 高信号"),
        ("Examen normal à l'exception d'un hypersignal T2 thalamique droit.", "T2", "右侧丘脑 高信号"),
        ("Pas d'hypersignal T2 sauf dans le pont.", "T2", "脑桥 高信号"),
        ("T2 hyperintensity of the brainstem except the midbrain.", "T2", "脑干 高信号"),  # spared
        ("Hypersignal T2 du tronc cérébral sauf le mésencéphale.", "T2", "脑干 高信号"),
    ],
)  # fmt: skip
def test_an_exception_affirms_what_is_denied_beside_it_and_spares_what_is_not(text, sequence, found):
    assert _on(text, sequence) == {found} and not is_normal_report(text)


@pytest.mark.parametrize(
    "text", ["The brain is normal except in the pons.", "The brain is normal except for mild changes.",
             "No intracranial abnormality except a left temporal arachnoid cyst."],
)  # fmt: skip
def test_a_report_with_an_exception_is_not_normal_though_nothing_is_described(text):
    assert parse_report(text) == {} and not is_normal_report(text)


@pytest.mark.parametrize(
    "text", ["No other T2 hyperintensity.", "Normal brain MRI except for mucosal thickening of the maxillary sinuses."]
)
def test_what_is_no_exception_or_is_none_of_the_brain_stays_normal(text):
    assert parse_report(text) == {} and is_normal_report(text)


@pytest.mark.parametrize(
    ("text", "sequence", "found"),
    [
        ("The cerebellum is normal and the left thalamus shows T2 hyperintensity.", "T2", "左侧丘脑 高信号"),
        ("The left hippocampus has normal signal and the right hippocampus is FLAIR hyperintense.", "FLAIR",
         "右侧海马 高信号"),
        ("T2 signal is normal in the left hippocampus and increased in the right hippocampus.", "T2", "右侧海马 高信号"),
        ("The ventricles are normal in size with T2 hyperintensity in the periventricular white matter.", "T2",
         "侧脑室旁白质 高信号"),
        ("Normal left hippocampus and the right hippocampus is T2 hyperintense.", "T2", "右侧海马 高信号"),
        ("Normal signal in the left hippocampus and FLAIR hyperintensity in the right hippocampus.", "FLAIR",
         "右侧海马 高信号"),
        ("The left hippocampus is normal in size and T2 hyperintense.", "T2", "左侧海马 高信号"),
        ("The hippocampi are normal on the left and T2 hyperintense on the right.", "T2", "右侧海马 高信号"),
        ("The right hippocampus is normal, the left is FLAIR hyperintense.", "FLAIR", "左侧海马 高信号"),
        ("The hyperintense left hippocampus on T2 is normal in size.", "T2", "左侧海马 高信号"),
        ("T2 hyperintensity in the left thalamus and normal signal in the right thalamus.", "T2", "左侧丘脑 高信号"),
        ("L'hippocampe gauche est normal et l'hippocampe droit est en hypersignal FLAIR.", "FLAIR", "右侧海马 高信号"),
        ("Ventricules normaux avec hypersignal FLAIR périventriculaire.", "FLAIR", "侧脑室旁白质 高信号"),
        ("Le signal T2 est normal dans l'hippocampe gauche et augmenté dans l'hippocampe droit.", "T2", "右侧海马 高信号"),
    ],
)  # fmt: skip
def test_normal_denies_its_own_organ_alone(text, sequence, found):
    assert _on(text, sequence) == {found} and not is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "The brainstem and cerebellum are normal.",
        "The ventricles and sulci are normal in size and configuration.",
        "Normal T1 hyperintensity of the posterior pituitary.",
        "Normal enhancement of the pituitary gland.",
        "The ventricles are normal in size with no T2 hyperintensity in the periventricular white matter.",
        "No acute infarct, mass, or dilated ventricles.",
        "No hydrocephalus, ventricular compression, or midline shift to the left.",
        "No T2 hyperintensity, restricted diffusion or enhancement in the left temporal lobe.",
        "There is no acute infarct, T2 hyperintensity in the brainstem, or abnormal enhancement.",
        "No restricted diffusion, T2 hyperintensity, T1 hypointensity, or enhancement in the pons or midbrain.",
        "No infarct, hemorrhage and mass effect.",
        "No infarct, hemorrhage, mass.",
        "No evidence of acute infarct, intracranial hemorrhage, mass effect.",
        "No enhancement or mass.",
        "Neither mass effect, midline shift, nor hydrocephalus.",
        "No abnormal signal. No abnormal enhancement.",
        "Pas de déviation de la ligne médiane, de dilatation ventriculaire ou d'effacement des sillons.",
        "Pas d'hémorragie, d'hypersignal diffusion, de prise de contraste.",
        "Pas d'hématome, de lésion hyperintense T2 du thalamus ni de prise de contraste.",
    ],
)
def test_a_denial_holds_for_its_list(text):
    assert parse_report(text) == {} and is_normal_report(text)


@pytest.mark.parametrize(
    ("text", "sequence", "found"),
    [
        ("No mass effect, T2 hyperintense lesion in the left thalamus.", "T2", "左侧丘脑 高信号"),
        ("No restricted diffusion, T2 hyperintensity in the left thalamus, likely gliosis or old infarct.", "T2",
         "左侧丘脑 高信号"),
        ("No mass or midline shift, T2 hyperintensity in the left thalamus.", "T2", "左侧丘脑 高信号"),
        ("No acute infarct, the left thalamus shows T2 hyperintensity or gliosis.", "T2", "左侧丘脑 高信号"),
        ("No acute infarct or hemorrhage, but a T2 hyperintense lesion in the left thalamus is seen.", "T2",
         "左侧丘脑 高信号"),
        ("No enhancement, iso or hyperintense on T2 lesion in the left frontal lobe.", "T2", "左侧额叶 等高信号"),
        ("No infarct, T2 hyperintensity in the left frontal lobe and hemorrhage.", "T2", "左侧额叶 高信号"),
        ("Without T2 hyperintensity or restricted diffusion, the left thalamus is T1 hypointense.", "T1",
         "左侧丘脑 低信号"),
        ("Pas de prise de contraste, hypersignal T2 du thalamus gauche.", "T2", "左侧丘脑 高信号"),
        ("No infarct, hemorrhage, T2 hyperintense lesion in the left insula.", "T2", "左侧岛叶 高信号"),
        ("No enhancement of the T2 hyperintense lesion in the left insula.", "T2", "左侧岛叶 高信号"),
        ("There is no mass effect from the T2 hyperintense lesion in the left thalamus.", "T2", "左侧丘脑 高信号"),
        ("Pas de prise de contraste de la lésion hyperintense T2 frontale gauche.", "T2", "左侧额叶 高信号"),
        ("There is no change in the T2 hyperintense lesion in the left thalamus.", "T2", "左侧丘脑 高信号"),
        ("The T2 hyperintense lesion in the left thalamus has not changed.", "T2", "左侧丘脑 高信号"),
        ("T2 hyperintense lesion in the left thalamus not present on prior MRI.", "T2", "左侧丘脑 高信号"),
        ("T2 hyperintensity in the left thalamus cannot be excluded.", "T2", "左侧丘脑 高信号"),
        ("Pas de modification de l'hypersignal T2 thalamique gauche.", "T2", "左侧丘脑 高信号"),
    ],
)  # fmt: skip
def test_a_denial_reaches_no_further(text, sequence, found):
    assert _on(text, sequence) == {found} and not is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "No acute infarct, atrophy.",
        "No acute hemorrhage, volume loss.",
        "No hemorrhage, new infarct.",
        "No contrast enhancement, meningioma.",
        "Without mass effect, acute infarct.",
        "No enhancement, edema, mass.",
        "No infarct, hemorrhage, chronic infarct.",
        "Pas d'effet de masse, hématome aigu.",
        "Pas d'infarctus, hématome, méningiome.",
    ],
)
def test_what_may_be_there_behind_a_denial_is_not_called_normal(text):
    assert not is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "Left frontal T2 hyperintense mass, no enhancement, edema, mass effect, midline shift to the left.",
        "T2 hyperintense mass in the left frontal lobe, no infarct, edema, effacement of the left lateral ventricle.",
    ],
)
def test_a_list_that_goes_on_with_more_than_names_is_denied_no_further(text):
    assert any("水肿" in f"{finding.site}{finding.appearance}" for finding in parse_report(text)["T2"])


@pytest.mark.parametrize(
    "text",
    [
        "No midline shift. Glioblastoma post resection with residual tumor.",
        "No mass effect. Multiple cavernous malformations.",
        "No acute infarct. Moderate hydrocephalus.",
        "Normal brain parenchyma. Left hippocampal atrophy.",
        "Normal brain parenchyma. Agenesis of the corpus callosum.",
        "Normal brain parenchyma. Low-lying cerebellar tonsils, 8 mm.",
        "No acute infarct. Abnormal T2 signal in the left frontal lobe.",
        "No acute infarct. Chronic microangiopathic disease.",
        "No acute infarct. Compression of the brainstem.",
        "No acute infarct. Midline shift of 6 mm.",
        "No midline shift. The left hippocampus is not normal.",
        "Parenchyme cérébral normal. Atrophie hippocampique bilatérale.",
        "Pas d'AVC récent. Hydrocéphalie modérée.",
        "Pas d'AVC. Leucopathie vasculaire.",
    ],
)
def test_a_disease_that_is_only_named_makes_no_report_normal(text):
    assert parse_report(text) == {} and not is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "No hydrocephalus or atrophy.",
        "The ventricles are normal without hydrocephalus. No mass.",
        "Normal brain. No Chiari malformation.",
        "Gray-white matter differentiation is preserved. No restricted diffusion. No abnormal enhancement.",
        "Normal brain. Mild mucosal thickening in the ethmoid sinuses.",
        "IRM normale. Pas de lésion, pas d'atrophie.",
        "Images en T1, T2 et FLAIR. Aspect normal des ventricules.",
        "Pas de prise de contraste pathologique, parenchymateuse ou méningée.",
    ],
)
def test_a_denied_disease_and_one_elsewhere_leave_a_report_normal(text):
    assert parse_report(text) == {} and is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "Dural venous sinuses: filling defect in the left transverse sinus. Brain: normal.",
        "Venous sinuses: thrombus. Brain normal.", "Brain is normal. Sinus thrombosis.",
        "MRV: absent flow in the left transverse sinus. Brain parenchyma normal.",
        "Brain normal. Loss of flow void in the right internal carotid artery.",
        "Thrombose du sinus transverse gauche. Cerveau normal.", "Anévrisme de la carotide gauche. Encéphale normal.",
    ],
)  # fmt: skip
def test_a_disease_of_a_vessel_of_the_brain_keeps_a_report_from_being_normal(text):
    assert parse_report(text) == {} and not is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "The dural venous sinuses are patent without thrombosis. Normal brain.",
        "No loss of flow void in the carotid arteries. Brain normal.", "No evidence of sinus thrombosis. Normal brain.",
        "No aneurysm or stenosis of the circle of Willis. Normal MRI of the brain.",
        "Hypoplastic right transverse sinus. Normal brain.", "The right vertebral artery is hypoplastic. Normal brain.",
        "Hypoplastic left internal jugular vein. Normal brain.", "Sinus disease. Normal brain.",
        "Artère vertébrale droite hypoplasique. Cerveau normal.", "Pas de thrombose veineuse. Cerveau normal.",
    ],
)  # fmt: skip
def test_vessels_that_are_healthy_or_small_by_birth_leave_a_report_normal(text):
    assert is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "PARENCHYMA: Normal.\nHEMORRHAGE: None.\nISCHEMIA: None seen.\nMASS EFFECT: None.\nENHANCEMENT: None.",
        "Ventricles: normal.\nHeterotopia: none.\nDiffusion: no abnormality.\nINTRAVENTRICULAR EXTENSION: Absent.",
        "IRM normale.\nHémorragie : absente.\nProcessus expansif : aucun.",
    ],
)
def test_a_heading_says_nothing_that_is_denied_behind_it(text):
    assert parse_report(text) == {} and is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "The ventricles are normal. Meningioma: no restricted diffusion.", "Stroke: no acute. Ventricles normal.",
        "The ventricles are normal. Pontine glioma: no enhancement.", "Enhancing mass: no edema. Normal ventricles.",
        "Hemorrhage: no acute hemorrhage, chronic microbleeds. Normal ventricles.", "Lesions: no new. Brain normal.",
        "Stroke: none. Left MCA stroke seen. Ventricles normal.", "Bilateral SDHs are seen. The brain is normal.",
        "There is a left SDH measuring 8 mm. The brain parenchyma is normal.", "Chronic IVH. Otherwise unremarkable.",
        "FINDINGS: The ventricles are normal. Differential diagnosis: left frontal mass may represent glioma.",
        "FINDINGS: Brain is normal. DD: none. SDH on the left.", "K/c/o CVA. Brain normal.",
    ],
)  # fmt: skip
def test_what_a_heading_or_an_abbreviation_names_keeps_a_report_from_being_normal(text):
    assert not is_normal_report(text)


def test_a_sequence_behind_a_heading_is_meant_rather_than_those_of_the_heading():
    assert set(parse_report("T2/FLAIR: early FLAIR hyperintensity in the right insula.")) == {"FLAIR"}
    assert set(parse_report("T1: hypointense lesion in the right insula, T2: hyperintense.")) == {"T1", "T2"}


def test_a_size_keeps_no_words_apart_and_a_named_disease_is_told_in_chinese():
    assert to_chinese("Midline shift of 6.5 mm to the right.").startswith("中线结构右移")
    assert to_chinese("No infarct. Atrophy.") == "未见异常。见异常信号影。"


def test_the_clauses_of_a_sentence_are_cut_where_a_reach_ends():
    def clauses(text):
        return [word.clause for word in words_in_scope(ENGLISH, text)]

    assert clauses("The pons is normal and the medulla bright.") == [0, 0, 1, 1]
    assert clauses("The pons and the medulla are normal.") == [0, 0, 0]
    assert words_in_scope(ENGLISH, "") == []
