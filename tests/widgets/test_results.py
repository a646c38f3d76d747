import pandas as pd
import pytest

from selip_core.widgets.results import ResultList, card_html


def answer(**columns) -> pd.DataFrame:
    """Return an answer of three series as the explorer gives it."""
    rows = pd.DataFrame({
        "series": [4, 0, 7], "score": [0.91234, 0.5, -0.25], "patient_id": ["p1", "p2", "p<3>"],
        "sequence": ["T1", "T2", "DWI"], "split": ["train", "validation", "test"], "sentence": ["左侧", "", "右&侧"],
        "report": ["报告", "", "<script>"], "thumbnail": [b"a", b"b", b"c"],
    })  # fmt: skip
    return rows.assign(**columns)


@pytest.fixture
def picked():
    return []


@pytest.fixture
def results(picked):
    return ResultList("Closest <series>", 4, picked.append, verb="Look at")


def hidden(results) -> list[bool]:
    return [row.layout.display == "none" for row in results.rows]


def test_an_answer_fills_as_many_rows_as_it_has_and_none_hides_the_list(results):
    assert results.box.layout.display == "none"
    results.show(answer())
    assert results.box.layout.display == "" and hidden(results) == [False, False, False, True]
    assert results.cards[3].value == "" and results.buttons[3].tooltip == ""
    results.show(answer().head(1))
    assert hidden(results) == [False, True, True, True] and results.cards[1].value == ""
    results.show(None)
    assert results.box.layout.display == "none" and results.series == []


def test_a_button_picks_the_series_beside_it_and_is_described_by_it(results, picked):
    results.show(answer())
    results.buttons[2].click()
    results.show(answer(series=[9, 8, 7]))
    results.buttons[0].click()
    assert picked == [7, 9]
    assert results.buttons[0].description == "Look at 1" and results.buttons[0].tooltip == "View T1 of p1"


def test_what_comes_from_the_cohort_is_escaped(results):
    card = card_html(answer().iloc[2])
    assert "p&lt;3&gt;" in card and "右&amp;侧" in card and "&lt;script&gt;" in card
    assert "<script>" not in card and "<3>" not in card
    assert "&lt;series&gt;" in results.box.children[0].value


def test_a_card_tells_score_own_report_and_how_many_carry_it():
    card = card_html(answer(own=[True, False, False], carriers=[3, 1, 1]).iloc[0])
    assert "score 0.912 · its own report · said of 3 series" in card and ">报告<" in card
    other = card_html(answer(own=[True, False, False], carriers=[3, 1, 1]).iloc[1])
    assert "own report" not in other and "said of" not in other
    assert "(no sentence)" in other and "no report" in other


def test_a_picture_says_which_side_is_which():
    card = card_html(answer().iloc[0])
    assert 'alt="Middle axial slice, T1 of p1, the patient’s left on the right"' in card
    assert "left:3px" in card.split(">R<")[0] and "right:3px" in card.split(">R<")[1].split(">L<")[0]
