"""JupyterLab on loopback, and headless Chromium that opens a notebook in it and watches what the page does."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = (
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",  # WebGL 2 without a graphics card
    "--disable-gpu-compositing", "--disable-gpu-rasterization",  # the rest of a page is drawn in a fifth of the time
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # whatever asks for another machine finds none
)  # fmt: skip
LAB_OPTIONS = (
    "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.allow_root=True",
    # JupyterLab by itself asks its makers for news and for newer versions and extensions
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)  # fmt: skip
LAB_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}
NOTEBOOK = "10_explore"
NEEDED = ("01_data_curation", "02_report_findings", "03_similarity_matrix", "04_pretraining")
START_SECONDS, RUN_SECONDS = 60, 120
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{folder}</dir></fontconfig>
"""
LOCAL_SCHEMES = ("data", "blob", "about")


def why_no_browser() -> str | None:
    """Return what is missing for a browser test, in words that say what to install; None where nothing is."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install 'selip[browser]', or let run_tests.sh do it"
    if not find_chromium():
        return (
            "no Chromium was found: apt-get install chromium (run_tests.sh does it where it may), or set SELIP_CHROMIUM"
        )
    return None


def find_chromium() -> str | None:
    """Return the browser to drive: ``SELIP_CHROMIUM``, or the first of the usual names on the path."""
    named = os.environ.get("SELIP_CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@contextmanager
def jupyter_lab(folder: Path, *, environment: dict[str, str] | None = None):
    """Start JupyterLab on `folder`/work, with settings of its own beside it, and stop it in the end.

    Yields
    ------
    str
        The address of the server, with its token: ``http://127.0.0.1:PORT/lab?token=TOKEN``.
    """
    for name, settings in LAB_SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    (folder / "work").mkdir(exist_ok=True)
    own = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
    }  # fmt: skip
    port, token = _free_port(), secrets.token_hex(16)
    variables = os.environ | {name: str(folder / place) for name, place in own.items()} | (environment or {})
    variables["JUPYTER_TOKEN"] = token  # not an argument: every user of the machine may read those
    command = [
        sys.executable, "-m", "jupyterlab", *LAB_OPTIONS, f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder / 'work'}",
    ]  # fmt: skip
    with open(folder / "jupyterlab.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=variables, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(server, f"http://127.0.0.1:{port}/api", log=folder / "jupyterlab.log")
            yield f"http://127.0.0.1:{port}/lab?token={token}"
        finally:
            server.terminate()  # the server stops its kernels too
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(server: subprocess.Popen, address: str, *, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            opener.open(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start on {address}:\n{log.read_text(encoding='utf-8')[-3000:]}")


class Watch:
    """What a page did that it should not: errors on its console, and requests to another machine."""

    def __init__(self, page):
        self.messages: list[str] = []
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("crash", lambda page: self.errors.append("the page crashed"))
        page.context.on("request", lambda request: self._request(request.url))
        page.on("websocket", lambda socket: self._request(socket.url))

    def _console(self, message) -> None:
        text = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        self.messages.append(text)
        if message.type == "error":
            self.errors.append(text)

    def _request(self, url: str) -> None:
        self.requests.append(url)
        parts = urlsplit(url)
        if parts.scheme not in LOCAL_SCHEMES and parts.hostname != "127.0.0.1":
            self.foreign.append(url)


@contextmanager
def browser_page(*, width: int = 1440, height: int = 1000):
    """Start headless Chromium, with the package's Chinese font, and yield an empty page with its `Watch`."""
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(FONTS.format(folder=files("selip_core.plotting") / "font_files"), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=CHROMIUM_OPTIONS, env=os.environ | {"FONTCONFIG_FILE": str(fonts)},
        )  # fmt: skip
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, locale="en-GB")
            yield page, Watch(page)
        finally:
            browser.close()


def open_notebook(page, lab: str, name: str) -> None:
    """Open a notebook of the server's folder, alone on the screen, and wait until its kernel is idle."""
    address, token = lab.split("?")
    page.goto(f"{address}/tree/{quote(name)}?{token}", wait_until="domcontentloaded")
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=START_SECONDS * 1000)
    page.keyboard.press("Control+b")  # the file browser's side bar takes a fifth of the width
    # the notebook's own sign of a kernel says "idle" before there is one: cells run by then would start a second
    page.locator("#jp-main-statusbar").get_by_text(re.compile(r"^(?!No Kernel).* \| Idle")).wait_for(
        timeout=START_SECONDS * 1000
    )


def run_all_cells(page, *, seconds: float) -> None:
    """Choose *Run All Cells* in the menu, and wait until every code cell has its number.

    Raises
    ------
    RuntimeError
        If a cell fails, with its traceback, or has no number in time, with the last of what the notebook shows.
    """
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    prompts = page.locator(".jp-NotebookPanel .jp-CodeCell .jp-InputPrompt")
    until = time.monotonic() + seconds
    while not all(text.strip("[ ]:*") for text in prompts.all_text_contents()):
        if tracebacks(page) or time.monotonic() > until:
            shown = tracebacks(page) or [page.locator(".jp-NotebookPanel .jp-Notebook").inner_text()]
            raise RuntimeError(f"the notebook was not run through in {seconds:.0f} s:\n{shown[0][-2000:]}")
        page.wait_for_timeout(200)
    if tracebacks(page):
        raise RuntimeError(f"a cell of the notebook failed:\n{tracebacks(page)[0][-2000:]}")


def tracebacks(page) -> list[str]:
    """Return the texts of all outputs of the notebook, widgets among them, that hold a stack trace."""
    return page.locator(".jp-OutputArea-output", has_text="Traceback (most recent call last)").all_text_contents()


@contextmanager
def explored(folder: Path, *, profile: str, seconds: float = RUN_SECONDS, width: int = 1440, height: int = 1100):
    """Run 10_explore through in JupyterLab and Chromium, in a project folder made of links to this one.

    Its results go there: those of the project stay as they are.

    Yields
    ------
    page, Watch
    """
    import nbformat

    from selip_core.pipeline import paths

    root, work = paths.project_root(), folder / "work"
    (work / "results" / profile).mkdir(parents=True)
    (work / "notebooks").mkdir()
    shutil.copy(root / "pyproject.toml", work)
    (work / "data").symlink_to(root / "data")
    for name in NEEDED:
        (work / "results" / profile / name).symlink_to(paths.results_dir(profile, name))
    notebook = nbformat.read(root / "notebooks" / f"{NOTEBOOK}.ipynb", as_version=4)
    parameters = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source = parameters.source.replace('profile = "demo"', f'profile = "{profile}"')
    nbformat.write(notebook, work / "notebooks" / f"{NOTEBOOK}.ipynb")
    with (
        jupyter_lab(folder, environment={"SELIP_ROOT": str(work)}) as lab,
        browser_page(width=width, height=height) as (page, watch),
    ):
        open_notebook(page, lab, f"notebooks/{NOTEBOOK}.ipynb")
        run_all_cells(page, seconds=seconds)
        yield page, watch
