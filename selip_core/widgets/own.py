"""What a user brings along: a NIfTI file beside its closest reports, and another model."""

import os
from collections.abc import Callable
from pathlib import Path

from selip_core.encoders.model import load_model
from selip_core.explore.own_volume import named_file
from selip_core.widgets.page import STYLE
from selip_core.widgets.session import Session
from selip_core.widgets.status import Status


class OwnBox:
    """A box for the path of a NIfTI file, and one for a model; show `box`.

    Parameters
    ----------
    session : Session
        A file that can be used comes into view there.
    status : Status
        Where it is told what happened.
    models : dict of str to Path
        Models to choose by name; the folder of any other may be typed.
    on_model : callable
        Called once the session has another model.

    Attributes
    ----------
    box : ipywidgets.VBox
        With the DOM class ``selip-own``.
    """

    def __init__(self, session: Session, status: Status, models: dict[str, Path], on_model: Callable[[], None]):
        import ipywidgets as w

        self._read: tuple | None = None  # path and time of the file read last, and what was read
        self.session, self.status, self._models, self._on_model = session, status, models, on_model
        wide = {"width": "36em"}
        self.path = w.Text(description="Your NIfTI", placeholder="path of a .nii or .nii.gz file, then Enter",
                           continuous_update=False, layout=wide, style=STYLE,
                           tooltip="Path of a head MRI volume on this computer; it stays here")  # fmt: skip
        self.add = w.Button(description="Closest reports", tooltip="Read the file and show the closest reports")
        self.model = w.Combobox(options=list(models), description="Model", placeholder="a name, or a model's folder",
                                continuous_update=False, layout=wide, style=STYLE,
                                tooltip="The model that all answers come from")  # fmt: skip
        self.load = w.Button(description="Use this model", tooltip="Embed the cohort with this model and search again")
        self.path.observe(lambda change: self.read(), "value")
        self.add.on_click(lambda _: self.read())
        self.load.on_click(lambda _: self.use_model())
        self.box = w.VBox([w.HBox([self.path, self.add]), w.HBox([self.model, self.load])])
        self.box.add_class("selip-own")

    def read(self) -> None:
        """Bring the file that is named into view; what is in view already is read again only once it has changed."""
        with self.status.guarded("reading your file"):
            path = named_file(self.path.value)
            state = (path, path.stat().st_mtime_ns if path.exists() else None)
            fresh = self._read != (state, self.session.own)
            if fresh:
                self._read = (state, self.session.explorer.read_volume(path))
            self.status.note(
                f"{path.name} is in view, preprocessed as the model's training volumes were; its closest reports are "
                "those of other people's series, not a finding of yours."
            )
            if fresh:  # after the note, which would hide what goes wrong there
                self.session.view(self._read[1])

    def use_model(self) -> None:
        """Answer from the model that is named, and keep the present one where that cannot be."""
        with self.status.guarded("loading the model"):
            name, explorer = self.model.value.strip(), self.session.explorer
            self.status.note(f"Embedding {len(explorer.series)} series with {name}; this takes a while the first time.")
            folder = self._models.get(name, Path(os.path.expanduser(name)))
            model = load_model(folder, explorer.cache.preprocessing_fingerprint, device=explorer.model.device)
            self.session.use(explorer.with_model(model))
            self._on_model()
            if not self.status.failed:
                self.status.note(f"All answers are now those of {name}.")
