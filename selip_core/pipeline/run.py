"""A notebook's run: settings, seed and device at the start; figures, tables and metrics; ``run.json`` at the end."""

import json
import math
import os
import re
import shutil
import time
import uuid
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import Image, Markdown, display
from matplotlib.figure import Figure

from selip_core._utils.devices import resolve_device, set_seeds
from selip_core._utils.files import read_json, write_json
from selip_core._utils.hashing import digest
from selip_core._utils.notebook import show_errors_as_sentences
from selip_core._utils.tables import named_tests, read_saved_table, write_table
from selip_core.config import get_settings
from selip_core.downstream.kept_runs import KeptRuns
from selip_core.errors import SelipError
from selip_core.pipeline import paths
from selip_core.pipeline.records import (
    describe_data_source,
    describe_process,
    finished_upstream,
    made_of_earlier_runs,
    run_id_of,
    run_inputs,
)
from selip_core.pipeline.stamping import save_stamped, width_on_screen
from selip_core.plotting.style import apply_style
from selip_core.pretraining.distributed import OF_A_LAUNCHER

_OF_THE_PIPELINE = {"executed.ipynb", "log.txt"}
_KEPT = {"cache", "models"}
"""Folders of long work: what lies there knows by its own fingerprint whether it still belongs."""


def start_run(
    notebook: str,
    *,
    profile: str = "demo",
    seed: int = 0,
    cohort: str = "embedded",
    device: str = "auto",
    brats: str | None = None,
    **published: str,
) -> "Run":
    """Start a notebook's run: check the parameters, seed everything, prepare the results folder, show the settings.

    Parameters
    ----------
    notebook : str
        Name of the notebook without its ending, ``01_data_curation``.
    cohort : str
        ``embedded``, or the folder of a cohort.
    brats : str, optional
        ``embedded``, or a BraTS folder, for the notebooks that use one.
    **published : str
        ``none``, or where published data lie, by name: ``lgg``, ``openi``, ``ct``.

    Raises
    ------
    SelipError
        If a parameter has the wrong type or value, or the cohort or device is not there.
    """
    given = [("profile", profile, str), ("seed", seed, int), ("cohort", cohort, str)]
    given += [(name, value, str) for name, value in published.items()]
    for name, value, kind in given + ([("brats", brats, str)] if brats is not None else []):
        if not isinstance(value, kind) or isinstance(value, bool):
            raise SelipError(f"parameter {name} = {value!r} must be {kind.__name__}, not {type(value).__name__}")
    if not 0 <= seed < 2**31:
        raise SelipError(f"parameter seed = {seed} must be from 0 to {2**31 - 1}")
    show_errors_as_sentences()
    # a notebook is one process: what a platform or a shell has set would let it wait
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE", *OF_A_LAUNCHER):
        os.environ.pop(name, None)
    run = Run(notebook, profile=profile, seed=seed, cohort=cohort, device=device, brats=brats, **published)
    set_seeds(seed)
    apply_style()
    run.show_settings()
    return run


