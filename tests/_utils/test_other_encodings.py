"""Korean and Japanese tables are known for what they are, and Chinese ones of every kind are not taken for them."""

import opencc
import pytest

from selip_core._utils.encodings import LEAST, text_of_file
from selip_core._utils.other_encodings import other_language
from tests.helpers.places import PACKAGE

KOREAN = ["검사번호,findings\n1,우측 전두엽에 고신호 병변이 관찰됨. 환자 김희중\n",
          "환자번호,소견\n1,뇌실질 내 급성 경색 소견은 보이지 않음\n"]
JAPANESE = ["番号,findings\n1,右前頭葉に高信号域を認める。患者 山田太郎\n",
            "patient_id,findings\nP1,急性期脳梗塞を認めません。\n"]
RARE = ["海马硬化,脉络膜裂囊肿,蛛网膜囊肿,胼胝体发育不良,松果体囊肿",
        "王伟 李娜 欧阳震华 慕容雪 曾祥瑞 龚淼 瞿琛 韦嘉怡", "检查号,检查所见"]


@pytest.mark.parametrize(
    ("text", "encoding", "language"),
    [*((text, "cp949", "Korean") for text in KOREAN), *((text, "euc_jp", "Japanese") for text in JAPANESE),
     *((text, "cp932", "Japanese") for text in JAPANESE)],
)  # fmt: skip
def test_they_are_told_and_not_read(text, encoding, language):
    data = text.encode(encoding)
    assert other_language(data).startswith(language) and text_of_file(data)[1] < LEAST
    assert text_of_file(text.encode()) == (text, pytest.approx(1, abs=1 - LEAST))


def test_no_chinese_line_is_taken_for_one():
    files = [*(PACKAGE / "reports/lexicons").glob("zh*"), *(PACKAGE / "datasets/synthetic").glob("*.yaml")]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()] + RARE
    traditional = opencc.OpenCC("s2tw").convert
    assert len(lines) > 500
    for line in lines:
        for text, encoding in ((line, "gb18030"), (traditional(line), "gb18030"), (traditional(line), "big5hkscs")):
            assert other_language(text.encode(encoding, "ignore")) == ""


def test_western_text_is_none():
    for text in ("Müller, José García, lésion hyperintense du lobe frontal gauche, œdème", "The patient’s 3 × 4 mm"):
        assert other_language(text.encode("cp1252")) == ""
