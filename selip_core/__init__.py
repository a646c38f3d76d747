"""SeLIP: similarity-enhanced contrastive language-image pretraining for head MRI.

The core is here: ``selip_core.parse_report``, ``similarity_matrix``, ``soft_targets``, ``selip_loss``, ``SelipModel``.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
