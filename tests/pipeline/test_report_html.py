"""The report is one page with prose, figures and tables, without code, and fetches nothing."""

import base64
import html
import re

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from selip_core._utils.files import write_json
from selip_core.errors import SelipError
from selip_core.pipeline import report_html
from selip_core.pipeline.report_html import build_report, external_resources, notebook_html
from selip_core.pipeline.run import Run

PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
        "0def46b80000000049454e44ae426082"
    )
).decode()


def display(**data):
    return new_output("display_data", data={key.replace("_", "/", 1): value for key, value in data.items()})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SELIP_ROOT", str(tmp_path))
    place = tmp_path / "results" / "smoke" / "01_one"
    outputs = [
        display(image_png=PIXEL),
        display(text_html="<table><tr><td>左侧额叶</td></tr></table><script>alert(1)</script>"),
        display(text_markdown="*Figure. n = 3, $x<1$.*"),
        new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "bar 100%"}),
        new_output("stream", name="stderr", text="a warning"),
        new_output("stream", name="stdout", text="a printed line"),
    ]
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# The question\n\nProse, $\\alpha_i$ and a [paper](https://example.org/p).\n\n## Part"),
            new_code_cell("secret_code = 1", outputs=outputs),
        ]
    )
    place.mkdir(parents=True)
    nbformat.write(notebook, place / "executed.ipynb")
    write_json(place / "run.json", {"finished": True, "data_source": "embedded synthetic cohort", "seed": 0})
    metric = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 20, "unit": "", "headline": True}
    write_json(place / "metrics.json", {"metrics": {"Top-10 <a>": metric, "other": metric | {"headline": False}}})
    return place


def test_nothing_of_a_hostile_cohort_works_in_the_page(folder, monkeypatch):
    evil = "x<meta http-equiv=refresh content='0;url=https://evil.example'><style>p{display:none}</style>"
    shown = []
    monkeypatch.setattr("selip_core.pipeline.run.display", shown.append)
    Run.say(None, f"*Table t. Of p < 0.05. Data: {evil}.*")
    notebook = new_notebook(cells=[new_code_cell("", outputs=[display(text_markdown=shown[0].data)])])
    nbformat.write(notebook, folder / "executed.ipynb")
    page = build_report("smoke").read_text(encoding="utf-8")
    assert "<meta http-equiv=refresh" not in page and "p < 0.05" in html.unescape(page)
    assert "<style>p{" not in page and "form-action 'none'" in page and "base-uri 'none'" in page


@pytest.fixture
def page(folder):
    return build_report("smoke").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    ["The question", "左侧额叶", "data:image/png;base64", "a printed line", "Data: embedded synthetic cohort",
     'href="#01_one"', "Part</a>", "0.4 to 0.6", "Top-10 &lt;a&gt;", "data:image/svg+xml"],
)  # fmt: skip
def test_report_shows(page, text):
    assert text in page


@pytest.mark.parametrize("text", ["secret_code", "<script", "bar 100%", "a warning", r"$\alpha_i$"])
def test_report_leaves_out(page, text):
    assert text not in page


def test_every_recorded_number_stands_at_the_end(page):
    assert page.index('id="numbers"') > page.index('id="01_one"')
    assert page.index(">other<") > page.index('id="numbers"') and 'href="#numbers"' in page


def test_without_a_summary_the_page_says_what_there_is(page):
    assert page.index("There is no answer yet: 09_summary gives it") < page.index("<nav>")
    assert "What has run:\nThe question." in page


@pytest.fixture
def summary(folder):
    """A summary that stands, as the notebook leaves it."""
    place = folder.parent / "09_summary"
    rows = [("findings recall@10", method, value, value - 0.1, value + 0.1, 90, "a test")
            for method, value in (("constant answer", 0.1), ("CLIP", 0.4), ("SeLIP", float("nan")))]  # fmt: skip
    columns = ["outcome", "method", "value", "low", "high", "n", "data_source"]
    for name in ("tables", "figures"):
        (place / name).mkdir(parents=True)
    pd.DataFrame(rows, columns=columns).to_csv(place / "tables" / "answer.csv", index=False)
    (place / "answer.md").write_text("The models <read> it.\n\nSoft targets help.\n", encoding="utf-8")
    (place / "figures" / "answer.png").write_bytes(base64.b64decode(PIXEL))
    (place / "executed.ipynb").write_bytes((folder / "executed.ipynb").read_bytes())
    write_json(place / "run.json", {"finished": True, "run_id": "s", "data_source": "a test", "seed": 0})
    return place


