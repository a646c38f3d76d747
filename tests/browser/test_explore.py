"""10_explore in JupyterLab and a real browser, as its user meets it; pictures of the steps in results/browser/."""

import re
import shutil
import time
from contextlib import contextmanager

import numpy as np
import pytest

from selip_core.pipeline import paths
from tests.helpers.jupyter_browser import NEEDED, explored, tracebacks, why_no_browser

PROFILE = "smoke"
SCREENSHOTS = paths.project_root() / "results" / "browser"
ANSWER_MS = 15_000

if why_no_browser():
    pytest.skip(why_no_browser(), allow_module_level=True)
missing = [name for name in NEEDED if not (paths.results_dir(PROFILE, name) / "run.json").exists()]
needs_results = pytest.mark.skipif(
    bool(missing), reason=f"10_explore looks at results that are not there: ./run_all.sh --profile {PROFILE}"
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    with explored(tmp_path_factory.mktemp("jupyter"), profile=PROFILE) as (page, watch):
        page.set_default_timeout(ANSWER_MS)
        yield page, watch


@pytest.fixture
def page(opened, request):
    """The page, of which a picture is kept as each test leaves it, failed or not."""
    yield opened[0]
    keep_picture(opened[0], request.node.name.removeprefix("test_"))


def keep_picture(page, name: str) -> None:
    taken = len(list(SCREENSHOTS.glob("*.png"))) + 1
    page.screenshot(path=SCREENSHOTS / f"{taken:02}_{re.sub(r'[^a-z0-9]+', '_', name).strip('_')}.png")


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


def expect_text(part, words: str | re.Pattern) -> None:
    """Wait until a part of the page holds these words."""
    part.filter(has_text=words).first.wait_for(state="attached", timeout=ANSWER_MS)


def point_at(page, point) -> None:
    """Move the mouse on a point of a plot once the page has come to rest; plotly listens to moves, not to places."""
    point.scroll_into_view_if_needed()
    before = None
    while (box := point.bounding_box()) != before:
        before = box
        page.wait_for_timeout(300)
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across - 30, down - 30)
    page.mouse.move(across, down, steps=5)


