"""What the pages share: style and font, pictures, the line on their data, and when they are shown."""

import base64
import html
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from selip_core._utils.notebook import in_editor
from selip_core.explore.explorer import Explorer
from selip_core.plotting.fonts import FAMILY, FONT_FILE
from selip_core.plotting.style import BLUE, BLUE_TINT, INK, ORANGE, ORANGE_TINT, VERMILION, VERMILION_TINT

if TYPE_CHECKING:
    import ipywidgets

STYLE = {"description_width": "6.5em"}
_CSS = f"""
.selip-page, .selip-page input, .selip-page select, .selip-page button, .selip-page label {{
  font-family: system-ui, -apple-system, "Segoe UI", sans-serif, "{FAMILY}"; }}
.selip-page .widget-html-content, .selip-status {{ line-height: 1.4; }}
.selip-page img {{ background: #000; border-radius: 2px; }}
.selip-note {{ color: {INK}; background: {BLUE_TINT}; border-left: 4px solid {BLUE}; padding: .3em .6em; }}
.selip-error {{ color: {INK}; background: {VERMILION_TINT}; border-left: 4px solid {VERMILION}; padding: .3em .6em; }}
.selip-source {{ color: {INK}; background: {ORANGE_TINT}; border-left: 4px solid {ORANGE}; padding: .3em .6em; }}
.selip-row {{ color: var(--jp-ui-font-color1, {INK}); }}
.selip-row details {{ margin-top: .2em; }}
"""


def page_style() -> "ipywidgets.HTML":
    """Return a widget that brings the page's style and the package's Chinese font, for browsers without one.

    A page needs it once. The font lies in the page itself: nothing is fetched.
    """
    import ipywidgets

    data = base64.b64encode(FONT_FILE.read_bytes()).decode()
    face = f'@font-face {{ font-family: "{FAMILY}"; src: url(data:font/ttf;base64,{data}) format("truetype"); }}'
    return ipywidgets.HTML(f"<style>{face}{_CSS}</style>")


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
