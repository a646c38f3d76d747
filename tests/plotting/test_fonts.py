"""Chinese text is drawn by the font that travels with the package."""

import io
import re
from importlib.resources import files

import matplotlib.pyplot as plt
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from selip_core.datasets.synthetic.catalogue import __file__ as catalogue_file
from selip_core.plotting.fonts import FAMILY, register_fonts
from selip_core.reports.sentences import NORMAL_STATEMENT

FONT = files("selip_core.plotting") / "font_files" / "SeLIPSansCJK-Regular.ttf"


@pytest.fixture(scope="module")
def glyphs() -> set[int]:
    with FONT.open("rb") as file:
        return set(TTFont(file).getBestCmap())


def test_font_is_small_and_has_its_licence():
    assert len(FONT.read_bytes()) <= 4 * 1024**2
    assert "SIL OPEN FONT LICENSE" in FONT.with_name("OFL.txt").read_text(encoding="utf-8")


def test_font_has_what_reports_need(glyphs):
    with open(catalogue_file.replace(".py", ".yaml"), encoding="utf-8") as file:
        text = file.read()
    text += NORMAL_STATEMENT + "胼胝体髓鞘颞顶枕楔形桥小脑角（１２）Ｔ，。；：“”％①②"
    lexicons = [p for p in (files("selip_core.reports") / "lexicons").iterdir() if p.name.endswith((".yaml", ".txt"))]
    text += "".join(p.read_text(encoding="utf-8") for p in lexicons)
    chinese = re.findall("[\u4e00-\u9fff\u3000-\u303f\uff01-\uff5e]", text)
    assert [c for c in chinese if ord(c) not in glyphs] == []


def test_registering_twice_adds_the_font_once():
    register_fonts()
    register_fonts()
    assert [f.name for f in font_manager.fontManager.ttflist].count(FAMILY) == 1


@pytest.mark.parametrize("file_format", ["png", "pdf"])
def test_chinese_is_drawn_without_a_missing_glyph(file_format, recwarn):
    register_fonts()
    figure, axis = plt.subplots()
    axis.set_title("左侧基底节区 T1 −3 µm：斑片状长信号")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format)
    plt.close(figure)
    assert not [w for w in recwarn if "missing from" in str(w.message)]
    assert len(buffer.getvalue()) > 5000
