import numpy as np
import pytest

from selip_core.explore.explorer import NOT_TEST
from selip_core.reports import queries
from selip_core.widgets.search import FIRST_QUERY, SearchPage
from selip_core.widgets.session import Session
from selip_core.widgets.viewer import Viewer
from tests.helpers.data import SENTENCES
from tests.helpers.explorer_files import make_explorer, make_model, write_head


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    return make_explorer(tmp_path_factory.mktemp("explorer"))


@pytest.fixture
def session(explorer):
    return Session(explorer)


@pytest.fixture
def page(session, tmp_path):
    return SearchPage(session, tmp_path / "log.txt", viewer=Viewer(session, tmp_path / "log.txt"), top=5)


def said(page) -> str:
    return page.status.widget.error or page.status.widget.note


def shown(results) -> list[str]:
    return [card.value for row, card in zip(results.rows, results.cards, strict=True) if row.layout.display != "none"]


def test_the_page_begins_with_an_answer_and_its_first_series_in_view(page, session):
    assert page.query.value == FIRST_QUERY and "Read as: 在左侧基底节区表现为片状高信号" in said(page)
    assert len(shown(page.results)) == 5 and session.series == page.results.series[0]


def test_enter_in_the_query_box_changes_the_results_in_place(page, session):
    before, cards = shown(page.results), page.results.cards
    page.query.value = "T2左侧额叶斑片状长信号"  # what Enter sets
    found = session.explorer.closest_series("T2左侧额叶斑片状长信号", top=5)
    assert page.results.series == found["series"].tolist() and page.results.cards is cards
    assert shown(page.results) != before and all(" · T2" in card for card in shown(page.results))
    assert f"score {found['score'][0]:.3f}" in shown(page.results)[0] and "alt=" in shown(page.results)[0]
    assert "在左侧额叶表现为斑片状长信号 on T2" in said(page)


def test_a_choice_from_the_lexicon_is_written_into_the_box_and_searched(page):
    page.site.value, page.shape.value, page.signal.value = "丘脑", "点状", "高信号"
    page.side.value, page.sequence.value = "右侧", "T1"
    page.choose.click()
    assert page.query.value == SENTENCES[1] and "canonical sentence" in said(page)
    assert all(" · T1" in card for card in shown(page.results))
    page.site.value = "脑桥"
    assert page.side.value == ""
    page.choose.click()
    assert page.query.value == "在脑桥表现为点状高信号"


def test_patients_of_the_test_are_shown_once_they_are_asked_for(page):
    assert not any("<b>p3 ·" in card for card in shown(page.results))
    page.patients.value = ("test",)
    assert all("<b>p3 ·" in card for card in shown(page.results)) and len(shown(page.results)) == 2


def test_nobody_who_is_no_longer_asked_for_stays_on_show(page, session):
    page.patients.value = ("test",)
    page.results.buttons[0].click()
    on_show = [page.results, page.reports, page.others]
    assert all("<b>p3 ·" in card for results in on_show for card in shown(results))
    page.patients.value = NOT_TEST
    assert not any("<b>p3 ·" in card for results in on_show for card in shown(results))
    assert session.explorer.series["patient_id"].iloc[session.series] != "p3" and len(shown(page.reports)) == 2


def test_patients_follow_the_choice_where_the_query_fails(page, session, tmp_path):
    page.own.path.value = str(write_head(tmp_path / "mine.nii.gz"))
    page.patients.value = ("test",)
    page.query.value = ""
    page.patients.value = NOT_TEST
    assert "the query is empty" in said(page) and session.splits == NOT_TEST and shown(page.results) == []
    assert shown(page.reports) and not any("<b>p3 ·" in card for card in shown(page.reports))


def test_typing_and_then_clicking_searches_once(page, monkeypatch, session):
    asked, closest = [], type(session.explorer).closest_series
    monkeypatch.setattr(type(session.explorer), "closest_series", lambda *a: asked.append(a[1].text) or closest(*a))
    page.query.value = SENTENCES[1]
    page.status.note("")
    page.go.click()
    assert asked == [SENTENCES[1]] and "canonical sentence" in said(page)
    page.sequence.value = "T1"
    assert len(asked) == 2


