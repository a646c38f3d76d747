"""What became of every series of a source: one self-contained page with thumbnails, and a table."""

import html
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from PIL import Image

from selip_core._utils.files import replacing
from selip_core.ingest.report_tables import PROBLEM_COLUMNS, safe_cell

SERIES_COLUMNS = [
    "patient_id", "study_id", "sequence", "description", "shape", "spacing_mm", "orientation", "path", "reason",
]  # fmt: skip
SIDE = 96
"""Pixels of a slice's longer side."""

_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: #1c1c1c;
       max-width: 90rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; font-size: .85rem; margin: .75rem 0; display: block; overflow-x: auto; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #888; } td { overflow-wrap: anywhere; min-width: 4rem; }
img { background: #000; display: block; } nav a { color: #0059a0; margin-right: 1rem; }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


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
        file.writelines(_page(title, kept, set_aside, problems, counts, notes))
    series = pd.concat([kept, set_aside]).reindex(columns=SERIES_COLUMNS, fill_value="")
    with replacing(out / "quality.csv") as partial:
        series.map(safe_cell).to_csv(partial, index=False, encoding="utf-8-sig")  # Excel needs the mark for Chinese


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


def _page(title: str, kept, set_aside, problems, counts: dict[str, int], notes: Iterable[str]) -> Iterator[str]:
    """Yield the page in pieces: with many thousand series it is large."""
    name = html.escape(title)
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Quality of {name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Quality of {name}</h1>\n"
    )
    numbers = pd.DataFrame({"what": [key.replace("_", " ") for key in counts], "number": map(str, counts.values())})
    yield from _table(numbers, ["what", "number"])
    yield f"<ul>{''.join(f'<li>{html.escape(note)}</li>' for note in notes)}</ul>\n"
    yield (
        f'<nav><a href="#problems">Problems ({len(problems)})</a><a href="#aside">Set aside ({len(set_aside)})</a>'
        f'<a href="#kept">Kept ({len(kept)})</a></nav>\n'
        "<p>Thumbnails: axial, coronal, sagittal; the patient's left is on the right.</p>\n"
    )
    yield '<h2 id="problems">Problems of reports and files</h2>\n'
    yield from _table(problems, PROBLEM_COLUMNS)
    yield '<h2 id="aside">Series set aside</h2>\n'
    if len(set_aside):
        reasons = set_aside["reason"].value_counts().rename_axis("reason").reset_index(name="series").map(str)
        yield from _table(reasons, ["series", "reason"])
    yield from _table(set_aside, ["thumbnail", "reason", *SERIES_COLUMNS[:-2]])
    yield '<h2 id="kept">Series kept</h2>\n'
    yield from _table(kept, ["thumbnail", *SERIES_COLUMNS[:-1]])
    yield "</body>\n</html>\n"


def _table(table: pd.DataFrame, columns: list[str]) -> Iterator[str]:
    if table.empty:
        yield "<p>None.</p>\n"
        return
    yield f"<table><thead><tr>{''.join(f'<th>{html.escape(name)}</th>' for name in columns)}</tr></thead><tbody>\n"
    for row in table.reindex(columns=columns, fill_value="").itertuples(index=False, name=None):
        cells = (_cell(name, value) for name, value in zip(columns, row, strict=True))
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"
    yield "</tbody></table>\n"


def _cell(column: str, value: str) -> str:
    value = html.escape(value)
    if column != "thumbnail" or not value:
        return value
    return (
        f'<img loading="lazy" width="{3 * SIDE}" height="{SIDE}" alt="three slices" '
        f'src="data:image/jpeg;base64,{value}">'
    )
