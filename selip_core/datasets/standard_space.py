"""A cohort whose heads lie on the template head: ``python -m selip_core.datasets.standard_space COHORT --out DIR``.

Every study moves by one affine, which only the headers of its files tell. No voxel is interpolated: preprocessing puts
a volume onto the model's grid by its header in any case.
"""

import argparse
import gzip
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from selip_core._utils.command import DONE, IN_PART, Parser, add_workers, run_command
from selip_core._utils.files import expanded, replacing, write_json
from selip_core._utils.output_folder import begin, check_apart, finished_before
from selip_core._utils.resumable import resumable_map
from selip_core._utils.tables import write_table
from selip_core.datasets.annotations import read_masks
from selip_core.datasets.cohort import Cohort, load_cohort
from selip_core.datasets.registration import Registration, check_installed, onto_template
from selip_core.preprocessing import VolumeError, usually_named

WORK, FINISHED, TABLE = ".registration", "registration.json", "registration.csv"
PREFERRED = ("T1", "FLAIR", "T2", "T1ce", "DWI", "ADC")
"""Choice: of a study's series the first of these is registered, and the others go with it."""


@dataclass(frozen=True)
class Study:
    """One study: its series and masks, by their paths in the cohort."""

    study_id: str
    series: tuple[tuple[str, str], ...]
    masks: tuple[str, ...]


def in_standard_space(
    source: str | Path, out: str | Path, *, workers: int | None = None, progress: bool = True
) -> pd.DataFrame:
    """Write a cohort again, its heads on the template head; an interrupted call goes on where it was.

    Parameters
    ----------
    source : path
        A cohort (data/README.md); it is not changed.
    out : path
        The new cohort's folder: new, empty, or one that an interrupted call has begun.
    workers : int, optional
        Processes; as many as there are processors where left out.

    Returns
    -------
    DataFrame with ``study_id``, ``sequence``, ``scale``, ``doubt``
        What was registered of each study, how much longer its head became, and why it stays in its own place, or an
        empty text; also in the new cohort's ``registration.csv``.

    Raises
    ------
    SelipError
        If the cohort cannot be read, `out` holds something else, or the disk is full.
    """
    check_installed()
    cohort, out = load_cohort(source), expanded(out).resolve()
    work, inputs = out / WORK, cohort.fingerprint
    check_apart(out, cohort.directory, "the cohort")
    studies = _studies(cohort)
    if finished_before(out / FINISHED, work, inputs):
        return pd.read_csv(out / TABLE, dtype={"study_id": str}, keep_default_na=False)
    begin(out, work, inputs)
    rows = resumable_map(
        partial(_register, source=cohort.directory, out=out), {study.study_id: study for study in studies},
        work / "done.jsonl", workers=workers, desc="registering", unit="study", progress=progress,
    )  # fmt: skip
    table = pd.DataFrame([{"study_id": study, **row} for study, row in rows.items()])
    _copy_tables(cohort.directory, out)
    write_table(table, out / TABLE)
    write_json(out / FINISHED, {"inputs": inputs})
    shutil.rmtree(work)
    return table


def _studies(cohort: Cohort) -> list[Study]:
    """Return the studies of a cohort, with the paths of their masks."""
    masks = read_masks(cohort).table.groupby("study_id")["path"].agg(list)
    studies = []
    for study, rows in cohort.series.groupby("study_id", sort=True):
        series = tuple(zip(rows["sequence"], rows["path"], strict=True))
        studies.append(Study(study, series, tuple(dict.fromkeys(masks.get(study, [])))))
    return studies


def _register(study: Study, *, source: Path, out: Path) -> dict:
    """Write the files of one study with the affine that is found; return a row of the table."""
    order = sorted(study.series, key=lambda one: PREFERRED.index(one[0]))
    sequence, found = "", Registration(np.eye(4), "no series of it can be read")
    for sequence, path in order:
        try:
            found = onto_template(source / path, sequence)
        except VolumeError:  # told where the cohort is used
            continue
        break
    for path in dict.fromkeys([*(path for _, path in study.series), *study.masks]):
        _moved(source / path, out / path, found)
    return {"sequence": sequence, "scale": round(found.scale, 3), "doubt": found.doubt}


def _moved(source: Path, target: Path, found: Registration) -> None:
    """Write a file with its voxels as they are and the new affine; one that cannot be read is copied as it is."""
    if not source.is_file():
        return
    with replacing(target) as partial_path:
        if found.doubt:
            shutil.copyfile(source, partial_path)
            return
        try:
            with usually_named(source) as named:
                image = nib.load(named)
                voxels = np.asanyarray(image.dataobj)
        except Exception:  # a damaged header makes nibabel raise nearly anything
            shutil.copyfile(source, partial_path)
            return
        moved = nib.Nifti1Image(voxels, found.to_template @ image.affine, dtype=voxels.dtype)
        moved.header.set_xyzt_units("mm")
        moved.set_sform(moved.affine, code="mni")
        moved.set_qform(None, code=0)  # a quaternion holds no shear
        data = moved.to_bytes()  # not nib.save, which reads the format off the name
        partial_path.write_bytes(gzip.compress(data, mtime=0) if target.name.lower().endswith(".gz") else data)


def _copy_tables(source: Path, out: Path) -> None:
    """Copy what a cohort says of itself; what an ingest says of its files is no longer so."""
    for path in sorted(source.glob("*.csv")) + [source / "cohort.json"]:
        if path.is_file() and path.name != "quality.csv":
            with replacing(out / path.name) as partial_path:
                shutil.copyfile(path, partial_path)


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options), 3 (some studies stay in their own place) or 130."""
    return run_command(lambda: _parse(arguments), _work, prefix="standard space: ")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser("standard space", prog="python -m selip_core.datasets.standard_space", description=(
        "Write a cohort again with every head laid on the template head (MNI millimetres), by one affine a study that "
        "only the headers tell: for a model that was pretrained on heads in another place, the embedded cohort's "
        "above all."))  # fmt: skip
    parser.add_argument("cohort", type=Path, help="a cohort's folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the new cohort's folder")
    add_workers(parser)
    return parser.parse_args(arguments)


def _work(options: argparse.Namespace) -> int:
    table = in_standard_space(options.cohort, options.out, workers=options.workers)
    doubts = table[table["doubt"] != ""]
    for reason, count in doubts["doubt"].value_counts().items():
        print(f"left in its own place: {count} × {reason}")
    print(f"{len(table) - len(doubts)} of {len(table)} studies on the template head: {options.out / TABLE}")
    return IN_PART if len(doubts) else DONE


if __name__ == "__main__":
    sys.exit(main())
