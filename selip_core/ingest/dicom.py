"""DICOM series: their headers read and grouped, and their slices checked."""

import filecmp
import gzip
import os
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from selip_core.datasets.sequences import LOW_B_VALUE, header_remarks
from selip_core.ingest.dicom_groups import GROUP_TAGS, frame_places, of_groups
from selip_core.ingest.dicom_text import PERSONAL_TAGS, header_text, personal_values
from selip_core.ingest.geometry import slice_doubts
from selip_core.ingest.private_b_value import PRIVATE_B_TAGS, private_b_value

_TEXT = (
    "Modality", "BodyPartExamined", "SeriesDescription", "ProtocolName", "SequenceName", "ContrastBolusAgent",
    "ContrastBolusVolume", "ContrastBolusRoute", "ContrastBolusStartTime", "AcquisitionDate",
    "StudyDescription", "SOPClassUID", "LossyImageCompression", "SeriesTime", "AcquisitionTime",
    "ImagesInAcquisition", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "StudyDate", "StudyTime",
    "SeriesNumber",
    "RepetitionTime", "EchoTime", "InversionTime", "PatientID", "AccessionNumber", "StudyID", "InstanceNumber",
)  # fmt: skip
_PERSON = ("PatientSex", "PatientBirthDate", "PatientName")
"""What a report's row may contradict; copies of a slice may differ in it."""
_GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "ImageType", "DiffusionBValue", "NumberOfFrames",
             "ScanningSequence", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices",
             "NumberOfSlices")  # fmt: skip
_PIXELS = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel")
MOST_BESIDE_MM = 2.0
"""How far slices of a stack may lie beside each other in their own plane: rounded numbers, not a shear."""
_PREAMBLE = 132
_FIRST_TAGS = {bytes([group, 0, element, 0]) for group in (2, 8) for element in (0, 1, 5, 8, 0x12, 0x16, 0x18)}
_LONGEST_FIRST = 64


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
    """Return whether a file begins as DICOM files do, gzipped or not; its first bytes decide, its name does not."""
    return dicom_kind(path) != ""


def dicom_kind(path: Path) -> str:
    """Return ``plain`` for a DICOM file, ``bare`` without the preamble, ``gzipped``, or "" for any other file.

    Scanners wrote the header alone for years: it begins with group 2 or 8, little-endian.
    """
    try:
        with open_dicom(path) as file:
            start = file.read(_PREAMBLE)
    except (OSError, EOFError, zlib.error):
        return ""
    kind = "plain" if start[128:132] == b"DICM" else "bare" if _bare(start) else ""
    return "gzipped" if kind and isinstance(file, gzip.GzipFile) else kind


def _bare(start: bytes) -> bool:
    if len(start) < 16 or start[:4] not in _FIRST_TAGS:
        return False
    explicit = start[4:6] in (b"UL", b"UI", b"CS", b"OB", b"SH", b"LO", b"DA")
    return explicit or int.from_bytes(start[4:8], "little") <= _LONGEST_FIRST


def open_dicom(path: Path) -> BinaryIO:
    """Open a DICOM file to be read, unpacked where it is gzipped."""
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else open(path, "rb")


