import pytest

from selip_core.errors import SelipError
from selip_core.reports import queries
from selip_core.reports.queries import CANONICAL, READ, WORD_FOR_WORD, Query, query_sentences, read_query
from selip_core.reports.sentences import NORMAL_STATEMENT


@pytest.mark.parametrize(
    ("text", "sentences", "reading"),
    [
        ("在左侧额叶表现为长信号", {"": "在左侧额叶表现为长信号"}, CANONICAL),
        (NORMAL_STATEMENT, {"": NORMAL_STATEMENT}, CANONICAL),
        (
            "左侧额叶见片状长T2信号，DWI呈高信号",
            {"T2": "在左侧额叶表现为片状长信号", "DWI": "在左侧额叶表现为片状高信号"},
            READ,
        ),
        ("脑实质未见异常。", {"": NORMAL_STATEMENT}, READ),
        ("左侧额叶片状高信号", {"": "在左侧额叶表现为片状高信号"}, READ),
        ("Patchy hyperintensity in the left frontal lobe", {"": "在左侧额叶表现为片状高信号"}, READ),
        ("something else", {"": "something else"}, WORD_FOR_WORD),
    ],
)
def test_a_query_is_read_as_reports_are(text, sentences, reading):
    assert read_query(f" {text} ") == Query(text, sentences, reading)
    assert query_sentences(text) == sentences


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_query_says_what_to_type(text):
    with pytest.raises(SelipError, match="the query is empty: type a finding"):
        read_query(text)


@pytest.mark.parametrize("query", [None, float("nan"), 3, b"frontal"])
def test_what_is_no_text_is_said(query):
    with pytest.raises(SelipError, match="a query must be a text, not "):
        read_query(query)


def test_a_text_that_is_too_long_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(queries, "findings_by_sequence", lambda _: pytest.fail("read"))
    with pytest.raises(SelipError, match=r"the query has 10,000 characters, and 1,000 are the most"):
        read_query("基" * 10_000, longest=1000)


@pytest.mark.parametrize("text", ["左侧额叶片状高信号", "Patchy hyperintensity in the left frontal lobe"])
def test_a_finding_without_a_sequence_holds_for_any(text):
    assert query_sentences(text) == {"": "在左侧额叶表现为片状高信号"}


@pytest.mark.parametrize("text", ["Hiperintensidad frontal izquierda", "lóbulo 额叶 izquierdo高信号"])
def test_a_query_in_another_language_is_taken_word_for_word(text):
    assert read_query(text) == Query(text, {"": text}, WORD_FOR_WORD)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("basal ganglia hyperintensity on the right", "在右侧基底节区表现为高信号"),
        ("hyperintensity in the left frontal lobe, hypointensity in the right parietal lobe",
         "在左侧额叶表现为高信号，在右侧顶叶表现为低信号"),
        ("RIGHT frontal lobe hyperintensity", "在右侧额叶表现为高信号"),
        ("左侧额叶高信号；右侧顶叶低信号", "在左侧额叶表现为高信号，在右侧顶叶表现为低信号"),
        ("左侧额叶高信号。右侧顶叶低信号", "在左侧额叶表现为高信号，在右侧顶叶表现为低信号"),
    ],
)  # fmt: skip
def test_a_query_of_any_sequence_keeps_each_side_and_signal(text, sentence):
    assert read_query(text) == Query(text, {"": sentence}, READ)


def test_a_canonical_query_that_names_sequences_is_compared_with_those():
    text = "T1，在左侧额叶表现为长信号；T2，在左侧额叶表现为长信号，在脑桥表现为长信号。"
    t2 = "在左侧额叶表现为长信号，在脑桥表现为长信号"
    assert read_query(text) == Query(text, {"T1": "在左侧额叶表现为长信号", "T2": t2}, CANONICAL)
