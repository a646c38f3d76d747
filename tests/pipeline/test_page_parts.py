import io

import pytest
from PIL import Image, ImageColor, ImageDraw

from selip_core.pipeline.page_parts import interval_text, markdown_table, page_figure, small_png
from selip_core.plotting.style import PALETTE
from tests.helpers.executed_notebooks import picture

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [(0.5, 0.4, 0.6, "0.50 (0.40 to 0.60)"), (0.5, NAN, NAN, "0.50"), (NAN, NAN, NAN, "too few to say")],
)
def test_a_value_stands_with_its_interval(value, low, high, text):
    assert interval_text(value, low, high, ".2f") == text


def test_a_bar_in_a_cell_does_not_break_the_table():
    assert markdown_table(["a"], [["x|y"]]) == "| a |\n| --- |\n| x/y |"


def test_a_figure_that_is_not_there_is_left_out(tmp_path):
    assert page_figure(tmp_path, tmp_path / "docs", "01", "none") == ""


@pytest.mark.parametrize(("width", "size"), [(None, (400, 200)), (100, (100, 50)), (800, (400, 200))])
def test_a_small_picture_has_few_colours_its_words_and_no_more_than_its_width(width, size):
    with Image.open(io.BytesIO(small_png(io.BytesIO(picture(400)), width=width, colours=16))) as image:
        assert image.size == size and len(image.getcolors()) <= 16 and image.info["Title"] == "A caption."


def test_a_thin_line_keeps_its_colour_beside_pictures_of_many():
    drawn = Image.open(io.BytesIO(picture(400))).convert("RGB")
    lines = {10 + 20 * i: ImageColor.getrgb(colour) for i, colour in enumerate(PALETTE)}
    for y, colour in lines.items():
        ImageDraw.Draw(drawn).line([(50, y), (90, y)], fill=colour)
    drawn.save(whole := io.BytesIO(), "PNG")
    with Image.open(whole) as given, Image.open(io.BytesIO(small_png(given.fp))) as small:
        kept = {y: small.convert("RGB").getpixel((70, y)) for y in lines}
    off = {y: max(abs(a - b) for a, b in zip(colour, kept[y], strict=True)) for y, colour in lines.items()}
    assert max(off.values()) < 25, off
