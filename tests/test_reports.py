import json
from pathlib import Path

import pandas as pd
import pytest

from selip_core.errors import SelipError
from selip_core.lexicon import check_lexicon, load_lexicon
from selip_core.report_scoring import error_kinds, score_reports
from selip_core.reports import Finding, describe_series, is_normal_report, parse_report, tokenize, unknown_words
from selip_core.sentences import NORMAL_STATEMENT
from selip_core.similarity import appearance_tag
from selip_core.study_sentences import describe_cohort

# Written by hand: a clause, and what a careful reader takes from it ("sequence site appearance").
CASES = {
    "左侧基底节区见长T1长T2信号影。": ["T1 左侧基底节区 长信号", "T2 左侧基底节区 长信号"],
    "左侧基底节区见斑片状稍长T1、稍长T2信号影": ["T1 左侧基底节区 斑片状长信号", "T2 左侧基底节区 斑片状长信号"],
    "右侧丘脑见点状长T1、T2信号": ["T1 右侧丘脑 点状长信号", "T2 右侧丘脑 点状长信号"],
    "左额叶见片状等T1短T2信号": ["T1 左侧额叶 片状等信号", "T2 左侧额叶 片状短信号"],
    "右侧枕叶病灶T1WI呈低信号，T2WI呈高信号": ["T1 右侧枕叶 低信号", "T2 右侧枕叶 高信号"],
    "右侧枕叶见病灶,T1WI低信号、T2WI高信号": ["T1 右侧枕叶 低信号", "T2 右侧枕叶 高信号"],
    "两侧半卵圆中心见斑点状异常信号，T2WI及FLAIR呈高信号": ["T2 双侧半卵圆中心 斑点状高信号", "FLAIR 双侧半卵圆中心 斑点状高信号"],
    "脑桥见点状异常信号，T2/FLAIR呈高信号": ["T2 脑桥 点状高信号", "FLAIR 脑桥 点状高信号"],
    "左侧小脑半球见片状影，DWI呈明显高信号，ADC图信号减低": ["DWI 左侧小脑半球 片状高信号", "ADC 左侧小脑半球 片状信号降低"],
    "左侧颞叶见片状影，弥散明显受限": ["DWI 左侧颞叶 片状高信号", "ADC 左侧颞叶 片状信号降低"],
    "左侧颞叶见长T2信号，DWI未见高信号": ["T2 左侧颞叶 长信号"],
    "左侧颞叶见长T2信号，弥散不受限": ["T2 左侧颞叶 长信号"],
    "双侧额顶叶见多发斑点状长T2信号": ["T2 双侧额叶 多发斑点状长信号", "T2 双侧顶叶 多发斑点状长信号"],
    "左侧基底节区、右侧丘脑及脑桥见点状长T2信号": ["T2 左侧基底节区 点状长信号", "T2 右侧丘脑 点状长信号", "T2 脑桥 点状长信号"],
    "双侧侧脑室旁、放射冠可见多发斑片状高信号影": [],
    "FLAIR示双侧侧脑室旁、放射冠多发斑片状高信号影": [
        "FLAIR 双侧侧脑室旁白质 多发斑片状高信号", "FLAIR 双侧放射冠 多发斑片状高信号",
    ],
    "右侧额叶见团块状混杂信号，T1WI呈等、低信号": ["T1 右侧额叶 团块状等低信号"],
    "右侧额叶见团块状影，FLAIR呈高低混杂信号": ["FLAIR 右侧额叶 团块状混杂信号"],
    "右侧额叶见团块状长T1信号，增强扫描呈不均匀环形强化": ["T1 右侧额叶 团块状长信号", "T1ce 右侧额叶 环形强化"],
    "右侧额叶见团块状长T1信号，增强未见明显强化": ["T1 右侧额叶 团块状长信号", "T1ce 右侧额叶 无强化"],
    "右侧额叶见团块状长T2信号，周围见片状水肿": ["T2 右侧额叶 团块状长信号", "T2 右侧额叶 水肿", "FLAIR 右侧额叶 水肿"],
    "右侧额叶见团块状长T2信号，周围未见水肿": ["T2 右侧额叶 团块状长信号"],
    "脑沟增宽": ["T1 脑沟 增宽", "T2 脑沟 增宽", "FLAIR 脑沟 增宽"],
    "脑室系统扩张": ["T1 双侧侧脑室 扩大", "T2 双侧侧脑室 扩大", "FLAIR 双侧侧脑室 扩大"],
    "中线结构略左移": [f"{s} 中线结构 向左侧移位" for s in ("T1", "T2", "FLAIR")],
    "右侧侧脑室受压变窄": [f"{s} 右侧侧脑室 受压变窄" for s in ("T1", "T2", "FLAIR")],
    "脑室系统不大，脑沟未见增宽，中线结构居中": [],
    "脑实质内未见异常信号影": [],
    "双侧上颌窦黏膜增厚，见长T2信号": [],
    "左侧基底节区急性脑梗死可能，建议复查": [],
    "左侧 基底节区 见 长 Ｔ１ 长Ｔ２ 信号影": ["T1 左侧基底节区 长信号", "T2 左侧基底节区 长信号"],
    "右侧岛叶见片状影，flair呈高信号，dwi呈等信号": ["FLAIR 右侧岛叶 片状高信号", "DWI 右侧岛叶 片状等信号"],
    "左侧额叶见片状长T1信号影，右侧枕叶见点状短T1信号影": ["T1 左侧额叶 片状长信号", "T1 右侧枕叶 点状短信号"],
    "左侧顶叶见片状影，考虑梗死，T1W1呈低信号": ["T1 左侧顶叶 片状低信号"],
    "右侧颞叶见团块状影，T2WI呈高信号，FLAIR呈斑片状高信号": ["T2 右侧颞叶 团块状高信号", "FLAIR 右侧颞叶 斑片状高信号"],
    "双侧基底节区见散在点状长T2信号": ["T2 双侧基底节区 多发点状长信号"],
    "左侧豆状核、壳核见长T2信号": ["T2 左侧基底节区 长信号"],
    "多发斑点状长T2信号，见于双侧放射冠": ["T2 双侧放射冠 多发斑点状长信号"],
    "左侧桥小脑角区见囊状长T2信号，ADC值增高": ["T2 左侧桥小脑角区 囊状长信号", "ADC 左侧桥小脑角区 囊状信号升高"],
    "左侧额叶见长T2信号，双侧大脑中动脉狭窄": ["T2 左侧额叶 长信号"],
}