def read_slices(files: Iterable[Path]) -> tuple[list[Slice], list[tuple[Path, str]]]:
    """Return the headers of DICOM images, and the files that hold none with the reason."""
    import warnings

    import pydicom

    slices, refused = [], []
    tags = [*sorted({*_TEXT, *_PERSON, *PERSONAL_TAGS, *_GEOMETRY, *_PIXELS, *GROUP_TAGS}), *PRIVATE_B_TAGS]
    for path in files:
        try:
            with warnings.catch_warnings():  # they quote values of the header
                warnings.simplefilter("ignore")
                with open_dicom(path) as file:
                    found = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags, force=True)
                    at = file.tell()
                    left = file.seek(0, os.SEEK_END) - at
                header = {key: header_text(found, key) for key in (*_TEXT, *_PERSON)}
                header |= {key: _plain(found.get(key)) for key in _GEOMETRY}
                header |= {key: value for key, value in of_groups(found).items() if header[key] in (None, "")}
                if header["DiffusionBValue"] is None:
                    header["DiffusionBValue"] = private_b_value(found)
                header["frame_places"] = frame_places(found)
                for key in GROUP_TAGS:  # thousands of frames tell nothing of a person
                    found.pop(key, None)
                personal = personal_values(found)
                pictured, cut = "Rows" in found, _is_cut(found, left)
        except Exception as error:  # a damaged header makes pydicom raise nearly anything
            refused.append((path, f"cannot be read as DICOM ({type(error).__name__}); export it again"))
            continue
        if not pictured:
            refused.append((path, "DICOM without an image (report, presentation state or directory)"))
        elif cut:
            refused.append((path, "a DICOM slice cut off before the end of its pixels; export it again"))
        else:
            slices.append(Slice(path, header, personal))
    return slices, refused


def _is_cut(found, left: int) -> bool:
    """Return whether fewer bytes are left after the header than the pixels need; of compressed ones nobody knows."""
    syntax = getattr(found, "file_meta", {}).get("TransferSyntaxUID")
    if syntax is None or syntax.is_compressed or syntax.is_deflated:
        return False
    frames = int(found.get("NumberOfFrames") or 1)
    bits = int(found.get("BitsAllocated") or 8) * int(found.get("SamplesPerPixel") or 1)
    return left < int(found.get("Rows") or 0) * int(found.get("Columns") or 0) * frames * bits // 8


def _plain(value):
    """Return a value without pydicom's classes, which warn of what it holds wherever they are made."""
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if value is None:
        return None
    try:
        return [v if isinstance(v, str) else float(v) for v in value]
    except TypeError:
        return str(value)


def group_series(slices: Iterable[Slice]) -> list[DicomSeries]:
    """Return the series of any pile of slices, however they lie in folders; each checked by `check_slices`.

    A slice that is there twice is taken once; slices that differ and carry one SOP instance UID are all taken. Where a
    series UID was blanked, the slices of a folder with one number and description are a series.
    """
    groups: dict[tuple, dict[tuple, Slice]] = {}
    doubled: Counter = Counter()
    for one in slices:
        uid, key = _series_of(one), _instance_of(one)
        members = groups.setdefault(uid, {})
        if key not in members:
            members[key] = one
        elif _is_copy(one, members[key]):
            doubled[uid] += 1
        else:
            members[(*key, str(one.path))] = one
    series = []
    for uid, members in groups.items():
        ordered = sorted(members.values(), key=lambda one: str(one.path))
        header = {**ordered[0].header, "b_value": _highest_b(ordered)}
        personal = frozenset(text for one in ordered for text in one.personal)
        notes = (f"{doubled[uid]} files were copies of others and not used",) if doubled[uid] else ()
        instances = {one.header["SOPInstanceUID"] for one in ordered}
        if len(instances) < len(ordered):
            notes += (f"{len(ordered)} different slices carry {len(instances)} SOP instance UIDs; all are used",)
        if not ordered[0].header["SeriesInstanceUID"]:
            notes += ("without a series UID: the files of a folder with one number and name are taken for a series",)
        notes += (*slice_doubts([one.header for one in ordered]), *header_remarks(header))
        series.append(DicomSeries(tuple(one.path for one in ordered), header, personal, check_slices(ordered), notes))
    return series


def _series_of(one: Slice) -> tuple:
    header = one.header
    if header["SeriesInstanceUID"]:
        return (header["SeriesInstanceUID"],)
    return ("", str(one.path.parent), header["SeriesNumber"], header["SeriesDescription"])


def _instance_of(one: Slice) -> tuple:
    """Return what tells a slice from the others of its series: a careless anonymiser gives all of them one UID."""
    header = one.header
    if not header["SOPInstanceUID"]:
        return (str(one.path),)
    what = (header[key] for key in ("InstanceNumber", "ImagePositionPatient", "EchoTime", "DiffusionBValue"))
    return header["SOPInstanceUID"], *map(str, what)


