
import pytest

from selip_core.inspection.pair import CohortPairs
from selip_core.reports.sentences import NORMAL_STATEMENT
from selip_core.widgets import pairs as widget_pairs
from selip_core.widgets.pairs import PairInspector

FIRST = "在左侧额叶表现为片状长信号，在脑桥表现为点状长信号"
SECOND = "在左侧额叶表现为斑片状长信号"
COHORT = [FIRST, SECOND, SECOND, "在脑桥表现为点状短信号", NORMAL_STATEMENT]


@pytest.fixture
def inspector(tmp_path):
    return PairInspector(COHORT, log=tmp_path / "log.txt")


def said(inspector) -> str:
    """Return the words of the message line."""
    return inspector.status.widget.note + inspector.status.widget.error


def test_it_begins_with_two_reports_of_the_cohort(inspector):
    assert {inspector.first.value, inspector.second.value} <= set(COHORT)
    assert inspector.view.value.count("<svg") == 2 and said(inspector) == ""
    assert inspector.first.options[0] == SECOND  # the most frequent


def test_a_choice_updates_the_view_in_place(inspector):
    inspector.show(FIRST, SECOND)
    view = inspector.view
    assert "Similarity 0.591" in view.value
    inspector.second.value = FIRST
    assert inspector.view is view and "Similarity 0.591" not in view.value and "A=B" in view.value


def test_the_matching_is_a_choice(inspector):
    inspector.show(FIRST, SECOND)
    inspector.matching.value = "best"
    assert "Similarity 0.769 (matching: best)" in inspector.view.value
    inspector.matching.value = "mean"
    assert "Similarity 0.591 (matching: mean)" in inspector.view.value


def test_free_text_is_read_and_its_sequence_can_be_chosen(inspector):
    inspector.show("左侧额叶见片状长T1长T2信号影，DWI呈高信号。", SECOND)
    picker = inspector.sequences[0]
    assert picker.options == ("T1", "T2", "DWI") and picker.layout.display != "none"
    assert inspector.sequences[1].layout.display == "none"
    assert "Report A, T1" in inspector.view.value and "片状长信号" in inspector.view.value
    picker.value = "DWI"
    assert "Report A, DWI" in inspector.view.value and "signal word: 高信号" in inspector.view.value


def test_english_is_read(inspector):
    inspector.show("Patchy high signal in the left frontal lobe on T2 and low signal on T1.", SECOND)
    assert inspector.sequences[0].options == ("T1", "T2") and "左侧额叶 片状" in inspector.view.value


def test_like_sequences_are_compared_where_both_texts_speak_of_them(inspector):
    inspector.show("左侧额叶见长T1长T2信号影。", SECOND)
    inspector.sequences[0].value = "T2"
    inspector.second.value = "脑桥见长T1长T2信号影。"
    assert [picker.value for picker in inspector.sequences] == ["T2", "T2"]


@pytest.mark.parametrize("bad", ["", "   ", "hello <b>", "左侧"])
def test_what_cannot_be_read_is_a_sentence_and_the_view_stays(inspector, bad):
    inspector.show(FIRST, SECOND)
    before = inspector.view.value
    inspector.second.value = bad
    assert said(inspector).startswith("Report B: ")
    assert "comparison before" in inspector.stale.value and inspector.view.value == before
    inspector.second.value = NORMAL_STATEMENT
    assert not said(inspector) and not inspector.stale.value and "B: no findings" in inspector.view.value


def test_a_fault_is_a_sentence_and_its_trace_is_in_the_log(inspector, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(widget_pairs, "compare", lambda *_, **__: int("no number"))
        inspector.show(FIRST, SECOND)
    assert "ValueError" in said(inspector) and str(inspector.status.log) in said(inspector)
    assert (
        "Traceback" in inspector.status.log.read_text(encoding="utf-8") and "comparison before" in inspector.stale.value
    )
    inspector.show(FIRST, FIRST)
    assert not said(inspector) and "A=B" in inspector.view.value


def test_a_pair_is_placed_in_a_large_cohort_only_after_a_word_on_the_seconds_it_takes(monkeypatch):
    class Watched(CohortPairs):
        def __init__(self, *arguments, **options):
            words.append(said(inspector))
            super().__init__(*arguments, **options)

    words: list[str] = []
    monkeypatch.setattr(widget_pairs, "SLOW_ABOVE", 3)
    monkeypatch.setattr(widget_pairs, "CohortPairs", Watched)
    inspector = PairInspector(COHORT)
    assert not words and "next choice" in said(inspector) and "<svg" in inspector.view.value
    assert "similarity matrix" not in inspector.view.value
    inspector.matching.value = "best"
    assert words == ["Placing the pair among 4 distinct reports: some seconds."]
    assert not said(inspector) and "similarity matrix" in inspector.view.value


def test_text_is_escaped(inspector):
    inspector.show("在<script>alert(1)</script>表现为长信号", SECOND)
    assert "<script" not in inspector.view.value and "&lt;" in inspector.view.value


@pytest.mark.parametrize("cohort", [[], [NORMAL_STATEMENT]])
def test_a_cohort_without_findings_begins_with_a_sentence_and_works(cohort):
    inspector = PairInspector(cohort)
    assert "Report A: the report is empty" in said(inspector) and not inspector.view.value
    inspector.show(FIRST, SECOND)
    assert "0.591" in inspector.view.value and "similarity matrix" not in inspector.view.value


def test_a_cohort_that_says_one_thing_in_two_orders_has_no_place():
    inspector = PairInspector([FIRST, "在脑桥表现为点状长信号，在左侧额叶表现为片状长信号"])
    assert inspector.view.value and not said(inspector)


def test_only_the_most_frequent_sentences_are_offered(monkeypatch):
    monkeypatch.setattr(widget_pairs, "OFFERED", 2)
    assert PairInspector([*COHORT, FIRST, FIRST]).first.options == (FIRST, SECOND)


def test_controls_are_labelled(inspector):
    controls = (inspector.first, inspector.second, inspector.matching, *inspector.sequences)
    assert all(control.description for control in controls)
    assert "selip-pairs-widget" in inspector.box._dom_classes
    assert "application/vnd.jupyter.widget-view+json" in inspector._repr_mimebundle_()
