"""Cells without markup: what a person reads stays, what only looks like a tag too."""

import pytest

from selip_core.ingest.cell_text import plain_text, without_invisible

NO_MARKUP = [
    "T2<T1，<3cm", "a<b and c>d", "<b=1000>, T2 <T1>", "&T2, R&D, A&B;", "P <0.05", "患者 <王小明>", "<p",
    "第一行\r\n第二行",
    "x < y > z", "a  b\tc", "<左侧>", "5<br 3", "<s selected左>", "<select the side>", "\u00a0左侧",
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
        ('病灶大小<input type="text" value="12mm">，位于'
         "<select><option>左侧</option><option selected>右侧</option></select>额叶", "病灶大小12mm，位于右侧额叶"),
        ('<select name="a">\n<option value="1">左\n<option value="2" selected="selected">右\n</select>额叶',
         "右额叶"),
        ("<select multiple><option selected>左<option>中<option selected>右</select>侧", "左 右 侧"),
        ("<select><option>左</option></select>额叶", "左额叶"),
        ('<input type="hidden" value="7"><input hidden value="8"><INPUT VALUE=12 >mm<input type=radio value=1>有',
         "12mm有"),
        ("<s>左侧</s>右侧<del>额叶<br>顶叶</del>枕叶<strike>见<s>一</s></strike>二", "右侧枕叶二"),
        ("{\\rtf1 a\\strike b\\strike0 c{\\striked1 d}e\\strike f\\plain g}", "aceg"),
    ],
)  # fmt: skip
def test_markup_and_invisible_characters_go(cell, said):
    assert plain_text(cell) == (said, "")


@pytest.mark.parametrize(
    ("cell", "said", "problem"),
    [
        ("{\\rtf1\\ansicpg936 \\'cd\\'f5\\'d0", "王", "RTF of which 2 characters"),
        ("甲<script>乙", "甲", "ends within a script"),
        ("甲<s>乙", "甲乙", "a mark of struck-out text that does not end"),
        ("甲<s>乙</del>丙", "甲乙丙", "does not end"),
        ("<select><option>左<option>右</select>额叶", "额叶", "a choice in HTML of which nothing is selected"),
        ("甲<select><option>左<option selected>右", "甲右", ""),
    ],
)
def test_what_is_left_out_is_told(cell, said, problem):
    found = plain_text(cell)
    assert found[0] == said and problem in found[1]


def test_accents_and_signs_are_no_invisible_characters():
    for text in ("naïve é 3 × 4 µm", "脑①Ⅱ→≥", "e\u0301"):
        assert without_invisible(text) == text
