import pytest

from selip_core.reports.parser import parse_report
from selip_core.reports.places import of_the_lesion, sulci_as_sites, without_heading, without_heights
from selip_core.reports.words import languages

ENGLISH = languages()[0]


def _sites(words):
    return [word.value for word in words if word.kind == "sites"]


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("The caudate and putamen are bright, pons spared.", ["基底节区", "基底节区"]),
        ("The hippocampus is bright, sparing the thalamus.", ["海马"]),
        ("The hippocampi and insula are bright with thalamic sparing.", ["海马", "岛叶"]),
        ("A bright mass of the left cerebellopontine angle displaces the pons.", ["桥小脑角区"]),
        ("A bright focus adjacent to the thalamus.", ["丘脑"]),
    ],
)
def test_what_is_spared_or_pressed_is_no_place_of_the_lesion(text, sites):
    assert _sites(of_the_lesion(ENGLISH.read(text))) == sites


def test_a_heading_places_a_lesion_that_is_not_placed_behind_it():
    assert _sites(without_heading(ENGLISH.read("Pituitary adenoma: bright mass in the sella."))) == ["鞍区"]
    assert _sites(without_heading(ENGLISH.read("Pontine glioma: bright on T2, compressing the medulla."))) == [
        "脑桥", "延髓"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("Right hemisphere: bright signal in the frontal lobe.", {"右侧额叶"}),
        ("Left cerebral hemisphere: T2 hyperintensity in the frontal and parietal lobes.", {"左侧额叶", "左侧顶叶"}),
        ("Left hemispheric stroke: DWI hyperintensity in the insula.", {"左侧岛叶"}),
        ("Left MCA stroke: DWI hyperintensity in the insula.", {"左侧岛叶"}),
        ("Right frontal glioma: T2 hyperintensity in the frontal lobe.", {"右侧额叶"}),
        ("Left frontal glioma: T2 hyperintensity in the right frontal lobe.", {"右侧额叶"}),
        ("Hémisphère droit : hypersignal FLAIR frontal.", {"右侧额叶"}),
        ("Hémisphère gauche : hypersignal T2 du thalamus droit.", {"右侧丘脑"}),
    ],
)
def test_the_side_of_a_heading_holds_where_none_is_behind_it(text, sides):
    found = parse_report(text, default_sequence="T2").values()
    assert {finding.site for findings in found for finding in findings} == sides


def test_a_lesion_may_extend_in_a_direction():
    words = ENGLISH.read("Bright mass in the left thalamus extends rightward into the midbrain.")
    assert _sites(of_the_lesion(words)) == ["丘脑", "中脑"]


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("Subdural hematoma over the left convexity", ["硬膜下"]),
        ("External capsule white matter hyperintensity", ["外囊"]),
        ("White matter hyperintensity in the external capsule", ["外囊"]),
        ("Periventricular and deep white matter hyperintensity", ["侧脑室旁白质", "深部白质"]),
    ],
)
def test_a_height_or_a_layer_is_no_place_of_its_own(text, sites):
    assert _sites(without_heights(of_the_lesion(ENGLISH.read(text)))) == sites


def test_a_look_close_behind_a_sulcus_is_there():
    assert _sites(sulci_as_sites(ENGLISH.read("Sulcal FLAIR hyperintensity"))) == ["蛛网膜下腔"]
    assert _sites(sulci_as_sites(ENGLISH.read("The sulci are wide."))) == []
