"""The helpers by which the other tests of this folder drive JupyterLab and a browser."""

import pytest

from tests.helpers.jupyter_browser import browser_page, jupyter_lab, why_no_browser

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


def test_the_servers_token_is_no_argument(tmp_path, monkeypatch):
    started = []

    class Server:
        def __init__(self, command, *, env, **_):
            started.append((command, env))

        def terminate(self): ...

        def wait(self, seconds): ...

    monkeypatch.setattr("tests.helpers.jupyter_browser.subprocess.Popen", Server)
    monkeypatch.setattr("tests.helpers.jupyter_browser._wait_for", lambda *_, **__: None)
    with jupyter_lab(tmp_path) as address:
        token = address.partition("token=")[2]
    ((command, variables),) = started
    assert len(token) == 32 and token == variables["JUPYTER_TOKEN"] and token not in " ".join(command)
