import numpy as np

from selip_core.widgets.why import characters_html, in_words


def test_characters_are_shaded_for_and_against_and_told_in_words():
    text, saliency = "左<侧", np.array([0.2, -0.1, np.nan], np.float32)
    shown = characters_html(text, saliency)
    assert shown.count("<span") == 4 and "&lt;" in shown
    assert (
        'rgba(230, 97, 1,0.55);text-decoration:underline" title="+0.2000">左' in shown
        and "rgba(94, 60, 153,0.28)" in shown
    )
    assert in_words(text, saliency) == "Strongest for the match: 左 (+0.2)."
    assert in_words(text, -np.abs(saliency)) == "No character speaks for the match."