def test_a_query_is_read_once(page, monkeypatch):
    texts, describe = [], queries.describe_series
    monkeypatch.setattr(queries, "describe_series", lambda text, *a: texts.append(text) or describe(text, *a))
    page.query.value = "T2左侧额叶斑片状长信号"
    assert "Read as" in said(page) and texts == ["T2左侧额叶斑片状长信号"]


def test_the_closest_of_an_earlier_volume_go_where_those_of_the_next_cannot_be_told(page, session, monkeypatch):
    monkeypatch.setattr(type(session.explorer), "closest_reports", lambda *_: 1 / 0)
    page.results.buttons[1].click()
    assert "Something went wrong in the closest reports" in said(page) and shown(page.reports) == []


def test_picking_a_series_shows_its_closest_reports_other_series_and_the_viewer(page, session):
    page.results.buttons[1].click()
    assert session.series == page.results.series[1] and session.query == "在左侧基底节区表现为片状高信号"
    assert page.reports.series == session.explorer.closest_reports(session.series, 4)["series"].tolist()
    assert page.others.series == session.explorer.closest_other_series(session.series, 4)["series"].tolist()
    assert page.patients_like.series == session.explorer.closest_patients(session.series, 4)["series"].tolist()
    assert "its own report" in "".join(shown(page.reports))
    assert "The text searched for" in page.why.text.value and "Its own sentence" in page.why.text.value
    page.others.buttons[0].click()
    assert session.series is not None and len(shown(page.reports)) == 2


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("", "error", "the query is empty: type a finding"),
        ("   ", "error", "the query is empty"),
        ("火星", "note", "No finding of the lexicon is recognised in “火星”: it is searched word for word."),
        ("左侧基底截区高信号", "note", "Did you mean 基底节区"),
        ("basel ganglia lesion", "note", "Did you mean basal ganglia"),
        ("左侧额叶", "note", "It names 额叶; name a site and its signal"),
        ("<b>x</b>", "note", "<b>x</b>"),
        ("T1ce右侧额叶结节状高信号", "error", "no series of"),
    ],
)
def test_a_bad_query_is_answered_with_a_sentence_and_the_page_goes_on(page, capsys, text, kind, sentence):
    page.query.value = "x"
    page.query.value = text
    assert sentence in getattr(page.status.widget, kind)
    page.query.value = SENTENCES[0]
    page.go.click()
    assert "canonical sentence" in said(page) and shown(page.results)
    assert capsys.readouterr().err == ""


def test_a_fault_of_the_search_is_a_sentence_and_lies_in_the_log(page, session, tmp_path, monkeypatch):
    monkeypatch.setattr(type(session.explorer), "closest_series", lambda *_: 1 / 0)
    page.query.value = SENTENCES[1]
    assert shown(page.results) == []  # the answer to another query is no answer
    assert "Something went wrong in the search (ZeroDivisionError" in said(page) and str(tmp_path) in said(page)
    assert "ZeroDivisionError" in (tmp_path / "log.txt").read_text(encoding="utf-8")
    monkeypatch.undo()
    page.go.click()
    assert "Read as" in said(page)


def test_an_own_file_stands_beside_its_closest_reports(page, session, tmp_path):
    page.own.path.value = str(write_head(tmp_path / "mine.nii.gz", 20))
    assert session.own.name == "mine.nii.gz" and "mine.nii.gz is in view" in said(page)
    assert page.reports.series == session.explorer.closest_reports(session.own, 4)["series"].tolist()
    assert (
        session.text == "在左侧基底节区表现为片状高信号" and "The text searched for" in page.why.text.value
    )  # asked last
    assert page.results.box.layout.display == "none" and page.others.box.layout.display == "none"
    page.go.click()
    assert page.results.box.layout.display == ""
    page.results.buttons[0].click()
    assert session.own is None and len(shown(page.others)) == 4


def test_an_own_file_whose_reports_cannot_be_told_says_so(page, session, tmp_path, monkeypatch):
    monkeypatch.setattr(type(session.explorer), "closest_reports", lambda *_: 1 / 0)
    page.own.path.value = str(write_head(tmp_path / "mine.nii.gz", 20))
    assert "Something went wrong in the closest reports" in said(page) and shown(page.reports) == []


