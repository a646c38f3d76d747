"""A DICOM series by dcm2niix, or a NIfTI file, into one clean volume: voxels and geometry, and nothing of a person."""

import re
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np

from selip_core.ingest.dicom import dicom_kind, open_dicom
from selip_core.ingest.layouts import volume_name
from selip_core.ingest.own_slices import (
    SLICE_TAGS,
    TYPICAL_B_VALUE,
    doubt_of_slices,
    is_one_echo,
    nearest_shell,
    own_shell,
)
from selip_core.preprocessing import usually_named

if TYPE_CHECKING:
    import pydicom

CONVERSION_SECONDS = 900
"""Longest time that the conversion of one series may take."""
_RESAMPLED = re.compile(r"_(Tilt|Eq)")
"""In the name of a volume: dcm2niix has made an oblique one straight, or slices equally far apart."""


def convert(files: Sequence[Path], sequence: str | None, target: Path) -> str:
    """Write the slices of a series as NIfTI without what tells the person; return why it is none, or an empty text.

    Of several b-values the one nearest to 1,000 s/mm² is taken, the mean over its directions; of several echoes the
    longest. A volume that has not all of the slices' places is none.

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
        heads = _heads(files)
        shell = own_shell(heads) if sequence == "DWI" else None
        if shell is not None:
            files, heads = list(compress(files, shell)), list(compress(heads, shell))
        compressed = _gather(files, heads, source)
        # -g i: no defaults file of the user's; -ba y: no person in the sidecar; -m y: of several echo times one volume
        options = ["-g", "i", "-b", "y", "-ba", "y", "-z", "n", "-f", "volume", "-o", str(folder)]
        options += ["-m", "y"] if is_one_echo(heads) else []
        command = [dcm2niix.bin, *options, str(source)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=CONVERSION_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"its conversion took more than {CONVERSION_SECONDS} s"
        volumes = sorted(folder.glob("volume*.nii"))
        if not volumes and compressed:
            return f"dcm2niix makes no volume of its {compressed} pixels; decompress them (dcmdjpeg, gdcmconv --raw)"
        if not volumes:
            return f"dcm2niix makes no volume of it (status {done.returncode}); export it again"
        chosen, reason = _choose(volumes, sequence)
        if shell is not None:
            _say_one_b_value(chosen)
        # written first: what is set aside is shown too
        return reason or write_clean(chosen, target, sequence=sequence) or _doubt_of_volume(chosen, heads)


def _heads(files: Sequence[Path]) -> list["pydicom.FileDataset"]:
    """Return of each file what tells how dcm2niix has to be given it."""
    tags = ["SOPInstanceUID", *SLICE_TAGS]
    with warnings.catch_warnings():  # they quote values of the header
        warnings.simplefilter("ignore")
        return [_read(path, stop_before_pixels=True, specific_tags=tags) for path in files]


def _say_one_b_value(volume: Path) -> None:
    """Write beside a volume of one shell that all its directions are of it, whatever dcm2niix has said."""
    directions = int(np.prod(nib.load(volume).shape[3:]))
    volume.with_suffix(".bval").write_text(" ".join([f"{TYPICAL_B_VALUE:g}"] * directions))


def _doubt_of_volume(volume: Path, heads: Sequence["pydicom.FileDataset"]) -> str:
    """Return what is wrong with the slices of a volume as dcm2niix makes it; those that it resamples are others."""
    return "" if _RESAMPLED.search(volume.stem) else doubt_of_slices(nib.load(volume).shape, heads)


def _gather(files: Sequence[Path], heads: Sequence["pydicom.FileDataset"], folder: Path) -> str:
    """Put the files of a series, and whatever else lies beside them not, into a folder as dcm2niix reads them.

    What its pixels are compressed by is returned, in words of DICOM.

    Links, but for what it does not read (gzipped, deflated, without the preamble) or drops: it takes slices of one
    instance UID for copies.
    """
    seen: set[str] = set()
    compressed = ""
    with warnings.catch_warnings():  # they quote values of the header
        warnings.simplefilter("ignore")
        for i, (path, head) in enumerate(zip(files, heads, strict=True)):
            target = folder / f"{i:06d}.dcm"
            instance, syntax = str(head.get("SOPInstanceUID") or ""), head.file_meta.get("TransferSyntaxUID")
            plain = syntax is not None and not syntax.is_deflated
            compressed = syntax.name if plain and syntax.is_compressed else compressed
            readable = plain and dicom_kind(path) == "plain"
            if readable and instance and instance not in seen:
                target.symlink_to(path.resolve())
            else:
                _write_plain(_read(path), target)
            seen.add(instance)
    return compressed


def _read(path: Path, **options: object) -> "pydicom.FileDataset":
    import pydicom

    with open_dicom(path) as file:
        return pydicom.dcmread(file, force=True, **options)


def _write_plain(dataset: "pydicom.FileDataset", target: Path) -> None:
    """Write a DICOM file with preamble, uncompressed header and an instance UID of its own.

    Compressed pixels stay as they are.
    """
    from pydicom.uid import (
        DeflatedExplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        generate_uid,
    )

    meta = dataset.file_meta
    syntax = meta.get("TransferSyntaxUID")
    if syntax is None:
        syntax = ExplicitVRLittleEndian if dataset.original_encoding[0] is False else ImplicitVRLittleEndian
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == DeflatedExplicitVRLittleEndian else syntax
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID") or "1.2.840.10008.5.1.4.1.1.4"
    dataset.save_as(target, enforce_file_format=True)


def _choose(volumes: list[Path], sequence: str | None) -> tuple[Path, str]:
    """Return the volume of a series that its sequence means, where dcm2niix makes several."""
    named_adc = [path for path in volumes if path.stem.endswith("_ADC")]
    if sequence == "ADC" and named_adc:
        return named_adc[0], ""
    wanted = [path for path in volumes if not re.search(r"_(ADC|ph|real|imaginary|Raw)", path.stem)] or volumes
    tilted = [path for path in wanted if _RESAMPLED.search(path.stem)]
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
    with usually_named(source) as named:
        image = nib.load(named)
        voxels = np.asanyarray(image.dataobj)
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim == 4:
        voxels, reason = _one_volume(voxels, _b_values(source), sequence)
        if reason:
            return reason
    clean = nib.Nifti1Image(_storable(voxels), image.affine)
    clean.header.set_xyzt_units("mm")
    nib.save(clean, target)
    return ""


def _storable(voxels: np.ndarray) -> np.ndarray:
    """Return voxels in a type that every program reads: integers in 32 bits where they fit, else single precision."""
    if voxels.dtype == np.bool_:
        return voxels.astype(np.uint8)
    if voxels.dtype.kind in "iu" and voxels.dtype.itemsize < 8:
        return voxels
    if voxels.dtype.kind in "iu" and voxels.size and abs(int(voxels.min())) < 2**31 > int(voxels.max()):
        return voxels.astype(np.int32)
    return voxels.astype(np.float32)


def _b_values(source: Path) -> np.ndarray | None:
    path = source.with_name(f"{volume_name(source)}.bval")
    path = path if path.is_file() else _inherited(source)
    try:
        return np.loadtxt(path, ndmin=1) if path else None
    except ValueError:
        return None


def _inherited(source: Path) -> Path | None:
    """Return the ``.bval`` of a BIDS file by the inheritance principle: beside it or above, with no entity of its own.

    The nearest folder counts, up to the one above the subject's; of several there the one with the most entities.
    """
    if not source.name.startswith("sub-"):
        return None
    *entities, suffix = volume_name(source).split("_")
    for folder in source.parents:
        fitting = []
        for path in folder.glob("*.bval"):
            *own, what = path.stem.split("_")
            if what == suffix and set(own) <= set(entities):
                fitting.append((len(own), path))
        if fitting:
            return max(fitting)[1]
        if not any(part.startswith("sub-") for part in folder.parts):
            return None
    return None


def _one_volume(voxels: np.ndarray, b_values: np.ndarray | None, sequence: str | None) -> tuple[np.ndarray, str]:
    """Return the volume of a 4-D file that stands for it: of diffusion, the mean over the directions of one b-value."""
    if sequence != "DWI":
        return voxels, f"4-D with {voxels.shape[-1]} volumes; give one volume a file"
    if b_values is None or len(b_values) != voxels.shape[-1]:
        where = "a .bval file beside it, or inherited from above as in BIDS"
        return voxels, f"diffusion with {voxels.shape[-1]} volumes but no b-values for them ({where})"
    shell = nearest_shell(b_values)
    if shell is None:
        return voxels, f"its b-values reach {b_values.max():g} s/mm² only: T2-weighted, no diffusion image"
    return voxels[..., shell].mean(axis=-1, dtype=np.float32), ""