def test_the_page_opens_with_the_answer_its_figure_and_the_table(summary):
    page = build_report("smoke").read_text(encoding="utf-8")
    places = [page.index(text) for text in (
        "The models &lt;read&gt; it.", "Soft targets help.", f"base64,{PIXEL}", "<th>findings recall@10</th>",
        "<td>0.400<br><small>0.300 to 0.500</small></td>", "<td>too few</td>", "Data: a test.", "<nav>", 'id="numbers"',
    )]  # fmt: skip
    assert places == sorted(places) and "no answer yet" not in page
    assert "<th>untrained</th>" in page and "<th>constant answer</th>" in page


def test_a_summary_whose_upstream_ran_again_gives_no_answer(summary):
    record = {"finished": True, "run_id": "s", "upstream": {"01_one": "gone"}}
    write_json(summary / "run.json", record)
    assert "no answer yet" in build_report("smoke").read_text(encoding="utf-8")


def test_an_answer_without_a_figure_or_a_row_is_still_told(summary):
    (summary / "figures" / "answer.png").unlink()
    columns = "outcome,method,value,low,high,n,data_source\n"
    (summary / "tables" / "answer.csv").write_text(columns, encoding="utf-8")
    page = build_report("smoke").read_text(encoding="utf-8")
    assert "Soft targets help." in page and 'class="answer"' not in page.partition("<nav>")[0]


def test_report_fetches_nothing(page):
    assert external_resources(page) == []


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<img alt='a' src='http://example/x.png'>",
        "<img src=//example/x.png>",
        '<link rel="stylesheet" href="https://example/x.css">',
        '<style>@import "https://example/x.css";</style>',
        "<style>b { background: url(https://example/x.png) }</style>",
    ],
)
def test_external_resources_are_found(markup):
    assert external_resources(markup)


def test_links_for_readers_are_not_resources():
    assert external_resources('<a href="https://example.org">paper</a>') == []


def test_external_picture_in_prose_is_refused(folder):
    notebook = nbformat.read(folder / "executed.ipynb", as_version=4)
    notebook.cells[0].source += '\n\n<img src="https://example.org/x.png">'
    nbformat.write(notebook, folder / "executed.ipynb")
    with pytest.raises(SelipError, match="example.org/x.png"):
        build_report("smoke")


def test_unfinished_notebooks_are_left_out(folder):
    write_json(folder / "run.json", {"finished": False})
    with pytest.raises(SelipError, match="no finished notebook"):
        build_report("smoke")


def test_a_run_whose_upstream_ran_again_is_left_out(folder):
    later = folder.parent / "02_two"
    later.mkdir()
    (later / "executed.ipynb").write_bytes((folder / "executed.ipynb").read_bytes())
    write_json(folder / "run.json", {"finished": True, "run_id": "b", "data_source": "a test", "seed": 0})
    for run_id, shown in (("b", True), ("a", False)):
        write_json(later / "run.json", {"finished": True, "run_id": "c", "upstream": {"01_one": run_id}})
        assert ('id="02_two"' in build_report("smoke").read_text(encoding="utf-8")) is shown


def test_formula_in_code_and_prices_stay_text(tmp_path):
    path = tmp_path / "x.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("`$HOME$` costs $5 and $6")]), path)
    assert "<img" not in notebook_html(path)


def test_a_notebook_reads_the_same_after_another(folder, tmp_path):
    other = tmp_path / "other.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Other")]), other)
    path = folder / "executed.ipynb"
    report_html._exporter.cache_clear()
    alone = without_pictures(notebook_html(path))
    notebook_html(other)
    assert without_pictures(notebook_html(path)) == alone


def without_pictures(body):
    """Formulas are drawn with random identifiers."""
    return re.sub(r'src="data:image/svg[^"]*"', "", body)
