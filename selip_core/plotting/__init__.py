"""Functions that return a figure; the only home of a colour."""

import lazy_loader

from selip_core._utils.extras import needs

needs(__name__, "plot", "matplotlib", "seaborn", "sklearn", "threadpoolctl")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
