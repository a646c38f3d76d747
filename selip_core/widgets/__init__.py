"""What JupyterLab shows of 10_explore."""

import lazy_loader

from selip_core._utils.extras import needs

needs(__name__, "jupyter", "ipywidgets", "anywidget", "ipyniivue", "plotly", "PIL")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
