import pytest
import yaml

from selip_core.errors import SelipError
from selip_core.reports.book import check_language, load_language
from selip_core.reports.words import Language, languages
from tests.helpers.places import PACKAGE

LEXICONS = PACKAGE / "reports" / "lexicons"
ENGLISH, FRENCH = languages()


def _found(language, text):
    text = language.prepare(text)
    return [(word.kind, word.value) for word in language.scan(text) if word.kind in ("signals", "sequences")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("high T2 signal", [("signals", "高信号"), ("sequences", "T2")]),
        ("signal intensity is increased", [("signals", "高信号")]),
        ("low T1 and high T2 signal",
         [("signals", "低信号"), ("sequences", "T1"), ("signals", "高信号"), ("sequences", "T2")]),
        ("increased T2/FLAIR signal", [("signals", "高信号"), ("sequences", "T2"), ("sequences", "FLAIR")]),
        ("heterogeneous on T2", [("signals", "混杂信号"), ("sequences", "T2")]),
        ("increased enhancement of a low-grade tumor", []),
        ("increased in size", []),
        ("low signal on T2*", [("signals", "低信号"), ("sequences", "")]),
        ("iso- to slightly hypointense", [("signals", "等低信号")]),
        ("isointense or hyperintense", [("signals", "等高信号")]),
        ("areas of high and low signal", [("signals", "混杂信号")]),
        ("hyper- and hypointense", [("signals", "混杂信号")]),
        ("hyperintense periphery and isointense center", [("signals", "高信号"), ("signals", "等信号")]),
    ],
)  # fmt: skip
def test_a_level_is_a_signal_beside_a_word_for_it(text, found):
    assert _found(ENGLISH, text) == found


def test_a_prefix_and_its_sequence_may_be_one_word():
    assert _found(FRENCH, "lésion hyperT2, isoT1") == [
        ("signals", "高信号"), ("sequences", "T2"), ("signals", "等信号"), ("sequences", "T1")]  # fmt: skip


def test_a_single_capital_is_that_letter():
    sides = [word.value for word in ENGLISH.scan("R thalamus, l insula, L pons") if word.kind == "sides"]
    assert sides == ["右侧", "左侧"]


def test_accents_may_be_missing_in_a_language_that_has_them():
    assert FRENCH.count("LESION PARIETALE") == FRENCH.count("lésion pariétale") == (2, ())
    assert ENGLISH.count("lésion") == (1, ("lésion",))


def test_abbreviations_that_are_not_known_are_no_words():
    assert ENGLISH.count("the XQZ protocol") == (2, ()) and ENGLISH.count("the xqz protocol") == (3, ("xqz",))


@pytest.mark.parametrize("name", [path.stem for path in LEXICONS.glob("*.yaml") if path.stem != "zh"])
def test_each_lexicon_is_valid(name):
    assert load_language(name)["language"] == name


@pytest.mark.parametrize(
    ("key", "message"), [("sites", "月亮"), ("common", "is not text"), ("signal", "must hold lists")]
)
def test_what_is_wrong_in_a_lexicon_is_named(key, message, tmp_path):
    book = yaml.safe_load((LEXICONS / "en.yaml").read_text(encoding="utf-8"))
    wrong = {"sites": {"月亮": ["moon"]}, "common": [True], "signal": []}
    with pytest.raises(SelipError, match=message):
        check_language(book | {key: wrong[key]}, tmp_path / "en.yaml")


def test_french_is_not_english():
    text = "hypersignal du lobe frontal gauche"
    assert FRENCH.count(text)[1] == () and ENGLISH.count(text)[1] == ("du", "gauche")
    assert isinstance(ENGLISH, Language)
