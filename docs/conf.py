"""The site: ``python -m sphinx -b html docs docs/_build/html``, then open ``docs/_build/html/index.html``."""

import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from jinja2 import BaseLoader
from jinja2.sandbox import SandboxedEnvironment
from numpydoc import docscrape_sphinx
from PIL import Image
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the code beside these pages, not an installed one

from selip_core import __version__

_ENVIRONMENTS: dict[type, SandboxedEnvironment] = {}


def _environment(loader: BaseLoader) -> SandboxedEnvironment:
    return _ENVIRONMENTS.setdefault(type(loader), SandboxedEnvironment(loader=loader))


docscrape_sphinx.SandboxedEnvironment = _environment  # of its own numpydoc compiles one template 6,000 times: a fifth

project = "SeLIP"
release = version = __version__
copyright = "the SeLIP authors"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_nb"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # selip_core.pipeline.site_notebooks brings them executed
nb_render_markdown_format = "myst"  # outputs of run.show_markdown are Markdown with tables
templates_path = ["_templates"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
default_role = "py:obj"  # `name` in a docstring is a link where there is such a name
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
numpydoc_show_class_members = False  # automodule lists them already
html_theme = "furo"
html_title = "SeLIP"
html_static_path = ["_static", "../selip_core/plotting/font_files"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"


_SIDEBARS: dict[str, str] = {}
"""Of the pages of modules, by what the theme asks for."""


def setup(app: Sphinx) -> None:
    """Let browsers set the formulas, which costs no script and no other host; links and pictures as said below."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("source-read", _link_sources)
    app.connect("doctree-read", _describe_pictures)
    app.connect("html-page-context", _shorten_sidebar, priority=400)  # before the theme makes it


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def _link_sources(app: Sphinx, name: str, content: list[str]) -> None:
    """Let the site bring the source notebooks that its pages link to: by their ending they would be pages."""
    content[0] = content[0].replace("](../../notebooks/", "](path:../../notebooks/")
    if name == "notebooks/index" and not list(Path(app.srcdir, "notebooks").glob("[0-9]*.ipynb")):
        content[0] = content[0].partition("```{toctree}")[0] + "Nobody has made them in this clone yet."


def _shorten_sidebar(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Name the pages alone, and the notebooks beside one of them: a quarter of a build put 150 modules on 150 pages."""
    folder, whole = page.rpartition("/")[0], context["toctree"]
    depth = 2 if folder == "notebooks" else 1

    def shortened(**options: object) -> str:
        if folder != "api/generated":
            return whole(**{**options, "maxdepth": depth})
        key = repr(sorted(options.items()))
        if key not in _SIDEBARS:  # the same on each of their pages, and a quarter of a build again
            _SIDEBARS[key] = whole(**{**options, "maxdepth": depth})
        return _SIDEBARS[key]

    context["toctree"] = shortened


def _describe_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Give pictures of notebooks the caption that stands in their file: myst-nb reads their width alone."""
    for picture in doctree.findall(nodes.image):
        path = Path(app.srcdir, picture["uri"].removeprefix("/"))
        if "alt" not in picture and path.suffix == ".png" and path.exists():
            with Image.open(path) as image:
                picture["alt"] = image.info.get("Title", "")
