"""A list of series in a widget: picture, sentence, report and score, and a button that picks one."""

import html
from collections.abc import Callable

import pandas as pd

from selip_core.widgets.page import picture


class ResultList:
    """A list of series whose rows are filled anew by each answer; show `box`.

    Parameters
    ----------
    heading : str
    size : int
        The most that are shown.
    on_pick : callable of int
        Called with the number of the series that is picked.
    verb : str
        What its buttons are called, with a number: no two lists of a page share it.
    """

    def __init__(self, heading: str, size: int, on_pick: Callable[[int], None], *, verb: str = "View"):
        import ipywidgets as w

        self._on_pick = on_pick
        self.series: list[int] = []
        self.cards = [w.HTML(layout={"flex": "1 1 auto", "min_width": "0"}) for _ in range(size)]
        self.buttons = [
            w.Button(description=f"{verb} {i + 1}", layout={"width": f"{len(verb) / 2 + 3}em", "flex": "0 0 auto"})
            for i in range(size)
        ]
        for i, button in enumerate(self.buttons):
            button.on_click(lambda _, i=i: self._on_pick(self.series[i]))
        self.rows = [w.HBox([button, card]) for button, card in zip(self.buttons, self.cards, strict=True)]
        self.box = w.VBox([w.HTML(f"<h4>{html.escape(heading)}</h4>"), *self.rows])
        self.show(None)

    def show(self, found: pd.DataFrame | None) -> None:
        """Show these rows of an answer of `Explorer` in place of those before; none hides it all."""
        self.series = [] if found is None else found["series"].tolist()
        for i, (row, card, button) in enumerate(zip(self.rows, self.cards, self.buttons, strict=True)):
            here = i < len(self.series)
            row.layout.display = "" if here else "none"
            card.value = card_html(found.iloc[i]) if here else ""
            button.tooltip = f"View {_named(found.iloc[i])}" if here else ""
        self.box.layout.display = "" if self.series else "none"


def card_html(row: pd.Series) -> str:
    """Return a row of an answer as HTML: picture, who and which, score, sentence, and the report to unfold."""
    own = " · its own report" if row.get("own") else ""
    carried = f" · said of {row['carriers']} series" if row.get("carriers", 1) > 1 else ""
    fused = f" · with {html.escape(row['sequences'])}" if row.get("sequences") else ""
    return (
        '<div class="selip-row" style="display:flex;gap:.8em">'
        f"{_marked(picture(row['thumbnail'], f'Middle axial slice, {_named(row)}, the patient’s left on the right'))}"
        f"<div><b>{html.escape(row['patient_id'])} · {html.escape(row['sequence'])}</b> · {html.escape(row['split'])}"
        f" · score {row['score']:.3f}{own}{carried}{fused}<br>{html.escape(row['sentence']) or '(no sentence)'}"
        f"<details><summary>Report</summary>{html.escape(row['report']) or 'no report'}</details></div></div>"
    )


def _named(row: pd.Series) -> str:
    return f"{row['sequence']} of {row['patient_id']}"


def _marked(image: str) -> str:
    """Return a picture with R and L at its sides, as radiologists see it."""
    sides = "".join(
        f'<span aria-hidden="true" style="position:absolute;{side}:3px;top:1px;font-size:11px;color:#fff">{mark}</span>'
        for side, mark in (("left", "R"), ("right", "L"))
    )
    return f'<span style="position:relative;flex:0 0 auto;align-self:flex-start">{image}{sides}</span>'