def flat(text):
    return sorted(f"{s} {f.site} {f.appearance}" for s, findings in parse_report(text).items() for f in findings)


@pytest.mark.parametrize("text", CASES)
def test_a_clause_is_read_as_a_careful_reader_would(text):
    assert flat(text) == sorted(CASES[text])


def test_clauses_side_by_side_do_not_disturb_each_other():
    together = "。".join(text.rstrip("。") for text in CASES)
    assert flat(together) == sorted({line for lines in CASES.values() for line in lines})


def test_public_examples():
    assert parse_report("左侧基底节区见长T1信号影")["T1"] == [Finding("左侧基底节区", "长信号")]
    found = parse_report("右侧丘脑病灶，DWI呈明显高信号")["DWI"][0]
    assert appearance_tag(found.appearance) == "高信号"


def test_describe_series():
    abnormal = "左侧额叶见长T1长T2信号影。"
    expected = {"T1": "在左侧额叶表现为长信号", "T2": "在左侧额叶表现为长信号"}
    assert describe_series(abnormal, ["T1", "T2", "DWI"]) == expected
    normal = "脑实质内未见异常信号影，脑室系统正常。"
    assert describe_series(normal, ["T1", "ADC"]) == {"T1": NORMAL_STATEMENT, "ADC": NORMAL_STATEMENT}
    assert describe_series("左侧额叶占位。", ["T1"]) == {} and not is_normal_report("左侧额叶占位。")


