"""The words that join clauses, as the lexicon of each language says them."""

import pytest

from selip_core.reports.reach import DENIALS, FINDINGS, LOOKS, reach_of
from selip_core.reports.words import languages


def reach(name):
    return reach_of(next(language for language in languages() if language.name == name))


def test_kinds_of_words_do_not_overlap():
    assert set(LOOKS) < set(FINDINGS) and not set(DENIALS) & set(FINDINGS)


@pytest.mark.parametrize(
    ("name", "pattern", "said", "not_said"),
    [
        ("en", "exception", "normal except for a cyst", "normal and quiet"),
        ("en", "abnormal", "a glioma", "a prognosis"),
        ("en", "abnormal", "encephalomalacia", "a diagnosis"),
        ("fr", "abnormal", "une encéphalopathie", "un examen"),
        ("en", "size", " measuring 3 x 4 mm", " measuring it"),
        ("fr", "signal", "le signal", "un examen"),
    ],
)
def test_what_joins_and_what_tells(name, pattern, said, not_said):
    found = getattr(reach(name), pattern)
    assert found.search(said) and not found.search(not_said)


def test_a_language_has_one_reach():
    assert reach("en") is reach("en") and reach("en") is not reach("fr")
