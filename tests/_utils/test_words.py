from selip_core._utils.words import words_of


def test_words_are_small_and_without_what_stands_between():
    assert words_of("Opacity, LEFT base; élargi.") == ["opacity", "left", "base", "élargi"]
    assert words_of("...") == []
