import matplotlib.pyplot as plt
import numpy as np
import pytest

from selip_core.plotting.style import (
    MAP_COLOURS,
    MAP_MARKERS,
    MAP_SYMBOLS,
    METHOD_COLOURS,
    PALETTE,
    apply_style,
    shortened,
    show_slice,
)
from tests.helpers.places import PACKAGE


def test_the_style_embeds_fonts_and_tells_methods_apart():
    apply_style()
    assert plt.rcParams["pdf.fonttype"] == 42
    assert len(set(METHOD_COLOURS.values())) == len(METHOD_COLOURS)


def test_each_label_of_a_map_has_its_own_colour_and_shape():
    assert len(set(MAP_COLOURS)) == len(set(MAP_MARKERS)) == len(set(MAP_SYMBOLS)) == len(MAP_COLOURS)


@pytest.mark.parametrize("room", ["plotting", "widgets"])
def test_a_colour_of_the_palette_is_written_once(room):
    """In hexadecimal, large or small: `style` alone knows it."""
    paths = [path for path in (PACKAGE / room).glob("*.py") if path.name != "style.py"]
    texts = {path.name: path.read_text(encoding="utf-8").upper() for path in paths}
    colours = {*PALETTE, *MAP_COLOURS}
    assert len(texts) > 5 and [(name, c) for name, text in texts.items() for c in colours if c in text] == []


def test_a_slice_is_black_and_white_at_its_own_percentiles():
    image = np.arange(1001.0).reshape(13, 77)
    _, axis = plt.subplots()
    show_slice(axis, image)
    assert axis.images[0].get_clim() == pytest.approx((10, 995))


def test_a_text_is_shortened_to_the_length_asked_for():
    assert (shortened("左侧额叶", 4), shortened("左侧额叶", 3)) == ("左侧额叶", "左侧…")