def test_an_own_file_is_held_to_the_text_that_was_asked_last(page, session, tmp_path):
    page.query.value = SENTENCES[0]
    page.results.buttons[0].click()
    page.query.value = SENTENCES[1]  # asked, and nothing picked
    page.own.path.value = str(write_head(tmp_path / "mine.nii.gz", 20))
    assert session.text == SENTENCES[1]
    page.query.value = SENTENCES[2]
    assert session.own and session.text == SENTENCES[2] and shown(page.results)
    assert [character for character in SENTENCES[2] if f">{character}</span>" not in page.why.text.value] == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("", None, "no file is named"),
        ("nowhere.nii.gz", None, "no such file"),
        ("broken.nii.gz", b"no", "not gzipped, though named so"),
        ("flat.nii.gz", "flat", "the volume is empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_the_series_stays_in_view(page, session, tmp_path, name, content, why):
    if content == "flat":
        import nibabel as nib

        nib.save(nib.Nifti1Image(np.ones((10, 10, 10), np.float32), np.eye(4)), tmp_path / name)
    elif content:
        (tmp_path / name).write_bytes(content)
    before = session.series
    page.own.path.value = str(tmp_path / name) if name else ""
    page.own.add.click()
    assert why in page.status.widget.error and session.series == before


def test_another_model_answers_from_then_on(page, session, tmp_path):
    page.own.model.value = str(make_model(8).save_pretrained(tmp_path / "other"))
    before = session.explorer
    page.own.load.click()
    assert "All answers are now those of" in said(page) and session.explorer is not before
    assert session.explorer.gallery.features.shape == (8, 8) and shown(page.results)


def test_another_model_reads_the_own_volume_in_view_not_the_path_box(page, session, tmp_path):
    page.own.path.value = str(write_head(tmp_path / "mine.nii.gz", 20))
    volume = session.own.volume
    (tmp_path / "mine.nii.gz").unlink()
    page.own.path.unobserve_all()
    page.own.path.value = "half typed"
    page.own.model.value = str(make_model(8).save_pretrained(tmp_path / "other"))
    page.own.load.click()
    assert "All answers are now those of" in said(page)
    assert session.own.volume is volume and session.own.feature.shape == (8,)
    assert page.reports.series == session.explorer.closest_reports(session.own, 4)["series"].tolist()


def test_answers_of_the_old_model_do_not_stand_where_the_new_one_cannot_be_asked(page, session, tmp_path):
    page.query.value = ""
    page.own.model.value = str(make_model(8).save_pretrained(tmp_path / "other"))
    page.own.load.click()
    assert "the query is empty" in page.status.widget.error and shown(page.results) == []
    assert page.others.series == session.explorer.closest_other_series(session.series, 4)["series"].tolist()


def test_a_model_of_another_preprocessing_is_refused_and_the_old_one_answers(page, session, tmp_path):
    page.own.model.value = str(
        make_model(8, preprocessing_fingerprint="of another time").save_pretrained(tmp_path / "other")
    )
    before = session.explorer
    page.own.load.click()
    assert "of another time" in said(page) and before.cache.preprocessing_fingerprint in said(page)
    page.own.model.value = str(tmp_path / "nothing")
    page.own.load.click()
    assert "is not a SeLIP model" in said(page)
    page.go.click()
    assert session.explorer is before and "Read as" in said(page)


def test_every_control_is_labelled_and_every_part_can_be_found(page):
    controls = [page.query, page.site, page.side, page.shape, page.signal, page.sequence, page.patients, page.go,
                page.choose, page.own.path, page.own.model, page.own.add, page.own.load]  # fmt: skip
    assert all(control.description for control in controls)
    for part, name in ((page.box, "page"), (page.query, "query"), (page.results.box, "results"),
                       (page.status.widget, "status"), (page.own.box, "own"), (page.why.box, "why")):  # fmt: skip
        assert f"selip-{name}" in part._dom_classes


def test_no_two_buttons_of_the_page_have_one_name(page):
    buttons = [page.go, page.choose, page.own.add, page.own.load]
    lists = (page.results, page.reports, page.others, page.patients_like)
    buttons += [button for results in lists for button in results.buttons]
    names = [button.description for button in buttons]
    assert len(set(names)) == len(names) == 21


def test_the_page_says_what_its_data_are(page):
    assert "user cohort tiny" in page.box.children[0].value and "not of patients" in page.box.children[0].value
