import numpy as np

from selip_core.plotting.style import AGAINST_COLOUR, FOR_COLOUR
from selip_core.widgets.why import characters_html, in_words


def test_characters_are_shaded_for_and_against_and_told_in_words():
    text, saliency = "左<侧", np.array([0.2, -0.1, np.nan], np.float32)
    shown = characters_html(text, saliency)
    assert shown.count("<span") == 4 and "&lt;" in shown
    assert f'{FOR_COLOUR}8c;text-decoration:underline" title="+0.2000">左' in shown  # 0.55 of 255
    assert f"{AGAINST_COLOUR}46;" in shown
    assert in_words(text, saliency) == "Strongest for the match: 左 (+0.2)."
    assert in_words(text, -np.abs(saliency)) == "No character speaks for the match."