@pytest.mark.parametrize(
    "findings, impression",
    [
        ("右侧桥小脑角区见占位性病变，脑室系统未见异常。", "听神经瘤"),
        ("脑实质内未见明显异常信号影。左侧颞部蛛网膜囊肿。", ""),
        ("左侧小脑半球见软化灶。余脑实质未见异常。", ""),
        ("左侧额叶见团块影，余脑实质未见异常。", "胶质瘤"),
    ],
)
def test_an_abnormal_report_that_cannot_be_read_is_not_called_normal(findings, impression):
    assert describe_series(findings, ["T1", "T2"], impression=impression) == {}


def test_words_join_to_the_text_and_terms_stay_whole():
    text = "双侧半卵圆中心见多发斑点状长T2信号影"
    assert "".join(tokenize(text)) == text and "半卵圆中心" in tokenize(text)


def test_unknown_words_are_counted():
    assert unknown_words(["左侧额叶见长T2信号", "胼胝体见佛手柑样改变"]).total() > 0
    assert not unknown_words(["左侧额叶高信号"])


def test_lexicon_errors_name_file_and_key():
    book, path = load_lexicon().book, Path("zh.yaml")
    with pytest.raises(SelipError, match="zh.yaml lacks the key 'sites'"):
        check_lexicon({k: v for k, v in book.items() if k != "sites"}, path)
    with pytest.raises(SelipError, match="unknown key 'sitse'"):
        check_lexicon({**book, "sitse": {}}, path)
    with pytest.raises(SelipError, match="shapes is empty"):
        check_lexicon({**book, "shapes": []}, path)
    with pytest.raises(SelipError, match="no lexicon for language 'xx'"):
        load_lexicon("xx")


def test_error_kinds_worked_by_hand():
    true = {("T1", "左侧额叶", "长信号"), ("T2", "脑桥", "高信号"), ("FLAIR", "右侧丘脑", "高信号"), ("DWI", "枕叶", "高信号")}
    read = {("T1", "右侧额叶", "长信号"), ("T2", "脑桥", "低信号"), ("DWI", "右侧丘脑", "高信号")}
    kinds = error_kinds(true, read)
    assert kinds == {"wrong side": 1, "wrong appearance": 1, "wrong sequence": 1, "missed": 1}


def test_scores_count_exact_findings_of_acquired_sequences(tmp_path):
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "findings.csv").write_text(
        "patient_id,sequence,site,appearance\nA,T1,左侧额叶,长信号\nA,T2,左侧额叶,长信号\nB,T1,脑桥,短信号\n", encoding="utf-8"
    )
    (truth / "reports.csv").write_text("patient_id,style,held_out_style,normal\nA,x,0,0\nB,x,0,0\n")
    reports = pd.DataFrame({
        "patient_id": ["A", "B"], "study_id": ["A", "B"], "impression": ["", ""],
        "findings": ["左侧额叶见长T1长T2信号影", "脑桥见长T1信号影"],
    })  # fmt: skip
    series = pd.DataFrame({"patient_id": ["A", "B"], "study_id": ["A", "B"], "sequence": ["T1", "T1"]})
    scores, errors = score_reports(tmp_path, reports, series, samples=100, seed=0)
    total = scores[scores["sequence"] == "all"].iloc[0]
    assert (total["precision"], total["recall"], total["n"]) == (0.5, 0.5, 2)  # the T2 of A was not acquired
    assert errors["wrong appearance"].tolist() == [1]
    described = describe_cohort(reports, series, progress=False)
    assert described[["patient_id", "sequence", "kind"]].values.tolist() == [["A", "T1", "findings"], ["B", "T1", "findings"]]
    assert score_reports(tmp_path / "none", reports, series, samples=100, seed=0)[0].empty


@pytest.mark.skipif(not Path("../shared/real/text").exists(), reason="no real report text beside the repository")
def test_real_reports_never_end_in_an_error():
    for line in Path("../shared/real/text/head_findings_zh.jsonl").read_text(encoding="utf-8").splitlines():
        parse_report(json.loads(line)["text"])
