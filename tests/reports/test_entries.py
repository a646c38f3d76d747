import re

from selip_core.reports.entries import alternatives, expression, scanner


def test_choices_stand_for_each_with_each():
    assert alternatives("rim") == ["rim"]
    assert alternatives("(thin|thick) (smooth|) rim") == [
        "thin smooth rim",
        "thin rim",
        "thick smooth rim",
        "thick rim",
    ]
    assert alternatives("anterior artery (ACA) territor*") == ["anterior artery (ACA) territor*"]


def test_an_entry_has_endings_gaps_and_capitals():
    assert re.fullmatch(expression("ring* of ... enhanc*", "[a-z]*"), "rings of thin enhancement")
    assert not re.fullmatch(expression("ring of ... enhanc*", "[a-z]*"), "ring of fat, enhancement")
    assert re.fullmatch(expression("R", "[a-z]*"), "R", re.IGNORECASE)
    assert not re.fullmatch(expression("R", "[a-z]*"), "r", re.IGNORECASE)


def test_the_longest_entry_wins_wherever_it_stands_in_the_lexicon():
    entries = ["to", "to the brain", "t", "tumor*", "to brain*"]
    found = scanner(enumerate(entries), "[a-z]*").finditer("a tumor next to the brain, to brains, to t")
    assert [entries[int(m.lastgroup[1:])] for m in found] == ["tumor*", "to the brain", "to brain*", "to", "t"]
