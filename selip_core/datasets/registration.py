"""A head onto the template head: one affine by mutual information, so that a place is the same place in every head."""

import io
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.processing import resample_to_output

from selip_core._utils.extras import needs
from selip_core.datasets.synthetic.anatomy import TISSUES, template
from selip_core.datasets.synthetic.signal import signal_table
from selip_core.preprocessing import load_volume

WORKING_MM = 4.0
"""Choice: mm of the grid on which heads are compared; what is to be found are a few millimetres and degrees."""
LEVELS = {"factors": [2, 1], "sigmas": [2.0, 0.0], "level_iters": [200, 50]}
"""Choice: of dipy's optimiser, coarse to fine."""
BINS = 32
SCALES = (0.7, 1.4)
"""Choice: a head is not smaller or larger than this by the template's; what was found beyond is a failure."""


@dataclass(frozen=True)
class Registration:
    """Where the template head lies in a volume.

    Parameters
    ----------
    to_template : (4, 4)
        From the volume's millimetres (RAS) to those of the template, which are MNI's.
    doubt : str
        Why it is not to be used, or an empty text.
    """

    to_template: np.ndarray
    doubt: str = ""

    @property
    def scale(self) -> float:
        """How much larger the head becomes, in length."""
        return float(np.linalg.det(self.to_template[:3, :3]) ** (1 / 3))


def check_installed() -> None:
    """Raise MissingExtra if the packages that register heads are not installed."""
    needs(__name__, "register", "dipy")


def template_head(sequence: str) -> nib.Nifti1Image:
    """Return the head of the embedded cohort before any deformation, in MNI millimetres.

    Parameters
    ----------
    sequence : str
        What it looks like; T1 stands for those that no scan of the cohort makes.
    """
    return _rendered(sequence if sequence in signal_table(list(TISSUES)) else "T1")


@cache
def _rendered(sequence: str) -> nib.Nifti1Image:
    head = template()
    signal = signal_table(list(TISSUES))[sequence]
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = head.origin_mm
    voxels = head.maps[..., : len(TISSUES)] @ signal.astype(np.float32)
    return resample_to_output(nib.Nifti1Image(voxels, affine), [WORKING_MM] * 3, order=1)


def onto_template(path: str | Path, sequence: str) -> Registration:
    """Return the affine that lays a volume of a head on the template head.

    Parameters
    ----------
    path : path
        NIfTI, any orientation and spacing.
    sequence : str
        What it shows.

    Raises
    ------
    VolumeError
        If the volume cannot be used.
    """
    voxels, affine, _ = load_volume(path)
    moving = resample_to_output(nib.Nifti1Image(voxels, affine), [WORKING_MM] * 3, order=1)
    try:
        found = _affine(template_head(sequence), moving)
    except Exception as error:  # an optimiser that loses its way raises nearly anything
        return Registration(np.eye(4), f"no affine was found ({type(error).__name__})")
    if not np.isfinite(found).all() or np.linalg.det(found[:3, :3]) <= 0:
        return Registration(np.eye(4), "no affine was found")
    result = Registration(np.linalg.inv(found))
    if not SCALES[0] < result.scale < SCALES[1]:
        return Registration(np.eye(4), f"the head would become {result.scale:.2f} times as long")
    return result


def _affine(static: nib.Nifti1Image, moving: nib.Nifti1Image) -> np.ndarray:
    """Return the (4, 4) map from the millimetres of `static` to those of `moving`: rigid first, then free."""
    from dipy.align.imaffine import AffineRegistration, MutualInformationMetric, transform_centers_of_mass
    from dipy.align.transforms import AffineTransform3D, RigidScalingTransform3D, RigidTransform3D

    a, b = (np.ascontiguousarray(image.get_fdata(), dtype=np.float64) for image in (static, moving))
    grids = {"static_grid2world": static.affine, "moving_grid2world": moving.affine}
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():  # it tells every level aloud
        warnings.simplefilter("ignore")
        found = transform_centers_of_mass(a, static.affine, b, moving.affine).affine
        for kind in (RigidTransform3D, RigidScalingTransform3D, AffineTransform3D):
            metric = MutualInformationMetric(nbins=BINS, sampling_proportion=None)
            optimiser = AffineRegistration(metric=metric, **LEVELS, verbosity=0)
            found = optimiser.optimize(a, b, kind(), None, starting_affine=found, **grids).affine
    return found
