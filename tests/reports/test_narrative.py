import json

import pytest

from selip_core.reports.book import load_language
from selip_core.reports.parser import is_normal_report, parse_report
from selip_core.reports.sentences import canonical_sentence
from selip_core.reports.words import languages
from selip_core.similarity import similarity_matrix
from tests.helpers.english_annotations import annotated, annotated_by_sequence, read, read_by_sequence, score
from tests.helpers.places import TESTS

TEXTS = TESTS / "reports" / "texts"
CASES = [
    ("Axial T2WI shows a mass in the fourth ventricle. The lesion is of mixed iso/hypointensity compared to gray matter.",
     {(" ", "第四脑室", "mixed")}),
    ("There are ring-enhancing lesions within the deep cerebral white matter involving both hemispheres. Two of the "
     "lesions are centered on the periventricular area.",
     {("双侧", "深部白质", "ring enhancement"), ("双侧", "侧脑室旁白质", "ring enhancement")}),
    ("The mass enhances homogeneously. It is located in the pineal region.", {(" ", "松果体区", "enhancement")}),
    ("Two lesions demonstrate T1 prolongation. The larger lesion is in the left parietal lobe. The smaller lesion is in "
     "the left frontal lobe.", {("左侧", "顶叶", "low"), ("左侧", "额叶", "low")}),
    ("Left frontal and left temporal lesions with ring enhancement. The temporal lesion has low signal.",
     {("左侧", "额叶", "ring enhancement"), ("左侧", "颞叶", "ring enhancement"), ("左侧", "颞叶", "low")}),
    ("Right thalamic mass. T1 post gad: no enhancement.", {("右侧", "丘脑", "no enhancement")}),
    ("Hyperintense mass in the right CPA displacing the brainstem, extending into the IAC.",
     {("右侧", "桥小脑角区", "high"), ("右侧", "内听道", "high")}),
    ("Increased signal in the basal ganglia on the right and the pons.",
     {("右侧", "基底节区", "high"), (" ", "脑桥", "high")}),
    ("Hyperintensity of the putamina bilaterally.", {("双侧", "基底节区", "high")}),
    ("Lesion isointense to gray matter in the left insula.", {("左侧", "岛叶", "equal")}),
    ("Low signal in the frontal lobes and there is a periventricular rim of high signal.",
     {(" ", "额叶", "low"), (" ", "侧脑室旁白质", "high")}),
    ("Two foci of reduced diffusion adjacent to the right lateral ventricle.", {("右侧", "侧脑室旁白质", "high")}),
    ("Heterogeneous mass in the left lateral ventricle with avid enhancement.", {("左侧", "脑室内", "enhancement")}),
    ("Hyperintense lesion of the frontal bone. Avid enhancement of the lesion.", set()),
    ("Enhancing mass of the sphenoid sinus. It extends into the left cavernous sinus.",
     {("左侧", "海绵窦", "enhancement")}),
    ("No leptomeningeal enhancement.", set()),
    ("Meningiomas are typically isointense and enhance. There is a mass in the left frontal lobe.", set()),
    ("Left frontal lobe infarct, acute.", set()),
    ("Bright R thalamus; dark L caudate.", {("右侧", "丘脑", "high"), ("左侧", "基底节区", "low")}),
    ("Bifrontal hyperintense lesion that crosses the corpus callosum.",
     {("双侧", "额叶", "high"), (" ", "胼胝体", "high")}),
    ("Choroid plexus papilloma: enhancing mass in the left lateral ventricle.", {("左侧", "脑室内", "enhancement")}),
    ("Symmetric hyperintensity of the putamen, pons spared.", {("双侧", "基底节区", "high")}),
    ("Bright thalami.", {("双侧", "丘脑", "high")}),
    ("High signal in the right thalamus and midbrain.", {("右侧", "丘脑", "high"), ("右侧", "中脑", "high")}),
    ("Splenial and left midbrain foci of high signal.", {(" ", "胼胝体", "high"), ("左侧", "中脑", "high")}),
    ("Sulcal hyperintensity over the left convexity.", {("左侧", "蛛网膜下腔", "high")}),
    ("The xyloid mass of the left insula is bright.", {("左侧", "岛叶", "high")}),
    ("Nodule of the left cerebellum (not shown on FLAIR) enhances. The cyst wall does not enhance.",
     {("左侧", "小脑半球", "enhancement"), ("左侧", "小脑半球", "no enhancement")}),
    ("High signal in the distribution of the left MCA. ADC reduced.",
     {("左侧", "大脑中动脉供血区", "high"), ("左侧", "大脑中动脉供血区", "low")}),
    ("High signal lesion in the pons with areas of low signal.", {(" ", "脑桥", "high"), (" ", "脑桥", "low")}),
    ("High signal in the midbrain with normal signal in the red nuclei.", {(" ", "中脑", "high")}),
    ("Enhancing pituitary stalk with loss of the posterior bright spot.", {(" ", "垂体", "enhancement")}),
    ("Hyperintense collection in the left parieto-occipital subdural space.", {("左侧", "硬膜下", "high")}),
    ("Enhancement in the right side of the brain and enhancement adjacent to the posterior horn of the left lateral "
     "ventricle.", {("左侧", "侧脑室旁白质", "enhancement")}),
    ("There is increased white matter signal in the right hemisphere.", {("右侧", "深部白质", "high")}),
    ("Right frontal lesion with high signal. There are no new areas of enhancement.", {("右侧", "额叶", "high")}),
    ("High signal intensity mass involving the base of the skull.", {(" ", "颅底", "high")}),
    ("Low signal clival mass with mass effect on the pons.", {(" ", "斜坡", "low")}),
    ("Enhancing mass of the left jugular foramen.", {("左侧", "颈静脉孔区", "enhancement")}),
    ("Hyperintensity of the hypothalamus and the mammillary bodies.", {(" ", "下丘脑", "high")}),
    ("Leptomeningeal enhancement over the right convexity and in the basal cisterns.",
     {("右侧", "脑膜", "enhancement"), (" ", "蛛网膜下腔", "enhancement")}),
    ("High signal within the sulci of the left frontal and parietal lobes.", {("左侧", "蛛网膜下腔", "high")}),
    ("High signal in the border zone between the left ACA and MCA territories.", {("左侧", "分水岭区", "high")}),
    ("Hyperintense mass obliterating the fourth ventricle.", set()),
    ("Hyperintensity on FLAIR (left frontal). Mass enlarging the fourth ventricle, hyperintense.",
     {("左侧", "额叶", "high"), (" ", "第四脑室", "high")}),
    ("Hyperintensity to the right medial temporal lobe.", {("右侧", "颞叶", "high")}),
    ("Hyperintense lesion w/o enhancement in left temporal lobe.",
     {("左侧", "颞叶", "high"), ("左侧", "颞叶", "no enhancement")}),
    ("NAA↓ left frontal lobe, hyperintense.", {("左侧", "额叶", "high")}),
    ("Dark foci in the left thalamus. T2 lesions: none elsewhere.", {("左侧", "丘脑", "low")}),
    ("R ACA infarct d2: DWI↑/ADC↓ L insula. T2 ↑ oedema L pons.",
     {("左侧", "岛叶", "high"), ("左侧", "岛叶", "low"), ("左侧", "脑桥", "high")}),
    ("FLAIR hyperint. R>L med. temporal lobes, DWI+ R insula.", {("双侧", "颞叶", "high"), ("右侧", "岛叶", "high")}),
    ("Mass of the right insula enhances. FLAIR hyperintensity around the mass extends into the right thalamus.",
     {("右侧", "岛叶", "enhancement"), ("右侧", "丘脑", "high")}),
    ("Hyperintense foci in the left insula, nonspecific, commonly seen with migraine.", {("左侧", "岛叶", "high")}),
    ("Increased T2 signal, without swelling or contrast uptake, in the right thalamus and the left pons.",
     {("右侧", "丘脑", "high"), ("左侧", "脑桥", "high"), ("右侧", "丘脑", "no enhancement"), ("左侧", "脑桥", "no enhancement")}),
    ("R frontal abscess: ring enh, DWI bright.", {("右侧", "额叶", "ring enhancement"), ("右侧", "额叶", "high")}),
    ("Bright bil. caudate + L parietal cortex.", {("双侧", "基底节区", "high"), ("左侧", "顶叶", "high")}),
    ("FLAIR lesions of the periventricular white matter. One new T2 lesion in the right pons.",
     {(" ", "侧脑室旁白质", "high"), ("右侧", "脑桥", "high")}),
    ("Hyperintense lesion in the left insula. There is a second lesion in the right thalamus.",
     {("左侧", "岛叶", "high"), ("右侧", "丘脑", "high")}),
    ("Right thalamic mass. The mass is isointense to pons.", {("右侧", "丘脑", "equal")}),
    ("Hyperintense lesion in the pons. No enhancing lesions. No abnormal intracranial enhancement.",
     {(" ", "脑桥", "high")}),
    ("No abnormal enhancement in the lesions of the centrum semiovale.", {(" ", "半卵圆中心", "no enhancement")}),
    ("High T2 signal in the right cerebellar hemisphere (PICA territory), bright on DWI.",
     {("右侧", "小脑半球", "high")}),
    ("Axial FLAIR (left): sulcal hyperintensity over the right convexity.", {("右侧", "蛛网膜下腔", "high")}),
    ("The left hippocampus has raised T2 signal and loss of digitations.", {("左侧", "海马", "high")}),
    ("Mass of the right jugular foramen with salt-and-pepper signal on T1 and intense contrast enhancement.",
     {("右侧", "颈静脉孔区", "mixed"), ("右侧", "颈静脉孔区", "enhancement")}),
    ("High signal in the central pons with sparing of its periphery.", {(" ", "脑桥", "high")}),
    ("Enhancing nodule in the right lateral ventricle beside the foramen of Monro.",
     {("右侧", "脑室内", "enhancement")}),
    ("Dilatation of lateral and third ventricles with periventricular hyperintensity.",
     {(" ", "侧脑室旁白质", "high")}),
    ("Dural-based mass along the left sphenoid wing enhances.", {("左侧", "脑膜", "enhancement")}),
    ("Hyperintense lesions in the left insula and right pons. Following gadolinium only the insular lesion enhances.",
     {("左侧", "岛叶", "high"), ("右侧", "脑桥", "high"), ("左侧", "岛叶", "enhancement")}),
]  # fmt: skip
CASES += [
    ("Bright lesion at the grey-white junction of the left posterior frontal lobe.", {("左侧", "额叶", "high")}),
    ("High signal in the pons sparing the corticospinal tracts.", {(" ", "脑桥", "high")}),
    ("Bright lesions in the left insula. Moderate FLAIR oedema of the left temporal lobe.",
     {("左侧", "岛叶", "high"), ("左侧", "颞叶", "high")}),
    ("Mass of the right insula, enhancing. The surrounding oedema is bright.",
     {("右侧", "岛叶", "enhancement"), ("右侧", "岛叶", "high")}),
    ("Sulcal hyperintensity in both parietal regions.", {("双侧", "蛛网膜下腔", "high")}),
    ("Bright left convexity subdural collection.", {("左侧", "硬膜下", "high")}),
    ("Bright thalami bilaterally, more marked in the left thalamus.", {("双侧", "丘脑", "high")}),
    ("High signal in both thalami and the midbrain.", {("双侧", "丘脑", "high"), (" ", "中脑", "high")}),
    ("Hyperintense left hippocampus; the ipsilateral amygdala is bright.",
     {("左侧", "海马", "high"), ("左侧", "颞叶", "high")}),
    ("High signal in the left corona radiata and in the white matter of both hemispheres.",
     {("左侧", "放射冠", "high"), ("双侧", "深部白质", "high")}),
    ("Bright lesion of the pons. There is enhancement in its left half.",
     {(" ", "脑桥", "high"), ("左侧", "脑桥", "enhancement")}),
    ("Mass of the clivus, enhancing, pressing on the optic chiasm, which is bright.",
     {(" ", "斜坡", "enhancement"), (" ", "视交叉", "high")}),
    ("Bright foci in the left pons. Another in the right thalamus.", {("左侧", "脑桥", "high"), ("右侧", "丘脑", "high")}),
    ("The bright lesion in the left insula does not progress.", {("左侧", "岛叶", "high")}),
    ("High signal in the left insula is not a feature.", set()),
    ("Left MCA territory infarct, bright in the insula.", {("左侧", "岛叶", "high")}),
    ("Bright lesion in the left insula. Nothing enhances.",
     {("左侧", "岛叶", "high"), ("左侧", "岛叶", "no enhancement")}),
    ("Bright lesion of the pons. No restricted diffusion or enhancement.", {(" ", "脑桥", "high")}),
    ("Bright lesion of the pons. No other enhancing lesion.", {(" ", "脑桥", "high")}),
    ("Lesser FLAIR hyperintensity in the left insula.", {("左侧", "岛叶", "high")}),
    ("Bright thalami, with loss of the normal T1 bright signal of the internal capsules.", {("双侧", "丘脑", "high")}),
    ("Mass of the left insula extending into and widening the left internal auditory canal. It is bright.",
     {("左侧", "岛叶", "high"), ("左侧", "内听道", "high")}),
    ("High signal within the sulci over the left convexity.", {("左侧", "蛛网膜下腔", "high")}),
    ("Enhancement of the left insula. High signal in the underlying white matter.",
     {("左侧", "岛叶", "enhancement"), ("左侧", "岛叶", "high")}),
    ("Enhancing mass of the corpus callosum with ependymal spread along both lateral ventricles.",
     {(" ", "胼胝体", "enhancement"), ("双侧", "脑室内", "enhancement")}),
    ("Bright left hippocampus (arrow) as compared to the normal right hippocampus.", {("左侧", "海马", "high")}),
]  # fmt: skip
NOT_NORMAL = [
    "microbleed", "lacune", "venous anomaly", "aneurysm", "occlusion", "encephalocele", "laceration", "clot", "swelling",
    "infection", "porencephaly", "fistula", "mineralisation", "effusion", "signal change", "shunt", "stenosis", "blooming",
]  # fmt: skip
"""What a head may have, besides tumours and infarcts."""


