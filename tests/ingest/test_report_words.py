"""Words of a report's own language and eponyms stay, though somebody is called so; the person goes."""

import pytest

from selip_core.ingest import report_words
from selip_core.ingest.deidentify import scrub
from selip_core.ingest.dicom_text import _forms
from selip_core.ingest.person_words import HOLE


def _scrubbed(text, *people):
    return scrub(text, [form for name in people for form in _forms("PatientName", name)])


FRENCH = "Petit hypersignal FLAIR de la substance blanche frontale gauche. Petite lacune. Atrophie cérébrale."


@pytest.mark.parametrize(
    ("people", "text"),
    [
        (["DURAND^BLANCHE", "PETIT^Jean"], FRENCH), (["DURAND^BLANCHE", "PETIT^Jean"], FRENCH.upper()),
        (["PETIT^Jean"], "RÉSULTATS : Petit hypersignal frontal."), (["MASSÉ^Claire"], "Masse frontale gauche."),
        (["LOBO^BRANCA"], "Gliose na substância branca do lobo frontal esquerdo."),
        (["Delgado^Blanca"], "Sustancia blanca, cuerpo calloso delgado."),
        (["von Weber^Karl", "Klein^Ute"], "Erweiterung von Ventrikeln. Ventrikel klein. Kleine Zyste, klein."),
        (["POLE^Gene"], "temporal pole, of the gene"), (["Post^E", "WALKER^Max"], "Post contrast, max 12 mm."),
        (["WALKER^ROBIN"], "Dandy-Walker malformation. Dilated Virchow-Robin spaces. Virchow-Robin."),
        (["WILSON^Weber", "EVANS^Willis"], "Wilson disease, Wilson's disease. Circle of Willis. Evans index 0.31."),
        (["WILSON^Weber", "EVANS^Willis"],
         "Sturge-Weber. Weber-Syndrom. Morbus Wilson. polygone de Willis. indice d'Evans"),
        (["FISHER^Hunt", "MONRO^Rolando"], "Fisher grade 3, Hunt-Hess 2, Rolando fissure, foramen of Monro."),
        (["SAH", "TIA", "SAB"], "No SAH. History of TIA. Keine SAB."), (["SAH"], "左侧额叶高信号，SAH。"),
    ],
)  # fmt: skip
def test_words_of_the_report_stay_and_are_counted(people, text):
    found = _scrubbed(text, *people)
    assert found.text == text and found.spared


@pytest.mark.parametrize(
    ("people", "text", "left"),
    [
        (["PETIT^Jean"], "Vu avec Jean Petit. Petit hypersignal.", "Vu avec ＊＊. Petit hypersignal."),
        (["PETIT^Jean"], "Rapport validé par Petit hier.", "Rapport validé par ＊＊ hier."),
        (["PETIT^Jean"], "M. Petit présente une tumeur.", "M. ＊＊ présente une tumeur."),
        (["PETIT^Jean"], "Petit présente une tumeur.", "＊＊ présente une tumeur."),
        (["DURAND^BLANCHE"], "BLANCHE DURAND, substance blanche", "＊＊, substance blanche"),
        (["KLEIN^Ute"], "gez. Klein", "gez. ＊＊"), (["KLEIN^Ute"], "gez. Klein am 3.", "gez. ＊＊ am 3."),
        (["WALKER^ROBIN"], "Robin Walker has headaches.", "＊＊ has headaches."),
        (["WILSON^MARY"], "Wilson presents with headache.", "＊＊ presents with headache."),
        (["WILSON^MARY"], "Wilson with headache.", "＊＊ with headache."),
        (["WILSON^MARY"], "Seen with Wilson, disease stable.", "Seen with ＊＊, disease stable."),
        (["WILSON^MARY"], "Dr. Wilson disease free.", "Dr. ＊＊ disease free."),
        (["WILSON^MARY"], "SEEN TODAY BY WILSON WITH FAMILY", "SEEN TODAY BY ＊＊ WITH FAMILY"),
        (["JUNG^Min"], "Jung was told.", "＊＊ was told."), (["TIA^Lopez"], "Tia was told.", "＊＊ was told."),
        (["JOHNSON^MARK"], "Johnson's dementia, a cyst of Johnson", "＊＊'s dementia, a cyst of ＊＊"),
        (["CALLAHAN^AMY"], "THIS IS A FOLLOW UP OF CALLAHAN AFTER SURGERY.",
         "THIS IS A FOLLOW UP OF ＊＊ AFTER SURGERY."),
        (["WALLACE^AMY"], "wallace fell at home", "＊＊ fell at home"),
        (["TURNER^AMY"], "Turner fell last week", "＊＊ fell last week"),
        (["von Weber^Karl"], "Herr von Weber", "Herr ＊＊"), (["WANG^WEI"], "wang wei, 左侧额叶", "＊＊, 左侧额叶"),
    ],
)  # fmt: skip
def test_the_person_goes(people, text, left):
    assert _scrubbed(text, *people).text == left.replace("＊＊", HOLE)


def test_a_department_is_looked_for_as_a_whole():
    text = "Kein Anhalt für Blutung. Atrophie cérébrale. med. Faktoren. Neurologie."
    people = ["Dr. med. Klein, Praxis für Neurologie", "Imagerie cérébrale"]
    assert scrub(text, people).text == text
    assert scrub("von Klein überwiesen", people).text == f"von {HOLE} überwiesen"


def test_a_chinese_report_is_read_without_the_other_lexicons(monkeypatch):
    def load(name):
        raise AssertionError(f"{name} is not needed")

    monkeypatch.setattr(report_words, "load_language", load)
    report_words._lexicon_words.cache_clear()
    assert _scrubbed("左侧额叶高信号，wei 考虑 pole", "Pole^Wei").text == f"左侧额叶高信号，{HOLE} 考虑 {HOLE}"
