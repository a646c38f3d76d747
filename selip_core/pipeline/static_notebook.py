"""An executed notebook as a page that stands still: small pictures, nothing live, nothing of the machine it ran on."""

import base64
import io
import re
import socket
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from selip_core.errors import SelipError
from selip_core.pipeline.page_parts import small_png

WIDTH = 1000
"""Of a picture, at most: sharp at the 900 pixels that a page gives it; all notebooks take less than 4 MB."""

_SHOWN = ("image/png", "text/markdown", "text/html", "text/plain")
"""What is kept of an output, the first that it has."""
_LIVE = ("application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json", "application/javascript")
_PROGRESS = re.compile(r"\d+%\||\d+it \[")  # as tqdm writes its bar in text
_SCRIPT = re.compile(r"<(?:script|iframe)\b", re.IGNORECASE)
_PLACE = re.compile(
    r"""(?<![\w./~:-])(?:/(?:home|Users|root|tmp|var|mnt|media|opt|srv|scratch|work|data\d*|private|usr)/[\w.-]+[^\s"'`<>|)]*
      |[A-Z]:\\+Users\\+\w+)""",
    re.VERBOSE,
)


def static_notebook(executed: NotebookNode, about: str, *, where: str, roots: Sequence[Path] = ()) -> NotebookNode:
    """Return a copy for readers: outputs that need no running kernel, code that a page folds away.

    Parameters
    ----------
    executed : NotebookNode
        As papermill leaves it.
    about : str
        Markdown that is put below the title: where the outputs come from.
    where : str
        The source notebook, as a reader finds it: ``notebooks/10_explore.ipynb``.
    roots : sequence of Path
        Folders whose names are taken off the front of paths in outputs.

    Returns
    -------
    NotebookNode
        The same for the same outputs: ids of cells are those of the source, and nothing tells when or how long a cell
        ran but what it printed.

    Raises
    ------
    SelipError
        If an output still names a folder of the machine, or the machine.
    """
    given = {tag: cell for cell in executed.cells for tag in cell.metadata.get("tags", [])}
    parameters, injected = given.get("parameters"), given.get("injected-parameters")
    notebook = new_notebook(metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })  # fmt: skip
    opening = 2  # the parameters and the set-up are folded away with what they show
    for cell in executed.cells:
        if cell is injected:
            continue
        if cell.cell_type == "markdown":
            source = cell.source if notebook.cells else _with_line(cell.source, about)
            notebook.cells.append(new_markdown_cell(source, id=cell.id))
        elif cell.cell_type == "code":
            ran = injected if cell is parameters and injected is not None else cell
            outputs = [shown for output in cell.outputs if (shown := _static(output, where, roots))]
            notebook.cells.append(new_code_cell(
                ran.source.removeprefix("# Parameters\n").strip("\n"), id=cell.id, outputs=outputs,
                metadata={"tags": ["hide-cell" if opening > 0 else "hide-input"]},
            ))  # fmt: skip
            opening -= 1
    _check_places(notebook, where)
    nbformat.validate(notebook)
    return notebook


def _with_line(header: str, about: str) -> str:
    """Return the header with a paragraph below its title."""
    title, _, rest = header.partition("\n")
    return f"{title}\n\n{about}\n\n{rest.lstrip()}"


def _static(output: NotebookNode, where: str, roots: Sequence[Path]) -> NotebookNode | None:
    """Return what a page shows of an output; None for progress bars and what goes to stderr."""
    if output.output_type == "stream":
        if output.name != "stdout":
            return None  # progress and warnings; log.txt of the run keeps them
        return new_output("stream", name="stdout", text=_without(roots, output.text))
    data = output.get("data", {})
    if _PROGRESS.search(data.get("text/plain", "")):
        return None
    live = any(kind in data for kind in _LIVE) or bool(_SCRIPT.search(data.get("text/html", "")))
    kinds = [kind for kind in _SHOWN if kind in data and not (live and kind.startswith("text/"))]
    if live and not kinds:
        return _output("text/markdown", f"*Interactive in JupyterLab: open `{where}` there and run it.*")
    if not kinds:
        return None
    if kinds[0] == "image/png":
        png = io.BytesIO(base64.b64decode(data["image/png"]))
        small = base64.b64encode(small_png(png, width=WIDTH)).decode()
        told = output.get("metadata", {}).get("image/png", {})
        return _output("image/png", small, {key: told[key] for key in ("alt", "width") if key in told})
    return _output(kinds[0], _without(roots, data[kinds[0]]))


def _output(kind: str, content: str, about: dict | None = None) -> NotebookNode:
    return new_output("display_data", data={kind: content}, metadata={kind: about} if about else {})


def _without(roots: Sequence[Path], text: str) -> str:
    for root in roots:
        text = text.replace(f"{root}/", "")
    return text


def _check_places(notebook: NotebookNode, where: str) -> None:
    """Raise SelipError if a source or a text that is shown tells where the notebook ran."""
    host = socket.gethostname()
    named = re.compile(rf"\b{re.escape(host)}\b") if re.search(r"[\d.-]", host) else None  # else a word like any other
    for number, cell in enumerate(notebook.cells, start=1):
        shown = [output.get("text", "") for output in cell.get("outputs", [])]
        shown += [text for output in cell.get("outputs", []) for kind, text in output.get("data", {}).items()
                  if kind.startswith("text/")]  # fmt: skip
        for text in (cell.source, *shown):
            found = _PLACE.search(text) or (named and named.search(text))
            if found:
                raise SelipError(
                    f"cell {number} of the executed {where} tells of this machine ({found[0]}), which is no reader's "
                    "business: let the notebook print paths relative to the project, and run it again"
                )
