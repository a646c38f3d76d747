"""A cohort that answers questions: search, words to ask with, features. No widget, no plot."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
