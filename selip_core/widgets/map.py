"""The embedding map as a widget for JupyterLab: hover shows a series, a click or a lasso hands series on."""

import html
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from selip_core.inspection.embedding_map import OTHER, common_labels
from selip_core.plotting.fonts import CSS_FAMILY
from selip_core.plotting.style import MAP_COLOURS, MAP_SYMBOLS, OTHER_COLOUR, OTHER_SYMBOL
from selip_core.widgets.page import picture
from selip_core.widgets.status import Status

_NOTHING = "Point at a series, or choose one by name, to see it here."
_PANEL_STYLE = f'style="font:13px/1.45 {CSS_FAMILY};max-width:22em;overflow-wrap:anywhere"'


class EmbeddingMap:
    """A map of series whose points can be read, picked and selected; show `box`, or the object itself.

    Parameters
    ----------
    points : (M, 2)
        As `selip_core.inspection.embedding_map.project` gives them.
    labels : dict of name to (M,) labels
        The ways to colour the map; the first is shown first.
    names : (M,) str
        What each series is called in lists. Equal names are numbered.
    describe : callable of int to str
        HTML of a point's report; what it takes from reports it must have escaped. What it raises, as what the next two
        raise, is told in a sentence.
    thumbnail : callable of int to bytes, optional
        PNG of a point's series.
    on_select : callable of list of int, optional
        Called with the points that are clicked, chosen by name or inside a lasso or box.
    top : int
        Labels shown by name, at most ``len(MAP_COLOURS)``.
    log : Path
        For faults; in the working folder where left out.

    Attributes
    ----------
    box : ipywidgets.VBox
        Its DOM class is ``selip-map``, that of the panel ``selip-map-panel``.
    selected : list of int
        The points of the last selection.

    Raises
    ------
    ValueError
        If points, labels and names differ in number.
    """

    def __init__(
        self,
        points: np.ndarray,
        labels: Mapping[str, Sequence[str]],
        names: Sequence[str],
        *,
        describe: Callable[[int], str],
        thumbnail: Callable[[int], bytes] | None = None,
        on_select: Callable[[list[int]], None] | None = None,
        top: int = len(MAP_COLOURS),
        log: str | Path = "widgets.log",
    ):
        lengths = {len(points), len(names), *(len(of_points) for of_points in labels.values())}
        if len(lengths) != 1 or not labels:
            raise ValueError(f"points, names and each of the labels must be equally many, not {sorted(lengths)}")
        self.points, self.names = np.asarray(points, float), _numbered(names)
        self._row_of = {name: row for row, name in enumerate(self.names)}
        self.status, self._panel_status = Status(log), Status(log)
        self.selected: list[int] = []
        self._labels = {
            name: common_labels(of_points, min(top, len(MAP_COLOURS))) for name, of_points in labels.items()
        }
        self._describe, self._thumbnail, self._on_select = describe, thumbnail, on_select
        self._of_trace: list[np.ndarray] = []  # which points each trace shows
        self._gathered: list[int] = []
        self._outlines: list[dict] = []  # of the lassos that the browser shows
        self._build()
        self._colour_by(next(iter(labels)))

    def _repr_mimebundle_(self, **options):
        return self.box._repr_mimebundle_(**options)

    def _build(self) -> None:
        import ipywidgets as widgets

        self.figure = self._empty_figure()
        wide = {"description_width": "7em"}
        self.colouring = widgets.Dropdown(options=list(self._labels), description="Colour by", style=wide)
        self.colouring.tooltip = "What colours and shapes stand for"
        self.picker = widgets.Combobox(options=sorted(self.names), description="Series", style=wide,
                                       placeholder="type or choose a name", continuous_update=False)  # fmt: skip
        self.picker.tooltip = "Choose a series without the mouse"
        self.chosen = widgets.Select(options=[], rows=6, description="Selected", style=wide)
        self.chosen.tooltip = "The series of the last selection; choose one to see it"
        self.count = widgets.HTML()
        self.panel = widgets.HTML(f"<div {_PANEL_STYLE}>{_NOTHING}</div>")
        self.panel.add_class("selip-map-panel")
        self.colouring.observe(lambda change: self._colour_by(change["new"]), "value")
        self.picker.observe(lambda change: self._picked(change["new"]), "value")
        self.chosen.observe(lambda change: self._show(change["new"]), "value")
        side = widgets.VBox(
            [self.panel, self._panel_status.widget, self.count, self.chosen],
            layout={"width": "24em", "flex": "0 0 auto"},
        )
        controls = widgets.HBox([self.colouring, self.picker], layout={"flex_flow": "row wrap"})
        plot = widgets.Box([self.figure], layout={"flex": "0 0 auto"})
        body = widgets.HBox([plot, side], layout={"flex_flow": "row wrap"})
        style = widgets.HTML(
            f"<style>.selip-map :is(input,select,span){{font-family:{CSS_FAMILY}}} .selip-map-panel img{{width:180px}}"
            "</style>"
        )
        self.box = widgets.VBox([style, controls, body, self.status.widget])
        self.box.add_class("selip-map")

    def _empty_figure(self):
        """Return a figure with one trace for each place of the palette; a colouring fills them."""
        import plotly.graph_objects as go

        size = float(np.clip(3000 / max(len(self.points), 1), 5, 9))
        styles = [*zip(MAP_COLOURS, MAP_SYMBOLS, strict=True), (OTHER_COLOUR, OTHER_SYMBOL)]
        traces = [
            go.Scatter(x=[], y=[], mode="markers", hovertemplate="%{text}<extra></extra>",
                 marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.8},
                 selected={"marker": {"size": size + 3}}, unselected={"marker": {"opacity": 0.15}})
            for colour, symbol in styles
        ]  # fmt: skip
        axis = {"showticklabels": False, "ticks": "", "zeroline": False, "showgrid": False}
        layout = go.Layout(
            template="none", width=620, height=460, margin={"l": 8, "r": 8, "t": 8, "b": 8}, xaxis=axis, yaxis=axis,
            dragmode="lasso", hovermode="closest", legend={"orientation": "h", "y": -0.02, "yanchor": "top"},
            font={"family": CSS_FAMILY, "size": 12},
        )  # fmt: skip
        figure = go.FigureWidget(data=traces, layout=layout)
        # plotly's own buttons would upload the figure, patients' reports and all, and link to its makers
        figure._config = {"displaylogo": False, "showSendToCloud": False, "plotlyServerURL": ""}
        for j, trace in enumerate(figure.data):
            trace.on_hover(lambda _, points, state, j=j: self._hovered(j, points.point_inds))
            trace.on_click(lambda _, points, state, j=j: self._clicked(j, points.point_inds))
            trace.on_selection(lambda _, points, selector, j=j: self._lassoed(j, points.point_inds, selector))
        figure.data[0].on_deselect(lambda *_: self._deselected())  # a double click
        return figure

    def _colour_by(self, name: str) -> None:
        of_points, shown = self._labels[name]
        of_points = np.asarray(of_points, dtype=object)
        by_place = {len(MAP_COLOURS) if label == OTHER else i: label for i, label in enumerate(shown)}
        self._of_trace = [np.flatnonzero(of_points == by_place.get(j)) for j in range(len(self.figure.data))]
        with self.figure.batch_update():
            for j, (trace, rows) in enumerate(zip(self.figure.data, self._of_trace, strict=True)):
                trace.x, trace.y = self.points[rows, 0], self.points[rows, 1]
                trace.text = [html.escape(self.names[i]) for i in rows]
                trace.name = f"{html.escape(by_place[j])} ({len(rows)})" if j in by_place else ""
                trace.showlegend = j in by_place
        self._mark()

    def _mark(self) -> None:
        """Let the selected points stand out."""
        with self.figure.batch_update():
            self.figure.layout.selections = self._outlines
            for trace, rows in zip(self.figure.data, self._of_trace, strict=True):
                trace.selectedpoints = np.flatnonzero(np.isin(rows, self.selected)).tolist() if self.selected else None

    def _hovered(self, trace: int, places: list[int]) -> None:
        if places:
            self._show(int(self._of_trace[trace][places[0]]))

    def _clicked(self, trace: int, places: list[int]) -> None:
        if places:
            self.select([int(self._of_trace[trace][places[0]])])

    def _lassoed(self, trace: int, places: list[int], selector) -> None:
        """Gather a lasso's points: plotly tells each trace its part, one after another, the empty parts too."""
        if trace == 0:
            self._gathered = []
        self._gathered += [int(self._of_trace[trace][place]) for place in places]
        if trace < len(self.figure.data) - 1:
            return
        if selector is None:  # no lasso, but the end of one that was taken away: plotly has just unmarked all
            self._mark()
            return
        added = self._outlines if set(self.selected) <= set(self._gathered) else []  # with Shift a lasso is added
        self._outlines = [*added, _outline(selector)]
        # plotly keeps outlines to the browser: only one that Python set can Python take away
        self.figure.layout.selections = self._outlines
        self._hand_on(sorted(self._gathered))

    def _deselected(self) -> None:
        self._outlines = []
        self._hand_on([])

    def _picked(self, name: str) -> None:
        if name in self._row_of:
            self.select([self._row_of[name]])
        elif name.strip():
            self.status.error(f"There is no series called {name!r} on the map: choose one of the list.")

    def select(self, rows: Sequence[int]) -> None:
        """Select points: mark and list them, show the first, and hand them to `on_select`."""
        self._outlines = []
        self._hand_on([int(row) for row in rows])
        self._mark()

    def _hand_on(self, rows: list[int]) -> None:
        self.selected = rows
        self.count.value = f"<b>{len(rows)} series selected</b>" if rows else ""
        self.chosen.options = [(self.names[row], row) for row in rows]
        self._show(rows[0] if rows else None)
        self.status.note("")
        if self._on_select is not None and rows:
            with self.status.guarded("the selection"):
                self._on_select(list(rows))

    def _show(self, row: int | None) -> None:
        """Show the picture and report of a point in the panel."""
        parts = [_NOTHING] if row is None else [f"<b>{html.escape(self.names[row])}</b>"]
        self._panel_status.note("")
        if row is not None and self._thumbnail is not None:
            with self._panel_status.guarded("the picture of the series"):
                parts.append(picture(self._thumbnail(row), f"Middle slice of {self.names[row]}"))
        if row is not None:
            with self._panel_status.guarded("the report of the series"):
                parts.append(self._describe(row))
        self.panel.value = f"<div {_PANEL_STYLE}>{''.join(f'<div>{part}</div>' for part in parts)}</div>"


def _outline(selector) -> dict:
    """Return a lasso or box as plotly's layout describes it."""
    if selector.type == "box":
        (x0, x1), (y0, y1) = selector.xrange, selector.yrange
        return {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1}
    corners = "L".join(f"{x},{y}" for x, y in zip(selector.xs, selector.ys, strict=True))
    return {"type": "path", "path": f"M{corners}Z"}


def _numbered(names: Sequence[str]) -> list[str]:
    """Return names, the second and later of equal ones with a number."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return numbered
