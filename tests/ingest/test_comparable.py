import unicodedata

import pytest

from selip_core.ingest.comparable import comparable, composed, spelt_out


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("張偉", "张伟"),
        ("García López", "Garcia Lopez"),
        ("Nguyễn Văn An", "Nguyen Van An"),
        ("Wałęsa", "Walesa"),
        ("yılmaz İbrahim", "yilmaz Ibrahim"),
        ("Jørgensen", "Jorgensen"),
        ("Weiß", "Weis"),
        ("T2 高信号", "T2 高信号"),
        ("김철수 Иванов 山田", "김철수 Иванов 山田"),
        ("½ µg ² Ｔ２", "½ µg ² Ｔ２"),
    ],
)
def test_spellings_are_one_and_every_character_keeps_its_place(text, found):
    assert comparable(text) == found and len(found) == len(text)


def test_accents_of_their_own_become_part_of_their_letters():
    apart = unicodedata.normalize("NFD", "García")
    assert composed(apart) == "García" and composed("½ ﬁ") == "½ ﬁ"


def test_umlauts_are_spelt_out_as_headers_have_them():
    assert [spelt_out(name) for name in ("Müller", "Weiß", "ØRSTED", "Smith")] == [
        "Mueller",
        "Weiss",
        "OERSTED",
        "Smith",
    ]
