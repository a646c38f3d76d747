import pytest

from selip_core._utils.characters import is_wide


@pytest.mark.parametrize(
    ("character", "wide", "in_chinese_fonts"),
    [("额", True, True), ("，", True, True), ("Ｔ", True, True), ("a", False, False), ("é", False, True),
     ("①", False, True), ("ł", False, True), ("ñ", False, False)],
)  # fmt: skip
def test_chinese_and_full_width_characters_are_wide(character, wide, in_chinese_fonts):
    assert is_wide(character) == wide and is_wide(character, ambiguous=True) == in_chinese_fonts
