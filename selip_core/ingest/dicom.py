"""DICOM series: their headers grouped, their slices checked, and their conversion to NIfTI by dcm2niix."""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np

from selip_core.datasets.sequences import LOW_B_VALUE
from selip_core.ingest.dicom_text import PERSONAL_TAGS, header_text, personal_values

_TEXT = (
    "Modality", "BodyPartExamined", "SeriesDescription", "ProtocolName", "SequenceName", "ContrastBolusAgent",
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "StudyDate", "StudyTime", "SeriesNumber",
    "RepetitionTime", "EchoTime", "InversionTime", "PatientID", "AccessionNumber", "StudyID", "InstanceNumber",
)  # fmt: skip
_GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "ImageType", "DiffusionBValue", "NumberOfFrames")
_PIXELS = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel")
CONVERSION_SECONDS = 900
"""Longest time that the conversion of one series may take."""
TYPICAL_B_VALUE = 1000.0
"""s/mm²; of several b-values the one nearest to this is taken (Choice: what reports of head MRI call DWI)."""


@dataclass(frozen=True)
class Slice:
    """What is read of one DICOM file. `personal` never leaves the process but by `DicomSeries.personal`."""

    path: Path
    header: dict
    personal: tuple[str, ...]


@dataclass(frozen=True)
class DicomSeries:
    """One series: its files in order, the header of the first, and what is wrong with it.

    Parameters
    ----------
    files : tuple of Path
    header : dict
    personal : frozenset of str
        Names, ids, dates and places of the person, to be kept out of every text that is written.
    reason : str
        Why it cannot be used; empty where it can.
    notes : tuple of str
        What was mended without harm.
    """

    files: tuple[Path, ...]
    header: dict
    personal: frozenset[str]
    reason: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)


def is_dicom(path: Path) -> bool:
    """Return whether a file begins as DICOM files do; the preamble decides, names do not."""
    try:
        with open(path, "rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def read_slices(files: Iterable[Path]) -> tuple[list[Slice], list[tuple[Path, str]]]:
    """Return the headers of DICOM images, and the files that hold none with the reason."""
    import warnings

    import pydicom

    slices, refused = [], []
    tags = sorted({*_TEXT, *PERSONAL_TAGS, *_GEOMETRY, *_PIXELS})
    for path in files:
        try:
            with warnings.catch_warnings():  # they quote values of the header
                warnings.simplefilter("ignore")
                with open(path, "rb") as file:
                    found = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags)
                    left = path.stat().st_size - file.tell()
                personal = personal_values(found)
                header = {key: header_text(found, key) for key in _TEXT}
                header |= {key: _plain(found.get(key)) for key in _GEOMETRY}
                pictured, cut = "Rows" in found, _is_cut(found, left)
        except Exception as error:  # a damaged header makes pydicom raise nearly anything
            refused.append((path, f"cannot be read as DICOM ({type(error).__name__}); export it again"))
            continue
        if not pictured or not header["SeriesInstanceUID"]:
            refused.append((path, "DICOM without an image (report, presentation state or directory)"))
        elif cut:
            refused.append((path, "a DICOM slice cut off before the end of its pixels; export it again"))
        else:
            slices.append(Slice(path, header, personal))
    return slices, refused


def _is_cut(found, left: int) -> bool:
    """Return whether fewer bytes are left after the header than the pixels need; of compressed ones nobody knows."""
    syntax = getattr(found, "file_meta", {}).get("TransferSyntaxUID")
    if syntax is None or syntax.is_compressed:
        return False
    frames = int(found.get("NumberOfFrames") or 1)
    bits = int(found.get("BitsAllocated") or 8) * int(found.get("SamplesPerPixel") or 1)
    return left < int(found.get("Rows") or 0) * int(found.get("Columns") or 0) * frames * bits // 8


def _plain(value):
    if value is None or isinstance(value, str | int | float):
        return value
    try:
        return [v if isinstance(v, str) else float(v) for v in value]
    except TypeError:
        return str(value)


