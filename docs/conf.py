"""The pages of the method and the API: ``python -m sphinx -W -b html docs docs/_build/html``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the code beside these pages, not an installed one

from selip_core import __version__

project = "SeLIP"
release = version = __version__
copyright = "the SeLIP authors"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc", "myst_parser"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 2
templates_path = ["_templates"]
exclude_patterns = ["_build", "scaling.md", "robustness.md"]
default_role = "py:obj"  # `name` in a docstring is a link where there is such a name
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
numpydoc_show_class_members = False  # automodule lists them already
html_theme = "alabaster"
html_theme_options = {"description": "Language-image pretraining for head MRI", "page_width": "1100px"}
html_show_sourcelink = False
