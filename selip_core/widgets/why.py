"""Why a volume and its text match: the characters that carried it, as a panel."""

import html
from pathlib import Path

import numpy as np

from selip_core.plotting.style import AGAINST_COLOUR, FOR_COLOUR
from selip_core.widgets.session import Session
from selip_core.widgets.status import Status


class WhyPanel:
    """The text that brought a series into view, and the series' own sentence, character by character; show `box`.

    Parameters
    ----------
    session : Session
    log : Path
        For faults.

    Attributes
    ----------
    box : ipywidgets.VBox
        With the DOM class ``selip-why``.
    """

    def __init__(self, session: Session, log: Path):
        import ipywidgets as w

        self.session, self.status = session, Status(log)
        self.text = w.HTML()
        self.box = w.VBox([self.text, self.status.widget])
        self.box.add_class("selip-why")
        session.listen("why", self.refresh)

    def refresh(self) -> None:
        """Show what the session has in view."""
        session = self.session
        with self.status.guarded("the characters"):
            self.status.note("")
            own = session.own is not None
            sentence = "" if own else session.explorer.series["sentence"].iloc[session.series]
            volume = session.own.volume if own else session.explorer.volume(session.series)
            texts = {"The text searched for": session.query, "Its own sentence": sentence}
            parts = [self._paragraph(volume, name, text) for name, text in texts.items() if text]
            key = "Orange speaks for the match, underlined where strongly; purple against it."
            head = f'<h4>Which characters carry the match</h4><p class="selip-row">{key}</p>' if parts else ""
            self.text.value = head + "".join(parts)

    def _paragraph(self, volume: np.ndarray, name: str, text: str) -> str:
        from selip_core.inspection.saliency import character_saliency

        saliency = character_saliency(self.session.explorer.model, volume, text)
        shown, words = characters_html(text, saliency), html.escape(in_words(text, saliency))
        return f'<p class="selip-row">{name}: {shown}<br>{words}</p>'


def characters_html(text: str, saliency: np.ndarray) -> str:
    """Return a text shaded by its characters' saliency: orange for, purple against, underlined where strongly for."""
    most = max(float(np.nanmax(np.abs(saliency), initial=0.0)), 1e-9)
    spans = []
    for character, value in zip(text, np.nan_to_num(saliency), strict=True):
        colour, strength = (FOR_COLOUR if value > 0 else AGAINST_COLOUR), abs(float(value)) / most
        line = "underline" if value > 0 and strength > 0.25 else "none"
        style = f"background:{colour}{round(255 * 0.55 * strength):02x};text-decoration:{line}"
        spans.append(f'<span style="{style}" title="{value:+.4f}">{html.escape(character)}</span>')
    return f'<span style="font-size:1.15em">{"".join(spans)}</span>'


def in_words(text: str, saliency: np.ndarray, most: int = 4) -> str:
    """Return the characters that speak most for the match, for those who do not see the shading.

    Examples
    --------
    >>> in_words("左侧", np.array([0.3, 0.1]))
    'Strongest for the match: 左 (+0.3), 侧 (+0.1).'
    """
    known = np.nan_to_num(saliency, nan=0.0)
    order = [i for i in np.argsort(-known, kind="stable")[:most] if known[i] > 0]
    if not order:
        return "No character speaks for the match."
    return f"Strongest for the match: {', '.join(f'{text[i]} ({known[i]:+.2g})' for i in order)}."
