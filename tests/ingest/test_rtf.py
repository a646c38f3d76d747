"""RTF as report editors write it: read in whatever encoding, its hidden parts left out, what is lost counted."""

import pytest

from selip_core.ingest.rtf import rtf_text

HEAD = r"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0\fnil\fcharset134 \'cb\'ce\'cc\'e5;}{\f1\fcharset0 Arial;}}"


@pytest.mark.parametrize(
    ("rtf", "said"),
    [
        (r"{\rtf1\ansi\ansicpg936 \'cd\'f5\'d0\'a1\'c3\'f7\par left}", "王小明\nleft"),
        (HEAD + r"\viewkind4\uc1\pard\lang2052\f0\fs20 \'cd\'f5\'d0\'a1\'c3\'f7\f1 T2<T1\line x}", "王小明T2<T1\nx"),
        (r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f3\fcharset134 SimSun;}}\f3 \'cd\'f5\'d0\'a1\'c3\'f7}", "王小明"),
        (r"{\rtf1\ansi\ansicpg1252 \'cd\'f5\'d0\'a1\'c3\'f7}", "王小明"),  # GBK that is called Western
        (r"{\rtf1\ansi\ansicpg1252 l\'e9sion, 3\'b0}", "lésion, 3°"), (r"{\rtf1\ansi\ansicpg936 3\'b0}", "3°"),
        (r"{\rtf1\ansi \u29579?\u23567?\u26126?}", "王小明"),
        (r"{\rtf1\uc2\u29579\'cd\'f5\u23567\'d0\'a1{\uc0\u26126}x}", "王小明x"),
        (r"{\rtf1 \u-10179?\u-8704?}", "\U0001f600"),  # halves of one character, as signed numbers
        (r"{\rtf1\ansicpg936 \'81@\'81\\}", "丂乗"),  # a second byte that is a letter or a sign
        (r"{\rtf1 a\~b\_c\-d \{e\} \\f}", "a b-cd {e} \\f"), ("{\\rtf1 a\nb\\\nc}", "ab\nc"),
        (r"{\rtf1{\info{\author Wang}}{\header Wang}{\*\generator x;}a{\pict 00ff}{\v hidden}b}", "ab"),
        (r"{\rtf1{\field{\*\fldinst HYPERLINK x}{\fldrslt shown}}\tab y}", "shown y"), (r"{\rtf1\bin3 {{{a}", "a"),
    ],
)  # fmt: skip
def test_what_it_says(rtf, said):
    assert rtf_text(rtf) == (said, 0, len(rtf))


@pytest.mark.parametrize(
    ("rtf", "said", "lost"),
    [
        (r"{\rtf1\ansi\ansicpg936 \'cd\'f5\'d0}", "王", 1), (r"{\rtf1\ansi\ansicpg936 \'cd\'f5", "王", 1),
        (r"{\rtf1 a\'zz}", "azz", 1), (r"{\rtf1 \u-10179?}", "", 1), ("{\\rtf1 a\\", "a", 1),
        (r"{\rtf1\ansicpg99999 \'cd\'f5\'d0\'a1}", "王小", 0), ("{\\rtf1 " + "{" * 5000 + "x", "x", 1),
        (r"{\rtf1\bin99999999 x}", "", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out_and_counted(rtf, said, lost):
    assert rtf_text(rtf)[:2] == (said, lost)


def test_what_stands_behind_it_is_not_read():
    assert rtf_text("a{\\rtf1 b}c", 1) == ("b", 0, 10)
