import pytest

from selip_core.widget_parts import Session, page_style, show_live
from tests.explorer_files import make_explorer


def test_a_session_tells_its_listeners_and_forgets_replaced_ones(tmp_path):
    session, heard = Session(make_explorer(tmp_path)), []
    session.listen("a", lambda: heard.append("first"))
    session.listen("a", lambda: heard.append(session.text))
    session.view(2, "左")
    session.view(2)
    assert heard == ["左", session.explorer.series["sentence"].iloc[2]] and session.own is None


def test_the_style_brings_the_font_in_itself():
    style = page_style().value
    assert "@font-face" in style and "url(data:font/ttf;base64,AAEAAAA" in style and "http" not in style[-3000:]


def test_widgets_are_not_built_in_the_pipeline(monkeypatch, capsys):
    monkeypatch.setenv("SELIP_PIPELINE", "1")
    show_live(lambda: pytest.fail("built"))
    assert "live in JupyterLab" in capsys.readouterr().out
    monkeypatch.delenv("SELIP_PIPELINE")
    show_live(lambda: "shown as it is")
    assert "shown as it is" in capsys.readouterr().out