def group_series(slices: Iterable[Slice]) -> list[DicomSeries]:
    """Return the series of any pile of slices, however they lie in folders; each checked by `check_slices`.

    A slice that is there twice (one SOP instance) is taken once.
    """
    groups: dict[str, dict[str, Slice]] = {}
    doubled: Counter = Counter()
    for one in slices:
        uid, instance = one.header["SeriesInstanceUID"], one.header["SOPInstanceUID"] or str(one.path)
        doubled[uid] += instance in groups.setdefault(uid, {})
        groups[uid].setdefault(instance, one)
    series = []
    for uid, members in groups.items():
        ordered = sorted(members.values(), key=lambda one: str(one.path))
        header = {**ordered[0].header, "b_value": max((_b_value(one) for one in ordered), default=0.0)}
        personal = frozenset(text for one in ordered for text in one.personal)
        notes = (f"{doubled[uid]} files were copies of others and not used",) if doubled[uid] else ()
        notes += _gap_in_numbers(ordered)
        series.append(DicomSeries(tuple(one.path for one in ordered), header, personal, check_slices(ordered), notes))
    return series


def _gap_in_numbers(slices: list[Slice]) -> tuple[str, ...]:
    """Return a remark where instance numbers are missing: slices left out at an end leave no gap in space.

    Numbers may count over several series of an examination, so this alone sets nothing aside.
    """
    numbers = {int(n) for one in slices if (n := one.header["InstanceNumber"]).isdigit()}
    missing = max(numbers, default=0) - len(numbers)
    if len(numbers) == len(slices) and 0 < missing < len(numbers) and min(numbers) - 1 <= missing:
        return (f"{missing} of its instance numbers are missing: slices may have been left out at an end",)
    return ()


def _b_value(one: Slice) -> float:
    value = one.header["DiffusionBValue"]
    return float(value) if isinstance(value, int | float) else 0.0


def check_slices(slices: list[Slice]) -> str:
    """Return why the slices of a series make no volume, or an empty text.

    Files of several frames (enhanced DICOM, mosaics) and files without a position are left to the converter.
    """
    patients = {(one.header["PatientID"], one.header["StudyInstanceUID"]) for one in slices}
    if len(patients) > 1:
        return "mixed: slices of several patients or studies carry one series UID; export each study again"
    placed = [one for one in slices if one.header["ImagePositionPatient"] and one.header["ImageOrientationPatient"]]
    if len(placed) < len(slices) or any((one.header["NumberOfFrames"] or 1) not in (1, "1") for one in slices):
        return ""
    try:
        turned = np.array([one.header["ImageOrientationPatient"] for one in placed], float).reshape(-1, 6)
        places = np.array([one.header["ImagePositionPatient"] for one in placed], float).reshape(-1, 3)
    except (TypeError, ValueError):
        return "damaged: positions of its slices are no numbers; export it again"
    if np.ptp(turned, axis=0).max() > 0.01:
        planes = len(np.unique(turned.round(2), axis=0))
        return f"mixed: its slices lie in {planes} orientations (a scout, or several series under one UID)"
    along = places @ np.cross(turned[0, :3], turned[0, 3:])
    positions, counts = np.unique(along.round(2), return_counts=True)
    if len(positions) < 2:
        return "" if len(slices) == 1 else f"mixed: all of its {len(slices)} slices lie in one place"
    gaps = np.diff(positions)
    usual = float(np.median(gaps))
    wide = np.flatnonzero(gaps > 1.5 * usual)
    if len(wide):
        missing = int(sum(round(gaps[i] / usual) - 1 for i in wide))
        return f"incomplete: {missing} of {len(positions) + missing} slices are missing; export the series again"
    if len(set(counts)) > 1:
        usual_count = Counter(counts.tolist()).most_common(1)[0][0]
        more, less = int((counts > usual_count).sum()), int((counts < usual_count).sum())
        parts = [f"{more} slices are there more often" if more else "", f"{less} less often" if less else ""]
        return f"doubled or incomplete: {' and '.join(filter(None, parts))} than the others; export the series again"
    return ""


