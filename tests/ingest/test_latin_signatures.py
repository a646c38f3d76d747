import pytest

from selip_core.ingest.latin_signatures import latin_signatures


def _found(text):
    return [text[start:end] for start, end in latin_signatures(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Reported by: Smith, John", ["Smith, John"]),
        ("Dr. Smith, Left frontal lesion", ["Smith"]),
        ("Dr. Smith FINDINGS: mass", ["Smith"]),
        ("Dr. Smith T2 hyperintense", ["Smith"]),
        ("Seen with Ms. Brown, RN", ["Brown"]),
        ("Mrs Brown and Mr White", ["Brown", "White"]),
        ("Prof. Dr. med. H. van der Berg", ["H. van der Berg"]),
        ("O. N. Smith, MBBS", ["O. N. Smith"]),
        ("DR CHEST PA", []),
        ("Mr Brain", []),
        ("Radiologist: Enhancing mass", []),
        ("Occlusion of M1, verified by DSA.", []),
        ("Stenosis read by CAD", []),
        ("Verified by: LEE", ["LEE"]),
        ("Reported by LEE", ["LEE"]),
        ("Read by KIM, MD", ["KIM"]),
        ("Protocol name: Epilepsy", []),
        ("No acute findings.", []),
    ],
)
def test_a_name_ends_where_the_next_word_is_none_of_it(text, names):
    assert _found(text) == names


@pytest.mark.parametrize("text", ["A'" * 20_000, "d'A" * 20_000, "Aa " * 20_000, "A." * 20_000])
def test_a_long_text_of_capitals_and_signs_comes_to_its_end_without_a_name(text):
    assert latin_signatures(text) == []