class Run:
    """One run of one notebook; made by `start_run`.

    Attributes
    ----------
    settings : selip_core.config.Settings
    seed : int
    device : torch.device
    profile, cohort : str
    cohort_dir : Path
        The user's cohort, or where the embedded one lies once ``01_data_curation`` has made it.
    brats_dir : Path or None
        The user's BraTS folder, or where the embedded one goes.
    published : dict of str to (Path or None)
        Where published data lie that this run was given, by name.
    data_source : str
        What every figure and table is stamped with, unless another one is given.
    results : Path
        Folder of this notebook's results; it exists.
    """

    def __init__(
        self, notebook: str, *, profile: str, seed: int, cohort: str, device: str, brats: str | None = None,
        **published: str,
    ) -> None:  # fmt: skip
        self.notebook, self.profile, self.seed, self.cohort = notebook, profile, seed, cohort
        self.settings = get_settings(profile)
        self.device = resolve_device(device)
        sizes = self.settings.cohort
        self.cohort_dir = paths.cohort_dir(cohort, sizes.patients, sizes.frequencies, seed)
        self.data_source = describe_data_source(cohort, self.cohort_dir)
        gliomas = self.settings.classification.brats_patients
        self.brats, self.brats_dir = brats, None if brats is None else paths.brats_dir(brats, gliomas, seed)
        self.published = {name: paths.given_path(given, name) for name, given in published.items()}
        self.results = paths.results_dir(profile, notebook)
        self.inputs = run_inputs(notebook, profile=profile, seed=seed, cohort=cohort, brats=brats, **published)
        self._started, self._metrics, self._records, self._upstream = time.monotonic(), {}, {}, {}
        self._previous = read_json(self.results / "run.json") or {}
        self._begun_from = dict(self._previous.get("upstream", {}))  # what still lies in the folder
        try:
            self._prepare_folder()
        except OSError as error:
            raise SelipError(
                f"the results folder {self.results} cannot be written ({error.strerror or error}): it may belong to "
                "another user; give it back to yours, or work in a clone of your own"
            ) from None
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        self._write_record(finished=False)

    def _prepare_folder(self) -> None:
        """Drop what an earlier run left and this one must not pick up; long work stays, for it checks itself."""
        old = self._previous.get("inputs", {})
        other = any(old.get(key) != value for key, value in self.inputs.items())
        if other or any(run_id != run_id_of(self.profile, name) for name, run_id in self._begun_from.items()):
            shutil.rmtree(self._trained, ignore_errors=True)
            if self._previous:
                self._clear()
        for name in ("figures", "tables"):
            shutil.rmtree(self.results / name, ignore_errors=True)
        (self.results / "metrics.json").unlink(missing_ok=True)
        self.results.mkdir(parents=True, exist_ok=True)

    def _clear(self) -> None:
        for path in self.results.iterdir() if self.results.exists() else ():
            if path.name in _OF_THE_PIPELINE | _KEPT or ".previous-" in path.name:
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self._begun_from = {}

    def show_settings(self) -> None:
        """Show what this run works with as a small table."""
        rows = {
            "notebook": self.notebook, "profile": self.profile, "seed": self.seed, "device": str(self.device),
            "cohort": self.cohort, "data source": self.data_source,
            **({} if self.brats is None else {"BraTS": self.brats}),
            **{paths.GIVEN[name]: path.name if path else paths.NOT_GIVEN for name, path in self.published.items()},
            "results": os.path.relpath(self.results, paths.project_root()),
        }  # fmt: skip
        for section in type(self.settings).model_fields:
            value = getattr(self.settings, section)
            if hasattr(value, "model_dump"):
                title = "embedded cohort" if section == "cohort" else section.replace("_", " ")
                rows[title] = ", ".join(f"{k} {v}" for k, v in value.model_dump().items())
            elif section != "profile":
                rows[section] = value
        lines = [f"| {name} | {str(value).replace('|', '&#124;')} |" for name, value in rows.items()]
        self.say("\n".join(["| setting | value |", "|:--|:--|", *lines]))

    def upstream(self, notebook: str) -> Path:
        """Return the results folder of an earlier notebook, which must be finished and belong to this run.

        Raises
        ------
        SelipError
            If it is missing, unfinished, or was made with another seed, cohort or settings; says what to run.
        """
        folder, record = finished_upstream(
            notebook, profile=self.profile, seed=self.seed, cohort=self.cohort, inputs=self.inputs
        )
        if notebook not in self._upstream and (gone := made_of_earlier_runs(notebook, profile=self.profile)):
            self.say(f"**{notebook} was made of an earlier run of {gone}**: what follows mixes both, and the report "
                     f"leaves it out. Run {notebook} again.")  # fmt: skip
        self._upstream[notebook] = record["run_id"]
        self._write_record(finished=False)
        return folder

    def upstream_table(
        self, notebook: str, name: str, *, numbers: bool = False, columns: tuple[str, ...] | None = None
    ) -> pd.DataFrame:
        """Return ``<name>.csv`` from the results of an earlier notebook, checked as by `upstream`.

        Parameters
        ----------
        name : str
            As given to `save_data`, or ``tables/<name>`` for `save_table`.
        numbers : bool
            As of `selip_core._utils.tables.read_saved_table`: without it every cell is text.
        columns : tuple of str, optional
            Where the notebook had nothing to save, an empty table of these columns is returned.
        """
        path = self.upstream(notebook) / f"{name}.csv"
        if columns is not None and not path.exists():
            return pd.DataFrame(columns=list(columns))
        return read_saved_table(path, numbers=numbers)

    @property
    def _trained(self) -> Path:
        return self.results / "cache" / "trained"

    @cached_property
    def kept(self) -> KeptRuns | None:
        """Where downstream trainings keep their results until the notebook has finished, so that none is done twice.

        Only those of this code, these settings, data and runs of the notebooks before are found there. None by hand,
        where a cell may be another one than the file's.
        """
        if os.environ.get("SELIP_PIPELINE") != "1":
            return None
        told = self.inputs, self._upstream, self.device.type, torch.__version__
        return KeptRuns(self._trained / digest(json.dumps(told, sort_keys=True)))

    @property
    def drawing(self) -> dict[str, int]:
        """How patients are resampled for intervals: ``samples`` and ``seed``, arguments of the functions that do."""
        return {"samples": self.settings.statistics.bootstrap_samples, "seed": self.seed}

    def save_figure(
        self, figure: Figure, name: str, caption: str, table: pd.DataFrame | None = None, *, data_source: str = ""
    ) -> None:
        """Save a figure as PNG and PDF with the data behind it as CSV, stamp the data source on it, and show it.

        Parameters
        ----------
        caption : str
            With ``n`` and what the interval is.
        table : DataFrame, optional
            The numbers that the figure shows.
        data_source : str, optional
            Where they are not from the cohort of the run.
        """
        folder = self.results / "figures"
        source = f"Data: {data_source or self.data_source} · profile {self.profile} · seed {self.seed}"
        png = save_stamped(figure, folder, name, caption=caption, source=source)
        if table is not None:
            self._write_csv(folder / f"{name}.csv", table, data_source)
        plt.close(figure)
        display(Image(data=png, width=width_on_screen(png), alt=caption))
        self.say(f"*Figure {name}. {caption}*")

    def save_table(self, table: pd.DataFrame, name: str, caption: str, *, data_source: str = "") -> None:
        """Save a table as CSV with the data source as a column, and show it with its caption.

        What p-values are of is read off the table's column ``test`` and stands behind the caption.
        """
        self._write_csv(self.results / "tables" / f"{name}.csv", table, data_source)
        tests = f" Test: {tests}." if (tests := named_tests(table)) else ""
        self.say(f"*Table {name}. {caption}{tests} Data: {data_source or self.data_source}.*")
        with pd.option_context("display.precision", 3, "display.max_rows", 40, "display.max_colwidth", 80):
            display(table)

    def say(self, text: str) -> None:
        """Show a text in Markdown, in which no tag of HTML works: a cohort's name is somebody else's text."""
        display(Markdown(re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)))

    def save_data(self, table: pd.DataFrame, name: str, *, data_source: str = "") -> None:
        """Save a table that later notebooks read as ``<name>.csv`` of this run; it is not shown."""
        self._write_csv(self.results / f"{name}.csv", table, data_source)

    def metric(
        self, name: str, value: float | None, low: float | None = None, high: float | None = None,
        n: int | None = None, unit: str = "", headline: bool = False, data_source: str = "",
    ) -> None:  # fmt: skip
        """Record a number of this run for ``metrics.json``; None or NaN where the set is too small for it.

        Parameters
        ----------
        low, high : float, optional
            Ends of the 95 % interval.
        n : int, optional
            What the number was computed on.
        headline : bool
            Shown in the table at the end of ``run_all.sh``.
        data_source : str, optional
            Where it is not from the cohort of the run.
        """
        # by hand a cell may be run again with other values, and the last ones count; in the pipeline it is a slip
        if name in self._metrics and os.environ.get("SELIP_PIPELINE") == "1":
            raise SelipError(f"metric {name!r} of {self.notebook} is recorded twice: give each a name of its own")
        self._metrics[name] = {
            "value": _number(value), "low": _number(low), "high": _number(high),
            "n": None if n is None else int(n), "unit": unit, "headline": bool(headline),
            "data_source": data_source or self.data_source,
        }  # fmt: skip

    def record(self, key: str, value: object) -> None:
        """Add a value that JSON can hold to ``run.json``: the fingerprint of a cohort, of the preprocessing."""
        self._records[key] = value

    def finish(self) -> None:
        """Write ``metrics.json``, then ``run.json`` with ``finished: true``: from now on others may build on it."""
        write_json(
            self.results / "metrics.json",
            {"notebook": self.notebook, "data_source": self.data_source, "metrics": self._metrics},
        )
        self._write_record(finished=True)
        shutil.rmtree(self._trained, ignore_errors=True)  # they were kept for the case that it does not come to this
        if self._metrics:
            columns = ["value", "low", "high", "n", "unit"]
            display(pd.DataFrame(self._metrics).T[columns].astype({"value": float, "low": float, "high": float}))
        seconds = time.monotonic() - self._started
        print(f"finished in {seconds:.0f} s: results in results/{self.profile}/{self.notebook}")

    def _write_record(self, *, finished: bool) -> None:
        record = {
            "notebook": self.notebook, "finished": finished, "run_id": uuid.uuid4().hex[:12],
            "by_pipeline": os.environ.get("SELIP_PIPELINE") == "1",
            "profile": self.profile, "seed": self.seed, "cohort": self.cohort, "data_source": self.data_source,
            "settings": self.settings.model_dump(mode="json"), "inputs": self.inputs,
            "upstream": self._upstream if finished else {**self._begun_from, **self._upstream},
            **describe_process(self.device),
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "duration_s": round(time.monotonic() - self._started, 2),
            "records": self._records,
        }  # fmt: skip
        write_json(self.results / "run.json", record)

    def _write_csv(self, path: Path, table: pd.DataFrame, data_source: str = "") -> None:
        keep_index = not isinstance(table.index, pd.RangeIndex)
        if "data_source" not in table:  # a table of several sources says it row by row
            table = table.assign(data_source=data_source or self.data_source)
        write_table(table, path, index=keep_index)


def _number(value: float | None) -> float | int | None:
    if value is None:
        return None
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    return value if math.isfinite(value) else None
