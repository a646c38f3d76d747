import pytest

from selip_core.reports.abbreviations import Abbreviations

BOOK = {"enhancement": ["enh"], "bilateral": ["bil", "b/l"], "with": ["w/"], "without": ["w/o"]}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Ring-enh lesion, ENH.", "Ring-enhancement lesion, enhancement."),
        ("bright bil. thalami", "bright bilateral thalami"),
        ("bil., symmetric", "bilateral, symmetric"),
        ("Solid enh. No mass.", "Solid enhancement. No mass."),
        ("b/l edema w/o bleed", "bilateral edema without bleed"),
        ("cavity w/ enh", "cavity with enhancement"),
        ("enhances; bilge; aw/ b/los", "enhances; bilge; aw/ b/los"),
    ],
)
def test_abbreviations_are_written_out_and_their_stops_end_no_sentence(text, written):
    assert Abbreviations(BOOK).written_out(text) == written


def test_a_language_may_have_none():
    assert Abbreviations({}).written_out("enh.") == "enh."


def test_the_stop_of_a_sentence_may_be_that_of_an_abbreviation():
    book = Abbreviations(BOOK)
    assert book.at_end("Bright bil.") and not book.at_end("Bright bile.") and not book.at_end("bil")
