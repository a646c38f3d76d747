"""The embedding map and the pair inspector, each beside a viewer that shows what is picked in them.

What is picked comes into view on the search page too; these viewers follow no pick but their own, so that a volume is
not built for, and sent to, viewers that nobody looks at.
"""

import html
from pathlib import Path

import numpy as np

from selip_core.errors import SelipError
from selip_core.explore.explorer import map_labels
from selip_core.inspection.embedding_map import Projection
from selip_core.widgets.map import EmbeddingMap
from selip_core.widgets.pairs import PairInspector
from selip_core.widgets.session import Session
from selip_core.widgets.status import Status
from selip_core.widgets.viewer import Viewer

_HEIGHT = 300


class MapPage:
    """The embedding map of some series and a viewer; show `box`.

    Parameters
    ----------
    session : Session
        The first series of a selection comes into view there.
    log : Path
        For faults.
    projection : Projection
        Of the features of `series`.
    series : (N,) int
    """

    def __init__(self, session: Session, log: Path, projection: Projection, series: np.ndarray):
        import ipywidgets as w

        self.session, self.status = session, Status(log)
        self._series = np.asarray(series)[projection.rows]
        rows = session.explorer.series.iloc[self._series]
        named = zip(rows["patient_id"], rows["sequence"], strict=True)
        names = [f"{patient} {sequence}" for patient, sequence in named]
        self.map = EmbeddingMap(
            projection.points, map_labels(session.explorer, self._series), names,
            describe=self._described, thumbnail=self._thumbnail, on_select=self._selected, log=log,
        )  # fmt: skip
        self._beside = session.beside("map")
        self.viewer = Viewer(self._beside, log, height=_HEIGHT)
        note = w.HTML("<p>The map is that of the model this notebook opened; a model chosen on the search page "
                      "moves no point of it.</p>")  # fmt: skip
        self.box = _page(note, self.map.box, self.status.widget, self.viewer.box)

    def _described(self, point: int) -> str:
        row = self.session.explorer.series.iloc[self._series[point]]
        return f"{html.escape(row['sentence'])}<br>{html.escape(row['report'])}"

    def _thumbnail(self, point: int) -> bytes:
        return self.session.explorer.thumbnail(self._series[point])

    def _selected(self, points: list[int]) -> None:
        with self.status.guarded("the selection"):
            self._beside.view(self._series[points[0]])
            self.session.view(self._series[points[0]])


class PairsPage:
    """The pair inspector and a viewer that shows a series of either report; show `box`.

    Parameters
    ----------
    session : Session
    log : Path
        For faults.
    """

    def __init__(self, session: Session, log: Path):
        import ipywidgets as w

        self.session, self.status = session, Status(log)
        known = session.explorer.series
        offered = known["split"].isin(session.splits) & (known["sentence"] != "")
        self.inspector = PairInspector(known.loc[offered, "sentence"].tolist(), log=log)
        self.buttons = []
        for name, text in (("A", self.inspector.first), ("B", self.inspector.second)):
            button = w.Button(description=f"View a series of {name}", layout={"width": "12em"},
                              tooltip=f"Bring a series whose report says {name} into view")  # fmt: skip
            button.on_click(lambda _, name=name, text=text: self._view(name, text.value))
            self.buttons.append(button)
        self._beside = session.beside("pairs")
        self.viewer = Viewer(self._beside, log, height=_HEIGHT)
        self.box = _page(self.inspector.box, w.HBox(self.buttons), self.status.widget, self.viewer.box)

    def _view(self, name: str, text: str) -> None:
        with self.status.guarded("the pair"):
            known = self.session.explorer.series
            carriers = np.flatnonzero((known["sentence"] == text) & known["split"].isin(self.session.splits))
            if not len(carriers):
                raise SelipError(f"no series of the cohort has just the sentence of report {name}: choose one offered")
            self._beside.view(carriers[0], text)
            self.session.view(carriers[0], text)
            self.status.note(f"One of {len(carriers)} series with the sentence of report {name} is in view.")


def _page(*parts):
    import ipywidgets as w

    page = w.VBox(list(parts))
    page.add_class("selip-page")
    return page
