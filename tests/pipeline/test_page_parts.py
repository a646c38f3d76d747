import pytest

from selip_core.pipeline.page_parts import interval_text, markdown_table, page_figure

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