def convert(files: Sequence[Path], sequence: str | None, target: Path) -> str:
    """Write the slices of a series as NIfTI without what tells the person; return why it is none, or an empty text.

    Of several b-values the one nearest to 1,000 s/mm² is taken, the mean over its directions; of several echoes the
    longest.

    Parameters
    ----------
    files : sequence of Path
        Of this series alone.
    sequence : str or None
        What the series is.
    target : Path
        ``.nii.gz``; written only where a volume comes out.
    """
    import dcm2niix

    with tempfile.TemporaryDirectory(prefix=".dcm2niix_", dir=target.parent) as name:
        folder, source = Path(name), Path(name) / "dicom"
        source.mkdir()
        for i, path in enumerate(files):  # links: only this series, whatever else lies beside its files
            (source / f"{i:06d}.dcm").symlink_to(path.resolve())
        # -g i: no defaults file of the user's; -ba y: no person in the sidecar
        options = ["-g", "i", "-b", "y", "-ba", "y", "-z", "n", "-f", "volume", "-o", str(folder)]
        command = [dcm2niix.bin, *options, str(source)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=CONVERSION_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"its conversion took more than {CONVERSION_SECONDS} s"
        volumes = sorted(folder.glob("volume*.nii"))
        if not volumes:
            return f"dcm2niix makes no volume of it (status {done.returncode}); export it again"
        chosen, reason = _choose(volumes, sequence)
        return reason or write_clean(chosen, target, sequence=sequence)


def _choose(volumes: list[Path], sequence: str | None) -> tuple[Path, str]:
    """Return the volume of a series that its sequence means, where dcm2niix makes several."""
    named_adc = [path for path in volumes if path.stem.endswith("_ADC")]
    if sequence == "ADC" and named_adc:
        return named_adc[0], ""
    wanted = [path for path in volumes if not re.search(r"_(ADC|ph|real|imaginary|Raw)", path.stem)] or volumes
    tilted = [path for path in wanted if re.search(r"_(Tilt|Eq)", path.stem)]
    wanted = tilted or wanted
    if len(wanted) > 1 and all(re.search(r"_e\d+", path.stem) for path in wanted):
        wanted = sorted(wanted, key=lambda path: int(re.search(r"_e(\d+)", path.stem)[1]))[-1:]
    if len(wanted) > 1:
        return wanted[0], f"mixed: dcm2niix makes {len(wanted)} volumes of it; export each as a series of its own"
    return wanted[0], ""


def write_clean(source: Path, target: Path, *, sequence: str | None) -> str:
    """Write a NIfTI file with nothing but voxels and geometry; return why it is no volume, or an empty text.

    Descriptions, names and extensions of the header are left out. A diffusion series becomes one volume by its
    ``.bval`` file beside it.

    Parameters
    ----------
    source : Path
        What nibabel reads.
    target : Path
        ``.nii.gz``.
    """
    image = nib.load(source)
    voxels = np.asanyarray(image.dataobj)
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim == 4:
        voxels, reason = _one_volume(voxels, _b_values(source), sequence)
        if reason:
            return reason
    if voxels.dtype == np.float64:
        voxels = voxels.astype(np.float32)
    clean = nib.Nifti1Image(voxels, image.affine)
    clean.header.set_xyzt_units("mm")
    nib.save(clean, target)
    return ""


def _b_values(source: Path) -> np.ndarray | None:
    path = source.with_name(re.sub(r"\.nii(\.gz)?$", ".bval", source.name))
    try:
        return np.loadtxt(path, ndmin=1) if path.is_file() else None
    except ValueError:
        return None


def _one_volume(voxels: np.ndarray, b_values: np.ndarray | None, sequence: str | None) -> tuple[np.ndarray, str]:
    """Return the volume of a 4-D file that stands for it: of diffusion, the mean over the directions of one b-value."""
    if sequence != "DWI":
        return voxels, f"4-D with {voxels.shape[-1]} volumes; give one volume a file"
    if b_values is None or len(b_values) != voxels.shape[-1]:
        return voxels, f"diffusion with {voxels.shape[-1]} volumes but no b-values for them (.bval beside the file)"
    shells = np.unique(b_values[b_values >= LOW_B_VALUE].round(-2))
    if not len(shells):
        return voxels, f"its b-values reach {b_values.max():g} s/mm² only: T2-weighted, no diffusion image"
    shell = shells[np.argmin(np.abs(shells - TYPICAL_B_VALUE))]
    return voxels[..., b_values.round(-2) == shell].mean(axis=-1, dtype=np.float32), ""
