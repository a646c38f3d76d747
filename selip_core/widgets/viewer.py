"""The volume in view, in NiiVue: scrolled, windowed, with the findings' mask or the saliency of a text on it."""

import html
from pathlib import Path

import nibabel as nib
import numpy as np

from selip_core._utils.images import nifti_bytes
from selip_core.errors import SelipError
from selip_core.widgets.page import STYLE
from selip_core.widgets.session import Session
from selip_core.widgets.status import Status

WINDOWS = {
    "brain (1 to 99.5 %)": (1.0, 99.5),
    "everything": (0.0, 100.0),
    "bright findings": (50.0, 100.0),
    "dark findings": (0.0, 60.0),
}
"""Percentiles of the volume that are black and white."""

OVERLAYS = {"none": "", "segmentation of the findings": "mask", "saliency for the text": "saliency"}
COLOURS = {"mask": "blue2cyan", "saliency": "inferno"}
"""Choice: NiiVue's colour maps that rise steadily in lightness, apart for colour-blind readers as well."""
_SALIENT = 0.35
"""Choice: saliency below this share of its maximum is transparent."""
_VIEWS = {"three planes": 3, "axial": 0, "coronal": 1, "sagittal": 2, "three-dimensional": 4}
_PLANES = {
    0: ("Axial slice", "From the lowest slice to the highest; the arrow keys move it"),
    1: ("Coronal slice", "From the back of the head to the front; the arrow keys move it"),
    2: ("Sagittal slice", "From the patient's left to the right; the arrow keys move it"),
}
"""What the slider moves through in a view of one plane, by the axis of a (D, H, W) volume; otherwise it is axial."""


