"""Asking for a finding, and what is found: the search widget."""

import html
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from selip_core.cohort import SPLITS
from selip_core.explore import NOT_TEST, OwnVolume
from selip_core.vocabulary import reading, sentence_of, sequences, shapes, sides, signals, sites
from selip_core.widget_parts import STYLE, Session, Status, picture, source_line
from selip_core.widget_viewer import Viewer

FIRST_QUERY = "左侧基底节区片状高信号"
PATIENTS = {"all but test": NOT_TEST, "all": SPLITS, **{split: (split,) for split in SPLITS}}


class ResultList:
    """A list of series, each with its picture, sentence, report and score, and a button that picks it; show `box`.

    Parameters
    ----------
    heading : str
    size : int
        The most that are shown.
    on_pick : callable of int
        Called with the number of the series that is picked.
    """

    def __init__(self, heading: str, size: int, on_pick: Callable[[int], None]):
        import ipywidgets as w

        self._on_pick = on_pick
        self.series: list[int] = []
        self.heading = w.HTML(f"<h4>{html.escape(heading)}</h4>")
        self.cards = [w.HTML(layout={"flex": "1 1 auto", "min_width": "0"}) for _ in range(size)]
        self.buttons = [w.Button(description=f"View {i + 1}", layout={"width": "5em"}) for i in range(size)]
        for i, button in enumerate(self.buttons):
            button.on_click(lambda _, i=i: self._on_pick(self.series[i]))
        self.rows = [w.HBox([button, card]) for button, card in zip(self.buttons, self.cards, strict=True)]
        self.box = w.VBox([self.heading, *self.rows])
        self.show(pd.DataFrame(columns=["series"]))

    def show(self, found: pd.DataFrame) -> None:
        """Show these rows of `selip_core.explore.Explorer`'s answers in place of those before."""
        self.series = found["series"].tolist()
        for i, (row, card, button) in enumerate(zip(self.rows, self.cards, self.buttons, strict=True)):
            here = i < len(found)
            row.layout.display = "" if here else "none"
            card.value = _card(found.iloc[i]) if here else ""
            button.tooltip = f"View {_named(found.iloc[i])}" if here else ""
        self.box.layout.display = "" if len(found) else "none"


