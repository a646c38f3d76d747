"""Tables in the terminal: wide characters count two, cells may have several lines, the first column gives way."""

import pytest

from selip_core.pipeline.terminal import shown_width, table_lines, wrapped


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("findings recall@10", 12, ["findings", "recall@10"]),
        ("findings recall@10", 18, ["findings recall@10"]),
        ("左侧基底节区", 4, ["左侧", "基底", "节区"]),
        ("a 左侧基底", 5, ["a", "左侧", "基底"]),
        ("", 5, [""]),
    ],
)
def test_wrapped(text, width, lines):
    assert wrapped(text, width) == lines


def test_columns_align_where_characters_are_wide():
    lines = table_lines([["name", "x"], ["左侧", "1"], ["ab", "2"]])
    assert lines == ["name  x", "左侧  1", "ab    2"]


def test_cells_of_two_lines_and_a_first_column_that_gives_way():
    rows = [["outcome", "constant\nanswer"], ["a long name of an outcome", "0.100\n0.050 to 0.150"], ["b", ""]]
    lines = table_lines(rows, width=30)
    assert lines == [
        "outcome         constant", "                answer",
        "a long name of  0.100", "an outcome      0.050 to 0.150", "b",
    ]  # fmt: skip
    assert max(map(shown_width, lines)) <= 30
