"""DICOM series made for tests: a bright ellipsoid, with a person's data in the header."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

PERSON = {
    "PatientName": "Qiuxian^Yuzhen",
    "PatientID": "MRN0012345",
    "PatientBirthDate": "19700412",
    "AccessionNumber": "ACC778899",
    "PatientAddress": "Changan Street 7",
    "ReferringPhysicianName": "Li^Si",
    "InstitutionName": "First Hospital",
    "StudyDate": "20240102",
    "StudyTime": "101500",
}
SHAPE = (12, 32, 32)


def head(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Return an ellipsoid (D, H, W) with a brighter block on the patient's left, which DICOM columns run towards."""
    grid = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    voxels = 400.0 * (sum(axis**2 for axis in grid) < 0.8)
    voxels[shape[0] // 2 - 1 : shape[0] // 2 + 1, 14:18, 22:26] = 1000
    return voxels.astype(np.uint16)


def write_series(
    folder: Path,
    *,
    study: str = "1.2.3",
    series: str | None = None,
    person: dict | None = None,
    normal=(0, 0, 1),
    skip: tuple[int, ...] = (),
    voxels: np.ndarray | None = None,
    spacing_mm: tuple[float, float, float] = (5, 5, 5),
    **header,
) -> list[Path]:
    """Write a series, a file a slice, of `head` where no voxels (D, H, W) are given; `skip` leaves slices out."""
    folder.mkdir(parents=True, exist_ok=True)
    series = series or generate_uid()
    voxels, files = head() if voxels is None else voxels, []
    weighted_t1 = "t1" in str(header.get("SeriesDescription", "")).lower()
    row, column = {(0, 0, 1): ((1, 0, 0), (0, 1, 0)), (1, 0, 0): ((0, 1, 0), (0, 0, -1))}[tuple(normal)]
    for i, plane in enumerate(voxels):
        if i in skip:
            continue
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = MRImageStorage, ExplicitVRLittleEndian
        meta.MediaStorageSOPInstanceUID = generate_uid()
        data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        values = {
            "Modality": "MR",
            "Manufacturer": "SIEMENS",
            "BodyPartExamined": "HEAD",
            "PatientPosition": "HFS",
            "ImageType": ["ORIGINAL", "PRIMARY", "M"],
            "SeriesDescription": "t2_tse_tra",
            "SeriesNumber": 3,
            "RepetitionTime": 500 if weighted_t1 else 4000,
            "EchoTime": 10 if weighted_t1 else 90,
            "SliceThickness": spacing_mm[0],
        }
        for key, value in {**values, **(PERSON if person is None else person), **header}.items():
            setattr(data, key, value)
        data.StudyInstanceUID, data.SeriesInstanceUID, data.InstanceNumber = study, series, i + 1
        data.FrameOfReferenceUID = study
        place = np.array(normal, float) * spacing_mm[0] * i - np.array([80, 80, 0])
        data.ImagePositionPatient, data.ImageOrientationPatient = place.tolist(), [*row, *column]
        data.Rows, data.Columns = plane.shape
        data.PixelSpacing = list(spacing_mm[1:])
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
        data.PixelData = plane.tobytes()
        path = folder / f"IM{i:04d}"
        pydicom.dcmwrite(path, data, enforce_file_format=True)
        files.append(path)
    return files
