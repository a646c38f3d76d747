"""10_explore in JupyterLab and a real browser, as its user meets it; see jupyter_browser.py."""

import pytest
from jupyter_browser import browser_page, why_no_browser

if why_no_browser():
    pytest.skip(why_no_browser(), allow_module_level=True)


def test_the_watch_sees_console_errors_uncaught_errors_and_requests_to_other_machines():
    with browser_page() as (page, watch):
        page.set_content("<p>quiet</p>")
        assert not watch.errors and not watch.foreign
        page.evaluate("console.error('loud')")
        page.evaluate("setTimeout(() => { throw new Error('thrown') })")
        page.evaluate("fetch('https://example.org/x').catch(() => 0)")
        assert watch.foreign == ["https://example.org/x"]
        assert any("loud" in error for error in watch.errors) and any("thrown" in error for error in watch.errors)
