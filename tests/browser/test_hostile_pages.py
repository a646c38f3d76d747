"""Pages made of a cohort whose texts are scripts: in a real browser nothing of them runs."""

import csv

import nbformat
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from selip_core._utils.files import write_json
from selip_core.ingest.build import ingest
from selip_core.pipeline import paths
from selip_core.pipeline.report_html import build_report
from selip_core.pipeline.run import Run
from tests.helpers.dicom_files import head
from tests.helpers.explorer_files import write_head
from tests.helpers.jupyter_browser import (
    browser_page,
    jupyter_lab,
    open_notebook,
    run_all_cells,
    tracebacks,
    why_no_browser,
)

if why_no_browser():
    pytest.skip(why_no_browser(), allow_module_level=True)


HOSTILE = (
    '<img src=x onerror="hacked=1">', "<script>hacked=1</script>", '"><svg onload="hacked=1">',
    "<style>body{display:none}</style>", "javascript:hacked=1",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>", "=cmd|' /C calc'!A0",
)  # fmt: skip


def test_a_hostile_cohort_runs_nothing_in_the_pages_that_are_written_of_it(tmp_path, monkeypatch):
    voxels = head((12, 32, 32)).transpose(2, 1, 0).astype(np.float32)
    patients = [f"P{i}{evil.replace('/', '∕')}" for i, evil in enumerate(HOSTILE)]
    for patient in patients:
        (tmp_path / "in" / patient).mkdir(parents=True)
        nib.save(nib.Nifti1Image(voxels, np.diag([4, 4, 6, 1.0])), tmp_path / "in" / patient / "T1.nii.gz")
    with open(tmp_path / "reports.csv", "w", encoding="utf-8", newline="") as file:
        rows = [[who, f"左侧额叶见长T1信号影 {evil}", evil] for who, evil in zip(patients, HOSTILE, strict=True)]
        csv.writer(file).writerows([["患者ID", "检查所见", "诊断意见"], *rows])
    ingest(tmp_path / "in", tmp_path / "out", reports=tmp_path / "reports.csv", keep_ids=True, progress=False)
    monkeypatch.setenv("SELIP_ROOT", str(tmp_path))
    shown = []
    monkeypatch.setattr("selip_core.pipeline.run.display", shown.append)
    Run.say(None, f"*Table t. {' '.join(HOSTILE)}*")
    table = pd.DataFrame({"report": HOSTILE}, index=list(HOSTILE)).to_html()
    data = [{"text/markdown": shown[0].data}, {"text/html": table}, {"text/plain": HOSTILE[0]}]
    cell = new_code_cell("", outputs=[new_output("display_data", data=one) for one in data])
    folder = tmp_path / "results" / "smoke" / "01_one"
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=[cell]), folder / "executed.ipynb")
    write_json(folder / "run.json", {"finished": True, "data_source": HOSTILE[0], "seed": 0})
    write_json(folder / "metrics.json", {"metrics": {}})
    with browser_page() as (page, watch):
        page.set_content(HOSTILE[0])
        page.wait_for_function("window.hacked")  # so that what follows could fail
        errors = list(watch.errors)
        pages = [place.as_uri() for place in (tmp_path / "out" / "quality.html", build_report("smoke"))]
        for address in pages:
            page.goto(address)
            page.wait_for_timeout(300)
            assert page.evaluate("window.hacked") is None and "onerror" in page.locator("body").inner_text()
            assert page.locator("iframe, svg[onload], script").count() == 0
        assert watch.foreign == pages and watch.errors == errors  # the pages, and nothing that they name


EXPLORED = """
from pathlib import Path

from selip_core.explore.explorer import map_labels, mapped_series
from selip_core.inspection.embedding_map import project
from selip_core.widgets import MapPage, PairsPage, Session, Viewer, page_style, show_live
from selip_core.widgets.search import SearchPage
from tests.browser.test_hostile_pages import HOSTILE
from tests.helpers.explorer_files import make_explorer

patients = [f"P{i}{evil}" for i, evil in enumerate(HOSTILE)]
reports = {who: f"左侧额叶见长T1信号影 {evil}" for who, evil in zip(patients, HOSTILE)}
sentence_of = {who: f"在{evil.replace(' ', '/')}表现为长信号" for who, evil in zip(patients, HOSTILE)}
explorer = make_explorer(Path("made"), reports, sentence_of=sentence_of, split_of=dict.fromkeys(patients, "train"),
                         name=" ".join(HOSTILE))
session, log = Session(explorer), Path("widgets.log")
models = dict.fromkeys(HOSTILE, Path("nowhere"))
series = mapped_series(explorer)
projection = project(explorer.gallery.features[series], seed=0)
show_live(page_style, lambda: SearchPage(session, log, viewer=Viewer(session, log), models=models),
          lambda: MapPage(session, log, projection, series), lambda: PairsPage(session, log))
"""


def test_a_hostile_cohort_runs_nothing_in_the_explorer(tmp_path):
    (tmp_path / "work").mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = new_notebook(cells=[new_code_cell(EXPLORED)], metadata=kernel)
    nbformat.write(notebook, tmp_path / "work" / "hostile.ipynb")
    own = write_head(tmp_path / "<img src=x onerror=hacked=1>.nii.gz")
    with (
        jupyter_lab(tmp_path, environment={"PYTHONPATH": str(paths.project_root())}) as lab,
        browser_page() as (page, watch),
    ):
        open_notebook(page, lab, "hostile.ipynb")
        run_all_cells(page, seconds=300)
        page.set_default_timeout(15_000)
        shown = page.locator(".jp-OutputArea").first
        shown.locator(".selip-results img").first.wait_for()
        page.get_by_role("button", name="View 2", exact=True).first.click()
        on_map = page.locator(".selip-map")
        on_map.get_by_label("Colour by", exact=True).select_option("site")
        on_map.locator("datalist option").first.wait_for(state="attached")
        offered = [option.get_attribute("value") for option in on_map.locator("datalist option").all()]
        fill(on_map, "Series", *offered)
        for name in ("Your NIfTI", "Model", "Series", "Report A", "Report B", "Finding"):
            fill(page, name, *HOSTILE[:3], str(own))
        for _ in range(75):  # what was typed last is answered when it is ready
            said = shown.inner_text()
            if said.count("=1") > 30:
                break
            page.wait_for_timeout(200)
        assert all(evil in said for evil in HOSTILE) and f"{own.name}, your file" in said
        assert said.count("=1") > 30 and len(offered) == 2 * len(HOSTILE)  # shown wherever texts are
        assert tracebacks(page) == [] and page.evaluate("window.hacked") is None
        assert shown.locator("iframe[srcdoc], svg[onload], img[onerror]").count() == 0
        assert watch.errors == [] and watch.foreign == []


def fill(part, name: str, *texts: str) -> None:
    """Type one text after another into a box."""
    box = part.get_by_label(name, exact=True).first
    for text in texts:
        box.fill(text)
        box.press("Enter")
        box.page.wait_for_timeout(200)