def lasso(page, plot) -> None:
    """Draw round the middle of a plot."""
    box = plot.bounding_box()
    corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)]
    places = [(box["x"] + box["width"] * across, box["y"] + box["height"] * down) for across, down in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def viewer(page):
    """Return the viewer of the search page; map and pair inspector have theirs below."""
    return page.locator(".selip-viewer").first


def slider_of(page, name: str):
    """Return a slider of the viewer; ipywidgets gives its handle no name of its own."""
    return viewer(page).locator(".widget-slider", has_text=name).get_by_role("slider")


def canvas_of(page):
    canvas = viewer(page).locator("canvas").first
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
def test_the_line_that_is_read_out_stays_on_the_page_while_its_words_change(page):
    line = page.locator(".selip-page .selip-status").first.get_by_role("status").element_handle()
    before = line.text_content()
    ask(page, "左侧额叶见片状长T2信号")
    assert line.evaluate("line => line.isConnected") and before != line.text_content() != ""


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
    slider = slider_of(page, "Axial slice")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowDown")
    assert changed(before, still(canvas)) > 0.02


@needs_results
def test_the_window_changes_the_picture(page):
    canvas = canvas_of(page)
    before = still(canvas)
    viewer(page).get_by_label("Window", exact=True).select_option("bright findings")
    assert changed(before, still(canvas)) > 0.05
    viewer(page).get_by_label("Window", exact=True).select_option(index=0)


@needs_results
def test_the_saliency_is_laid_over_the_volume_and_taken_off_again(page):
    ask(page, "左侧额叶见片状长T2信号")
    page.locator(".selip-results").get_by_role("button", name="View 1", exact=True).click()
    with answered(page, ".selip-viewer .selip-status"):
        viewer(page).get_by_label("Overlay", exact=True).select_option("saliency for the text")
    slider_of(page, "Opacity").press("End")
    canvas = canvas_of(page)
    on = still(canvas)
    keep_picture(page, "saliency")
    viewer(page).get_by_label("Show overlay", exact=True).uncheck()
    off = still(canvas)
    assert changed(on, off) > 0.001
    viewer(page).get_by_label("Show overlay", exact=True).check()
    assert changed(on, still(canvas)) == 0
    viewer(page).get_by_label("Overlay", exact=True).select_option("none")


@needs_results
def test_a_file_of_ones_own_is_shown_beside_its_closest_reports(page):
    file = sorted(paths.data_dir().glob("synthetic/60_*/images/*/FLAIR.nii.gz"))[-1]
    box = page.get_by_label("Your NIfTI", exact=True)
    box.fill(str(file))
    box.press("Enter")
    expect_text(page.locator(".selip-page .selip-status").first, file.name)
    expect_text(viewer(page), file.name)
    assert page.locator(".selip-reports img").count() >= 1
    still(canvas_of(page))


@needs_results
def test_pointing_at_the_map_shows_a_series_and_a_lasso_selects_for_the_viewer(page):
    embedding_map = page.locator(".selip-map")
    embedding_map.scroll_into_view_if_needed()
    with answered(page, ".selip-map-panel"):
        point_at(page, embedding_map.locator(".scatterlayer .point").nth(7))
    assert embedding_map.locator(".selip-map-panel img").count() == 1
    keep_picture(page, "map_hover")
    lasso(page, embedding_map.locator(".nsewdrag").first)
    expect_text(embedding_map, re.compile("[1-9][0-9]* series selected"))
    first = embedding_map.get_by_label("Selected", exact=True).locator("option").first.text_content()
    patient, sequence = first.split()
    below = page.locator(".selip-page", has=embedding_map).locator(".selip-viewer")
    expect_text(below, f"{patient} · {sequence}")


@needs_results
def test_the_map_can_be_used_without_a_mouse(page):
    box = page.locator(".selip-map").get_by_label("Series", exact=True)
    offered = page.locator(".selip-map datalist option").first.get_attribute("value")
    with answered(page, ".selip-map-panel"):
        box.fill(offered)
        box.press("Enter")
    assert offered in page.locator(".selip-map-panel").text_content()


@needs_results
def test_two_reports_are_compared_and_a_bad_one_is_told_in_a_sentence(page):
    pairs = page.locator(".selip-pairs-widget")
    pairs.scroll_into_view_if_needed()
    first, second = (pairs.get_by_label(f"Report {name}", exact=True) for name in "AB")
    with answered(page, ".selip-pairs-widget"):
        first.fill("在左侧额叶表现为片状高信号")
        first.press("Enter")
    with answered(page, ".selip-pairs-widget"):
        second.fill("在左侧额叶表现为点状高信号")
        second.press("Enter")
    assert "点状高信号" in pairs.text_content()
    keep_picture(page, "pair_compared")
    second.fill("")
    second.press("Enter")
    expect_text(pairs.get_by_role("alert"), "Report B")
    assert tracebacks(page) == []


BAD_INPUT = {
    "an_empty_query": ("Finding", "", "empty"),
    "a_query_outside_the_lexicon": ("Finding", "asdf qwer zxcv", "word for word"),
    "a_missing_file": ("Your NIfTI", "/nowhere/missing.nii.gz", "missing.nii.gz"),
    "a_file_that_is_no_volume": ("Your NIfTI", __file__, "test_explore.py"),
    "no_model_there": ("Model", "/nowhere/model", "/nowhere/model"),
}


@needs_results
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_answered_by_a_sentence_and_the_page_stays_usable(page, case):
    label, text, said = BAD_INPUT[case]
    ask(page, "右侧丘脑DWI呈高信号")
    box = page.get_by_label(label, exact=True)
    with answered(page):
        box.fill(text)
        box.press("Enter")
        if label == "Model":
            page.get_by_role("button", name="Use this model").click()
    expect_text(page.locator(".selip-page .selip-status").first, said)
    keep_picture(page, case)
    assert tracebacks(page) == []
    ask(page, "左侧额叶见片状长T2信号")
    assert "在左侧额叶表现为片状长信号" in status(page)


@needs_results
def test_the_console_has_no_error_and_no_request_left_this_machine(opened):
    _, watch = opened
    assert watch.errors == []
    assert watch.foreign == []
    assert len(watch.requests) > 50  # the watch was there
