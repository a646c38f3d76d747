"""The lexicon: its checks, and that it is what the parser reads with."""

import copy
from pathlib import Path

import pytest

from selip_core.datasets.synthetic.catalogue import catalogue
from selip_core.errors import SelipError
from selip_core.reports.lexicon import KINDS, Lexicon, Token, check_lexicon, load_lexicon
from selip_core.reports.text import normalise


@pytest.fixture
def book():
    return copy.deepcopy(load_lexicon().book)


def kinds(text):
    return [(token.kind, token.value) for token in load_lexicon().scan(text)]


def test_unknown_language_is_an_error_that_names_it():
    with pytest.raises(SelipError, match="'xx'"):
        load_lexicon("xx")


def test_missing_key_is_named(book):
    del book["sides"]
    with pytest.raises(SelipError, match="book.yaml lacks the key 'sides'"):
        check_lexicon(book, Path("book.yaml"))


def test_unknown_key_is_named(book):
    book["colours"] = ["红"]
    with pytest.raises(SelipError, match="unknown key 'colours'"):
        check_lexicon(book, Path("book.yaml"))


def test_empty_part_is_named(book):
    book["shapes"] = []
    with pytest.raises(SelipError, match="shapes is empty"):
        check_lexicon(book, Path("book.yaml"))


@pytest.mark.parametrize("part", ["midline", "extra_axial", "layers", "territories"])
def test_site_that_does_not_exist_is_named(book, part):
    book[part].append("月球")
    with pytest.raises(SelipError, match=f"{part} names '月球'"):
        check_lexicon(book, Path("book.yaml"))


def test_a_neighbour_that_no_other_list_has_is_named(book):
    book["neighbours"].append("月球")
    with pytest.raises(SelipError, match="neighbours names '月球'"):
        check_lexicon(book, Path("book.yaml"))


def test_a_word_that_is_not_text_is_named(book):
    book["shapes"].append(3)
    with pytest.raises(SelipError, match="shapes: 3 is not text"):
        check_lexicon(book, Path("book.yaml"))


def test_not_a_mapping():
    with pytest.raises(SelipError, match="must be a mapping"):
        check_lexicon(["额叶"], Path("book.yaml"))


def test_every_site_of_the_catalogue_is_known():
    assert set(catalogue()["sites"]) <= set(load_lexicon().book["sites"])


def test_every_shape_of_the_catalogue_is_kept_as_written():
    shapes = {shape for kind in catalogue()["kinds"].values() for shape in kind.get("shapes", {})}
    assert all(kinds(shape) == [("shape", shape)] for shape in shapes)


def test_midline_sites_of_the_catalogue_are_midline():
    midline = {site for site, about in catalogue()["sites"].items() if about["centre_mm"][0] == 0}
    assert midline == load_lexicon().midline & set(catalogue()["sites"])


def test_no_word_means_two_sites(book):
    words = [word for site, also in book["sites"].items() for word in {site, *also}]
    assert len(words) == len(set(words))


def test_words_are_written_as_reports_are_normalised(book):
    groups = [group for group in book.values() if isinstance(group, (list, dict))]
    for group in groups:
        for words in group.values() if isinstance(group, dict) else [group]:
            for word in words if isinstance(words, list) else [words]:
                assert normalise(word) == word


def test_longest_word_wins():
    assert kinds("侧脑室旁") == [("site", "侧脑室旁白质")]
    assert kinds("左侧侧脑室") == [("side", "左侧"), ("morphology", "侧脑室")]


def test_scan_tells_where():
    assert load_lexicon().scan("见左侧额叶") == [Token("side", "左侧", 1, 3), Token("site", "额叶", 3, 5)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("长T1长T2信号", [("relaxation", "T1 长信号"), ("relaxation", "T2 长信号")]),
        ("稍长T1、T2信号", [("relaxation", "T1+T2 长信号")]),
        ("T1短T2长信号", [("relaxation", "T1 短信号"), ("relaxation", "T2 长信号")]),
        ("T1低T2高", [("sequence", "T1"), ("signal", "低"), ("sequence", "T2"), ("signal", "高")]),
        ("T2*WI", [("unread", "")]),
        ("T2-FLAIR", [("sequence", "FLAIR")]),
        ("ADC值下降", [("sequence", "ADC"), ("signal", "信号降低")]),
        ("弥散明显受限", [("restricted", "弥散明显受限")]),
        ("未见明显异常强化", [("enhancement", "无强化")]),
        ("花环样不均匀强化", [("enhancement", "环形强化")]),
        ("向左侧偏移", [("shifted", "左")]),
        ("向健侧移位", [("shifted", "对"), ("contacts", "移位")]),
        ("向左侧扣带回延伸", [("side", "左侧"), ("site", "扣带回"), ("extensions", "延伸")]),
        ("左侧脑室前角及体部旁", [("side", "左侧"), ("site", "侧脑室旁白质")]),
        ("左侧脑室体部", [("side", "左侧"), ("morphology", "侧脑室")]),
        ("T1WI等低信号", [("sequence", "T1"), ("signal", "等低信号")]),
        ("T2WI等稍高信号", [("sequence", "T2"), ("signal", "等高信号")]),
        ("T1等", [("sequence", "T1"), ("signal", "等信号")]),
        ("信号较前减低", [("disorders", "信号较前减低")]),
        ("信号对称性增高", [("signal", "信号升高")]),
        ("C7/T1椎间盘", [("elsewhere", "C7/T1"), ("elsewhere", "椎间盘")]),
        ("T2水肿", [("sequence", "T2"), ("oedema", "水肿")]),
        ("非闭合性", [("passed_over", "非闭合性")]),
        ("宽约5MM", [("passed_over", "宽约")]),
        ("增宽5MM", [("widened", "增宽")]),
        ("垂体明显均匀强化", [("passed_over", "垂体明显均匀强化")]),
        ("垂体不均匀强化", [("site", "垂体"), ("passed_over", "不均匀"), ("enhancement", "强化")]),
    ],
)
def test_scan(text, found):
    assert [f for f in kinds(text) if f[0] != "signal" or f[1] != "长信号"] == found


def test_lobes_of_a_compound():
    assert load_lexicon().lobes("额顶颞叶") == ["额叶", "顶叶", "颞叶"]


def test_an_edited_lexicon_reads_the_new_word(book):
    book["sites"]["丘脑"].append("视丘")
    assert Lexicon(book).scan("视丘")[0].value == "丘脑"


def test_words_for_the_segmenter_are_longer_than_a_character():
    words = load_lexicon().words
    assert "基底节区" in words and all(len(word) > 1 for word in words)


def test_every_word_is_of_a_kind_that_the_reader_knows():
    lexicon = load_lexicon()
    assert {kind for kind, _ in lexicon._meaning.values()} <= KINDS
    text = "两额叶额顶叶长T1长T2信号等低信号值减低弥散受限未见强化环形强化DWI高3X4MMT1等、斑片及片状影"
    assert {token.kind for token in lexicon.scan(text)} <= KINDS
