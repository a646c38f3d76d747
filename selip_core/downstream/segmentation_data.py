"""Volumes and masks for segmentation on one grid: from a cohort's ``masks.csv``, or from a BraTS folder."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from selip_core._utils.hashing import code_fingerprint, digest
from selip_core._utils.parallel import in_processes, processors
from selip_core._utils.resumable import kept_arrays
from selip_core.config import PreprocessingSettings
from selip_core.datasets.brats import REGIONS, Brats
from selip_core.datasets.cohort import Cohort
from selip_core.datasets.sequences import patient_of
from selip_core.preprocessing import VolumeError, fingerprint, preprocess_array, preprocess_mask, target_affine

UNUSABLE_COLUMNS = ["patient_id", "path", "reason"]


@dataclass(frozen=True)
class Cases:
    """Patients with their masks.

    Parameters
    ----------
    volumes : (n, S, D, H, W) float32
    regions : (n, R, D, H, W) bool
    patients : list of n str
    """

    volumes: np.ndarray
    regions: np.ndarray
    patients: list[str]

    def __len__(self) -> int:
        return len(self.patients)

    def take(self, picked: np.ndarray) -> "Cases":
        """Return the picked cases only."""
        return Cases(self.volumes[picked], self.regions[picked], [self.patients[i] for i in picked])


@dataclass(frozen=True)
class _Job:
    """One patient: the files of its series, of its mask, and the mask's values for each region."""

    patient: str
    images: tuple[str, ...]
    mask: str
    values: tuple[tuple[int, ...], ...]


def cohort_cases(
    cohort: Cohort,
    masks: pd.DataFrame,
    target: str,
    sequences: tuple[str, ...],
    settings: PreprocessingSettings,
    directory: Path,
) -> tuple[Cases, pd.DataFrame]:
    """Return the studies that have a mask of `target` and all the `sequences`, and those that cannot be used.

    Parameters
    ----------
    masks : DataFrame from `selip_core.datasets.annotations.read_masks`
    directory : Path
        Where the preprocessed cases are kept.

    Returns
    -------
    cases : Cases
        One region; the series on the grid of the first.
    problems : DataFrame with ``patient_id``, ``path``, ``reason``
    """
    rows = masks[masks["target"] == target]
    wanted = [(row.study_id, row.patient_id, row.path, (row.values,)) for row in rows.itertuples()]
    return _build(wanted, sequences, cohort, settings, directory, target)


def brats_cases(
    brats: Brats, sequences: tuple[str, ...], settings: PreprocessingSettings, directory: Path
) -> tuple[Cases, pd.DataFrame]:
    """Return the patients of a BraTS folder with their regions whole, core and enhancing; see `cohort_cases`."""
    regions = tuple(REGIONS.values())
    wanted = [(study, patient_of(study), path, regions) for study, path in brats.segmentations.items()]
    return _build(wanted, sequences, brats.cohort, settings, directory, "brats")


def _build(wanted: list[tuple], sequences, cohort: Cohort, settings: PreprocessingSettings, directory: Path, name: str):
    """Preprocess all cases, or read what an earlier call with the same files and settings has kept.

    `wanted` are studies with their patient, mask and its values for each region.
    """
    series = cohort.series.set_index(["study_id", "sequence"])["path"]
    jobs, problems = [], []
    for study, patient, path, values in wanted:
        missing = [s for s in sequences if (study, s) not in series.index]
        if missing:
            problems.append((patient, path, f"no {missing[0]} of this study"))
        else:
            jobs.append(_Job(patient, tuple(series[study, s] for s in sequences), path, values))
    options = settings.model_dump()
    key = digest(cohort.fingerprint, fingerprint(options), str(jobs), code_fingerprint("downstream.segmentation_data"))
    path = Path(directory) / f"{'_'.join([name, *sequences])}.npz"

    def make() -> dict[str, np.ndarray]:
        work = partial(_load, directory=cohort.directory, options=options)
        workers = min(processors(), max(len(jobs) // 8, 1))
        done = tqdm(in_processes(work, jobs, workers, chunk=4), total=len(jobs), desc=name, unit="case")
        return _pack(jobs, list(done), options["shape"])

    kept = kept_arrays(path, key, make, compress=True)
    problems = problems + list(zip(kept["bad_patients"], kept["bad_paths"], kept["reasons"], strict=True))
    cases = Cases(kept["volumes"].astype(np.float32), kept["regions"], kept["patients"].tolist())
    return cases, pd.DataFrame(problems, columns=UNUSABLE_COLUMNS)


def _load(job: _Job, *, directory: Path, options: dict) -> tuple[np.ndarray, np.ndarray] | str:
    """Return volumes (S, D, H, W) float16 and regions (R, D, H, W), or why they cannot be used."""
    first = directory / job.images[0]
    try:
        target = target_affine(first, spacing_mm=options["spacing_mm"], shape=options["shape"])
        volumes = [preprocess_array(directory / image, **options, target=target)[0] for image in job.images]
        regions = [
            preprocess_mask(directory / job.mask, target, values=values, shape=options["shape"])
            for values in job.values
        ]
    except VolumeError as error:
        return str(error).replace(f"{directory}/", "")
    except Exception as error:  # one bad case never stops a cohort, whatever is wrong with it
        return f"{type(error).__name__}: {error}"
    if not any(region.any() for region in regions):
        return "the mask fills no voxel of the model's grid"
    return np.stack(volumes).astype(np.float16), np.stack(regions)


def _pack(jobs: list[_Job], done: list, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    good = [(job, found) for job, found in zip(jobs, done, strict=True) if not isinstance(found, str)]
    bad = [(job, found) for job, found in zip(jobs, done, strict=True) if isinstance(found, str)]
    nothing = np.zeros((0, 1, *shape))
    return {
        "volumes": np.stack([found[0] for _, found in good]) if good else nothing.astype(np.float16),
        "regions": np.stack([found[1] for _, found in good]) if good else nothing.astype(bool),
        "patients": np.array([job.patient for job, _ in good], dtype=str),
        "bad_patients": np.array([job.patient for job, _ in bad], dtype=str),
        "bad_paths": np.array([job.mask for job, _ in bad], dtype=str),
        "reasons": np.array([reason for _, reason in bad], dtype=str),
    }
