"""Findings of the embedded cohort with the voxels they fill: what a saliency map is checked against."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from selip_core._utils.parallel import in_processes, processors
from selip_core.config import PreprocessingSettings
from selip_core.datasets.cohort import Cohort
from selip_core.errors import SelipError
from selip_core.preprocessing import FOREGROUND_SHARE, VolumeError, preprocess_mask, target_affine
from selip_core.reports.sentences import Finding, canonical_sentence, without_side

INVISIBLE = ("等信号", "无强化", "水肿")
"""Ends of appearances that are no voxels of the lesion's mask: as bright as the rest, or around the mask."""

_SCALP_MM = 8.0
_LEAST_PER_WORKER = 64


@dataclass(frozen=True)
class FindingCases:
    """Findings of series, each with the mask of its lesion on the grid of the model's input.

    Parameters
    ----------
    table : DataFrame with ``patient_id``, ``study_id``, ``sequence``, ``site``, ``side``, ``text``, ``row``
        ``text`` is the sentence of this finding alone, ``row`` that of the series among the cohort's volumes; ``side``
        is empty on the midline.
    masks : (n, D, H, W) bool
    problems : DataFrame with ``patient_id``, ``path``, ``reason``
        Findings that cannot be used.
    """

    table: pd.DataFrame
    masks: np.ndarray
    problems: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True)
class _Job:
    """A series, the mask of its study, and the number of each finding's lesion in the mask."""

    image: str
    mask: str
    lesions: tuple[int, ...]


def finding_cases(
    cohort: Cohort, index: pd.DataFrame, patients: list[str], settings: PreprocessingSettings
) -> FindingCases:
    """Return the findings of `patients` whose lesion has a mask; a finding that shows nothing there is left out.

    Parameters
    ----------
    cohort : Cohort
        The embedded one, or another with its ``truth/``.
    index : DataFrame with ``row``, ``patient_id``, ``study_id``, ``sequence``, ``path``
        Of the cohort's volume cache.
    patients : list of str
        Those of one split.

    Raises
    ------
    SelipError
        If the cohort has no ``truth/``.
    """
    findings = _findings(cohort)
    findings = findings[findings["patient_id"].isin(patients)]
    columns = ["row", "patient_id", "study_id", "sequence", "path"]
    table = findings.merge(index[columns], on=["patient_id", "sequence"]).reset_index(drop=True)
    series = table.groupby(["patient_id", "path"], sort=False)
    jobs = [
        _Job(path, f"truth/lesion_masks/{patient}.nii.gz", tuple(group["lesion"])) for (patient, path), group in series
    ]
    options = settings.model_dump()
    work = partial(_masks, directory=cohort.directory, spacing_mm=options["spacing_mm"], shape=options["shape"])
    workers = max(min(processors(), len(jobs) // _LEAST_PER_WORKER), 1)
    masks, reasons = np.zeros((len(table), *options["shape"]), bool), pd.Series("", index=table.index)
    for (_, group), found in zip(series, in_processes(work, jobs, workers, chunk=8), strict=True):
        if isinstance(found, str):
            reasons[group.index] = found
            continue
        masks[group.index] = found
        reasons[group.index[~found.any(axis=(1, 2, 3))]] = "its mask fills no voxel of the model's grid"
    good = (reasons == "").to_numpy()
    problems = table.loc[~good, ["patient_id", "path"]].assign(reason=reasons[~good])
    columns = ["patient_id", "study_id", "sequence", "site", "side", "text", "row"]
    return FindingCases(table.loc[good, columns].reset_index(drop=True), masks[good], problems.reset_index(drop=True))


def _findings(cohort: Cohort) -> pd.DataFrame:
    """Return ``patient_id``, ``sequence``, ``site``, ``side``, ``text``, ``lesion`` of every finding with a mask."""
    truth = cohort.directory / "truth"
    if not truth.is_dir():
        raise SelipError(
            f"{cohort.directory} has no truth/: only the embedded cohort says which voxels a finding fills; "
            "run with cohort embedded"
        )
    text = {"patient_id": str}
    lesions = pd.read_csv(truth / "lesions.csv", dtype=text, keep_default_na=False)
    findings = pd.read_csv(truth / "findings.csv", dtype=text, keep_default_na=False)
    findings = findings[~findings["appearance"].str.endswith(INVISIBLE)]
    lesions = lesions[lesions["site"] != ""]
    lesions = lesions.assign(place=lesions["side"] + lesions["site"])[["patient_id", "place", "lesion", "side"]]
    table = findings.merge(lesions, left_on=["patient_id", "site"], right_on=["patient_id", "place"])
    pairs = zip(table["site"], table["appearance"], strict=True)
    sentences = [canonical_sentence([Finding(site, appearance)]) for site, appearance in pairs]
    return table.assign(text=sentences, site=table["site"].map(without_side))


def _masks(job: _Job, *, directory: Path, spacing_mm, shape) -> np.ndarray | str:
    """Return the mask of each lesion (n, D, H, W) on the grid of the series, or why there is none."""
    try:
        target = target_affine(directory / job.image, spacing_mm=spacing_mm, shape=shape)
        return np.stack([
            preprocess_mask(directory / job.mask, target, values=(lesion,), shape=shape) for lesion in job.lesions
        ])  # fmt: skip
    except VolumeError as error:
        return str(error).replace(f"{directory}/", "")


def inside_of_head(volume: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Return where the brain is, roughly: the head with its holes filled, less 8 mm of scalp and skull.

    # Choice: an outline of every slice, for a series brings no brain mask. On diffusion images, which show neither
    # scalp nor skull, it takes 8 mm of the brain too; chance only becomes larger by that.

    Parameters
    ----------
    volume : (D, H, W)
        Preprocessed model input, background at its minimum.
    spacing_mm : (D, H, W)

    Returns
    -------
    (D, H, W) bool
    """
    head = volume > volume.min() + FOREGROUND_SHARE * (volume.max() - volume.min())
    steps = max(round(_SCALP_MM / max(spacing_mm[1:])), 1)
    slices = [ndimage.binary_opening(ndimage.binary_fill_holes(part)) for part in head]
    return np.stack([ndimage.binary_erosion(part, iterations=steps) for part in slices])
