"""Writing the embedded cohort to disk, in the format of any cohort (``data/README.md``), with its truth beside."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from selip_core._utils.files import read_json, replacing, write_json
from selip_core._utils.hashing import code_fingerprint
from selip_core._utils.images import nifti_bytes
from selip_core._utils.parallel import in_processes, processors
from selip_core.config import EMBEDDED_SOURCE
from selip_core.datasets.synthetic.anatomy import adopt_template, template, write_template
from selip_core.datasets.synthetic.catalogue import Lesion, draw_lesions
from selip_core.datasets.synthetic.images import TUMOURS, PatientImages, synthesise_patient
from selip_core.datasets.synthetic.lesions import radius_mm
from selip_core.datasets.synthetic.report_styles import HELD_OUT_STYLES, STYLE_WEIGHTS
from selip_core.datasets.synthetic.reports import write_report
from selip_core.errors import SelipError

HELD_OUT_SHARE = 0.25
"""Share of the patients whose report is in a style that no parser rule was written for."""

_TARGETS = {"tumour": TUMOURS, "infarct": ("acute_infarct", "subacute_infarct")}
_FEW = 24  # so few patients are not worth starting processes for

_COLUMNS = {
    "series.csv": ["patient_id", "study_id", "sequence", "path"],
    "reports.csv": ["patient_id", "study_id", "findings", "impression"],
    "labels.csv": ["patient_id", "label"],
    "masks.csv": ["patient_id", "target", "path", "values"],
    "truth/lesions.csv": ["patient_id", "lesion", "kind", "site", "side", "shape", "foci", "radius_mm", "volume_mm3"],
    "truth/findings.csv": ["patient_id", "sequence", "site", "appearance"],
    "truth/reports.csv": ["patient_id", "style", "held_out_style", "normal"],
}


def make_cohort(
    out_dir: str | Path,
    *,
    patients: int,
    frequencies: str = "clinical",
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> Path:
    """Write the embedded cohort, or return at once where it is complete already.

    The same arguments give the same files, whatever the number of workers. ``cohort.json`` is written last: without it
    the cohort is not complete and is made anew.

    Parameters
    ----------
    out_dir : str or Path
        Folder of the cohort.
    patients : int
        At least 1.
    frequencies : {"clinical", "uniform"}
        See `draw_lesions`.
    seed : int
        Not negative.
    workers : int, optional
        Processes; the number of usable cores by default.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        `out_dir`.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    SelipError
        If the folder holds another cohort, or cannot be written.
    """
    if patients < 1 or seed < 0 or (workers is not None and workers < 1):
        raise ValueError(f"patients and workers must be 1 or more, seed 0 or more: {patients=}, {workers=}, {seed=}")
    if frequencies not in ("clinical", "uniform"):
        raise ValueError(f"frequencies must be 'clinical' or 'uniform', not {frequencies!r}")
    out_dir = Path(out_dir)
    generator = code_fingerprint("datasets.synthetic.cohort")
    settings = {"patients": patients, "frequencies": frequencies, "seed": seed, "generator": generator}
    if _is_complete(out_dir, settings):
        return out_dir
    _clear(out_dir)
    job = partial(_write_patient, out_dir=out_dir, seed=seed, frequencies=frequencies)
    numbers = range(1, patients + 1)
    made = for_each_patient(job, numbers, workers)
    bar = tqdm(made, total=patients, desc="embedded cohort", unit="patient", disable=not progress)
    _write_tables(sorted(bar, key=lambda tables: tables["reports.csv"][0][0]), out_dir)
    name = f"embedded ({patients} patients, {frequencies} frequencies, seed {seed})"
    about = {"name": name, "data_source": EMBEDDED_SOURCE, "synthetic": True, "settings": settings}
    write_json(out_dir / "cohort.json", about)
    return out_dir


def _write_tables(results: list[dict[str, list[tuple]]], out_dir: Path) -> None:
    for name, columns in _COLUMNS.items():
        table = pd.DataFrame([row for tables in results for row in tables[name]], columns=columns)
        with replacing(out_dir / name) as file:
            table.to_csv(file, index=False, encoding="utf-8", lineterminator="\n")


def _is_complete(out_dir: Path, settings: dict) -> bool:
    """Tell whether this very cohort is there; refuse a folder that holds somebody's data."""
    found = read_json(out_dir / "cohort.json")
    foreign = (found is not None and not found.get("synthetic")) or (
        found is None and (out_dir / "series.csv").exists() and not (out_dir / "truth").is_dir()
    )
    if foreign:
        raise SelipError(f"{out_dir} holds another cohort; give the embedded cohort a folder of its own")
    return found is not None and found.get("settings") == settings


