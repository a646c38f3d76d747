"""A notebook of the site stands still, is small, and tells nothing of the machine it ran on."""

import base64
import io
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

from selip_core.errors import SelipError
from selip_core.pipeline import static_notebook as module
from selip_core.pipeline.static_notebook import WIDTH, static_notebook
from tests.helpers.executed_notebooks import executed_notebook, picture, shown

ROOT, WHERE = Path("/home/somebody/selip"), "notebooks/01_data_curation.ipynb"


def static(*outputs):
    """Return the page of the made notebook, the outputs of its last cell exchanged where some are given."""
    executed = executed_notebook(ROOT)
    if outputs:
        executed.cells[-1].outputs = list(outputs)
    return static_notebook(executed, "*As it ran.*", where=WHERE, roots=[ROOT])


def shown_of(*outputs):
    return [output.get("data", output) for output in static(*outputs).cells[-1].outputs]


def test_only_what_stands_still_is_kept_in_order():
    kinds = [next(iter(output.get("data", {"stdout": 0}))) for output in static().cells[-1].outputs]
    assert kinds == ["image/png", "text/markdown", "text/html", "stdout"]


def test_the_page_says_below_its_title_where_it_comes_from():
    assert static().cells[0].source == "# 01 · Title\n\n*As it ran.*\n\n**Question.** What?"


def test_cells_keep_their_ids_and_the_parameters_are_those_of_the_run():
    cells = static().cells
    assert [cell.id for cell in cells] == ["header", "parameters", "set-up", "prose", "body"]
    assert cells[1].source == 'profile = "smoke"'


def test_code_is_folded_and_of_the_opening_what_it_shows_too():
    tags = [cell.metadata.get("tags") for cell in static().cells]
    assert tags == [None, ["hide-cell"], ["hide-cell"], None, ["hide-input"]]


def test_nothing_tells_when_or_where_it_ran():
    text = nbformat.writes(static())
    for word in ("papermill", 'execution":', "2025-06-01", "somebody", "widgets", "a warning", "random"):
        assert word not in text, word
    assert "results in results/demo" in text


def test_the_same_run_makes_the_same_page():
    assert nbformat.writes(static()) == nbformat.writes(static())


def test_a_picture_is_made_small_and_keeps_its_words_and_its_width_on_the_page():
    output = next(output for output in static().cells[-1].outputs if "image/png" in output.get("data", {}))
    png = base64.b64decode(output.data["image/png"])
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (WIDTH, WIDTH // 2) and len(image.getcolors()) <= 128
        assert image.info["Title"] == "A caption." and image.info["Source"].startswith("Data: embedded")
    assert output.metadata["image/png"] == {"alt": "A caption.", "width": 300} and len(png) < len(picture())


def test_a_small_picture_is_not_enlarged():
    (data,) = shown_of(shown(png=base64.b64encode(picture(80)).decode()))
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
        assert image.size == (80, 40)


@pytest.mark.parametrize(
    "output",
    [
        shown(widget={"model_id": "1"}), shown(plotly={"data": []}, html="<div></div><script>draw()</script>"),
        shown(html="<iframe src='x'></iframe>"),
    ],
)  # fmt: skip
def test_of_what_is_live_a_line_remains(output):
    (data,) = shown_of(output)
    assert data == {"text/markdown": f"*Interactive in JupyterLab: open `{WHERE}` there and run it.*"}


def test_of_what_is_live_its_picture_remains_where_it_has_one():
    (data,) = shown_of(shown(widget={"model_id": "1"}, png=base64.b64encode(picture(80)).decode()))
    assert set(data) == {"image/png"}


@pytest.mark.parametrize("text", ["steps:  40%|████  | 4/10", "7it [00:01,  5.2it/s]"])
def test_progress_leaves_nothing(text):
    assert shown_of(shown(text), shown(text, widget={"model_id": "1"})) == []


@pytest.mark.parametrize(
    "text",
    ["read /home/other/scan.nii.gz", "cache: /tmp/x/y", "in '/Users/me/data'", r"C:\Users\me", "at /mnt/pacs/series"],
)
def test_a_path_of_the_machine_is_refused_with_its_cell(text):
    for output in (new_output("stream", name="stdout", text=text), shown(text), shown(markdown=text)):
        with pytest.raises(SelipError, match=f"cell 5 of the executed {WHERE} tells of this machine"):
            static(output)


@pytest.mark.parametrize("text", ["T1/T2/FLAIR", "https://arxiv.org/abs/2503.19801", "results/tmp/x", "mean +/- home"])
def test_what_only_looks_like_one_is_not(text):
    assert shown_of(shown(markdown=text)) == [{"text/markdown": text}]


def test_the_name_of_the_machine_is_refused_where_it_is_no_word(monkeypatch):
    monkeypatch.setattr(module.socket, "gethostname", lambda: "node-17")
    with pytest.raises(SelipError, match="node-17"):
        static(shown(markdown="ran on node-17"))
    monkeypatch.setattr(module.socket, "gethostname", lambda: "demo")
    assert shown_of(shown(markdown="profile demo"))


def test_a_run_without_new_parameters_keeps_those_of_the_source():
    executed = executed_notebook(ROOT)
    del executed.cells[2]
    executed.cells.append(new_code_cell("1 + 1", id="last"))
    cells = static_notebook(executed, "", where=WHERE, roots=[ROOT]).cells
    assert cells[1].source == 'profile = "demo"' and cells[-1].outputs == []
