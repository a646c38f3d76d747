import gc
import weakref

import pytest

from selip_core.widgets.session import Session
from tests.helpers.data import SENTENCES
from tests.helpers.explorer_files import make_explorer, make_model


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


def test_saliency_is_that_of_the_volume_in_view_and_computed_once(tmp_path):
    session = Session(make_explorer(tmp_path))
    session.view(1, SENTENCES[0])
    of_series = session.saliency()
    assert of_series.shape == session.explorer.volume(1).shape and (of_series >= 0).all() and of_series.any()
    assert session.saliency() is of_series
    session.view(session.explorer.embedded("mine", session.explorer.volume(1)), SENTENCES[0])
    assert session.saliency() == pytest.approx(of_series, rel=1e-4)


def test_an_explorer_that_nobody_uses_any_more_is_freed_with_its_model(tmp_path):
    session = Session(make_explorer(tmp_path))
    beside = session.beside("map")
    for one in (session, beside):
        one.view(1, SENTENCES[0])
        one.saliency()
    explorer, model = weakref.ref(session.explorer), weakref.ref(session.explorer.model)
    session.use(session.explorer.with_model(make_model(8)))
    gc.collect()
    assert explorer() is None and model() is None
