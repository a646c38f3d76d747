import pytest

from selip_core.errors import SelipError
from selip_core.lexicon_gaps import lexicon_gaps, main
from selip_core.reports.parser import unknown_words

REPORTS = ["左侧额叶见片状长T1信号，大小约28X24MM，骨折。", "颅骨骨折，充气。", "充气，脑实质未见异常。"]


def test_unknown_words_are_counted_with_their_context_and_known_ones_are_not():
    gaps = lexicon_gaps(REPORTS).set_index("words")
    assert gaps.loc["骨折", ["count", "reports"]].tolist() == [2, 2] and gaps.loc["充气", "count"] == 2
    assert "骨折" in gaps.loc["骨折", "example"] and "大小约" in gaps.loc["骨折", "example"]
    assert not {"左侧", "额叶", "片状", "信号", "28X24MM"} & set(gaps.index)
    assert gaps["count"].is_monotonic_decreasing


@pytest.mark.parametrize("name", ["reports.txt", "reports.csv"])
def test_the_command_reads_tables_and_texts_and_writes_all(tmp_path, capsys, name):
    path = tmp_path / name
    lines = REPORTS if name.endswith("txt") else ["patient_id,findings", *(f"{i},{r}" for i, r in enumerate(REPORTS))]
    path.write_text("\n".join(lines), encoding="gb18030")
    assert main([str(path), "--top", "1", "--out", str(tmp_path / "gaps.csv")]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0].split()[0] == "2" and "in 3 reports" in said
    assert "骨折" in (tmp_path / "gaps.csv").read_text(encoding="utf-8-sig")


def test_what_is_wrong_is_one_line(tmp_path, capsys):
    (tmp_path / "empty.txt").write_text("\n")
    assert main([str(tmp_path / "empty.txt")]) == 1
    assert "holds no report" in capsys.readouterr().err
    assert main([str(tmp_path / "none.txt")]) == 1 and main([]) == 2


def test_words_of_another_language_are_told_one_by_one():
    gaps = lexicon_gaps(["Patchy hyperintensity in the left frontal lobe on T2.", "Läsion links frontal, hyperintens"])
    assert set(gaps["words"]) == {"läsion", "links"}


def test_a_word_of_a_mixed_sentence_counts_once_and_one_of_the_history_not_at_all():
    gaps = lexicon_gaps(["临床病史：痛风石。检查所见：左侧额叶见oligoastrozytom样病变"] * 2).set_index("words")
    assert gaps.loc["oligoastrozytom", "count"] == 2
    assert "OLIGOASTROZYTOM" not in gaps.index and not [word for word in gaps.index if "痛风" in word]


def test_what_is_said_of_the_normal_is_no_gap():
    normal = "脑实质内未见异常信号影，脑室系统大小、形态正常，中线结构居中。"  # the worked example of data/README.md
    assert lexicon_gaps([normal] * 2).empty and not unknown_words([normal])
    assert set(lexicon_gaps([f"{normal}颅骨骨折。"])["words"]) == set(lexicon_gaps(["颅骨骨折。"])["words"]) != set()


def test_one_report_is_not_several_and_no_count_is_none(tmp_path, capsys):
    with pytest.raises(SelipError, match="reports must be a list of reports, not one report"):
        lexicon_gaps(REPORTS[0])
    assert main([str(tmp_path), "--top", "0"]) == 2 and "--top: 0 must be 1 or more" in capsys.readouterr().err
