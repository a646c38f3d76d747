import pytest

from selip_core.explore.explorer import mapped_series
from selip_core.inspection.embedding_map import project
from selip_core.widgets.pages import MapPage, PairsPage
from selip_core.widgets.session import Session
from tests.helpers.data import SENTENCES
from tests.helpers.explorer_files import make_explorer


@pytest.fixture
def session(tmp_path):
    return Session(make_explorer(tmp_path))


def test_a_series_picked_on_the_map_comes_into_view(session, tmp_path):
    series = mapped_series(session.explorer)
    page = MapPage(session, tmp_path / "log.txt", project(session.explorer.gallery.features[series], seed=0), series)
    page.map.select([2])
    assert session.series == series[2] and len(page.viewer.niivue.volumes) == 1
    assert SENTENCES[1] in page.map.panel.value and "data:image/png" in page.map.panel.value


def test_a_series_of_either_report_comes_into_view(session, tmp_path):
    page = PairsPage(session, tmp_path / "log.txt")
    page.inspector.show(SENTENCES[0], "在左侧额叶表现为低信号")
    page.buttons[0].click()
    assert session.explorer.series["sentence"].iloc[session.series] == SENTENCES[0] == session.query
    assert "One of 2 series" in page.status.widget.note and len(page.viewer.niivue.volumes) == 1
    page.buttons[1].click()
    assert "no series of the cohort has just the sentence of report B" in page.status.widget.error


def test_viewers_of_map_and_pairs_follow_their_own_picks_and_no_others(session, tmp_path):
    series = mapped_series(session.explorer)
    projection = project(session.explorer.gallery.features[series], seed=0)
    on_map = MapPage(session, tmp_path / "log.txt", projection, series)
    of_pairs = PairsPage(session, tmp_path / "log.txt")
    session.view(0)
    assert on_map.viewer.niivue.volumes == of_pairs.viewer.niivue.volumes == []
    of_pairs.inspector.show(SENTENCES[1], SENTENCES[0])
    of_pairs.buttons[0].click()
    on_map.map.select([0])
    assert "p1" in on_map.viewer.title.value and "p2" in of_pairs.viewer.title.value
    on_map.viewer.overlay.value = "mask"
    assert "p1" in on_map.viewer.title.value and len(on_map.viewer.niivue.volumes) == 2


def test_the_map_says_whose_it_is(session, tmp_path):
    series = mapped_series(session.explorer)
    page = MapPage(session, tmp_path / "log.txt", project(session.explorer.gallery.features[series], seed=0), series)
    assert "the model this notebook opened" in page.box.children[0].value
