"""What a source folder holds: every series in it, and every file that is none."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.auto import tqdm

from selip_core._utils.cluster import Cluster
from selip_core._utils.hashing import digest
from selip_core._utils.parallel import in_processes, processors
from selip_core.datasets.sequences import sequence_of_header, told_plain
from selip_core.errors import SelipError
from selip_core.ingest.archives import is_archive, not_unpacked, unpack
from selip_core.ingest.blank_ids import is_nobody
from selip_core.ingest.contrast_times import before_the_agent, by_agent_alone
from selip_core.ingest.dicom import DicomSeries, Slice, group_series, is_dicom, read_slices
from selip_core.ingest.identity import person_of_header
from selip_core.ingest.layouts import (
    FoundSeries,
    find_volumes,
    of_their_archives,
    other_volume,
    released_splits,
    released_texts,
    volume_name,
)
from selip_core.ingest.stacks import coded_texts, is_slice, stacked_series

_DICOM_ENDINGS = (".dcm", ".ima", ".dicom")
_NOT_SNIFFED = (
    ".json", ".jsonl", ".csv", ".tsv", ".txt", ".md", ".xlsx", ".xls", ".png", ".jpg", ".bval", ".bvec", ".pdf",
)  # fmt: skip
_FILES_A_JOB = 200
_ENDING = re.compile(r"(\.tar)?\.[^.]+$")

@dataclass
class Inventory:
    """What was found.

    Parameters
    ----------
    series : list of FoundSeries
    refused : Counter of reason
        Files that are no series, counted: their names may tell a person.
    refused_files : list of (path, reason)
        The same with their names, for the key table alone.
    texts : dict of study to dict of sequence to text
        From the released layout.
    coded : dict of study to dict of sequence to text
        What a table of codes says, put into words: nobody has written it.
    splits : dict of study to split
    archives : dict of folder to the archive that was unpacked there
    """

    series: list[FoundSeries] = field(default_factory=list)
    refused_files: list[tuple[str, str]] = field(default_factory=list)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    coded: dict[str, dict[str, str]] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    archives: dict[Path, Path] = field(default_factory=dict)

    @property
    def refused(self) -> Counter:
        """How many files were refused, by reason."""
        return Counter(reason for _, reason in self.refused_files)

    def place(self, path: Path) -> str:
        """Return where a file lies in the source, within an archive as ``ARCHIVE/member``."""
        folder = next((folder for folder in self.archives if path.is_relative_to(folder)), None)
        return str(self.archives[folder] / path.relative_to(folder)) if folder else str(path)


def take_inventory(
    source: Path, work: Path, *, pattern: str | None = None, workers: int | None = None, progress: bool = True,
    cluster: Cluster | None = None,
) -> Inventory:  # fmt: skip
    """Return every series of a folder, or of one archive; archives in it are unpacked into `work`.

    Headers of DICOM files are read by processes, or by the workers of a cluster; all else in this process.

    Raises
    ------
    SelipError
        If the source is neither a folder nor an archive, cannot be read, or holds no series at all.
    """
    found = Inventory()
    if source.is_dir():
        roots = [(source, sorted(_walk(source, found)))]
    elif source.is_file() and is_archive(source):
        roots = [(source.parent, [source])]
    else:
        if source.is_file() and (reason := not_unpacked(source)):
            raise SelipError(f"{source} is {reason}, and give the folder")
        raise SelipError(f"{source} is neither a folder nor a zip or tar file: give the one that holds the images")
    for archive in [path for path in roots[0][1] if is_archive(path)]:
        folder = work / "archives" / hashlib.sha256(os.fsencode(archive)).hexdigest()[:16]
        found.refused_files += [(str(archive), reason) for reason in unpack(archive, folder)]
        found.archives[folder] = archive
        roots.append((folder, sorted(_walk(folder, found))))
    slices_of: list[Path] = []
    alike = set() if pattern else _with_members_alike(roots[1:])
    of_archives: dict[str, list[FoundSeries]] = {}
    for root, files in roots:
        plain = [path for path in files if not is_archive(path)]
        archive = _ENDING.sub("", found.archives[root].name) if root in found.archives else ""
        before = len(found.series)
        slices_of += _sort(root, plain, found, pattern, work, archive=archive)
        if root in alike:
            if archive in of_archives:
                archive = f"{found.archives[root].parent.name}/{archive}"
            of_archives[archive] = found.series[before:]
            del found.series[before:]
    found.series += of_their_archives(of_archives)
    found.series += _dicom_series(slices_of, found, workers or processors(), progress, cluster)
    if not found.series:
        told = "; ".join(f"{count} {reason}" for reason, count in found.refused.most_common(3))
        raise SelipError(f"{source} holds no MRI series that is read here ({told or 'no file at all'})")
    return found


def source_state(source: Path) -> str:
    """Return the fingerprint of a file, or of all below a folder, by names, sizes and times of change."""
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    return digest(*(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files if path.exists()))


def _walk(folder: Path, found: Inventory) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        found.refused_files.append((str(error.filename), f"folder cannot be read ({error.strerror})"))

    for here, folders, files in os.walk(folder, onerror=stop):
        for name in folders:
            if (Path(here) / name).is_symlink():
                found.refused_files.append((str(Path(here) / name), "a link to a folder; give the folder itself"))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            path = Path(here) / name
            if name.startswith("."):
                continue
            if path.is_symlink() and not path.exists():
                found.refused_files.append((str(path), "a link that leads nowhere"))
            else:
                yield path


def _with_members_alike(roots: list[tuple[Path, list[Path]]]) -> set[Path]:
    """Return where archives were unpacked that hold a volume of the same path as another: P1.zip and P2.zip."""
    volumes = {root: {path.relative_to(root) for path in files if volume_name(path)} for root, files in roots}
    often = Counter(path for paths in volumes.values() for path in paths)
    return {root for root, paths in volumes.items() if any(often[path] > 1 for path in paths)}


def _sort(
    root: Path, files: list[Path], found: Inventory, pattern: str | None, work: Path, *, archive: str
) -> list[Path]:
    """Put the files of a root into the inventory; return those that are DICOM."""
    volumes, dicom, informations, split_texts, stacked = [], [], [], [], []
    for path in files:
        if volume_name(path):
            volumes.append(path)
        elif is_slice(path):
            stacked.append(path)
        elif path.name == "information.json":
            informations.append(path)
        elif path.parent.name == "split_txt":
            split_texts.append(path)
        elif path.name.lower().endswith(_DICOM_ENDINGS) or not path.name.lower().endswith(_NOT_SNIFFED):
            if is_dicom(path):
                dicom.append(path)
            else:
                named = path.name.lower().endswith(_DICOM_ENDINGS)
                reason = not_unpacked(path) or other_volume(path)
                reason = reason or ("named like DICOM but is none" if named else "a file of another kind")
                found.refused_files.append((str(path), reason))
    found.series += find_volumes(root, volumes, pattern, archive=archive)
    if stacked:
        series, refused = stacked_series(stacked, work / "stacks")
        found.series += series
        found.refused_files += refused
        found.coded = coded_texts(series, sorted({path.parent.parent for path in stacked}))
    found.texts |= released_texts(informations)
    found.splits |= released_splits(split_texts)
    return dicom


def _dicom_series(
    files: list[Path], found: Inventory, workers: int, progress: bool, cluster: Cluster | None
) -> list[FoundSeries]:
    jobs = [files[i : i + _FILES_A_JOB] for i in range(0, len(files), _FILES_A_JOB)]
    slices: list[Slice] = []
    bar = tqdm(total=len(files), desc="reading DICOM headers", unit="file", disable=not progress or not files)
    with bar:
        results = in_processes(read_slices, jobs, min(workers, max(len(jobs), 1)), cluster=cluster)
        for job, (read, refused) in zip(jobs, results, strict=True):
            slices += read
            found.refused_files += [(str(path), reason) for path, reason in refused]
            bar.update(len(job))
    series = group_series(slices)
    owners: dict[str, set[str]] = {}
    for one in series:
        owners.setdefault(study_of_header(one.header), set()).add(patient_of_header(one.header))
    before = before_the_agent(series)
    return [_found(one, len(owners[study_of_header(one.header)]), i in before) for i, one in enumerate(series)]


def patient_of_header(header: dict) -> str:
    """Return the patient's id, or the study's UID where the id was blanked (``***``, ``anonymous``), or ""."""
    given = header["PatientID"]
    return header["StudyInstanceUID"] if is_nobody(given) else given


def study_of_header(header: dict) -> str:
    """Return the study's UID; where it was blanked, the patient's id with accession number and date; "" for nothing."""
    if not is_nobody(header["StudyInstanceUID"]):
        return header["StudyInstanceUID"]
    if is_nobody(header["PatientID"]):
        return ""
    return " ".join(header[key] for key in ("PatientID", "AccessionNumber", "StudyID", "StudyDate") if header[key])


def _found(one: DicomSeries, owners: int, before: bool) -> FoundSeries:
    header = one.header
    sequence, reason = ("T1", "") if before else sequence_of_header(header)
    study = study_of_header(header)
    if not study:
        reason = "neither a patient's id nor a study UID: nobody can tell whose it is; export it with one of them"
    elif owners > 1:
        reason = f"its study UID is carried by {owners} patients; export each study again"
    number = f"series {header['SeriesNumber']}: " if header["SeriesNumber"] else ""
    return FoundSeries(
        one.files, patient_of_header(header) if study else "", study, sequence,
        f"{number}{header['SeriesDescription'] or header['ProtocolName'] or 'no description'}",
        reason or one.reason, "dicom", one.personal,
        {"accession": header["AccessionNumber"], "study_uid": header["StudyInstanceUID"]}, one.notes,
        f"{header['StudyDate']} {header['StudyTime']} {header['StudyInstanceUID']}", header["b_value"],
        _place(header), before or told_plain(header),
        header["StudyID"],
        person_of_header(header["PatientSex"], header["PatientBirthDate"], header["PatientName"]),
        by_agent=not before and by_agent_alone(header),
    )  # fmt: skip


def _place(header: dict) -> tuple[int, str]:
    """Return the number of a series and when it was acquired: what comes after contrast medium comes later."""
    number = header["SeriesNumber"]
    return int(number) if number.isdecimal() else -1, header["AcquisitionTime"] or header["SeriesTime"]
