"""A cohort of four patients on disk and its explorer, for the tests of the explorer and of its widgets."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch

from selip_core._utils.files import write_json
from selip_core.config import PreprocessingSettings
from selip_core.datasets.cohort import load_cohort
from selip_core.datasets.volume_cache import build_cache
from selip_core.encoders.model import build_model
from selip_core.explore.explorer import Explorer, open_explorer
from tests.helpers.data import OPTIONS, PREPROCESSED, SENTENCES, SHAPE
from tests.helpers.dicom_files import head

REPORTS = {
    "p1": "左侧额叶见斑片状长T2信号。",
    "p2": "右侧丘脑见点状高信号。",
    "p3": "双侧侧脑室旁白质见斑点。",
    "p4": "未写明。",
}
SPLIT_OF = {"p1": "train", "p2": "validation", "p3": "test", "p4": "train"}
AFFINE = np.diag([6, 6, 8, 1.0])


def write_head(path: Path, brightness: float = 0.0) -> Path:
    """Write a head with a bright block on the patient's left, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = head().transpose(2, 1, 0)[::-1].astype(np.float32)  # (R, A, S): the block's columns run to the left
    nib.save(nib.Nifti1Image(voxels + brightness, AFFINE), path)
    return path


def write_cohort(folder: Path, reports: dict[str, str] | None = None, name: str = "tiny") -> Path:
    """Write patients with T1 and T2, `REPORTS` or those given; the first has a mask of its bright block."""
    reports, rows = reports or REPORTS, []
    for i, patient in enumerate(reports):
        for j, sequence in enumerate(("T1", "T2")):
            path = f"images/p{i + 1}/{sequence}.nii.gz"
            write_head(folder / path, 40.0 * i + 15 * j)
            rows.append((patient, sequence, path))
    pd.DataFrame(rows, columns=["patient_id", "sequence", "path"]).to_csv(folder / "series.csv", index=False)
    table = pd.DataFrame({"patient_id": reports.keys(), "findings": reports.values()})
    table.to_csv(folder / "reports.csv", index=False)
    block = (head().transpose(2, 1, 0)[::-1] == 1000).astype(np.uint8)
    nib.save(nib.Nifti1Image(block, AFFINE), folder / "mask.nii.gz")
    masks = pd.DataFrame({"patient_id": [next(iter(reports))], "target": ["lesion"], "path": ["mask.nii.gz"]})
    masks.to_csv(folder / "masks.csv", index=False)
    write_json(folder / "cohort.json", {"name": name, "synthetic": True})
    return folder


def make_model(size: int = 16, **config):
    """Return an untrained model of the volumes of `OPTIONS`."""
    torch.manual_seed(size)
    return build_model(
        {"name": "small", "pooling": "located", "width": 8},
        {"name": "small", "max_tokens": 48},
        volume_shape=SHAPE,
        embedding_size=size,
        vocabulary_texts=SENTENCES,
        extra={**PREPROCESSED, **config},
    )


def make_explorer(
    folder: Path,
    reports: dict[str, str] | None = None,
    *,
    sentence_of: dict[str, str] | None = None,
    split_of: dict[str, str] | None = None,
    name: str = "tiny",
) -> Explorer:
    """Return the explorer of a new cohort in `folder`; of `REPORTS` patient p4 has no sentence."""
    cohort = load_cohort(write_cohort(folder / "cohort", reports, name))
    cache = build_cache(cohort, PreprocessingSettings(**OPTIONS), folder / "cache", workers=1, progress=False)
    sentence_of = sentence_of or dict(zip(REPORTS, SENTENCES, strict=False))
    sentences = pd.DataFrame(
        [(patient, sequence, text) for patient, text in sentence_of.items() for sequence in ("T1", "T2")],
        columns=["study_id", "sequence", "sentence"],
    )
    splits = pd.DataFrame((split_of or SPLIT_OF).items(), columns=["patient_id", "split"])
    return open_explorer(make_model(), cache, cohort, sentences=sentences, splits=splits, store=folder / "store")
