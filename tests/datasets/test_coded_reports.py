import pytest

from selip_core.datasets.coded_reports import load_coded_ct, load_openi
from selip_core.errors import SelipError
from selip_core.reports.sentences import Finding

OPENI = """uid,MeSH,findings
1,normal,Clear lungs.
2,Opacity/lung/base/left;Cardiomegaly,"There is an opacity
at the left base."
3,Opacity/lung/apex/right;Technical Quality of Image Unsatisfactory ,Opacity in the right apex.
4,No Indexing,Something.
5,Cardiomegaly/mild,
"""


def test_openi_gives_texts_keys_terms_and_findings(tmp_path):
    (tmp_path / "openi.csv").write_text(OPENI, encoding="utf-8")
    found = load_openi(tmp_path / "openi.csv")
    assert len(found) == 2 and found.texts[0] == "There is an opacity at the left base."
    assert found.words[1] == ["opacity", "in", "the", "right", "apex"]
    assert found.keys == [{("opacity", "lung"), ("cardiomegaly",)}, {("opacity", "lung")}]
    assert found.terms[0] == {"opacity", "lung", "base", "left", "cardiomegaly"}
    assert found.findings[0] == (Finding("lung base left", "opacity"), Finding("cardiomegaly", "cardiomegaly"))
    assert found.take([1]).texts == ["Opacity in the right apex."]


def test_coded_ct_gives_tokens_and_codes(tmp_path):
    path = tmp_path / "ct.csv"
    path.write_text("0|,|5 6 7|,|,\n1|,|5 6|,|3 15 ,2 \n\n2|,|8|,|3 ,\n", encoding="utf-8")
    found = load_coded_ct(path)
    assert found.words == [["5", "6"], ["8"]] and found.findings == [] and found.take([0]).texts == []
    assert found.keys == [{("region 3", "type 2"), ("region 15", "type 2")}, frozenset()]
    assert found.terms[0] == {"region 3", "region 15", "type 2"}


@pytest.mark.parametrize(
    ("text", "load", "message"),
    [
        ("uid,findings\n1,x\n", load_openi, "mesh"),
        ("uid,MeSH,findings\n1,normal,Clear.\n", load_openi, "holds 0 coded reports"),
        ("1|,|5 x|,|3 ,\n", load_coded_ct, "line 1 is not of the form"),
        ("1,2,3\n", load_coded_ct, "line 1 is not of the form"),
        ("1|,|5|,|3 ,\n", load_coded_ct, "holds 1 coded reports"),
    ],
)
def test_another_table_is_refused_in_words(tmp_path, text, load, message):
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SelipError, match=message):
        load(tmp_path / "table.csv")
