"""Notebooks executed, each after what it reads, the record of what they found, the report."""

import lazy_loader

from selip_core._utils.extras import needs

_shown, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str):
    """Ask for the extra where a notebook's run is asked for: a training on a cluster needs the records alone."""
    if name in __all__:
        needs(__name__, "pipeline", "papermill", "nbconvert", "nbclient", "nbformat", "ipykernel", "matplotlib")
    return _shown(name)
