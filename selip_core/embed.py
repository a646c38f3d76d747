"""Image features of NIfTI files by a trained model: ``python -m selip_core.embed MODEL FOLDERS --out FILE``."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from selip_core._utils.cluster import Cluster, reach
from selip_core._utils.command import DONE, IN_PART, Parser, add_dask, add_workers, one_or_more, run_command
from selip_core._utils.extras import needs
from selip_core._utils.file_kinds import first_dicom
from selip_core._utils.files import expanded, replacing, writing
from selip_core._utils.hashing import code_fingerprint, digest, weights_digest
from selip_core._utils.parallel import in_processes, processors, read_ahead
from selip_core._utils.tables import read_table
from selip_core.datasets.cohort import on_disk
from selip_core.datasets.sequences import sequence_of_file, standard_sequence
from selip_core.errors import SelipError
from selip_core.explore.studies import StudyGallery, check_each_once
from selip_core.preprocessing import VolumeError, is_nifti_name, preprocess_array

if TYPE_CHECKING:
    from selip_core.encoders.dual import DualEncoder

COLUMNS = ["path", "patient_id", "study_id", "sequence", "reason", "feature"]
"""Of the table of features: `reason` says why a volume has none, and is empty elsewhere."""

STUDY_COLUMNS = ["patient_id", "study_id", "sequences", "left_out", "reason", "feature"]
"""Of the table of studies: the sequences that were fused ("T1+DWI"), how many series could not be used, and, where that
is all of them, the reason of the first."""

Level = Literal["series", "study"]

_FILES_A_PART = 256
_BATCHES_AHEAD = 2


def find_series(sources: Iterable[str | Path]) -> pd.DataFrame:
    """Return the volumes of files, folders and cohorts, each once.

    Returns
    -------
    DataFrame with ``path`` (absolute), ``patient_id``, ``study_id``, ``sequence``
        The three are those of a cohort's ``series.csv``; for other files the sequence is what the name tells, and the
        rest is empty. What a folder's names tell to be segmentations is left out.

    Raises
    ------
    SelipError
        If a source does not exist, there is no NIfTI file in any, or a name cannot be written down (no UTF-8).
    """
    rows: list[tuple[str, str, str, str]] = []
    cohorts: dict[Path, list[tuple[str, str, str, str]]] = {}
    sources = [expanded(source).resolve() for source in sources]
    for source in sources:
        if (source / "series.csv").is_file():
            cohorts[source] = list(_of_cohort(source))
        elif source.is_dir():
            found = [_plain(path) for path in sorted(source.rglob("*")) if _is_nifti(path)]
            volumes = [row for row in found if row[-1] != "mask"]
            if len(found) > len(volumes):
                left_out = next(row[0] for row in found if row[-1] == "mask")
                print(f"{source}: {len(found) - len(volumes)} files are segmentations by their names, as {left_out}",
                      file=sys.stderr)  # fmt: skip
            rows += volumes
        elif source.is_file():
            rows.append(_plain(source))
        else:
            raise SelipError(f"{source} does not exist: give NIfTI files, folders of them, or a cohort")
    rows = [*_told_apart(cohorts), *rows]
    if not rows and (dicom := first_dicom(sources)):
        raise SelipError(f"there is no NIfTI file in what was given. These are DICOM, as {dicom}: python -m "
                         "selip_core.ingest makes a cohort of them")  # fmt: skip
    if not rows:
        raise SelipError("there is no NIfTI file (.nii, .nii.gz) in what was given; links to folders are not followed")
    strange = [path for path, *_ in rows if path.encode("utf-8", "replace").decode() != path]
    if strange:
        raise SelipError(f"{len(strange)} names are no UTF-8, as {strange[0]!r}: rename them, no table can hold them")
    return pd.DataFrame(rows, columns=COLUMNS[:4]).drop_duplicates("path", ignore_index=True)


def _series_of(sources: str | Path | Iterable[str | Path], level: Level) -> pd.DataFrame:
    """Return the volumes as `find_series` does; raise SelipError where they cannot make studies that are asked for."""
    series = find_series([sources] if isinstance(sources, str | Path) else sources)
    if level == "study":
        check_each_once(_with_studies(series))
    return series


def _of_cohort(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield the volumes of a cohort as `load_cohort` reads them; one with an unknown sequence is embedded too."""
    table = read_table(folder / "series.csv", ("patient_id", "sequence", "path"))
    for row in table.itertuples():
        study = getattr(row, "study_id", "") or row.patient_id
        yield str(folder / on_disk(folder, row.path)), row.patient_id, study, standard_sequence(row.sequence) or ""