@pytest.mark.parametrize(("text", "found"), CASES)
def test_a_lesion_is_placed_in_one_sentence_and_described_in_another(text, found):
    assert read(text, "T2") == {(side.strip(), site, signal) for side, site, signal in found}


@pytest.mark.parametrize("language", languages(), ids=lambda language: language.name)
def test_every_site_of_a_lexicon_is_read_as_itself(language):
    template = {"en": "{} is hyperintense on T2.", "fr": "Hypersignal T2 : {}."}[language.name]
    missed = {}
    for site, names in load_language(language.name)["sites"].items():
        for name in names:
            word = name.replace("*", "").replace(" ... ", " left ")
            found = {
                f.site.removeprefix("左侧").removeprefix("双侧")
                for f in parse_report(template.format(word)).get("T2", [])
            }
            if found != {site}:
                missed[name] = found
    assert missed == {}


def test_english_captions_of_another_author_are_read():
    lines = (TESTS / "reports" / "english_captions.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    scores = score((annotated(record["findings"]), read(record["text"], record["sequence"])) for record in records)
    assert len(records) == 40 and scores["precision"] >= 0.9 and scores["recall"] >= 0.8


def test_french_that_its_lexicon_was_not_made_from_is_read():
    records = [json.loads(line) for line in (TEXTS / "french.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = score((annotated(record["findings"]), read(record["text"])) for record in records)
    assert len(records) == 40 and scores["f1"] >= 0.85


@pytest.mark.parametrize(("file", "least", "n"), [("english.jsonl", 0.92, 60), ("french_further.jsonl", 0.92, 30)])
def test_captions_that_the_rules_were_mended_on_stay_read(file, least, n):
    records = [json.loads(line) for line in (TEXTS / file).read_text(encoding="utf-8").splitlines()]
    scores = score((annotated(record["findings"]), read(record["text"], record["sequence"])) for record in records)
    assert len(records) == n and scores["precision"] >= least and scores["recall"] >= least


@pytest.mark.parametrize(
    ("file", "author", "n", "precision", "recall"),
    [
        ("english_reports.jsonl", "A", 110, 0.92, 0.91),
        ("english_reports.jsonl", "B", 110, 0.98, 0.95),
        ("english_reports.jsonl", "C", 110, 0.92, 0.91),
        ("english_reports.jsonl", "D", 100, 0.94, 0.91),
        ("english_reports.jsonl", "E", 100, 0.92, 0.93),
        ("english_reports.jsonl", "F", 100, 0.94, 0.92),
        ("french_reports.jsonl", "G", 80, 0.93, 0.93),
        ("english_reports.jsonl", "H", 100, 0.88, 0.86),  # no rule was made with these, nor with the next
        ("english_reports.jsonl", "I", 80, 0.94, 0.93),
        ("english_reports.jsonl", "J", 80, 0.95, 0.96),
    ],
)
def test_reports_of_ten_authors_stay_read_sequence_by_sequence(file, author, n, precision, recall):
    lines = (TEXTS / file).read_text(encoding="utf-8").splitlines()
    records = [record for line in lines if (record := json.loads(line))["id"].startswith(author)]
    pairs = []
    for record in records:
        stated, may_be = annotated_by_sequence(record["findings"]), annotated_by_sequence(record.get("also", []))
        pairs.append((stated, read_by_sequence(record["text"]) - (may_be - stated)))
    scores = score(pairs)
    assert len(records) >= n and scores["precision"] >= precision and scores["recall"] >= recall
    assert [r["id"] for r in records if r["normal"] is False and is_normal_report(r["text"])] == []
    taken = [r["id"] for r in records if r["normal"] is True and not is_normal_report(r["text"])]
    assert len(taken) <= 6


@pytest.mark.parametrize("name", NOT_NORMAL)
def test_a_report_that_names_what_a_head_may_have_is_not_normal(name):
    assert not is_normal_report(f"There is {name} in the left frontal lobe. The brain is otherwise normal.")
    assert is_normal_report(f"There is no {name}. The brain is normal.")


@pytest.mark.parametrize(
    "text",
    [
        "Headache ?SOL. The brain is normal.",
        "Normal signal throughout the brain, including the cerebellum.",
        "Cavernous sinuses enhance symmetrically. The brain is normal.",
        "Expected enhancement of the pituitary. No lesion. Normal brain.",
        "ENHANCEMENT: None abnormal. Normal brain.",
        "There is no enhancing lesion in the brain, dura or leptomeninges. Normal brain.",
        "The history mentions a prior lesion; none is seen today. The brain is normal.",
        "Dear Dr. Alvarez, the brain is normal.",
        "Sister with ruptured aneurysm. The brain is normal.",
        "MRI to evaluate for mets. No infarct, bleed or mass is seen. Normal brain.",
        "IRM pour vertiges. Diffusion nég. FLAIR nég. RAS par ailleurs.",
    ],
)
def test_what_is_only_asked_about_leaves_a_report_normal(text):
    assert is_normal_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "Aside from a left frontal cavernoma the brain is normal.",
        "The pituitary gland enhances homogeneously. Its stalk is thickened. Normal brain.",
        "The history mentions a left frontal tumor; it is unchanged. Otherwise normal.",
        "Normal diffusion. Loss of the normal T1 bright signal of the internal capsules.",
        "T2 signal is normal, with an exception in the left amygdala. No enhancement.",
        "The left thalamus is small. Otherwise normal.",
        "There is no doubt that the left hippocampus is bright on FLAIR. Otherwise normal.",
        "L'hippocampe gauche n'est pas normal. Le reste est normal.",
        "L'hypersignal FLAIR du pont ne se modifie pas. Ventricules normaux.",
        "Un hypersignal FLAIR de l'insula droite ne peut être exclu. Ventricules normaux.",
    ],
)
def test_an_abnormal_report_in_other_words_is_not_normal(text):
    assert not is_normal_report(text)


def test_the_report_before_an_addendum_is_read_and_the_addendum_too():
    found = parse_report(
        "FINDINGS: Bright T2 lesion of the pons. IMPRESSION: as above. ADDENDUM: DWI bright in the left insula."
    )
    assert {(s, f.site) for s, fs in found.items() for f in fs} == {("T2", "脑桥"), ("DWI", "左侧岛叶")}


def test_two_sequences_of_a_heading_hold_for_what_follows():
    found = parse_report("T2/FLAIR: bright left insula. High signal of the pons too.")
    assert found["T2"] == found["FLAIR"] and len(found["T2"]) == 2


def test_a_signal_without_a_sequence_is_on_the_one_that_was_named_last():
    found = parse_report("Abnormal DWI. There is high signal in the left insula. FLAIR: bright focus in the right pons.")
    assert {s: [f.site for f in fs] for s, fs in found.items()} == {"DWI": ["左侧岛叶"], "FLAIR": ["右侧脑桥"]}


def test_a_heading_of_a_sequence_that_is_not_read_holds_for_the_next_sentence_too():
    text = "SWI: Foci of low signal in the pons. Low signal also lines the left insula.\nT1: Small hippocampi."
    assert parse_report(text) == {}


def test_the_same_findings_are_the_same_in_three_languages():
    triples = [json.loads(line) for line in (TEXTS / "three_languages.jsonl").read_text(encoding="utf-8").splitlines()]
    in_each = {name: [parse_report(triple[name]) for triple in triples] for name in ("zh", "en", "fr")}
    as_sets = {name: [{s: set(f) for s, f in one.items()} for one in found] for name, found in in_each.items()}
    assert len(triples) == 30 and as_sets["zh"] == as_sets["en"] == as_sets["fr"]
    # so two reports are as alike across languages as within one
    sentences = {
        name: [canonical_sentence(sorted(f)) for one in found for _, f in sorted(one.items())]
        for name, found in in_each.items()
    }
    assert len(sentences["zh"]) > 40
    within = similarity_matrix(sentences["zh"])
    assert (similarity_matrix(sentences["en"]) == within).all() and (similarity_matrix(sentences["fr"]) == within).all()
