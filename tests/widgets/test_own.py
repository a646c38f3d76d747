import os

import pytest

from selip_core.explore.own_volume import OwnVolume
from selip_core.widgets.own import OwnBox
from selip_core.widgets.session import Session
from selip_core.widgets.status import Status
from tests.helpers.explorer_files import make_explorer, make_model, write_head


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    return make_explorer(tmp_path_factory.mktemp("explorer"))


@pytest.fixture
def session(explorer):
    return Session(explorer)


@pytest.fixture
def called():
    return []


@pytest.fixture
def box(session, called, tmp_path):
    model = make_model(8).save_pretrained(tmp_path / "other")
    return OwnBox(session, Status(tmp_path / "log.txt"), {"another": model}, lambda: called.append(session.explorer))


def test_a_path_that_is_entered_comes_into_view(box, session, tmp_path):
    box.path.value = f"'{write_head(tmp_path / 'mine.nii.gz')}'"
    assert session.own.name == "mine.nii.gz" and session.series is None
    assert "mine.nii.gz is in view" in box.status.widget.note and "not a finding of yours" in box.status.widget.note


def test_a_file_is_read_once_for_the_box_and_the_button_and_again_when_it_has_changed(box, session, tmp_path):
    path = write_head(tmp_path / "mine.nii.gz")
    box.path.value = str(path)
    first = session.own
    box.status.note("")
    box.add.click()
    assert session.own is first and "is in view" in box.status.widget.note
    write_head(path, 40.0)
    os.utime(path, ns=(1, 1))
    box.add.click()
    assert session.own is not first


def test_a_file_comes_back_into_view_after_a_series(box, session, tmp_path):
    box.path.value = str(write_head(tmp_path / "mine.nii.gz"))
    session.view(0)
    box.add.click()
    assert session.own is not None and session.series is None


@pytest.mark.parametrize("text", ["~nosuchuser/x.nii", "/nowhere/" + "a" * 300 + ".nii", "nowhere.nii.gz"])
def test_a_file_that_is_not_there_is_a_sentence_and_nothing_comes_into_view(box, session, text):
    box.path.value = text
    assert box.status.failed and "Something went wrong" not in box.status.widget.error
    assert session.own is None and not box.status.log.exists()


def test_a_model_is_chosen_by_its_name_and_answers_for_what_is_in_view(box, session, explorer, called):
    session.view(OwnVolume("mine", explorer.volume(0), explorer.gallery.features[0]))
    box.model.value = " another "
    box.load.click()
    assert called == [session.explorer] and session.explorer is not explorer
    assert session.own.feature == pytest.approx(session.explorer.gallery.features[0], abs=1e-5)
    assert box.status.widget.note == "All answers are now those of another."


def test_what_goes_wrong_under_the_new_model_is_not_written_over(box):
    box._on_model = lambda: box.status.error("the search failed")
    box.model.value = "another"
    box.load.click()
    assert box.status.widget.error == "the search failed" and box.status.widget.note == ""


@pytest.mark.parametrize("name", ["", "nowhere", "~nosuchuser/model"])
def test_a_model_that_is_not_there_leaves_the_present_one(box, session, explorer, called, name):
    box.model.value = name
    box.load.click()
    assert box.status.failed and "Something went wrong" not in box.status.widget.error
    assert session.explorer is explorer and called == []
