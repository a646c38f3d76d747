"""A cohort of four patients on disk and its explorer, for the tests of the explorer and of its widgets."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch

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


def write_cohort(folder: Path) -> Path:
    """Write four patients with T1 and T2; the first has a mask of its bright block."""
    rows = []
    for i, patient in enumerate(REPORTS):
        for j, sequence in enumerate(("T1", "T2")):
            write_head(folder / "images" / patient / f"{sequence}.nii.gz", 40.0 * i + 15 * j)
            rows.append((patient, sequence, f"images/{patient}/{sequence}.nii.gz"))
    pd.DataFrame(rows, columns=["patient_id", "sequence", "path"]).to_csv(folder / "series.csv", index=False)
    reports = pd.DataFrame({"patient_id": REPORTS.keys(), "findings": REPORTS.values()})
    reports.to_csv(folder / "reports.csv", index=False)
    block = (head().transpose(2, 1, 0)[::-1] == 1000).astype(np.uint8)
    nib.save(nib.Nifti1Image(block, AFFINE), folder / "mask.nii.gz")
    (folder / "masks.csv").write_text("patient_id,target,path\np1,lesion,mask.nii.gz\n", encoding="utf-8")
    (folder / "cohort.json").write_text('{"name": "tiny", "synthetic": true}', encoding="utf-8")
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


def make_explorer(folder: Path) -> Explorer:
    """Return the explorer of a new cohort in `folder`; patient p4 has no sentence."""
    cohort = load_cohort(write_cohort(folder / "cohort"))
    cache = build_cache(cohort, PreprocessingSettings(**OPTIONS), folder / "cache", workers=1, progress=False)
    sentences = pd.DataFrame(
        [
            (patient, sequence, SENTENCES[i])
            for i, patient in enumerate(("p1", "p2", "p3"))
            for sequence in ("T1", "T2")
        ],
        columns=["study_id", "sequence", "sentence"],
    )
    splits = pd.DataFrame({"patient_id": SPLIT_OF.keys(), "split": SPLIT_OF.values()})
    return open_explorer(make_model(), cache, cohort, sentences=sentences, splits=splits, store=folder / "store")
