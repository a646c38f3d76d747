"""What the widgets share: a session, a status line that takes the place of stack traces, the font, pictures."""

import base64
import html
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path

from selip_core._utils.notebook import in_editor
from selip_core.errors import SelipError
from selip_core.explore.explorer import NOT_TEST, Explorer
from selip_core.explore.own_volume import OwnVolume
from selip_core.plotting.fonts import FAMILY

STYLE = {"description_width": "6.5em"}
_CSS = """
.selip-page, .selip-page input, .selip-page select, .selip-page button, .selip-page label {
  font-family: system-ui, -apple-system, "Segoe UI", sans-serif, "%(family)s"; }
.selip-page .widget-html-content, .selip-status { line-height: 1.4; }
.selip-page img { background: #000; border-radius: 2px; }
.selip-note { color: #1c1c1c; background: #eaf3fa; border-left: 4px solid #0072b2; padding: .3em .6em; }
.selip-error { color: #1c1c1c; background: #fdf0e6; border-left: 4px solid #d55e00; padding: .3em .6em; }
.selip-source { color: #1c1c1c; background: #fff4d6; border-left: 4px solid #e69f00; padding: .3em .6em; }
.selip-row { color: var(--jp-ui-font-color1, #1c1c1c); }
.selip-row details { margin-top: .2em; }
"""

_LIVE_LINE = """
export default {
  render({ model, el }) {
    for (const [kind, role] of [["note", "status"], ["error", "alert"]]) {
      const line = document.createElement("div");
      line.setAttribute("role", role);
      const show = () => {
        line.textContent = model.get(kind);
        line.className = line.textContent ? `selip-${kind}` : "";
      };
      el.append(line);
      model.on(`change:${kind}`, show);
      show();
    }
  },
};
"""


class Session:
    """What all widgets of a page look at: the explorer, the series in view, and the text it was found with.

    Attributes
    ----------
    explorer : Explorer
    splits : tuple of str
        Of the patients who may be found.
    series : int or None
        In view; None where `own` is.
    own : OwnVolume or None
    query : str
        The canonical sentence that what is in view was found with; empty without one.
    asked : str
        The canonical sentence that was asked last: an own volume in view is held to it.
    """

    def __init__(self, explorer: Explorer):
        self.explorer, self.splits = explorer, NOT_TEST
        self.series: int | None = None
        self.own: OwnVolume | None = None
        self.query = self.asked = ""
        self._beside: dict[str, Session] = {}
        self._listeners: dict[str, Callable[[], None]] = {}

    @property
    def text(self) -> str:
        """What the volume in view is explained by: the text it was found with, or else its own sentence."""
        own = "" if self.series is None else self.explorer.series["sentence"].iloc[self.series]
        return self.query or own

    def listen(self, name: str, listener: Callable[[], None]) -> None:
        """Call `listener` whenever another volume comes into view, and no longer an earlier one of the same name.

        So a cell that is run again leaves nothing behind that works unseen.
        """
        self._listeners[name] = listener

    def view(self, volume: int | OwnVolume, query: str = "") -> None:
        """Bring a series or an own volume into view; an own one is held to the text that was asked last."""
        own = isinstance(volume, OwnVolume)
        self.series, self.own = (None, volume) if own else (int(volume), None)
        self.query = (query or self.asked) if own else query
        self._tell()

    def beside(self, name: str) -> "Session":
        """Return a session of the same explorer with a view of its own, in the place of an earlier one of that name."""
        self._beside[name] = Session(self.explorer)
        return self._beside[name]

    def use(self, explorer: Explorer) -> None:
        """Look at what is in view, here and beside, through another explorer of the same cohort."""
        self.explorer = explorer
        if self.own is not None:
            self.own = explorer.embedded(self.own.name, self.own.volume)
        if self.own is not None or self.series is not None:
            self._tell()
        for session in self._beside.values():
            session.use(explorer)

    def _tell(self) -> None:
        for listener in list(self._listeners.values()):
            listener()


