"""What finished runs leave and what a new one looks up: ``run.json``, its inputs and machine, the headline numbers."""

import importlib.metadata
import json
import platform
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from selip_core._utils.files import read_json
from selip_core._utils.hashing import code_fingerprint, digest, folder_fingerprint, notebook_imports
from selip_core.config import EMBEDDED_SOURCE, ExternalSettings, get_settings
from selip_core.errors import SelipError
from selip_core.pipeline import paths

if TYPE_CHECKING:
    import torch

EMBEDDED = "embedded"
_PACKAGES = (
    "torch", "monai", "transformers", "nibabel", "papermill", "matplotlib", "scikit-learn", "jieba", "nilearn",
    "safetensors", "scipy", "numpy", "pandas",
)  # fmt: skip
"""Their versions stand in ``run.json``."""

HEADLINE_COLUMNS = ("notebook", "metric", "value", "95 % interval", "n", "data")


def notebook_source(path: Path) -> str:
    """Return the text of a notebook that its results depend on: cell types, tags and sources, no outputs.

    Raises
    ------
    SelipError
        If the file is missing or is not a notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        kept = [
            [cell["cell_type"], sorted(cell.get("metadata", {}).get("tags", [])), "".join(cell["source"])]
            for cell in cells
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SelipError(f"notebook {path} cannot be read: {error}") from None
    return json.dumps(kept, ensure_ascii=False)


def run_inputs(
    notebook: str, *, profile: str, seed: int, cohort: str, brats: str | None = None, **given: str
) -> dict[str, str | int]:
    """Return the fingerprints of what a run of a notebook starts from, upstream runs apart.

    Parameters
    ----------
    **given : str
        Published data by the name of their option (`paths.GIVEN`), for the notebook that uses them.

    Returns
    -------
    dict
        ``code`` (notebook and package), ``settings``, ``cohort``, ``seed``, and ``brats`` and the published data where
        the notebook uses them.
    """
    path, settings = paths.notebooks_dir() / f"{notebook}.ipynb", get_settings(profile)
    there = path.exists()  # a run may be started from a script as well
    inputs = {
        "code": digest(notebook_source(path), code_fingerprint(*notebook_imports(path))) if there else digest(""),
        "settings": digest(settings.model_copy(update={"external": ExternalSettings()}).model_dump_json()),
        "cohort": _folder_of_data(cohort, "cohort"),
        "seed": seed,
    }
    if brats is not None:
        inputs["brats"] = _folder_of_data(brats, "BraTS")
    if given:  # those of external validation are its own: no model is pretrained anew for them
        inputs["external settings"] = digest(settings.external.model_dump_json())
    return inputs | {name: _published(path, name) for name, path in given.items()}


def _folder_of_data(given: str, what: str) -> str:
    """Return the fingerprint of a user's folder; embedded data are made from settings and seed: the name is enough."""
    return given if given == EMBEDDED else folder_fingerprint(paths.users_folder(given, what))


def _published(given: str, name: str) -> str:
    path = paths.given_path(given, name)
    if path is None:
        return paths.NOT_GIVEN
    return folder_fingerprint(path) if path.is_dir() else digest(path.read_bytes())


def standing_runs(profile: str) -> list[Path]:
    """Return the results folders of a profile's finished notebooks, without those whose upstream ran again since."""
    return standing_in(paths.results_dir(profile))


def standing_in(results: Path) -> list[Path]:
    """Return what `standing_runs` does of a folder ``results/<profile>``, wherever it lies."""
    files = sorted(results.glob("[0-9][0-9]_*/run.json"))
    records = {path.parent.name: read_json(path) or {} for path in files}

    def stands(notebook: str) -> bool:
        record = records.get(notebook, {})
        upstream = record.get("upstream", {}).items()
        return bool(record.get("finished")) and all(
            stands(name) and records[name].get("run_id") == run_id for name, run_id in upstream
        )

    return [results / notebook for notebook in records if stands(notebook)]


def run_id_of(profile: str, notebook: str) -> str | None:
    """Return what names the last run of a notebook; None where there is none."""
    return (read_json(paths.results_dir(profile, notebook) / "run.json") or {}).get("run_id")


def made_of_earlier_runs(notebook: str, *, profile: str) -> str:
    """Return the first notebook that ran again since a notebook used it, or one that it used did; empty if none did."""
    record = read_json(paths.results_dir(profile, notebook) / "run.json") or {}
    for name, run_id in record.get("upstream", {}).items():
        if run_id != run_id_of(profile, name):
            return name
        if gone := made_of_earlier_runs(name, profile=profile):
            return gone
    return ""


