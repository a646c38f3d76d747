"""What became of every series of a source: one self-contained page with thumbnails, and a table."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from PIL import Image

from selip_core._utils.files import replacing
from selip_core._utils.pages import page_template
from selip_core._utils.tables import write_table
from selip_core.ingest.report_tables import PROBLEM_COLUMNS, safe_cell

SERIES_COLUMNS = [
    "patient_id", "study_id", "sequence", "description", "shape", "spacing_mm", "orientation", "path", "reason",
]  # fmt: skip
SIDE = 96
"""Pixels of a slice's longer side; the page's style shows three of them beside each other."""

_TEMPLATE = Path(__file__).with_name("quality.html.j2")


def write_quality_report(
    out: Path,
    *,
    title: str,
    kept: pd.DataFrame,
    set_aside: pd.DataFrame,
    problems: pd.DataFrame,
    counts: dict[str, int],
    notes: Iterable[str] = (),
) -> None:
    """Write ``quality.html`` and ``quality.csv`` (one row a series, an empty reason where it is kept) into a folder.

    Parameters
    ----------
    out : Path
    title : str
    kept, set_aside : DataFrame with the `SERIES_COLUMNS`, as far as they are known, and ``thumbnail``
        The last is what `thumbnail` returns in base64, or "". Nothing is removed here: pseudonyms must be in place.
    problems : DataFrame with ``where``, ``patient_id``, ``study_id``, ``problem``, ``consequence``
        Of reports and of files that are no series, orphans among them.
    counts : dict
        Shown first, under these names.
    notes : iterable of str

    Raises
    ------
    SelipError
        If the folder cannot be written.
    """
    kept, set_aside, problems = (_as_text(table) for table in (kept, set_aside, problems))
    with replacing(out / "quality.html") as partial, open(partial, "w", encoding="utf-8") as file:
        file.writelines(_pieces(title, kept, set_aside, problems, counts, notes))
    series = pd.concat([kept, set_aside]).reindex(columns=SERIES_COLUMNS, fill_value="")
    write_table(series.map(safe_cell), out / "quality.csv", encoding="utf-8-sig")  # Excel needs the mark for Chinese


def thumbnail(path: str | Path) -> bytes | None:
    """Return a small JPEG of the middle axial, coronal and sagittal slices, or None where the file cannot be read.

    In the radiologist's view: the patient's left is on the right. The axes are those nearest to the body's; of a series
    of volumes the first is shown.
    """
    try:
        with nib.imageglobals.LoggingOutputSuppressor(), np.errstate(all="ignore"):
            image = nib.load(path)
            voxels = image.dataobj[(..., *[0] * (len(image.shape) - 3))]
            voxels, spacing = _to_ras(np.atleast_3d(voxels), image.affine)
            i, j, k = (n // 2 for n in voxels.shape)
            x, y, z = spacing
            slices = [
                (voxels[::-1, ::-1, k].T, y, x), (voxels[::-1, j, ::-1].T, z, x), (voxels[i, ::-1, ::-1].T, z, y),
            ]  # fmt: skip
            return _jpeg(slices)
    except Exception:  # what is wrong with a file is told elsewhere; a thumbnail stops nothing
        return None


def _to_ras(voxels: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels turned to RAS, and their spacing in mm; as stored where the affine says nothing."""
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-6:
        return voxels, np.ones(3)
    orientation = nib.io_orientation(affine)
    spacing = np.empty(3)
    spacing[orientation[:, 0].astype(int)] = nib.affines.voxel_sizes(affine)
    return nib.apply_orientation(voxels, orientation), spacing


def _jpeg(slices: list[tuple[np.ndarray, float, float]]) -> bytes:
    """Return slices (rows, columns) with the mm of a row and of a column side by side, each in a black square."""
    slices = [(np.nan_to_num(np.asarray(s, np.float32), posinf=0, neginf=0), dy, dx) for s, dy, dx in slices]
    low, high = np.percentile(np.concatenate([s.ravel() for s, _, _ in slices]), (1, 99.5))
    sheet = Image.new("L", (len(slices) * SIDE, SIDE))
    for number, (pixels, dy, dx) in enumerate(slices):
        grey = (255 * np.clip((pixels - low) / max(high - low, 1e-12), 0, 1)).astype(np.uint8)
        size = np.array([pixels.shape[1] * dx, pixels.shape[0] * dy])
        width, height = np.maximum(np.round(SIDE * size / size.max()), 1).astype(int).tolist()
        one = Image.fromarray(grey).resize((width, height), Image.Resampling.BILINEAR)
        sheet.paste(one, (number * SIDE + (SIDE - width) // 2, (SIDE - height) // 2))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(object).where(table.notna(), "").map(str)


def _pieces(title: str, kept, set_aside, problems, counts: dict[str, int], notes: Iterable[str]) -> Iterator[str]:
    """Yield the page in pieces: with many thousand series it is large."""
    reasons = set_aside["reason"].value_counts().rename_axis("reason").reset_index(name="series").map(str)
    numbers = pd.DataFrame({"what": [key.replace("_", " ") for key in counts], "number": map(str, counts.values())})
    return page_template(_TEMPLATE).generate(
        title=title, notes=list(notes), counts=_table(numbers, ["what", "number"]),
        problems=_table(problems, PROBLEM_COLUMNS), reasons=_table(reasons, ["series", "reason"]),
        set_aside=_table(set_aside, ["thumbnail", "reason", *SERIES_COLUMNS[:-2]]),
        kept=_table(kept, ["thumbnail", *SERIES_COLUMNS[:-1]]),
    )  # fmt: skip


def _table(table: pd.DataFrame, columns: list[str]) -> dict[str, list]:
    rows = table.reindex(columns=columns, fill_value="").itertuples(index=False, name=None)
    return {"columns": columns, "rows": list(rows)}
