"""HTML pages of one look, from templates (Jinja2); whatever is put into them is escaped."""

from pathlib import Path

import jinja2

_SHARED = ("page.html.j2", "table.html.j2")
"""The frame of every page with its style, and a table."""


def page_template(path: Path) -> jinja2.Template:
    """Return the template of a page, which may extend and include the shared ones beside this module.

    Parameters
    ----------
    path : Path
        ``NAME.html.j2``. A value that is missing when the page is written is an error.
    """
    shared = {name: Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _SHARED}
    own = {path.name: path.read_text(encoding="utf-8")}
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(shared | own), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(path.name)