def _clear(out_dir: Path) -> None:
    """Remove what an earlier or interrupted run left; the mark of completeness goes first."""
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        (out_dir / "cohort.json").unlink(missing_ok=True)
        for folder in ("images", "truth"):
            if (out_dir / folder).exists():
                shutil.rmtree(out_dir / folder)
        (out_dir / "truth" / "lesion_masks").mkdir(parents=True)
    except OSError as error:
        raise SelipError(f"cannot prepare {out_dir}: {error.strerror or error}; check permissions and space") from error


def for_each_patient(job: Callable, patients: Sequence, workers: int | None = None) -> Iterator:
    """Yield ``job(patient)`` of each patient, in order; the processes share one template head.

    Parameters
    ----------
    job : callable
        Can be pickled.
    patients : sequence
    workers : int, optional
        Processes; where left out as many as there are processors, or this one alone for a few patients.
    """
    workers = min(workers or (processors() if len(patients) > _FEW else 1), len(patients))
    if workers == 1:
        yield from map(job, patients)
        return
    with tempfile.TemporaryDirectory(prefix="selip-template-") as folder:
        write_template(template(), Path(folder))
        yield from in_processes(job, patients, workers, chunk=4, start=partial(_start_worker, Path(folder)))


def _start_worker(template_folder: Path) -> None:
    adopt_template(template_folder)
    threadpool_limits(1)  # each worker has one core


def _write_patient(number: int, *, out_dir: Path, seed: int, frequencies: str) -> dict[str, list[tuple]]:
    """Make and write one patient; return the rows for each table."""
    sequence = np.random.SeedSequence([seed, number])
    lesion_rng, image_rng, style_rng, report_rng = (np.random.default_rng(s) for s in sequence.spawn(4))
    lesions = draw_lesions(lesion_rng, frequencies=frequencies)
    images = synthesise_patient(lesions, image_rng)
    patient = f"synthetic-{number:05d}"
    held_out = style_rng.random() < HELD_OUT_SHARE
    weights = dict.fromkeys(HELD_OUT_STYLES, 1.0) if held_out else STYLE_WEIGHTS
    chances = np.array(list(weights.values()))
    style = list(weights)[style_rng.choice(len(weights), p=chances / chances.sum())]
    report = write_report(lesions, set(images.series), report_rng, style)
    series = _write_images(images, patient, out_dir)
    return {
        "series.csv": [(patient, patient, name, path) for name, path in series.items()],
        "reports.csv": [(patient, patient, report.findings, report.impression)],
        "labels.csv": [(patient, kind) for kind in sorted({m.kind for m in lesions}) or ["normal"]],
        "masks.csv": _mask_rows(patient, lesions),
        "truth/lesions.csv": _lesion_rows(patient, lesions, images),
        "truth/findings.csv": [(patient, name, finding.site, finding.appearance) for name, finding in report.truth],
        "truth/reports.csv": [(patient, style, int(held_out), int(not lesions))],
    }


def _lesion_rows(patient: str, lesions: list[Lesion], images: PatientImages) -> list[tuple]:
    return [
        (patient, i, m.kind, m.site, m.side, m.shape, m.foci, round(radius_mm(m), 2) if m.site else 0.0, volume)
        for i, (m, volume) in enumerate(zip(lesions, images.volumes_mm3, strict=True), 1)
    ]


def _mask_rows(patient: str, lesions: list[Lesion]) -> list[tuple]:
    """Return where each segmentation target of the patient is: the numbers of its lesions in the mask."""
    numbers = {target: [i for i, m in enumerate(lesions, 1) if m.kind in kinds] for target, kinds in _TARGETS.items()}
    path = f"truth/lesion_masks/{patient}.nii.gz"
    return [(patient, target, path, " ".join(map(str, found))) for target, found in numbers.items() if found]


def _write_images(images: PatientImages, patient: str, out_dir: Path) -> dict[str, str]:
    """Write the series and masks of one patient; return the path of each series, relative to the cohort."""
    paths = {name: f"images/{patient}/{name}.nii.gz" for name in images.series}
    for name, path in paths.items():
        _save(images.series[name], out_dir / path)
    _save(images.lesion_masks, out_dir / f"truth/lesion_masks/{patient}.nii.gz")
    if images.oedema_masks.dataobj.any():
        _save(images.oedema_masks, out_dir / f"truth/oedema_masks/{patient}.nii.gz")
    return paths


def _save(image: nib.Nifti1Image, path: Path) -> None:
    """Write a compressed image beside and rename it."""
    with replacing(path) as file:
        file.write_bytes(nifti_bytes(image))