class SearchPage:
    """Query box, choices from the lexicon, the closest series, and what is close to the one picked; show `box`.

    It begins with the answer to a first query, and its first series in view.

    Parameters
    ----------
    session : Session
    log : Path
        For faults.
    viewer : Viewer, optional
        Shown beside the results; of the same session.
    top : int
        Series shown.

    Attributes
    ----------
    box : ipywidgets.VBox
        With the DOM class ``selip-page``; parts have ``selip-query``, ``selip-status`` and ``selip-results``.
    """

    def __init__(self, session: Session, log: Path, *, viewer: Viewer | None = None, top: int = 6):
        self.session, self.status = session, Status(log)
        self._sentence_of: dict[int, str] = {}
        self._build(top, viewer)
        session.listen(self._show_close)
        self.query.value = FIRST_QUERY
        if self.results.series:
            self._pick(self.results.series[0])

    def _build(self, top: int, viewer: Viewer | None) -> None:
        import ipywidgets as w

        wide = {"width": "26em"}
        self.source = w.HTML(source_line(self.session.explorer))
        # the value changes on Enter, or when the box is left
        self.query = w.Text(description="Finding", placeholder="type a finding, Chinese or English, then Enter",
                            continuous_update=False, layout={"width": "36em"}, style=STYLE,
                            tooltip="A finding in free words; Enter searches")  # fmt: skip
        self.query.add_class("selip-query")
        self.go = w.Button(description="Search", button_style="primary", tooltip="Search for the finding typed")
        self.site = w.Dropdown(options=sites(), description="Site", layout=wide, style=STYLE)
        self.side = w.Dropdown(options=sides(self.site.value), description="Side", layout=wide, style=STYLE)
        self.shape = w.Dropdown(options=shapes(), description="Shape", layout=wide, style=STYLE)
        self.signal = w.Dropdown(options=signals(), description="Signal", layout=wide, style=STYLE)
        self.sequence = w.Dropdown(options=sequences(), description="Sequence", layout=wide, style=STYLE)
        self.patients = w.Dropdown(options=PATIENTS, description="Patients", layout=wide, style=STYLE,
                                   tooltip="Whose series may be found")  # fmt: skip
        self.choose = w.Button(description="Search this choice", layout={"width": "12em"},
                               tooltip="Search for the site, side, shape and signal chosen")  # fmt: skip
        self.results = ResultList("Closest series", top, self._pick)
        self.results.box.add_class("selip-results")
        self.reports = ResultList("Closest reports to the series in view", 4, self._pick)
        self.reports.box.add_class("selip-reports")
        self.others = ResultList("Closest series of other patients", 4, self._pick)
        self.others.box.add_class("selip-others")
        self.site.observe(self._site_changed, "value")
        self.query.observe(lambda change: self.search(), "value")
        for narrowing in (self.sequence, self.patients):
            narrowing.observe(lambda change: self.search(), "value")
        self.go.on_click(lambda _: self.search())
        self.choose.on_click(lambda _: self._search_choice())
        picks = w.GridBox([self.site, self.side, self.shape, self.signal, self.sequence, self.patients],
                          layout={"grid_template_columns": "repeat(auto-fit, minmax(26em, 1fr))"})  # fmt: skip
        beside = [self.results.box] + ([viewer.box] if viewer else [])
        for part in (*beside, self.reports.box, self.others.box):
            part.layout.flex, part.layout.min_width = "1 1 26em", "0"
        lists = [w.HBox(row, layout={"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "1em"})
                 for row in (beside, [self.reports.box, self.others.box])]  # fmt: skip
        self.box = w.VBox([self.source, w.HBox([self.query, self.go]), picks, self.choose, self.status.widget, *lists])
        self.box.add_class("selip-page")

    def search(self) -> None:
        """Search for what the query box holds, and show what is found."""
        with self.status.guarded("the search"):
            text, session = self.query.value, self.session
            session.splits = self.patients.value
            note = reading(text)
            found = session.explorer.closest_series(
                text, self.sequence.value or None, len(self.results.rows), self.patients.value
            )
            self._sentence_of = dict(zip(found["series"], found["query"], strict=True))
            self.results.show(found)
            self.status.note(f"{note} {len(found)} closest of {len(session.explorer.series)} series shown.")

    def _search_choice(self) -> None:
        """Write the choice into the query box, which searches; where it stands there already, search again."""
        with self.status.guarded("the choice"):
            chosen = sentence_of(self.side.value, self.site.value, self.shape.value, self.signal.value)
            if self.query.value == chosen:
                self.search()
            self.query.value = chosen

    def _site_changed(self, change: dict) -> None:
        self.side.options = sides(change["new"])

    def _pick(self, series: int) -> None:
        with self.status.guarded("the series"):
            self.session.view(series, self._sentence_of.get(series, self.session.query))

    def _show_close(self) -> None:
        """Show what is close to the volume in view."""
        with self.status.guarded("the closest reports"):
            session, size = self.session, len(self.reports.rows)
            volume = session.own or session.series
            self.reports.show(session.explorer.closest_reports(volume, size, session.splits))
            if isinstance(volume, OwnVolume):
                self.others.show(pd.DataFrame(columns=["series"]))
            else:
                self.others.show(session.explorer.closest_other_series(volume, size, session.splits))


def _named(row: pd.Series) -> str:
    return f"{row['sequence']} of {row['patient_id']}"


def _card(row: pd.Series) -> str:
    """Return a row as HTML: picture, who and which, score, sentence, and the report to unfold."""
    own = " · its own report" if row.get("own") else ""
    carried = f" · said of {row['carriers']} series" if row.get("carriers", 1) > 1 else ""
    report = html.escape(row["report"]) or "no report"
    return (
        '<div class="selip-row" style="display:flex;gap:.8em">'
        f"{picture(row['thumbnail'], f'Middle axial slice, {_named(row)}')}"
        f"<div><b>{html.escape(row['patient_id'])} · {html.escape(row['sequence'])}</b> · {html.escape(row['split'])}"
        f" · score {row['score']:.3f}{own}{carried}<br>{html.escape(row['sentence']) or '(no sentence)'}"
        f"<details><summary>Report</summary>{report}</details></div></div>"
    )
