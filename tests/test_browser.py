"""10_explore in JupyterLab and a real browser, as its user meets it; pictures of the steps in results/browser/."""

import shutil
import time
from contextlib import contextmanager

import nbformat
import numpy as np
import pytest
from jupyter_browser import browser_page, jupyter_lab, open_notebook, run_all_cells, tracebacks, why_no_browser

from selip_core import paths

PROFILE, NOTEBOOK = "smoke", "10_explore"
NEEDED = ("01_data_curation", "02_report_findings", "03_similarity_matrix", "04_pretraining")
SCREENSHOTS = paths.project_root() / "results" / "browser"
ANSWER_MS = 15_000

if why_no_browser():
    pytest.skip(why_no_browser(), allow_module_level=True)
missing = [name for name in NEEDED if not (paths.results_dir(PROFILE, name) / "run.json").exists()]
needs_results = pytest.mark.skipif(
    bool(missing), reason=f"{NOTEBOOK} looks at results that are not there: ./run_all.sh --profile {PROFILE}"
)


def test_the_watch_sees_console_errors_uncaught_errors_and_requests_to_other_machines():
    with browser_page() as (page, watch):
        page.set_content("<p>quiet</p>")
        assert not watch.errors and not watch.foreign
        page.evaluate("console.error('loud')")
        page.evaluate("setTimeout(() => { throw new Error('thrown') })")
        page.evaluate("fetch('https://example.org/x').catch(() => 0)")
        assert watch.foreign == ["https://example.org/x"]
        assert any("loud" in error for error in watch.errors) and any("thrown" in error for error in watch.errors)


@contextmanager
def explored(folder, *, profile: str = PROFILE, width: int = 1440, height: int = 1100):
    """Yield (page, watch) with 10_explore run through in JupyterLab, in a project folder of its own.

    The folder has a copy of the notebook and links to the results of the others: those stay as they are.
    """
    root, work = paths.project_root(), folder / "work"
    (work / "results" / profile).mkdir(parents=True)
    (work / "notebooks").mkdir()
    shutil.copy(root / "pyproject.toml", work)
    (work / "data").symlink_to(root / "data")
    for source in paths.results_dir(profile).glob("0[0-9]_*"):
        (work / "results" / profile / source.name).symlink_to(source)
    notebook = nbformat.read(root / "notebooks" / f"{NOTEBOOK}.ipynb", as_version=4)
    parameters = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source = parameters.source.replace('profile = "demo"', f'profile = "{profile}"')
    nbformat.write(notebook, work / "notebooks" / f"{NOTEBOOK}.ipynb")
    with (
        jupyter_lab(folder, environment={"SELIP_ROOT": str(work)}) as lab,
        browser_page(width=width, height=height) as (
            page,
            watch,
        ),
    ):
        open_notebook(page, lab, f"notebooks/{NOTEBOOK}.ipynb")
        run_all_cells(page, seconds=120)
        yield page, watch


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    with explored(tmp_path_factory.mktemp("jupyter")) as (page, watch):
        page.set_default_timeout(ANSWER_MS)
        yield page, watch


@pytest.fixture
def page(opened):
    return opened[0]


@pytest.fixture(autouse=True)
def picture(request):
    """Keep a picture of the page as each test leaves it, failed or not."""
    yield
    if "page" in request.fixturenames:
        page = request.getfixturevalue("page")
        taken = len(list(SCREENSHOTS.glob("*.png"))) + 1
        page.screenshot(path=SCREENSHOTS / f"{taken:02}_{request.node.name.removeprefix('test_')}.png")


def ask(page, text: str) -> None:
    """Type a finding and press Enter; come back when the page has answered it."""
    box = page.get_by_label("Finding", exact=True)
    box.scroll_into_view_if_needed()
    box.fill("something else")  # so that asking the same again is a question too
    with answered(page):
        box.press("Enter")
    box.fill(text)
    with answered(page):
        box.press("Enter")


