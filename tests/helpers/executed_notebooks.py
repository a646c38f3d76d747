"""A made notebook as papermill leaves it: a picture, a table, progress bars, a widget, warnings, and paths."""

import base64
import functools
import io
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, PngImagePlugin

WIDGET = "application/vnd.jupyter.widget-view+json"


@functools.cache
def picture(width: int = 1600) -> bytes:
    """Return a PNG of many colours with a caption."""
    about = PngImagePlugin.PngInfo()
    about.add_text("Title", "A caption.")
    about.add_text("Source", "Data: embedded synthetic cohort")
    image, buffer = Image.linear_gradient("L").resize((width, width // 2)), io.BytesIO()
    Image.merge("RGB", (image, image.rotate(180), image)).save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()


def shown(text: str = "<object>", metadata: dict | None = None, **data) -> NotebookNode:
    """Return an output; a kind is named by the part behind its slash."""
    kinds = {"png": "image/png", "markdown": "text/markdown", "html": "text/html", "widget": WIDGET,
             "plotly": "application/vnd.plotly.v1+json"}  # fmt: skip
    return new_output("display_data", data={"text/plain": text, **{kinds[name]: value for name, value in data.items()}},
                      metadata=metadata or {})  # fmt: skip


def executed_notebook(root: Path, width: int = 1600) -> NotebookNode:
    """Return a notebook as it ran in a project at `root`, with a picture so wide."""
    png = base64.b64encode(picture(width)).decode()
    widget = {"model_id": "1", "version_major": 2, "version_minor": 0}
    outputs = [
        shown("patients:   0%|          | 0/60 [00:00<?, ?it/s]", widget=widget),
        new_output("stream", name="stderr", text="a warning"),
        shown(png=png, metadata={"image/png": {"alt": "A caption.", "width": 300}}),
        shown(markdown="*Figure one. A caption.*"),
        shown("   n\n0  4", html="<table><tr><td>4</td></tr></table>"),
        new_output("stream", name="stdout", text=f"finished: results in {root}/results/demo\n"),
    ]
    cells = [
        new_markdown_cell("# 01 · Title\n\n**Question.** What?", id="header", metadata={"papermill": {"duration": 1}}),
        new_code_cell('profile = "demo"', id="parameters", metadata={"tags": ["parameters"]}),
        new_code_cell('# Parameters\nprofile = "smoke"\n', id="random", metadata={"tags": ["injected-parameters"]}),
        new_code_cell("run = start()", id="set-up", outputs=[shown(markdown="| setting | value |")]),
        new_markdown_cell("## Figures", id="prose"),
        new_code_cell("run.show()", id="body", execution_count=3, outputs=outputs,
                      metadata={"execution": {"iopub.busy": "2025-06-01"}, "tags": []}),
    ]  # fmt: skip
    given = {"input_path": str(root / "notebooks" / "01_data_curation.ipynb"), "start_time": "2025-06-01"}
    return new_notebook(cells=cells, metadata={"papermill": given, "widgets": {"state": {}}})
