"""A volume that is not of the cohort: a NIfTI file that the user names."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from selip_core.errors import SelipError
from selip_core.preprocessing import is_nifti_name


@dataclass(frozen=True, eq=False)
class OwnVolume:
    """A volume that is not of the cohort; equal only to itself.

    Parameters
    ----------
    name : str
    volume : (D, H, W) float32, preprocessed
    feature : (E,), unit norm
    """

    name: str
    volume: np.ndarray
    feature: np.ndarray


def named_file(text: str | Path) -> Path:
    """Return the NIfTI file that a user names; quotes and ``file://``, as file managers copy them, are taken off.

    Raises
    ------
    SelipError
        If nothing is named, the words cannot be a path here, or what lies there is no NIfTI file. A file that is not
        there is left to who reads it.

    Examples
    --------
    >>> named_file("'scans/a b.nii.gz'").as_posix()
    'scans/a b.nii.gz'
    >>> named_file("file:///scans/a%20b.nii.gz").as_posix()
    '/scans/a b.nii.gz'
    """
    text = str(text).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    if text.lower().startswith("file://"):
        text = unquote(urlsplit(text).path)
    if not text:
        raise SelipError("no file is named: type the path of a NIfTI file (.nii, .nii.gz)")
    try:
        path = Path(os.path.expanduser(text))  # unlike Path's own, it leaves the home of an unknown user as it stands
        other = path.exists() and (path.is_dir() or not is_nifti_name(path.name))
    except (OSError, ValueError) as error:  # a name too long, no right to look, a zero byte
        raise SelipError(f"{text[:80]} cannot be used as a path on this computer ({error.args[-1]}): type the path of "
                         "a NIfTI file (.nii, .nii.gz)") from None  # fmt: skip
    if other:
        raise SelipError(f"{path} is no NIfTI file: type the path of one .nii or .nii.gz file; "
                         "python -m selip_core.ingest makes them of DICOM folders")  # fmt: skip
    return path