def _is_copy(one: Slice, other: Slice) -> bool:
    """Return whether two slices of one instance, number and place are one, written twice.

    Other parts of a header, and what the pixels are compressed by, may have changed.
    """
    headers = [{key: value for key, value in each.header.items() if key not in _PERSON} for each in (one, other)]
    alike = one.path.stat().st_size == other.path.stat().st_size and headers[0] == headers[1]
    return alike or filecmp.cmp(one.path, other.path, shallow=False) or _same_pixels(one.path, other.path)


def _same_pixels(*paths: Path) -> bool:
    """Return whether files hold the same image, however it is compressed; not where it cannot be unpacked."""
    import warnings

    import pydicom

    images = []
    for path in paths:
        try:
            with warnings.catch_warnings(), open_dicom(path) as file:  # they quote values of the header
                warnings.simplefilter("ignore")
                found = pydicom.dcmread(file, force=True)
                scale = [str(found.get(key) or "") for key in ("RescaleSlope", "RescaleIntercept")]
                images.append((scale, found.pixel_array))
        except Exception:  # damaged, or compressed in a way that nothing here reads
            return False
    return images[0][0] == images[1][0] and np.array_equal(images[0][1], images[1][1])


def _highest_b(slices: list[Slice]) -> float | None:
    """Return the highest b-value of slices, None where it is not known: a slice without one may have a higher."""
    values = [one.header["DiffusionBValue"] for one in slices]
    known = [float(value) for value in values if isinstance(value, int | float)]
    highest = max(known, default=None)
    return None if highest is not None and highest < LOW_B_VALUE and len(known) < len(values) else highest


def check_slices(slices: list[Slice]) -> str:
    """Return why the slices of a series make no volume, or an empty text.

    Mosaics, and files or frames without a position, are left to the converter.
    """
    patients = {(one.header["PatientID"], one.header["StudyInstanceUID"]) for one in slices}
    if len(patients) > 1:
        return "mixed: slices of several patients or studies carry one series UID; export each study again"
    if any("MOSAIC" in (one.header["ImageType"] or ()) for one in slices):
        return ""
    try:
        places = _places(slices)
    except (TypeError, ValueError):
        return "damaged: positions of its slices are no numbers; export it again"
    if not len(places):
        return ""
    if not np.isfinite(places).all():
        return "damaged: positions of its slices are no numbers; export it again"
    return _check_places(places[:, :3], places[:, 3:])


def _places(slices: list[Slice]) -> np.ndarray:
    """Return position and orientation (9) of each slice, or of each frame of files of several; empty if not told."""
    places = []
    for one in slices:
        place, turned = one.header["ImagePositionPatient"], one.header["ImageOrientationPatient"]
        told = place and turned and (one.header["NumberOfFrames"] or 1) in (1, "1")
        places += one.header["frame_places"] or [[*place, *turned] if told else None]
    return np.empty((0, 9)) if None in places else np.array(places, float).reshape(-1, 9)


def _check_places(places: np.ndarray, turned: np.ndarray) -> str:
    """Return why slices at some places, turned so, make no volume, or an empty text."""
    if np.ptp(turned, axis=0).max() > 0.01:
        planes = len(np.unique(turned.round(2), axis=0))
        return f"mixed: its slices lie in {planes} orientations (a scout, or several series under one UID)"
    along = places @ np.cross(turned[0, :3], turned[0, 3:])
    positions, counts = np.unique(along.round(2), return_counts=True)
    if len(positions) < 2:
        return "" if len(places) == 1 else f"mixed: all of its {len(places)} slices lie in one place"
    beside = np.ptp(places @ turned[0].reshape(2, 3).T, axis=0).max()
    if beside > MOST_BESIDE_MM:
        return (f"sheared: its slices are stacked askew, the last lies {beside:.0f} mm beside the first; export it as "
                "it was acquired")  # fmt: skip
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