@contextmanager
def answered(page, part: str = ".selip-status"):
    """Wait after the block until the first of `part` on the page holds other text than before it."""
    before = page.locator(part).first.text_content()
    yield
    page.wait_for_function(
        "([part, before]) => document.querySelector(part).textContent != before", arg=[part, before], timeout=ANSWER_MS
    )


def status(page) -> str:
    return page.locator(".selip-page .selip-status").first.text_content()


def results(page) -> str:
    return page.locator(".selip-results").text_content()


def canvas_of(page):
    canvas = page.locator(".selip-viewer canvas").first
    canvas.scroll_into_view_if_needed()
    return canvas


def still(canvas) -> np.ndarray:
    """Return the pixels of the canvas once two pictures in a row are the same: what was asked for is drawn."""
    from io import BytesIO

    from PIL import Image

    before, until = None, time.monotonic() + ANSWER_MS / 1000
    while time.monotonic() < until:
        now = np.asarray(Image.open(BytesIO(canvas.screenshot())).convert("RGB")).astype(int)
        if before is not None and now.shape == before.shape and (now == before).all():
            return now
        before = now
        canvas.page.wait_for_timeout(300)
    raise AssertionError("the viewer's picture never came to rest")


def changed(before: np.ndarray, after: np.ndarray) -> float:
    """Return the share of pixels that are clearly other ones."""
    return float((np.abs(before - after).max(axis=-1) > 20).mean())


@needs_results
def test_the_notebook_opens_with_an_answer_and_a_volume_in_view(page):
    assert tracebacks(page) == []
    page.locator(".selip-page").first.scroll_into_view_if_needed()
    assert "View 1" in results(page) and "score" in results(page)
    assert page.locator(".selip-results img").count() >= 4
    picture = still(canvas_of(page))
    assert (picture.max(axis=-1) > 60).mean() > 0.05  # a head, not a black box


@needs_results
def test_a_finding_typed_in_chinese_changes_the_results_in_place(page):
    ask(page, "左侧额叶见片状长T2信号")
    first = results(page)
    ask(page, "右侧丘脑DWI呈高信号")
    assert results(page) != first
    assert "在右侧丘脑表现为高信号" in status(page)
    assert page.locator(".selip-results").count() == 1


@needs_results
def test_a_series_that_is_picked_comes_into_view_with_its_closest_reports(page):
    ask(page, "左侧额叶见片状长T2信号")
    before = still(canvas_of(page))
    with answered(page, ".selip-reports"):
        page.locator(".selip-results").get_by_role("button", name="View 4", exact=True).click()
    after = still(canvas_of(page))
    assert changed(before, after) > 0.05
    assert page.locator(".selip-reports img").count() >= 1 and page.locator(".selip-others img").count() >= 1


@needs_results
def test_the_wheel_scrolls_through_the_volume(page):
    canvas = canvas_of(page)
    before = still(canvas)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.4)
    for _ in range(3):
        page.mouse.wheel(0, 100)
        page.wait_for_timeout(100)
    assert changed(before, still(canvas)) > 0.02


@needs_results
def test_the_arrow_keys_move_the_slice(page):
    canvas = canvas_of(page)
    before = still(canvas)
    slider = page.locator(".selip-viewer").get_by_role("slider", name="Axial slice")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowDown")
    assert changed(before, still(canvas)) > 0.02


@needs_results
def test_the_window_changes_the_picture(page):
    canvas = canvas_of(page)
    before = still(canvas)
    page.get_by_label("Window", exact=True).select_option("bright findings")
    assert changed(before, still(canvas)) > 0.05
    page.get_by_label("Window", exact=True).select_option(index=0)


@needs_results
def test_the_saliency_is_laid_over_the_volume_and_taken_off_again(page):
    canvas = canvas_of(page)
    overlay = page.get_by_label("Overlay", exact=True)
    before = still(canvas)
    with answered(page, ".selip-viewer .selip-status"):
        overlay.select_option("saliency for the text")
    coloured = still(canvas)
    assert (np.ptp(coloured, axis=-1) > 60).mean() > (np.ptp(before, axis=-1) > 60).mean() + 0.002
    overlay.select_option("none")
