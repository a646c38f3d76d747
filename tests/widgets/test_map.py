
import numpy as np
import pytest

from selip_core.errors import SelipError
from selip_core.widgets.map import EmbeddingMap

NAMES = ["P1 T1", "P1 T2", "P2 T1", "P2 T2"]
LABELS = {"sequence": ["T1", "T2", "T1", "T2"], "kind": ["normal", "normal", "<b>", "tumour"]}


def make(**options):
    points = np.arange(8.0).reshape(4, 2)
    return EmbeddingMap(points, LABELS, NAMES, **({"describe": lambda row: f"report of {row}"} | options))


def lasso(widget, rows, *, kind="lasso"):
    """Let the browser say that a lasso holds points: to each trace in turn its part, as plotly does."""
    shape = {"xs": [0, 1, 1], "ys": [0, 0, 1]} if kind == "lasso" else {"xrange": [0, 1], "yrange": [0, 1]}
    found = [(t, p) for t, of_trace in enumerate(widget._of_trace) for p, row in enumerate(of_trace) if row in rows]
    send(widget, "plotly_selected", found, {"type": kind, "selector_state": shape})


def send(widget, event, found, selector=None):
    traces, places = zip(*found) if found else ((), ())
    widget.figure._js2py_pointsCallback = {
        "event_type": event, "selector": selector, "device_state": None,
        "points": {"trace_indexes": list(traces), "point_indexes": list(places), "xs": [0] * len(places),
                   "ys": [0] * len(places)},
    }  # fmt: skip


def shown(widget):
    """Return the points that each named label shows."""
    traces = widget.figure.data
    return {t.name: list(zip(t.x, t.y)) for t in traces if t.showlegend}


def test_colours_and_shapes_change_in_place():
    widget = make()
    assert shown(widget) == {"T1 (2)": [(0, 1), (4, 5)], "T2 (2)": [(2, 3), (6, 7)]}
    widget.colouring.value = "kind"
    assert list(shown(widget)) == ["normal (2)", "&lt;b&gt; (1)", "tumour (1)"]
    styles = {(trace.marker.color, trace.marker.symbol) for trace in widget.figure.data}
    assert len(styles) == len(widget.figure.data) == len({symbol for _, symbol in styles})


def test_hovering_shows_the_report_and_the_picture_and_selects_nothing():
    told = []
    widget = make(thumbnail=lambda row: b"png", on_select=told.append)
    send(widget, "plotly_hover", [(1, 1)])  # the second of T2
    assert "report of 3" in widget.panel.value and "P2 T2" in widget.panel.value
    assert "data:image/png;base64,cG5n" in widget.panel.value and 'alt="Middle slice of P2 T2"' in widget.panel.value
    assert not told and not widget.selected


def test_a_click_selects_one_series():
    told = []
    widget = make(on_select=told.append)
    send(widget, "plotly_click", [(0, 1)])
    assert told == [[2]] and widget.selected == [2]
    assert widget.chosen.options == (("P2 T1", 2),) and "report of 2" in widget.panel.value


@pytest.mark.parametrize("kind", ["lasso", "box"])
def test_a_lasso_selects_what_lies_in_it_whatever_its_colour(kind):
    told = []
    widget = make(on_select=told.append)
    lasso(widget, {1, 2, 3}, kind=kind)
    assert told == [[1, 2, 3]] and "3 series selected" in widget.count.value
    assert len(widget.figure.layout.selections) == 1
    widget.chosen.value = 3
    assert "report of 3" in widget.panel.value and told == [[1, 2, 3]]


def test_a_lasso_that_adds_keeps_the_outline_before_and_another_does_not():
    widget = make()
    lasso(widget, {1})
    lasso(widget, {1, 2})
    assert len(widget.figure.layout.selections) == 2
    lasso(widget, {3})
    assert len(widget.figure.layout.selections) == 1


def test_what_is_picked_after_a_lasso_stands_out_alone():
    widget = make()
    lasso(widget, {1, 2, 3})
    widget.picker.value = "P1 T2"
    assert widget.selected == [1] and not widget.figure.layout.selections
    marks = [trace.selectedpoints for trace in widget.figure.data]
    assert marks[:2] == [(), (0,)]
    send(widget, "plotly_selected", [])  # the browser's answer to the outline being taken away
    assert [trace.selectedpoints for trace in widget.figure.data] == marks and widget.selected == [1]


def test_a_double_click_ends_the_selection():
    widget = make()
    lasso(widget, {1, 2})
    send(widget, "plotly_deselect", [])
    assert widget.selected == [] and widget.chosen.options == ()


def test_a_series_is_picked_by_name_without_the_mouse():
    told = []
    widget = make(on_select=told.append)
    widget.picker.value = "P2 T1"
    assert told == [[2]] and "report of 2" in widget.panel.value
    widget.picker.value = "<nobody>"
    said = widget.status.widget.error
    assert "no series called '<nobody>'" in said and told == [[2]]


def test_equal_names_are_numbered():
    widget = EmbeddingMap(np.zeros((2, 2)), {"x": ["a", "a"]}, ["P", "P"], describe=str)
    assert widget.names == ["P", "P (2)"]


@pytest.mark.parametrize("error", [SelipError("the volume <7> is gone"), RuntimeError("the volume <7> is gone")])
@pytest.mark.parametrize("failing", ["describe", "thumbnail", "on_select"])
def test_what_fails_is_a_sentence_and_the_map_stays_usable(error, failing, tmp_path):
    def fail(row):
        if row in (0, [0]):
            raise error
        return b"" if failing == "thumbnail" else ""

    widget = make(**{failing: fail}, log=tmp_path / "log.txt")
    widget.select([0])
    assert alerts(widget).count("the volume <7> is gone") == 1 and "P1 T1" in widget.panel.value
    assert (tmp_path / "log.txt").exists() == (not isinstance(error, SelipError))
    widget.select([1])
    assert alerts(widget) == "" and "P1 T2" in widget.panel.value


def test_a_report_is_shown_though_its_picture_cannot_be(tmp_path):
    widget = make(thumbnail=lambda row: b""[row], log=tmp_path / "log.txt")
    widget.select([2])
    assert "report of 2" in widget.panel.value and "the picture of the series" in alerts(widget)


def alerts(widget) -> str:
    """Return the words of all message lines in the box."""
    return "".join(part.note + part.error for part in parts(widget.box) if "selip-status" in part._dom_classes)


def parts(box) -> list:
    return [box, *(part for child in getattr(box, "children", ()) for part in parts(child))]


def test_nothing_of_the_map_can_be_uploaded():
    config = make().figure._config
    assert config["showSendToCloud"] is False and not config["plotlyServerURL"] and config["displaylogo"] is False


def test_the_map_has_stable_classes_and_labels():
    widget = make()
    assert "selip-map" in widget.box._dom_classes and "selip-map-panel" in widget.panel._dom_classes
    assert all(control.description and control.tooltip for control in (widget.colouring, widget.picker, widget.chosen))
    assert "application/vnd.jupyter.widget-view+json" in widget._repr_mimebundle_()


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="equally many"):
        EmbeddingMap(np.zeros((3, 2)), {"x": ["a"] * 4}, ["n"] * 3, describe=str)
