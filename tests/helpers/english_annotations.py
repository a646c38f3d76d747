"""Findings that a person has written down of a text, in English words, and how many of them the rules read too."""

from collections.abc import Iterable

from selip_core.reports.parser import parse_report
from selip_core.reports.sentences import without_side
from selip_core.sequences import SEQUENCES

SIDES = {"left": "左侧", "right": "右侧", "bilateral": "双侧", "": ""}
SITES = {
    "frontal lobe": "额叶", "parietal lobe": "顶叶", "temporal lobe": "颞叶", "occipital lobe": "枕叶",
    "insula": "岛叶", "basal ganglia": "基底节区", "internal capsule": "内囊", "external capsule": "外囊",
    "thalamus": "丘脑", "corona radiata": "放射冠", "centrum semiovale": "半卵圆中心",
    "periventricular white matter": "侧脑室旁白质", "deep white matter": "深部白质",
    "subcortical white matter": "皮层下白质", "hippocampus": "海马", "cingulate gyrus": "扣带回",
    "cerebellum": "小脑半球", "cerebellar tonsil": "小脑扁桃体", "dentate nucleus": "齿状核",
    "cerebellopontine angle": "桥小脑角区", "middle cerebellar peduncle": "桥臂", "cerebral peduncle": "大脑脚",
    "red nucleus": "红核", "substantia nigra": "黑质", "quadrigeminal plate/tectum": "四叠体",
    "quadrigeminal plate": "四叠体", "tectum": "四叠体", "pons": "脑桥", "midbrain": "中脑", "medulla": "延髓",
    "brainstem": "脑干", "corpus callosum": "胼胝体", "cerebellar vermis": "小脑蚓部", "sella": "鞍区",
    "optic chiasm": "视交叉", "optic nerve": "视神经", "internal auditory canal": "内听道", "pituitary": "垂体",
    "cavernous sinus": "海绵窦", "pineal region": "松果体区", "meninges": "脑膜", "cisterna magna": "枕大池",
    "subdural space": "硬膜下", "epidural space": "硬膜外", "subarachnoid space": "蛛网膜下腔",
    "ventricles": "脑室内", "third ventricle": "第三脑室", "fourth ventricle": "第四脑室", "choroid plexus": "脉络丛",
    "watershed": "分水岭区", "ACA territory": "大脑前动脉供血区", "MCA territory": "大脑中动脉供血区",
    "PCA territory": "大脑后动脉供血区", "putamen": "基底节区", "caudate": "基底节区", "globus pallidus": "基底节区",
    "lentiform nucleus": "基底节区", "temporal pole": "颞叶", "amygdala": "颞叶",
    "cerebellar hemisphere": "小脑半球", "vermis": "小脑蚓部",
    "Meckel's cave": "麦克尔腔", "hypothalamus": "下丘脑", "clivus": "斜坡", "skull base": "颅底",
    "jugular foramen": "颈静脉孔区", "intraventricular": "脑室内", "watershed zone": "分水岭区",
}  # fmt: skip
"""The Chinese name of each site that an annotation may name."""
_SAME_SITE = {"侧脑室": "脑室内", "颞极": "颞叶", "脑沟": "蛛网膜下腔"}
_SIGNALS = ("无强化", "no enhancement"), ("环形强化", "ring enhancement"), ("强化", "enhancement")
_LEVELS = (
    ("等低信号", "mixed"), ("等高信号", "mixed"), ("混杂信号", "mixed"), ("高信号", "high"), ("信号升高", "high"),
    ("低信号", "low"), ("信号降低", "low"), ("等信号", "equal"),
)  # fmt: skip
_RELAXATION = {("长信号", "T1"): "low", ("短信号", "T1"): "high", ("长信号", "T2"): "high", ("短信号", "T2"): "low"}


def signal_of(sequence: str, appearance: str) -> str:
    """Return the annotators' word for an appearance; empty for a shape, an oedema, a shift, which they leave out."""
    for ending, signal in (*_SIGNALS, *_LEVELS):
        if appearance.endswith(ending):
            return signal
    return _RELAXATION.get((appearance[-3:], "T1" if sequence.startswith("T1") else "T2"), "")


def read(text: str, sequence: str = "") -> set[tuple[str, str, str]]:
    """Return (side, site, signal) of what the rules read, sides and sites in Chinese; `sequence` is the picture's."""
    return {statement[1:] for statement in read_by_sequence(text, sequence)}


def read_by_sequence(text: str, sequence: str = "") -> set[tuple[str, str, str, str]]:
    """Return (sequence, side, site, signal) of what the rules read, sides and sites in Chinese."""
    statements = set()
    for of, findings in parse_report(text, default_sequence=sequence or None).items():
        for finding in findings:
            site = without_side(finding.site)
            if signal := signal_of(of, finding.appearance):
                side = finding.site.removesuffix(site)
                statements.add((of, side, _SAME_SITE.get(site, site), signal))
    # low ADC is what restricted diffusion looks like: annotated once, as high on DWI, where ADC is not spoken of
    if "ADC" in f"{text} {sequence}" or "coefficient" in text.lower():
        return statements
    return {one for one in statements if (one[0], one[3]) != ("ADC", "low")}


def annotated_by_sequence(findings: Iterable[dict[str, str]]) -> set[tuple[str, str, str, str]]:
    """Return (sequence, side, site, signal) of annotations, in the same words; SWI is none that is read."""
    return {
        (f["sequence"], SIDES[f["side"]], SITES[f["site"]], f["signal"]) for f in findings if f["sequence"] in SEQUENCES
    }


def annotated(findings: Iterable[dict[str, str]]) -> set[tuple[str, str, str]]:
    """Return (side, site, signal) of annotations, in the same words."""
    return {(SIDES[f["side"]], SITES[f["site"]], f["signal"]) for f in findings}


def score(pairs: Iterable[tuple[set, set]]) -> dict[str, float]:
    """Return precision, recall and F1 of pairs (annotated, read), and the number of statements of each."""
    pairs = list(pairs)
    right = sum(len(true & found) for true, found in pairs)
    stated, told = sum(len(true) for true, _ in pairs), sum(len(found) for _, found in pairs)
    precision, recall = right / max(told, 1), right / max(stated, 1)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * right / max(stated + told, 1),
        "n": stated,
        "told": told,
    }


def score_records(records: Iterable[dict], texts: dict[str, tuple[str, str]]) -> dict[str, float]:
    """Return the score of annotated records; `texts` has (text, the picture's sequence) of each id."""
    return score((annotated(r["findings"]), read(*texts[r["id"]])) for r in records)
