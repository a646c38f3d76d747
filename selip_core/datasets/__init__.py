"""A cohort on disk: its tables, its volumes as model input, its pairs and splits."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
