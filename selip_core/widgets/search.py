"""Asking for a finding, and what is found: the search widget."""

import time
from pathlib import Path

from selip_core.datasets.splits import SPLITS
from selip_core.explore.explorer import NOT_TEST
from selip_core.explore.vocabulary import LONGEST, reading, sentence_of, sequences, shapes, sides, signals, sites
from selip_core.reports.queries import read_query
from selip_core.widgets.own import OwnBox
from selip_core.widgets.page import STYLE, source_line
from selip_core.widgets.results import ResultList
from selip_core.widgets.session import Session
from selip_core.widgets.status import Status
from selip_core.widgets.viewer import Viewer
from selip_core.widgets.why import WhyPanel

FIRST_QUERY = "左侧基底节区片状高信号"
PATIENTS = {"all but test": NOT_TEST, "all": SPLITS, **{split: (split,) for split in SPLITS}}


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
    models : dict of str to Path, optional
        Models to choose by name.
    top : int
        Series shown.

    Attributes
    ----------
    box : ipywidgets.VBox
        With the DOM class ``selip-page``; parts have ``selip-query``, ``selip-status`` and ``selip-results``.
    """

    def __init__(
        self,
        session: Session,
        log: Path,
        *,
        viewer: Viewer | None = None,
        models: dict[str, Path] | None = None,
        top: int = 6,
    ):
        self.session, self.status = session, Status(log)
        self._sentence_of: dict[int, str] = {}
        self._answered: tuple = (None, "")  # the question on show, and what was said of its answer
        self.own = OwnBox(session, self.status, models or {}, self.search)
        self.why = WhyPanel(session, log)
        self._build(top)
        self._arrange(viewer)
        session.listen("search", self._show_close)
        self.query.value = FIRST_QUERY
        if self.results.series:
            self._pick(self.results.series[0])

    def _build(self, top: int) -> None:
        import ipywidgets as w

        wide = {"width": "26em"}
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
        self.reports = ResultList("Closest reports to the series in view", 4, self._pick, verb="View report")
        self.reports.box.add_class("selip-reports")
        self.others = ResultList("Closest series of other patients", 4, self._pick, verb="View other")
        self.others.box.add_class("selip-others")
        self.patients_like = ResultList("Patients like this one: all series of a study together", 4, self._pick,
                                        verb="View patient")  # fmt: skip
        self.patients_like.box.add_class("selip-patients")
        self.site.observe(self._site_changed, "value")
        self.query.observe(lambda change: self.search(), "value")
        self.sequence.observe(lambda change: self.search(), "value")
        self.patients.observe(lambda change: self._patients_changed(), "value")
        self.go.on_click(lambda _: self.search())
        self.choose.on_click(lambda _: self._search_choice())

    def _arrange(self, viewer: Viewer | None) -> None:
        import ipywidgets as w

        picks = w.GridBox([self.site, self.side, self.shape, self.signal, self.sequence, self.patients],
                          layout={"grid_template_columns": "repeat(auto-fit, minmax(26em, 1fr))"})  # fmt: skip
        left = w.VBox([self.results.box, self.reports.box])
        right = w.VBox([*([viewer.box] if viewer else []), self.why.box, self.patients_like.box, self.others.box])
        for column in (left, right):
            column.layout.flex, column.layout.min_width = "1 1 26em", "0"
        columns = w.HBox([left, right], layout={"flex_flow": "row wrap", "grid_gap": "1em"})
        ask = w.HBox([self.query, self.go])
        source = w.HTML(source_line(self.session.explorer))
        self.box = w.VBox([source, ask, picks, self.choose, self.own.box, self.status.widget, columns])
        self.box.add_class("selip-page")

    def search(self) -> None:
        """Search for what the query box holds, and show what is found; nothing where the search fails.

        What is on show already is not searched for again: leaving the box for the button asks twice.
        """
        text, sequence, session = self.query.value, self.sequence.value or None, self.session
        question = (text, sequence, session.splits, session.explorer)
        if self.results.series and self._answered[0] == question:
            self.status.note(self._answered[1])
            return
        found = None
        with self.status.guarded("the search"):
            query = read_query(text, longest=LONGEST)
            note, started = reading(query), time.perf_counter()
            found = session.explorer.closest_series(query, sequence, len(self.results.rows), session.splits)
            searched = f"{len(session.explorer.series)} series in {(time.perf_counter() - started) * 1000:.0f} ms"
            self._answered = (question, f"{note} The {len(found)} closest of {searched}.")
            self._sentence_of = dict(zip(found["series"], found["query"], strict=True))
            self.status.note(self._answered[1])
            session.asked = found["query"].iloc[0]
        if found is not None and session.own is not None and session.query != session.asked:
            session.view(session.own)  # held to what is asked now
        self.results.show(found)

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

    def _patients_changed(self) -> None:
        """Ask again among the patients chosen, and leave nobody else on show."""
        session = self.session
        session.splits = self.patients.value
        self.search()
        seen = session.series
        gone = seen is not None and session.explorer.series["split"].iloc[seen] not in session.splits
        if gone and self.results.series:
            self._pick(self.results.series[0])
        else:
            self._show_close()

    def _show_close(self) -> None:
        """Show what is close to the volume in view."""
        session, size = self.session, len(self.reports.rows)
        reports = others = patients = None
        with self.status.guarded("the closest reports"):
            if session.own is not None:
                self.results.show(None)
                reports = session.explorer.closest_reports(session.own, size, session.splits)
            elif session.series is not None:
                others = session.explorer.closest_other_series(session.series, size, session.splits)
                patients = session.explorer.closest_patients(session.series, size, session.splits)
                reports = session.explorer.closest_reports(session.series, size, session.splits)
        self.others.show(others)
        self.patients_like.show(patients)
        self.reports.show(reports)
