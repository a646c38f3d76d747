"""Bytes of unknown or wrongly declared encoding: read as what they are, down to names and series descriptions."""

import pytest

from selip_core._utils.encodings import LEAST, likelihood, likely_text, readings, text_of_file


def words(text, separator=" "):
    return text.split(separator)


NAMES = words(
    "王伟 李娜 张敏 刘洋 欧阳震华 司马相如 陈静 赵鑫 高明 诸葛亮 慕容雪 曾祥瑞 龚淼 瞿琛 韦嘉怡"
)
SERIES = words(
    "压水像 轴位T2 液体衰减反转恢复 弥散加权 增强后T1 头颅平扫 T2压水 DWI弥散成像"
)
TRADITIONAL = words(
    "王偉 陳靜 張敏 劉洋 歐陽震華 腦部磁振造影 頭部增強 林志玲 黃曉明 鄭成功 檢查所見"
)
WESTERN = words(
    "Müller|Jürgen Weiß|François|José García|patient’s right thalamus|3 × 4 mm|Gonçalves|Åström|"
    "Björn|lesion – new|5 µm|T1 “dark”|37°|Özdemir|D’Été", "|"
)


@pytest.mark.parametrize(
    ("words", "encoding", "declared"),
    [
        (NAMES + SERIES, "gb18030", ("latin-1", "gb18030", "utf-8")),
        (TRADITIONAL, "cp950", ("latin-1", "cp950")),
        (TRADITIONAL, "gb18030", ("latin-1", "gb18030")),
        (NAMES + SERIES + TRADITIONAL + WESTERN, "utf-8", ("latin-1", "utf-8")),
        (WESTERN, "cp1252", ("latin-1", "cp1252")),
    ],
)
def test_short_texts_are_read_whatever_is_declared(words, encoding, declared):
    for word in words:
        data = word.encode(encoding)
        assert likely_text(data) == word
        for name in declared:
            assert likely_text(data, data.decode(name, "replace")) == word, (encoding, name)


def test_every_reading_is_told():
    assert set(readings("王伟".encode("gb18030"))) == {"gb18030", "cp950", "cp1252"}
    assert likely_text(b"Wang^Wei") == "Wang^Wei" and likely_text(b"abc", "as declared") == "as declared"
    assert likely_text(b"\x81") == "\x81"  # of no encoding: nothing is lost


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "cp950", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_with_and_without_a_mark(encoding):
    text = "patient_id,findings\n001,腦部磁振造影\n" if encoding == "cp950" else "patient_id,findings\n001,左侧额叶\n"
    assert text_of_file(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    "text", ["The patient’s right thalamus, 3 × 4 mm", "size 5 μm", "Очаг в левой лобной доле", "→ ok ✓"]
)
def test_other_scripts_and_signs_in_utf8_are_trusted(text):
    found, likely = text_of_file(text.encode())
    assert found == text and likely >= LEAST


def test_an_encoding_that_is_none_of_these_is_not_trusted():
    assert text_of_file("ТАБЛИЦА пациентов, очаг".encode("cp1251"))[1] < LEAST
    assert likelihood("ascii only") == 1 and likelihood("Ã§Ã§") < LEAST
