import pytest

from selip_core.reports.sentences import (
    NORMAL_STATEMENT,
    Finding,
    canonical_sentence,
    mirrored,
    parse_sentence,
    swap_sides,
    with_whole_sides,
    without_side,
)

FINDINGS = [Finding("左侧额叶", "斑片状长信号"), Finding("脑桥", "点状高信号")]


def test_canonical_sentence_round_trips():
    text = canonical_sentence(FINDINGS)
    assert text == "在左侧额叶表现为斑片状长信号，在脑桥表现为点状高信号"
    assert parse_sentence(text) == FINDINGS


@pytest.mark.parametrize(
    "text",
    [
        "T1，在左侧额叶表现为斑片状长信号。T1，在脑桥表现为点状高信号",
        "T1，在左侧额叶表现为斑片状长信号。T1，在脑桥表现为点状高信号。",
        "在左侧额叶表现为斑片状长信号；在脑桥表现为点状高信号。",
    ],
)
def test_a_clause_may_name_its_sequence(text):
    assert parse_sentence(text) == FINDINGS


def test_normal_statement_has_no_findings():
    assert parse_sentence(NORMAL_STATEMENT) == []


@pytest.mark.parametrize(
    "text",
    [
        "左侧额叶见长T1信号",
        "junk 在左侧额叶表现为长信号",
        "在左侧额叶表现为长信号 trailing words",
        "junk 在左侧额叶表现为长信号 trailing words",
        "在左侧额叶表现为长信号，余未见异常",
        "患者，在左侧额叶表现为长信号",
        "在左侧额叶表现为长信号，，在脑桥表现为高信号",
        "在左侧额叶表现为长信号在脑桥表现为高信号",
        "在左侧额叶表现为",
        f"{NORMAL_STATEMENT}在左侧额叶表现为长信号",
        "",
    ],
)
def test_free_text_is_not_a_canonical_sentence(text):
    with pytest.raises(ValueError, match="not a canonical sentence"):
        parse_sentence(text)


def test_swapping_sides_twice_gives_the_text_back():
    text = "在左侧额叶表现为长信号，在双侧丘脑表现为短信号，在中线结构表现为向右侧移位"
    assert swap_sides(text) == "在右侧额叶表现为长信号，在双侧丘脑表现为短信号，在中线结构表现为向左侧移位"
    assert swap_sides(swap_sides(text)) == text


def test_a_site_without_its_side():
    assert [without_side(site) for site in ("左侧额叶", "双侧丘脑", "脑桥", "左")] == ["额叶", "丘脑", "脑桥", "左"]


def test_sides_that_a_language_model_cut_short_are_whole_again_and_so_can_be_mirrored():
    assert mirrored([Finding(with_whole_sides("左额叶"), "长信号")]) == (Finding("右侧额叶", "长信号"),)
    for text in ("左侧额叶", "双侧额叶", "左右径增大", "脑干"):
        assert with_whole_sides(text) == text
    assert with_whole_sides("两侧放射冠") == "双侧放射冠" and with_whole_sides("向左移位") == "向左侧移位"
