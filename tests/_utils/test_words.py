import pytest

from selip_core._utils.words import check_several, words_of
from selip_core.errors import SelipError


def test_words_are_small_and_without_what_stands_between():
    assert words_of("Opacity, LEFT base; élargi.") == ["opacity", "left", "base", "élargi"]
    assert words_of("...") == []


def test_one_text_is_not_several():
    check_several(["a report"], "reports")
    with pytest.raises(SelipError, match="^texts must be a list of sentences, not one sentence$"):
        check_several("a sentence", "texts", "sentence")
