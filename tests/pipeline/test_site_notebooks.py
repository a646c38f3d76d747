"""The site's notebooks are of one whole run, of a committed state, on data that nobody was measured for."""

import nbformat
import pytest

from selip_core.pipeline.site_notebooks import main, patients_in
from tests.helpers.executed_notebooks import executed_notebook
from tests.helpers.made_results import COMMIT, NOTEBOOKS, make_results, write_run

LATER = ("10_explore", "11_external_validation")


@pytest.fixture
def results(tmp_path):
    results = make_results(tmp_path / "results" / "demo")
    for name in (*NOTEBOOKS, *LATER):
        if name in LATER:
            write_run(results, name)
        nbformat.write(executed_notebook(tmp_path, width=160), results / name / "executed.ipynb")
    return results


@pytest.fixture
def make(results, tmp_path, capsys):
    """Return a function that runs the command, and returns its status, what it said, and the pages by name."""

    def made():
        status = main([str(results), "--out", str(tmp_path / "pages")])
        said = capsys.readouterr()
        pages = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "pages").glob("*.ipynb")}
        return status, said.out + said.err, pages

    return made


def test_every_notebook_has_its_page_which_says_of_what_it_is(make):
    status, said, pages = make()
    assert status == 0 and set(pages) == {*NOTEBOOKS, *LATER} and f"{len(pages)} notebooks" in said
    header = nbformat.reads(pages["05_image_text_retrieval"], as_version=4).cells[0].source
    assert f"profile study, seed 0, commit {COMMIT}, 2025-06-01, data: a made cohort." in header
    assert "[notebooks/05_image_text_retrieval.ipynb](../../notebooks/05_image_text_retrieval.ipynb)" in header


def test_again_it_writes_the_same_and_takes_away_what_is_of_no_notebook(make, tmp_path):
    _, _, before = make()
    (tmp_path / "pages" / "12_gone.ipynb").write_text("{}")
    (tmp_path / "pages" / "index.md").write_text("# Pages")
    status, _, again = make()
    assert status == 0 and again == before and (tmp_path / "pages" / "index.md").exists()


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize(
    "change",
    [
        {"git": "f" * 40}, {"git": f"{COMMIT}-modified"}, {"finished": False}, {"seed": 1},
        {"inputs": {"lgg": "0123"}}, {"inputs": {"openi": "0123"}},
    ],
)  # fmt: skip
def test_a_later_notebook_of_another_run_or_with_data_of_patients_is_left_out_and_told(results, make, name, change):
    write_run(results, name, **change)
    status, said, pages = make()
    assert status == 0 and name not in pages and f"left out: {name}" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cohort": "/data/mine"}, "was given --cohort"),
        ({"inputs": {"brats": "0123"}}, "was given --brats"),
        ({"git": f"{COMMIT}-modified"}, "in no commit"),
        ({"git": None}, "in no commit"),
        ({"finished": False}, "has not finished"),
    ],
)
def test_a_run_that_may_not_be_shown_makes_no_page(results, make, change, said):
    for name in NOTEBOOKS:
        write_run(results, name, **change)
    status, told, pages = make()
    assert status == 1 and said in told and pages == {}


def test_a_copy_that_is_missing_or_broken_is_named(results, make):
    (results / "03_similarity_matrix" / "executed.ipynb").write_text("{")
    status, told, pages = make()
    assert status == 1 and "03_similarity_matrix/executed.ipynb cannot be read" in told and pages == {}
    (results / "03_similarity_matrix" / "executed.ipynb").unlink()
    assert "--only 03" in make()[1]


def test_data_of_patients_are_known_by_what_the_run_was_given():
    made = {"cohort": "embedded", "inputs": {"brats": "embedded", "lgg": "none", "openi": "none", "ct": "none"}}
    assert patients_in(made) is None
    assert patients_in(made | {"inputs": made["inputs"] | {"ct": "0123"}}) == "ct"
