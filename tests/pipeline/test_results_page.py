"""The results page says what the tables of one run say, and README quotes it."""

import pytest
from PIL import Image

from selip_core.errors import SelipError
from selip_core.pipeline.results_page import BLOCK, main, quoted, refreshed
from tests.helpers.made_results import COMMIT, make_results, write_run
from tests.helpers.places import ROOT

README = "# A\n\n<!-- results -->\nnothing yet\n<!-- end of results -->\n\n## B\n"


@pytest.fixture
def results(tmp_path):
    return make_results(tmp_path / "results" / "study")


@pytest.fixture
def made(results, tmp_path):
    """Return a function that runs the command, and returns the page."""

    def make(*options):
        out = tmp_path / "docs" / "results.md"
        assert main([str(results), "--out", str(out), *options]) == 0
        return out.read_text(encoding="utf-8")

    return make


def test_the_page_opens_with_the_answer_and_where_it_comes_from(made):
    parts = made().split("\n\n")
    assert parts[:3] == ["# Results", "The numbers refute it.", "The models read the image."]
    about = f"commit {COMMIT}, 2025-06-01, data: a made cohort, cohort embedded, seeds 0 to 2."
    assert about in parts[3] and "profile study" in parts[3]
    assert "changes" not in parts[3]


@pytest.mark.parametrize(
    "text",
    [
        "| outcome | constant answer | untrained | CLIP |",
        "| findings recall@10 | 0.400 (0.350 to 0.450) |",
        "| outcome | comparison | difference | p (Holm, all) | p (Holm, planned) | significant | n | data |",
        "| findings recall@10 | SeLIP − CLIP | -0.050 (-0.090 to -0.010) | 0.08 | 0.02 | yes | 90 | a made cohort |",
        "| a few | SeLIP − CLIP | -0.050 |  |  |  | 90 |",
        "| findings recall@10 | mean of series | 0.100 (0.050 to 0.150) | 0.050 (0.000 to 0.100) |  |",
        "| findings recall@10 | learned fusion | 0.100 (0.050 to 0.150) |  | 0.500 (0.450 to 0.550) |",
        "| measure | training patients | seeds | constant answer | CLIP | SeLIP |",
        "| findings recall@10 | 200 | 3 | 0.125 (0.075 to 0.175) |",
        "| SeLIP | findings recall@10 | 0.312 (0.290 to 0.330) |  |  | 3 | 40 |",
        "| syntax only | findings recall@10 | 0.312 (0.290 to 0.330) | -0.030 (-0.050 to -0.010) | 0.03 | 1 | 40 |",
        "**A claim**. Left open.",
        "| 08_ablation | cpu | x86_64 | 12.0 | 1.0 |",
        "In all 1.8 hours, and what earlier runs of them had finished. Versions: python 3.11, torch 2.13.",
        "![A caption.](results/09_summary_answer.png)",
    ],
)
def test_the_page_has(made, text):
    assert text in made()


def test_a_figure_comes_along_with_its_source(made, tmp_path):
    made()
    with Image.open(tmp_path / "docs" / "results" / "09_summary_answer.png") as image:
        assert image.info["Source"] == "Data: a made cohort" and image.size == (60, 40)


def test_changes_that_are_in_no_commit_are_told(results, made):
    write_run(results, "03_similarity_matrix", git=f"{COMMIT}-modified")
    assert f"commit {COMMIT}, **with changes that are not in it**" in made()


def test_where_a_cohort_lies_is_not_told(results, made):
    for path in results.glob("*/run.json"):
        write_run(results, path.parent.name, cohort="/home/someone/mine")
    page = made()
    assert "cohort mine" in page and "/home" not in page


def test_without_learning_curves_the_page_says_so(results, made):
    (results / "08_ablation" / "tables" / "learning_curves.csv").unlink()
    assert "This run has no learning curves." in made()


def test_a_run_that_is_not_whole_makes_no_page(results, tmp_path, capsys):
    write_run(results, "06_classification", finished=False)
    assert main([str(results), "--out", str(tmp_path / "page.md")]) == 1
    assert "results: 06_classification has not finished" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()


def test_the_summary_of_an_earlier_version_makes_no_page(results, tmp_path, capsys):
    (results / "09_summary" / "answer.md").unlink()
    assert main([str(results), "--out", str(tmp_path / "page.md")]) == 1
    assert "has no answer.md" in capsys.readouterr().err


def test_readme_quotes_the_page_between_its_marks(made, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(README, encoding="utf-8")
    page = made("--readme", str(readme))
    text = readme.read_text(encoding="utf-8")
    head = "# A\n\n<!-- results -->\nThe numbers refute it.\n\nThe models read the image.\n\nMade by `python"
    assert text.startswith(head)
    assert text.endswith("[docs/results.md](docs/results.md).\n<!-- end of results -->\n\n## B\n")
    assert refreshed(text, page) == text


def test_a_readme_without_the_marks_is_refused(made):
    with pytest.raises(SelipError, match="no block"):
        refreshed("# A\n", made())


def test_the_readme_of_the_project_quotes_its_page():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(BLOCK.findall(readme)) == 1
    page = ROOT / "docs" / "results.md"
    if page.exists():
        assert refreshed(readme, page.read_text(encoding="utf-8")) == readme
        assert quoted(page.read_text(encoding="utf-8")) in readme