@cache
def _live_line_class():
    """Return the class of a line for notes and one for errors; both stay on the page, so that a change is read out."""
    import anywidget
    import traitlets

    class LiveLine(anywidget.AnyWidget):
        _esm = _LIVE_LINE
        note = traitlets.Unicode().tag(sync=True)
        error = traitlets.Unicode().tag(sync=True)

    return LiveLine


class Status:
    """A line that tells what happened, and is read out when it changes.

    Parameters
    ----------
    log : Path
        Where what nobody expected is written with its stack trace.

    Attributes
    ----------
    widget : anywidget.AnyWidget
        With the DOM class ``selip-status``; of its texts ``note`` and ``error`` one at most is not empty.
    """

    def __init__(self, log: Path):
        self.log = Path(log)
        self.widget = _live_line_class()()
        self.widget.add_class("selip-status")

    @property
    def failed(self) -> bool:
        """Whether what happened last went wrong."""
        return bool(self.widget.error)

    def note(self, text: str) -> None:
        """Show a plain sentence."""
        self._show(text, "")

    def error(self, text: str) -> None:
        """Show what is wrong."""
        self._show("", text)

    def _show(self, note: str, error: str) -> None:
        with self.widget.hold_sync():  # one message, so that no empty line is seen in between
            self.widget.note, self.widget.error = note, error

    @contextmanager
    def guarded(self, what: str) -> Iterator[None]:
        """Run a block; what goes wrong in it becomes a sentence, never a stack trace in the output area.

        Parameters
        ----------
        what : str
            What the block does, to begin the sentence with: ``the search``.
        """
        try:
            yield
        except SelipError as error:
            self.error(f"{error}.")
        except Exception as error:  # a fault of the program: told here, and kept whole where it can be read
            told = f"Something went wrong in {what} ({type(error).__name__}: {error})."
            try:
                _write_log(self.log, what)
                self.error(f"{told} Details are in {self.log}.")
            except OSError as fault:
                self.error(f"{told} Details could not be written to {self.log}: {fault.strerror or fault}.")


def _write_log(path: Path, what: str) -> None:
    """Append the exception under way to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logger, handler = logging.getLogger("selip_core.widgets"), logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.propagate = False
    logger.addHandler(handler)
    try:
        logger.exception("in %s", what)
    finally:
        logger.removeHandler(handler)
        handler.close()


def page_style():
    """Return a widget that brings the page's style and the package's Chinese font, for browsers without one.

    A page needs it once. The font lies in the page itself: nothing is fetched.
    """
    import ipywidgets

    font = (files("selip_core.plotting") / "font_files" / "SeLIPSansCJK-Regular.ttf").read_bytes()
    data = base64.b64encode(font).decode()
    face = f'@font-face {{ font-family: "{FAMILY}"; src: url(data:font/ttf;base64,{data}) format("truetype"); }}'
    return ipywidgets.HTML(f"<style>{face}{_CSS % {'family': FAMILY}}</style>")


def picture(png: bytes, alt: str) -> str:
    """Return a PNG as HTML that needs no file."""
    return f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" alt="{html.escape(alt)}">'


def source_line(explorer: Explorer) -> str:
    """Return the line of HTML that says which cohort all this is from."""
    source = explorer.cohort.data_source
    warning = " Generated, not of patients: nothing here is a clinical result." if explorer.cohort.synthetic else ""
    return (
        f'<div class="selip-source"><b>Data: {html.escape(source)}.</b>{warning} '
        f"{len(explorer.series)} series. Not a medical device.</div>"
    )


def show_live(*builders: Callable[[], object]) -> None:
    """Build and show widgets in a notebook editor; under papermill or nbconvert say that they are there.

    A widget's state would otherwise be written into the executed copy of the notebook, some megabytes each.
    """
    from IPython.display import display

    if os.environ.get("SELIP_PIPELINE") == "1" or not in_editor():
        print("The widgets of this cell are live in JupyterLab: open the notebook there and run it.")
        return
    for build in builders:
        built = build()
        display(getattr(built, "box", built))
