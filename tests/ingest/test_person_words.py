"""The lists that tell a name from a word."""

from selip_core.ingest.person_words import FAMILY_NAMES, common_words
from selip_core.reports.lexicon import load_lexicon


def test_family_names_are_one_character_or_two_and_no_medical_words():
    assert {len(name) for name in FAMILY_NAMES} == {1, 2} and len(FAMILY_NAMES) > 250
    assert sorted(name for name in FAMILY_NAMES if len(name) > 1 and name in load_lexicon().known) == []
    assert {"王", "李", "欧阳", "诸葛"} <= FAMILY_NAMES


def test_every_kind_of_common_words_is_there():
    kinds = ("function", "report", "medical", "phrase", "unit", "abbreviation", "eponym", "elsewhere")
    assert all(len(common_words(kind)) > 30 for kind in kinds)
