import pytest

from selip_core.reports.sentences import (
    NORMAL_STATEMENT,
    Finding,
    canonical_sentence,
    named_sentence,
    parse_sentence,
    swap_sides,
)

FINDINGS = [Finding("左侧额叶", "斑片状长信号"), Finding("脑桥", "点状高信号")]


def test_canonical_sentence_round_trips():
    text = canonical_sentence(FINDINGS)
    assert text == "在左侧额叶表现为斑片状长信号，在脑桥表现为点状高信号"
    assert parse_sentence(text) == FINDINGS


def test_named_sentence_round_trips():
    text = named_sentence("T1", FINDINGS)
    assert text == "T1，在左侧额叶表现为斑片状长信号。T1，在脑桥表现为点状高信号"
    assert parse_sentence(text) == FINDINGS


def test_normal_statement_has_no_findings():
    assert parse_sentence(NORMAL_STATEMENT) == []


def test_free_text_is_not_a_canonical_sentence():
    with pytest.raises(ValueError, match="not a canonical sentence"):
        parse_sentence("左侧额叶见长T1信号")


def test_swapping_sides_twice_gives_the_text_back():
    text = "在左侧额叶表现为长信号，在双侧丘脑表现为短信号，在中线结构表现为向右侧移位"
    assert swap_sides(text) == "在右侧额叶表现为长信号，在双侧丘脑表现为短信号，在中线结构表现为向左侧移位"
    assert swap_sides(swap_sides(text)) == text
