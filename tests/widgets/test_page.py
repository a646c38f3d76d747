import pytest

from selip_core.widgets import page
from selip_core.widgets.page import page_style, show_live


@pytest.fixture
def editor(monkeypatch):
    monkeypatch.delenv("SELIP_PIPELINE", raising=False)
    monkeypatch.setattr(page, "in_editor", lambda: True)


def test_the_style_brings_the_font_in_itself():
    style = page_style().value
    assert "@font-face" in style and "url(data:font/ttf;base64,AAEAAAA" in style and "http" not in style[-3000:]


def test_widgets_are_built_in_an_editor_and_not_in_the_pipeline(editor, monkeypatch, capsys):
    show_live(lambda: "shown as it is")
    assert "shown as it is" in capsys.readouterr().out
    monkeypatch.setenv("SELIP_PIPELINE", "1")
    show_live(lambda: pytest.fail("built"))
    assert "live in JupyterLab" in capsys.readouterr().out


def test_widgets_are_not_built_where_nobody_can_use_them(editor, monkeypatch, capsys):
    monkeypatch.setattr(page, "in_editor", lambda: False)  # papermill or nbconvert by themselves
    show_live(lambda: pytest.fail("built"))
    assert "live in JupyterLab" in capsys.readouterr().out