def _told_apart(cohorts: dict[Path, list[tuple[str, str, str, str]]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of cohorts; where two have a study of one id, ids begin with the cohort's folder."""
    often = Counter(study for rows in cohorts.values() for study in {study for _, _, study, _ in rows})
    alike = any(count > 1 for count in often.values())
    for folder, rows in cohorts.items():
        named = folder if [other.name for other in cohorts].count(folder.name) > 1 else folder.name
        before = f"{named}/" if alike else ""
        for path, patient, study, sequence in rows:
            yield path, f"{before}{patient}", f"{before}{study}", sequence


def _is_nifti(path: Path) -> bool:
    return is_nifti_name(path.name) and not path.name.startswith(".") and path.is_file()


def _plain(path: Path) -> tuple[str, str, str, str]:
    return str(path), "", "", sequence_of_file(path.name.split(".nii")[0])[0] or ""


def embed(
    model: "DualEncoder | str | Path",
    sources: str | Path | Iterable[str | Path],
    out: str | Path | None = None,
    *,
    level: Level = "series",
    batch_size: int = 32,
    workers: int | None = None,
    progress: bool = True,
    dask: str | None = None,
) -> pd.DataFrame:
    """Return the image features of volumes, each alone, or of studies, each of the series that it has.

    Parameters
    ----------
    model : SelipModel (or SelipAutoModel), or what `SelipModel.from_pretrained` takes
    sources : path or list of paths
        NIfTI files, folders (searched in depth) and cohorts.
    out : path, optional
        Parquet file to write, ``.parquet``. An interrupted call goes on where it was, from the parts beside it.
    level : {"series", "study"}
        A row a volume, or a row a study: the ``study_id`` of a cohort; of other files a folder is a study.
    batch_size, workers : int
        Volumes a step of the model, and processes that read and preprocess. They read a script again: there the call
        stands under ``if __name__ == "__main__":``, or has ``workers=1``.
    dask : str, optional
        Address or scheduler file of a Dask cluster, whose workers read and preprocess. The model encodes here.

    Returns
    -------
    DataFrame with `COLUMNS`, or `STUDY_COLUMNS`
        ``feature`` is a unit-norm float32 array (E,), None where ``reason`` says why the volume cannot be used.

    Raises
    ------
    SelipError
        If there is no volume, or none in the model's folder, a study has a sequence twice, `out` exists or cannot be
        written, an option cannot be met, or of `SelipModel.check_preprocessing` and `selip_core._utils.cluster`.
    """
    out = _checked(out, level, batch_size, workers)
    reach(dask)
    if isinstance(model, str | Path):
        from selip_core.encoders.model import SelipModel

        model = SelipModel.from_pretrained(model)
    options = model.preprocessing_options()
    series = _series_of(sources, level)
    parts = _Parts(out, _key(series, model) if out else "")
    tables = {start: parts.read(start) for start in range(0, len(series), _FILES_A_PART)}
    todo = [start for start, table in tables.items() if table is None]
    cluster = Cluster(dask, (Path(series["path"].iloc[0]),)) if dask else None
    for start, table in _embedded(model, series, todo, options, batch_size, workers or processors(), progress, cluster):
        parts.write(start, table)
        tables[start] = table
    table = pd.concat(tables.values(), ignore_index=True)
    table = _of_studies(model, table) if level == "study" else table
    if out:
        _write(table, out, model)
        parts.remove()
    return table


def _checked(out: str | Path | None, level: str, batch_size: int, workers: int | None) -> Path | None:
    """Return the file to write; raise SelipError if it is there, or an option cannot be met."""
    if batch_size < 1 or (workers is not None and workers < 1):
        raise SelipError(f"batch_size {batch_size} and workers {workers}: both must be 1 or more")
    if level not in get_args(Level):
        raise SelipError(f"level {level!r} is none of {', '.join(get_args(Level))}")
    out = _as_parquet(out) if out else None
    if out and out.exists():
        raise SelipError(f"{out} exists already: give another name, it is never overwritten")
    return out


def _as_parquet(out: str | Path) -> Path:
    """Return the file to write; raise SelipError if its name promises another format than is written."""
    out = expanded(out)
    if out.suffix.lower() != ".parquet":
        raise SelipError(f"{out}: the table is written as Parquet, give a name that ends in .parquet")
    return out


def _of_studies(model: "DualEncoder", table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of studies, `STUDY_COLUMNS`, from that of their series."""
    table = _with_studies(table)
    usable = table[table["reason"] == ""]
    features = np.stack(usable["feature"].to_list()) if len(usable) else np.empty((0, model.config["embedding_size"]))
    gallery = StudyGallery(model, usable, features)
    found = table.groupby("study_id", sort=False).agg(
        patient_id=("patient_id", "first"), left_out=("reason", lambda reasons: int((reasons != "").sum())),
        reason=("reason", "first"),
    )  # fmt: skip
    there = gallery.studies.assign(feature=list(gallery.features)).set_index("study_id")
    found = found.join(there[["sequences", "feature"]]).reset_index()
    known = found["sequences"].notna()
    feature = [feature if there else None for feature, there in zip(found["feature"], known, strict=True)]
    reason = found["reason"].where(~known, "")
    found = found.assign(sequences=found["sequences"].fillna(""), reason=reason)
    found["feature"] = pd.Series(feature, dtype=object, index=found.index)
    return found[STUDY_COLUMNS]


def _with_studies(table: pd.DataFrame) -> pd.DataFrame:
    """Return series with the folder for the study where none is known."""
    study = table["study_id"].where(table["study_id"] != "", [str(Path(path).parent) for path in table["path"]])
    return table.assign(study_id=study)


def _embedded(
    model: "DualEncoder", series: pd.DataFrame, todo: list[int], options: dict, batch_size: int, workers: int,
    progress: bool, cluster: Cluster | None,
) -> Iterator[tuple[int, pd.DataFrame]]:  # fmt: skip
    """Yield each part that is to do, named by its first row, with ``reason`` and ``feature`` of its volumes.

    Processes preprocess ahead of a thread that makes batches of the volumes while the model encodes the one before.
    """
    paths = [path for start in todo for path in series["path"].iloc[start : start + _FILES_A_PART]]
    workers = min(workers, max(len(paths), 1))
    volumes = in_processes(partial(_preprocess, options=options), paths, workers, cluster=cluster)
    pieces = [rows for start in todo for rows in _pieces(series, start, batch_size)]
    loaded = read_ahead(pieces, partial(_load, volumes), _BATCHES_AHEAD)
    with tqdm(total=len(series), initial=len(series) - len(paths), desc="embedding", unit="series",
              disable=not progress) as bar:  # fmt: skip
        for start in todo:
            encoded = []
            for _ in _pieces(series, start, batch_size):
                rows, (inputs, reasons) = next(loaded)
                encoded.append(rows.assign(reason=reasons, feature=_features(model, inputs, reasons)))
                bar.update(len(rows))
            yield start, pd.concat(encoded, ignore_index=True)


def _preprocess(path: str, *, options: dict) -> tuple[np.ndarray | None, str]:
    """Return the model input (D, H, W), or None and the reason."""
    try:
        return preprocess_array(path, **options)[0], ""
    except VolumeError as error:
        return None, str(error)
    except Exception as error:  # one bad volume never stops the others
        return None, f"{path}: {type(error).__name__}: {error}"


def _pieces(series: pd.DataFrame, start: int, batch_size: int) -> list[pd.DataFrame]:
    """Return the rows of the part that begins at `start`, a batch each."""
    end = min(start + _FILES_A_PART, len(series))
    return [series.iloc[first : min(first + batch_size, end)] for first in range(start, end, batch_size)]


def _load(volumes: Iterator, rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Return the usable model inputs (b, 1, D, H, W) of some rows, and the reason of each row, empty for the usable.

    `volumes` gives what `_preprocess` returns for each row in turn.
    """
    found = [next(volumes) for _ in range(len(rows))]
    usable = [volume[None] for volume, _ in found if volume is not None]
    return np.stack(usable) if usable else np.empty(0), [reason for _, reason in found]


def _features(model, inputs: np.ndarray, reasons: list[str]) -> list[np.ndarray | None]:
    """Return the feature (E,) of each row, None where there is a reason."""
    import torch

    from selip_core.encoders.inference import encode_batches

    batches = [torch.from_numpy(inputs)] if len(inputs) else []
    encoded = (feature for batch in encode_batches(model, model.encode_image, batches) for feature in batch.numpy())
    return [None if reason else next(encoded) for reason in reasons]


def _key(series: pd.DataFrame, model: "DualEncoder") -> str:
    """Return what parts of a table must have in common: files, what is said of them, model, preprocessing and code."""
    from selip_core.encoders.inference import encoding_fingerprint

    said = [cell for name in COLUMNS[1:4] for cell in series[name]]
    return digest(*_state(series["path"]), *said, encoding_fingerprint(model), code_fingerprint("embed"))


def _state(paths: Iterable[str]) -> list[str]:
    """Return names, sizes and times of change of files."""
    found = []
    for path in paths:
        state = os.stat(path) if os.path.exists(path) else None  # pathlib raises where a name is too long
        found.append(f"{path} {state.st_size} {state.st_mtime_ns}" if state else path)
    return found


class _Parts:
    """What is done of an output file that is not finished, in a folder beside it.

    Not a `resumable_map`: the parts are pieces of the table that comes out, and a log would write the features as text.
    """

    def __init__(self, out: Path | None, key: str):
        self.out = out
        self.folder = out.with_name(f".{out.name}.{key}.parts") if out else None
        if self.folder:
            needs("a table of features", "study", "pyarrow")
            with writing(out):  # told before any work, not after it
                self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, start: int) -> pd.DataFrame | None:
        path = self.folder / f"{start:09d}.parquet" if self.folder else None
        try:
            return pd.read_parquet(path) if path and path.exists() else None
        except (OSError, ValueError):  # a power failure kept it from the disk
            return None

    def write(self, start: int, table: pd.DataFrame) -> None:
        if self.folder:
            with replacing(self.folder / f"{start:09d}.parquet") as path:
                table.to_parquet(path, index=False)

    def remove(self) -> None:
        """Remove the parts, those too that another model or other volumes left of the same file."""
        import shutil
        from glob import escape

        for folder in self.out.parent.glob(f".{escape(self.out.name)}.*.parts"):
            shutil.rmtree(folder, ignore_errors=True)


def _write(table: pd.DataFrame, out: Path, model) -> None:
    told = {key: model.config.get(key) for key in ("data_source", "preprocessing_fingerprint", "embedding_size")}
    told |= {"weights": weights_digest(model), "fusion": weights_digest(model.study_fusion)}
    table.attrs = {"selip": told}
    with replacing(out) as path:
        table.to_parquet(path, index=False)


def main(arguments: list[str] | None = None) -> int:
    """Command line; return 0, 1 (an error), 2 (wrong options), 3 (some volumes could not be used) or 130."""
    parser = Parser("embed", prog="python -m selip_core.embed", description=(
        "Image features of NIfTI files by a trained model, as a Parquet table. Exit status 3: the table is written, "
        "but some volumes could not be used (column reason)."))  # fmt: skip
    parser.add_argument(
        "model",
        help="folder of a model, as results/demo/04_pretraining/models/SeLIP_seed0/best, or its name on the hub",
    )
    parser.add_argument("sources", nargs="+", metavar="FILE_OR_FOLDER", help="NIfTI files, folders, cohorts")
    parser.add_argument("--out", type=_as_parquet, required=True, metavar="FILE.parquet")
    parser.add_argument("--level", choices=get_args(Level), default="series",
                        help="a row a volume, or a row a study: its series fused (default: series)")  # fmt: skip
    parser.add_argument("--batch-size", type=one_or_more, default=32, metavar="N", help="default: %(default)s")
    add_workers(parser)
    add_dask(parser)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    return run_command(lambda: parser.parse_args(arguments), _work, prefix="embed: ")


def _work(options: argparse.Namespace) -> int:
    from selip_core._utils.devices import resolve_device
    from selip_core.encoders.model import SelipModel

    model = SelipModel.from_pretrained(options.model, device=str(resolve_device(options.device)))
    table = embed(model, options.sources, options.out, level=options.level, batch_size=options.batch_size,
                  workers=options.workers, dask=options.dask)  # fmt: skip
    bad = table[table["reason"] != ""]
    for reason in bad["reason"].head(5):
        print(f"not used: {reason}", file=sys.stderr)
    named = "volumes" if options.level == "series" else "studies"
    left_out = table["left_out"].sum() if options.level == "study" else len(bad)
    of_series = f" ({left_out} series)" if options.level == "study" else ""
    print(f"{len(table) - len(bad)} {named} embedded, {len(bad)}{of_series} not used: {options.out}")
    return IN_PART if left_out else DONE


if __name__ == "__main__":
    sys.exit(main())
