"""What the widgets of a page look at together."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from selip_core.explore.explorer import NOT_TEST, Explorer
from selip_core.explore.own_volume import OwnVolume

_SALIENCIES = 8
"""Saliencies kept: computed once for all viewers, and while a user goes back and forth."""


class Session:
    """What all widgets of a page look at: the explorer, the series in view, and the text it was found with.

    Attributes
    ----------
    explorer : Explorer
    splits : tuple of str
        Of the patients who may be found.
    series : int or None
        In view; None where `own` is.
    own : OwnVolume or None
    query : str
        The canonical sentence that what is in view was found with; empty without one.
    asked : str
        The canonical sentence that was asked last: an own volume in view is held to it.
    """

    def __init__(self, explorer: Explorer):
        self.explorer, self.splits = explorer, NOT_TEST
        self.series: int | None = None
        self.own: OwnVolume | None = None
        self.query = self.asked = ""
        self._saliency_of = _kept_saliency(explorer)
        self._beside: dict[str, Session] = {}
        self._listeners: dict[str, Callable[[], None]] = {}

    @property
    def text(self) -> str:
        """What the volume in view is explained by: the text it was found with, or else its own sentence."""
        own = "" if self.series is None else self.explorer.series["sentence"].iloc[self.series]
        return self.query or own

    def saliency(self) -> np.ndarray:
        """Return what speaks for `text` in the volume in view, (D, H, W) float32, 0 and more."""
        return self._saliency_of(self.series if self.own is None else self.own, self.text)

    def listen(self, name: str, listener: Callable[[], None]) -> None:
        """Call `listener` whenever another volume comes into view, and no longer an earlier one of the same name.

        So a cell that is run again leaves nothing behind that works unseen.
        """
        self._listeners[name] = listener  # traitlets' observers have no names, and would pile up

    def view(self, volume: int | OwnVolume, query: str = "") -> None:
        """Bring a series or an own volume into view; an own one is held to the text that was asked last."""
        own = isinstance(volume, OwnVolume)
        self.series, self.own = (None, volume) if own else (int(volume), None)
        self.query = (query or self.asked) if own else query
        self._tell()

    def beside(self, name: str) -> "Session":
        """Return a session of the same explorer with a view of its own, in the place of an earlier one of that name."""
        session = self._beside[name] = Session(self.explorer)
        session._saliency_of = self._saliency_of
        return session

    def use(self, explorer: Explorer) -> None:
        """Look at what is in view, here and beside, through another explorer of the same cohort."""
        self._use(explorer, _kept_saliency(explorer))

    def _use(self, explorer: Explorer, saliency_of: Callable[[int | OwnVolume, str], np.ndarray]) -> None:
        self.explorer, self._saliency_of = explorer, saliency_of
        if self.own is not None:
            self.own = explorer.embedded(self.own.name, self.own.volume)
        if self.own is not None or self.series is not None:
            self._tell()
        for session in self._beside.values():
            session._use(explorer, saliency_of)

    def _tell(self) -> None:
        for listener in list(self._listeners.values()):
            listener()


def _kept_saliency(explorer: Explorer) -> Callable[[int | OwnVolume, str], np.ndarray]:
    """Return a function of volume and text that computes each saliency once; it goes when its explorer goes."""

    @lru_cache(maxsize=_SALIENCIES)
    def saliency_of(shown: int | OwnVolume, text: str) -> np.ndarray:
        from selip_core.inspection.saliency import volume_saliency

        volume = shown.volume if isinstance(shown, OwnVolume) else explorer.volume(shown)
        return volume_saliency(explorer.model, volume, text)

    return saliency_of