class Viewer:
    """The viewer of a session; show `box`.

    Parameters
    ----------
    session : Session
        What it has in view is shown.
    log : Path
        For faults.
    height : int
        Pixels.
    name : str
        Of the viewer in the session: a new one takes the place of an earlier one of the same name.

    Attributes
    ----------
    box : ipywidgets.VBox
        Its DOM class is ``selip-viewer``.
    niivue : ipyniivue.NiiVue
    """

    def __init__(self, session: Session, log: Path, *, height: int = 380, name: str = "viewer"):
        self.session, self.status = session, Status(log)
        self._volume: np.ndarray | None = None
        self._gone: list = []
        self._axis, self._place = 0, [0.5, 0.5, 0.5]  # of the slider; of the crosshair, as shares of (D, H, W)
        self._quiet = False  # while controls follow what is shown
        self._build(height)
        session.listen(name, self.refresh)
        self.refresh()

    def _build(self, height: int) -> None:
        import ipywidgets as w
        from ipyniivue import NiiVue, ShowRender

        self.niivue = NiiVue(
            height=height, is_radiological_convention=True, is_corner_orientation_text=True, loading_text="",
            back_color=(0, 0, 0, 1), font_color=(1, 1, 1, 1), crosshair_color=(0.34, 0.71, 0.91, 1),
            crosshair_width=0.25, drag_and_drop_enabled=False, multiplanar_show_render=ShowRender.NEVER,
        )  # fmt: skip
        self.title = w.HTML("<p>Pick a series to see it here.</p>")
        self.view = w.Dropdown(options=_VIEWS, value=3, description="View", style=STYLE, tooltip="Planes shown")
        self.slice = w.IntSlider(0, 0, 1, description=_PLANES[0][0], style=STYLE, tooltip=_PLANES[0][1])
        self.preset = w.Dropdown(options=list(WINDOWS), description="Window", style=STYLE,
                                 tooltip="Which part of the intensities is between black and white")  # fmt: skip
        self.window = w.FloatRangeSlider(value=(-2, 3), min=-5, max=8, step=0.05, description="Black–white",
                                         style=STYLE, readout_format=".1f",
                                         tooltip="Intensities shown as black and as white")  # fmt: skip
        self.overlay = w.Dropdown(options=OVERLAYS, value="", description="Overlay", style=STYLE,
                                  tooltip="What is drawn over the volume")  # fmt: skip
        self.opacity = w.FloatSlider(0.7, min=0, max=1, step=0.05, description="Opacity", style=STYLE,
                                     tooltip="Of the overlay")  # fmt: skip
        self.shown = w.Checkbox(True, description="Show overlay", style=STYLE, tooltip="Overlay on or off")
        self.view.observe(lambda change: self._set_view(change["new"]), "value")
        self.slice.observe(lambda change: self._set_slice(change["new"]), "value")
        self.preset.observe(lambda change: self._set_preset(), "value")
        self.window.observe(lambda change: self._set_window(), "value")
        self.overlay.observe(lambda change: self.refresh(), "value")
        self.opacity.observe(lambda change: self._set_opacity(), "value")
        self.shown.observe(lambda change: self._set_opacity(), "value")
        self.niivue.on_location_change(self._moved)
        left = w.VBox([self.view, self.slice, self.preset, self.window])
        right = w.VBox([self.overlay, self.opacity, self.shown])
        self.box = w.VBox([self.title, self.niivue, w.HBox([left, right], layout={"flex_flow": "row wrap"}),
                           self.status.widget])  # fmt: skip
        self.box.add_class("selip-viewer")
        self.box.add_class("selip-page")

    def refresh(self) -> None:
        """Show what the session has in view."""
        session = self.session
        if session.series is None and session.own is None:
            return
        with self.status.guarded("the viewer"):
            self.status.note("")
            volume, title = (
                session.own.volume if session.own else session.explorer.volume(session.series),
                self._titled(),
            )
            self._volume = volume
            self._limit_window()
            volumes = [self._as_volume("volume.nii.gz", volume, "gray", *self.window.value, opacity=1.0)]
            overlay, sentence = None, ""
            with self.status.guarded("the overlay"):  # what is wrong with it costs the overlay, not the volume
                overlay, sentence = self._overlaid()
                self.status.note(sentence)
            if overlay is not None:
                kind, top = self.overlay.value, float(overlay.max())
                low = 0.5 if kind == "mask" else _SALIENT * top
                opacity = self.opacity.value if self.shown.value else 0.0
                volumes.append(self._as_volume(f"{kind}.nii.gz", overlay, COLOURS[kind], low, top, opacity=opacity))
            self._replace(volumes)
            self.title.value = title
            self._focus(overlay)

    def _overlaid(self) -> tuple[np.ndarray | None, str]:
        """Return the overlay (D, H, W) or None, and a sentence on it."""
        session, kind = self.session, self.overlay.value
        if not kind:
            return None, ""
        if kind == "mask":
            if session.own:
                return None, "A file of your own has no segmentation here."
            mask = session.explorer.mask(session.series)
            if mask is None:
                return None, "This study has no segmentation: masks.csv of the cohort lists none."
            return (mask.astype(np.float32), "") if mask.any() else (None, "The segmentation is empty on this grid.")
        if not session.text:
            raise SelipError("saliency needs a text, and this volume has none: search for a finding first")
        saliency = session.saliency()
        if not saliency.any():
            return None, f"No part of this volume speaks for “{session.text}”."
        return saliency, f"Saliency for “{session.text}”: transparent below {_SALIENT:.0%} of its maximum."

    def _as_volume(self, name: str, values: np.ndarray, colours: str, low: float, high: float, *, opacity: float):
        from ipyniivue import ColormapType, Volume

        kind = ColormapType.MIN_TO_MAX if colours == "gray" else ColormapType.ZERO_TO_MAX_TRANSPARENT_BELOW_MIN
        data = nifti_bytes(_centred(values, self.session.explorer.spacing_mm))
        return Volume(name=name, data=data, colormap=colours, cal_min=float(low), cal_max=float(high),
                      opacity=opacity, colormap_type=kind, colorbar_visible=False)  # fmt: skip

    def _replace(self, volumes: list) -> None:
        """Put volumes in the place of those shown; the bytes of earlier ones are let go.

        Those shown until now stay until the next call: the browser may still be loading them.
        """
        for volume in self._gone:
            volume.close()
        self._gone = self.niivue.volumes
        self.niivue.volumes = volumes

    def _titled(self) -> str:
        session = self.session
        if session.own:
            return f"<p><b>{html.escape(session.own.name)}</b>, your file, as the model sees it</p>"
        row = session.explorer.series.iloc[session.series]
        name = " · ".join(html.escape(str(row[c])) for c in ("patient_id", "sequence", "split") if row[c])
        sentence = html.escape(row["sentence"]) or "(its report says nothing about it)"
        return f"<p><b>{name}</b><br>{sentence}<br>Data: {html.escape(session.explorer.cohort.data_source)}</p>"

    def _limit_window(self) -> None:
        low, high = float(self._volume.min()), float(self._volume.max())
        self._quiet = True
        with self.window.hold_trait_notifications():
            self.window.min, self.window.max = low, high
            self.window.value = tuple(np.percentile(self._volume, WINDOWS[self.preset.value]))
        self._quiet = False

    def _set_preset(self) -> None:
        if self._volume is not None:
            self.window.value = tuple(np.percentile(self._volume, WINDOWS[self.preset.value]))

    def _set_window(self) -> None:
        if self.niivue.volumes and not self._quiet:
            self.niivue.volumes[0].cal_min, self.niivue.volumes[0].cal_max = self.window.value

    def _set_opacity(self) -> None:
        for volume in self.niivue.volumes[1:]:
            volume.opacity = self.opacity.value if self.shown.value else 0.0

    def _set_view(self, view: int) -> None:
        from ipyniivue import SliceType

        self.niivue.set_slice_type(SliceType(view))
        self._axis = view if view in _PLANES else 0
        self.slice.description, self.slice.tooltip = _PLANES[self._axis]
        self.slice.disabled = view == _VIEWS["three-dimensional"]
        if self.slice.disabled:
            self.slice.tooltip = "The three-dimensional view has no slices: choose another view"
        self._follow()

    def _focus(self, overlay: np.ndarray | None) -> None:
        """Move to where most of the overlay lies, or to the middle."""
        place = [n // 2 for n in self._volume.shape]
        if overlay is not None:
            place = np.unravel_index(np.argmax(overlay), overlay.shape)
        self._move([(i + 0.5) / n for i, n in zip(place, self._volume.shape, strict=True)])
        self._follow()

    def _set_slice(self, number: int) -> None:
        if self._volume is not None and not self._quiet:
            place = [*self._place]
            place[self._axis] = (number + 0.5) / self._volume.shape[self._axis]
            self._move(place)

    def _move(self, place: list[float]) -> None:
        self._place = [float(share) for share in place]
        self.niivue.scene.crosshair_pos = self._place[::-1]

    def _moved(self, location: dict) -> None:
        """Follow the crosshair: the browser tells where it is, as shares of the volume's sides."""
        self._place = [*location["frac"][2::-1]]
        self._follow()

    def _follow(self) -> None:
        """Let the slider say where the crosshair is."""
        if self._volume is None:
            return
        last = self._volume.shape[self._axis] - 1
        self._quiet = True
        self.slice.max = last
        self.slice.value = min(max(int(self._place[self._axis] * (last + 1)), 0), last)
        self._quiet = False


def _centred(volume: np.ndarray, spacing_mm: tuple[float, float, float]) -> nib.Nifti1Image:
    """Return a preprocessed volume as an image in RAS, millimetres, centred on the origin.

    Parameters
    ----------
    volume : (D, H, W)
        From inferior to superior, posterior to anterior, left to right.
    spacing_mm : (D, H, W)
    """
    voxels = np.ascontiguousarray(np.asarray(volume, dtype=np.float32).transpose(2, 1, 0))  # (R, A, S)
    spacing = np.array(spacing_mm[::-1], dtype=float)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(voxels.shape) - 1) / 2
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    return image
