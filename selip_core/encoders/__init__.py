"""The model: image and text encoders in one space, its files, and their use on many volumes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
