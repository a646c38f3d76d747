"""TCGA-LGG in small, as it is published: folders of RGB slices with masks, and a table of codes."""

from pathlib import Path

import numpy as np
from PIL import Image

SIZE, SLICES = 32, 12
HEAD = "Patient,neoplasm_histologic_grade,laterality,tumor_location\n"


def write_patient(root: Path, barcode: str, *, right: bool, without: tuple[str, ...] = (), seed: int = 0) -> Path:
    """Write the slices of one patient: an ellipsoid, and in it a tumour, bright on FLAIR and dark on T1.

    Columns run to the patient's left: a tumour on the right lies in the first half of them.
    """
    folder = root / f"{barcode}_19990101"
    folder.mkdir(parents=True)
    d, h, w = np.mgrid[0:SLICES, 0:SIZE, 0:SIZE]
    head = ((d - 5.5) / 6) ** 2 + ((h - 15.5) / 14) ** 2 + ((w - 15.5) / 12) ** 2 < 1
    tumour = ((d - 6) / 2) ** 2 + ((h - 10) / 4) ** 2 + ((w - (10 if right else 21)) / 4) ** 2 < 1
    noise = np.random.default_rng(seed).normal(0, 6, (3, *head.shape))
    looks = {"T1": -50, "FLAIR": 90, "T1ce": -40}
    volumes = {
        name: np.clip(head * (120 + look * tumour + noise[i]), 0, 255) for i, (name, look) in enumerate(looks.items())
    }
    for name in without:
        volumes[name] = volumes["FLAIR"]
    slices = np.stack([volumes[name] for name in looks], axis=-1).astype(np.uint8)
    for i in range(SLICES):
        Image.fromarray(slices[i]).save(folder / f"{folder.name}_{i + 1}.tif")
        Image.fromarray((tumour[i] * 255).astype(np.uint8)).save(folder / f"{folder.name}_{i + 1}_mask.tif")
    return folder


def write_collection(root: Path, patients: dict[str, int]) -> Path:
    """Write so many patients of each institution, every second one with the tumour on the right."""
    rows = []
    for institution, count in patients.items():
        for i in range(count):
            barcode, right = f"TCGA_{institution}_{4900 + i}", bool(i % 2)
            write_patient(root, barcode, right=right, seed=i, without=("T1ce",) if i % 3 == 0 else ())
            rows.append(f"{barcode},{1 + i % 2},{3 if right else 1},{2 if i % 4 < 2 else 6}\n")
    (root / "data.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    return root