def finished_upstream(notebook: str, *, profile: str, seed: int, cohort: str, inputs: dict) -> tuple[Path, dict]:
    """Return the results folder of an earlier notebook and its ``run.json``.

    Parameters
    ----------
    inputs : dict
        `run_inputs` of the run that asks.

    Raises
    ------
    SelipError
        If it is missing, unfinished, or was made with another seed, cohort or settings; says what to run.
    """
    folder = paths.results_dir(profile, notebook)
    record = read_json(folder / "run.json") or {}
    options = f"--profile {profile} --seed {seed} --cohort {cohort}"
    command = f"./run_all.sh {options} --only {notebook[:2]}, or open notebooks/{notebook}.ipynb and run it"
    if not record.get("finished"):
        state = "has not finished" if record else "has not been run"
        raise SelipError(f"{notebook} {state} for profile {profile}: run it first ({command})")
    theirs = record.get("inputs", {})
    for key in ("seed", "cohort", "settings"):
        if theirs.get(key) != inputs[key]:
            was = f"{key} {record.get(key)!r}" if key != "settings" else "other settings"
            raise SelipError(f"{notebook} was last run with {was}, not those of this run: run it again ({command})")
    return folder, record


def describe_data_source(cohort: str, folder: Path) -> str:
    """Return what figures, tables and models are stamped with: where the data of a cohort come from."""
    if cohort == EMBEDDED:
        return EMBEDDED_SOURCE
    from selip_core.datasets.cohort import data_source_of  # pandas is slow to import: not for run_all.sh --help

    return data_source_of(folder)


def describe_process(device: "torch.device") -> dict:
    """Return what ``run.json`` says of the machine, the versions and the memory of this process.

    Returns
    -------
    dict
        ``device``, ``device_name``, ``versions``, ``git`` (where None ``git_missing``: why) and the peaks in MB:
        ``peak_memory_mb``, ``peak_memory_children_mb`` and ``peak_cuda_memory_mb`` (None without CUDA).
    """
    import torch  # slow to import: not for run_all.sh --help

    per_mb = 1024**2 if sys.platform == "darwin" else 1024  # kilobytes on Linux, bytes on macOS
    own, children = (
        round(resource.getrusage(who).ru_maxrss / per_mb, 1) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    cuda = device.type == "cuda"
    return {
        "device": device.type,
        "device_name": torch.cuda.get_device_name() if cuda else platform.processor() or platform.machine(),
        "versions": _versions(), **_git_commit(),
        "peak_memory_mb": own, "peak_memory_children_mb": children,
        "peak_cuda_memory_mb": round(torch.cuda.max_memory_allocated() / 1024**2, 1) if cuda else None,
    }  # fmt: skip


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def _git_commit() -> dict[str, str | None]:
    """Return ``git``, the commit, with ``-modified`` where tracked files differ from it, and why it is None."""
    here = ["git", "-C", str(paths.project_root())]
    commands = (["rev-parse", "--show-prefix"], ["describe", "--always", "--abbrev=40", "--dirty=-modified"])
    try:
        inside, named = (
            subprocess.run([*here, *command], capture_output=True, text=True, timeout=20, check=False, errors="replace")
            for command in commands
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"git": None, "git_missing": f"git does not answer ({type(error).__name__})"}
    if inside.returncode or named.returncode or not named.stdout.strip():
        said = (inside.stderr or named.stderr).strip().splitlines()
        return {"git": None, "git_missing": said[0] if said else "git names no commit"}
    if inside.stdout.strip():  # a download without .git, unpacked in a clone of something else
        return {"git": None, "git_missing": "the folder is no clone of its own, but lies in another one"}
    return {"git": named.stdout.strip()}


def headline_table(profile: str, *, everything: bool = False) -> list[list[str]]:
    """Return the rows of `HEADLINE_COLUMNS` from the runs of a profile that stand; of all that they recorded, if asked.
    """
    rows = []
    for folder in standing_runs(profile):
        found = read_json(folder / "metrics.json") or {}
        for name, metric in found.get("metrics", {}).items():
            if metric["headline"] or everything:
                unit = f" {metric['unit']}" if metric["unit"] else ""
                value = "too few to say" if metric["value"] is None else f"{metric['value']:.4g}{unit}"
                ends = [metric["low"], metric["high"]]
                interval = "none" if None in ends else f"{ends[0]:.4g} to {ends[1]:.4g}"
                n = "" if metric["n"] is None else str(metric["n"])
                source = metric.get("data_source") or found.get("data_source", "")
                rows.append([folder.name, name, value, interval, n, source])
    return rows
