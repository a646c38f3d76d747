"""Notebooks executed in order, the record of what they found, the report."""

import lazy_loader

from selip_core._utils.extras import needs

needs(__name__, "pipeline", "papermill", "nbconvert", "nbclient", "nbformat", "ipykernel", "jinja2")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
