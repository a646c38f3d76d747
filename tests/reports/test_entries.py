import re

from selip_core.reports import entries as entries_module
from selip_core.reports.entries import alternatives, expression, number_of, scanner


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
    assert [entries[number_of(m)] for m in found] == ["tumor*", "to the brain", "to brain*", "to", "t"]


def test_many_entries_are_found_as_few_are(monkeypatch):
    """What only begins alike, ends early or has a wildcard is found among hundreds as where all are tried in turn."""
    tails = [f"{a}{b}" for a in "abcdefgh" for b in "klmnopqr"]
    entries = ["no", "no*", "no a*", "no-go", "nothing", *(f"no {t}" for t in tails), *(f"no{t} x ... y" for t in tails)]
    text = "no, nobody, no axe, no-go, nothing, no  ak, no-br, no/hr, nohr x and then y, nohr x."
    found = [entries[number_of(m)] for m in scanner(enumerate(entries), "[a-z]*").finditer(text)]
    monkeypatch.setattr(entries_module, "FEW", len(entries))
    in_turn = scanner(enumerate(entries), "[a-z]*").finditer(text)
    assert found == [entries[number_of(m)] for m in in_turn]
    assert found[3:] == ["no-go", "nothing", "no a*", "no br", "no hr", "nohr x ... y", "no*"]
