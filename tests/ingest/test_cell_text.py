"""Cells without markup: what a person reads stays, what only looks like a tag too."""

import pytest

from selip_core.ingest.cell_text import plain_text, without_invisible

NO_MARKUP = [
    "T2<T1，<3cm", "a<b and c>d", "<b=1000>, T2 <T1>", "&T2, R&D, A&B;", "P <0.05", "患者 <王小明>", "<p",
    "第一行\r\n第二行",
    "x < y > z", "a  b\tc", "<左侧>", "5<br 3", "\u00a0左侧",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_MARKUP)
def test_what_only_looks_like_markup_stays(text):
    assert plain_text(text) == (text, "")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<p>患者&#29579;&#23567;&#26126;</p><div>左侧额叶&nbsp;见<span style='a>b'>长T2</span></div>",
         "患者王小明\n左侧额叶 见长T2"),
        ("甲<br/>乙<BR>丙<li>丁", "甲\n乙\n丙\n丁"), ("王<b>小</b>明", "王小明"),
        ("&#29579&#x5c0f;明 &lt;3cm", "王小明 <3cm"),
        ("<p>T2<T1 &lt; 3</p>", "T2<T1 < 3"), ("<style>p{}</style><script>if (a<b) {}</script>甲<!-- 乙 -->", "甲"),
        ("&lt;p&gt;王小明&lt;/p&gt;", "王小明"), ("&amp;#29579;小明", "王小明"),
        ("<o:p></o:p><![if x]>甲<![endif]>", "甲"),
        ("<![CDATA[<p>甲</p>]]>", "甲"), ("<table><tr><td>甲</td><td>乙</td></tr></table>", "甲 乙"),
        ("报告：{\\rtf1\\ansicpg936 \\'cd\\'f5}完", "报告：王完"), ("王\u200b小\ufe0f明\x1f\ufeff", "王小明"),
        ("甲\x0b乙", "甲\n乙"),
    ],
)  # fmt: skip
def test_markup_and_invisible_characters_go(cell, said):
    assert plain_text(cell) == (said, "")


@pytest.mark.parametrize(
    ("cell", "said", "problem"),
    [
        ("{\\rtf1\\ansicpg936 \\'cd\\'f5\\'d0", "王", "RTF of which 2 characters"),
        ("甲<script>乙", "甲", "ends within a script"),
    ],
)
def test_what_is_left_out_is_told(cell, said, problem):
    found = plain_text(cell)
    assert found[0] == said and problem in found[1]


def test_accents_and_signs_are_no_invisible_characters():
    for text in ("naïve é 3 × 4 µm", "脑①Ⅱ→≥", "e\u0301"):
        assert without_invisible(text) == text
