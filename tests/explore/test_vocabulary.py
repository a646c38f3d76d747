import pytest

from selip_core.explore import vocabulary
from selip_core.explore.vocabulary import reading, sentence_of, sequences, shapes, sides, signals, sites, suggestions
from selip_core.reports.queries import read_query


def test_the_choices_are_those_of_the_lexicon_in_both_languages():
    assert ("基底节区 · basal ganglia region", "基底节区") in sites()
    assert ("左侧 · left-sided", "左侧") in sides("额叶") and [side for _, side in sides("脑桥")] == [""]
    assert sequences()[0][1] == "" and ("DWI · diffusion-weighted image", "DWI") in sequences()
    assert ("结节状 · nodular", "结节状") in shapes() and ("高信号 · hyperintense", "高信号") in signals()


@pytest.mark.parametrize("signal", [signal for _, signal in signals()])
def test_every_choice_is_a_sentence_that_is_taken_as_it_is(signal):
    for side in ("左侧", ""):
        assert "canonical sentence" in reading(read_query(sentence_of(side, "额叶", "片状", signal)))


def test_suggestions_are_near_words_and_none_for_what_resembles_nothing():
    assert suggestions("左侧基底截区") == ["基底节区"]
    assert suggestions("frontel white matter")[0] == "frontal white matter"
    assert suggestions("12345") == []


def test_a_long_text_is_quoted_in_short_and_only_its_beginning_is_compared(monkeypatch):
    compared = []
    parts = vocabulary._parts
    monkeypatch.setattr(vocabulary, "_parts", lambda text, *a, **k: compared.append(len(text)) or parts(text, *a, **k))
    told = reading(read_query("火星" * 500))
    assert "“" + "火星" * 30 + "…”" in told and len(told) < 200
    assert max(compared) == 80
