"""Results are of one run, or are refused with a word on what differs."""

import pytest

from selip_core.errors import SelipError
from selip_core.pipeline.whole_run import checked_runs, later_runs
from tests.helpers.made_results import COMMIT, NOTEBOOKS, make_results, write_run


@pytest.fixture
def results(tmp_path):
    return make_results(tmp_path / "study")


def test_a_whole_run_is_accepted(results):
    assert list(checked_runs(results)) == NOTEBOOKS and len(NOTEBOOKS) == 9


def test_changes_beside_the_commit_do_not_make_two_runs_of_one(results):
    write_run(results, "05_image_text_retrieval", git=f"{COMMIT}-modified")
    assert checked_runs(results)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"finished": False}, "05_image_text_retrieval has not finished"),
        ({"git": "f" * 40}, f"differ in their commit .{COMMIT} and {'f' * 40}."),
        ({"seed": 1}, "differ in their seed .0 and 1."),
        ({"cohort": "/data/mine"}, "differ in their cohort"),
        ({"profile": "demo"}, "differ in their profile"),
        ({"settings": {"n_seeds": 1}}, "differ in their settings;"),
        ({"run_id": "another"}, "09_summary in .* is older than what it read"),
    ],
)
def test_what_is_not_one_run_is_refused(results, changes, says):
    write_run(results, "05_image_text_retrieval", **changes)
    with pytest.raises(SelipError, match=says):
        checked_runs(results)


def test_a_missing_notebook_is_named(results):
    (results / "07_segmentation" / "run.json").unlink()
    with pytest.raises(SelipError, match="07_segmentation has not been run"):
        checked_runs(results)


@pytest.mark.parametrize(("changes", "there"), [({}, True), ({"seed": 1}, False), ({"finished": False}, False)])
def test_notebooks_behind_the_summary_count_where_they_are_of_the_same_run(results, changes, there):
    write_run(results, "10_explore", **changes)
    assert list(later_runs(results, checked_runs(results))) == (["10_explore"] if there else [])
