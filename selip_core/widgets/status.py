"""The line on a page that tells what happened, and takes the place of stack traces."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from selip_core.errors import SelipError

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
            sentence = f"Something went wrong in {what} ({type(error).__name__}: {error})."
            try:
                _write_log(self.log, what)
                self.error(f"{sentence} Details are in {self.log}.")
            except OSError as fault:
                self.error(f"{sentence} Details could not be written to {self.log}: {fault.strerror or fault}.")


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
