import pytest

from selip_core.errors import SelipError
from selip_core.widgets import page as widget_parts
from selip_core.widgets.page import Session, Status, page_style, show_live
from tests.helpers.explorer_files import make_explorer, make_model


@pytest.fixture
def editor(monkeypatch):
    monkeypatch.delenv("SELIP_PIPELINE", raising=False)
    monkeypatch.setattr(widget_parts, "in_editor", lambda: True)


def test_a_session_tells_its_listeners_and_forgets_replaced_ones(tmp_path):
    session, heard = Session(make_explorer(tmp_path)), []
    session.listen("a", lambda: heard.append("first"))
    session.listen("a", lambda: heard.append(session.text))
    session.view(2, "左")
    session.view(2)
    assert heard == ["左", session.explorer.series["sentence"].iloc[2]] and session.own is None


def test_a_session_beside_has_a_view_of_its_own_and_the_same_model(tmp_path):
    session, heard = Session(make_explorer(tmp_path)), []
    first, again = session.beside("map"), session.beside("map")
    first.listen("a", lambda: heard.append("replaced"))
    again.listen("a", lambda: heard.append(again.series))
    session.view(2)
    assert heard == [] and again.series is None
    again.view(1)
    assert session.series == 2
    other = session.explorer.with_model(make_model(8))
    session.use(other)
    assert heard == [1, 1] and again.explorer is other and session.explorer is other


def test_an_own_volume_is_read_by_the_model_in_use(tmp_path):
    session = Session(make_explorer(tmp_path))
    session.view(session.explorer.embedded("mine", session.explorer.volume(1)))
    session.use(session.explorer.with_model(make_model(8)))
    assert session.own.feature == pytest.approx(session.explorer.gallery.features[1], abs=1e-5)


def test_a_status_says_one_thing_at_a_time(tmp_path):
    status = Status(tmp_path / "log.txt")
    with status.guarded("the test"):
        raise SelipError("nothing is there")
    assert status.failed and (status.widget.note, status.widget.error) == ("", "nothing is there.")
    status.note("all is well")
    assert not status.failed and (status.widget.note, status.widget.error) == ("all is well", "")


def test_a_log_that_cannot_be_written_does_not_add_to_the_fault(tmp_path):
    (tmp_path / "file").write_text("")
    status = Status(tmp_path / "file" / "log.txt")
    with status.guarded("the test"):
        raise ZeroDivisionError
    assert "ZeroDivisionError" in status.widget.error and "could not be written" in status.widget.error


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
    monkeypatch.setattr(widget_parts, "in_editor", lambda: False)  # papermill or nbconvert by themselves
    show_live(lambda: pytest.fail("built"))
    assert "live in JupyterLab" in capsys.readouterr().out
