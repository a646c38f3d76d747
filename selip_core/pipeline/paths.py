"""Where things lie: the project's root, its notebooks, its data, and the results of a notebook."""

import os
import tomllib
from pathlib import Path

from selip_core._utils.files import expanded, what_is_there
from selip_core.errors import SelipError

NOT_GIVEN = "none"
"""What stands for published data that nobody has given."""

GIVEN = {"lgg": "TCGA-LGG folder", "openi": "OpenI table", "ct": "file of coded CT descriptions"}
"""Published data that a run may be given, by the name of its option: what each is."""

_HOLDS = {"cohort": "with series.csv and reports.csv", "BraTS": "with HGG/ and LGG/, or a folder a patient"}


def _is_root(folder: Path) -> bool:
    try:
        with open(folder / "pyproject.toml", "rb") as file:
            return tomllib.load(file).get("project", {}).get("name") == "selip"
    except (OSError, tomllib.TOMLDecodeError):
        return False


def project_root() -> Path:
    """Return the folder that holds ``pyproject.toml``: ``SELIP_ROOT``, or upward from the package, or from here.

    Raises
    ------
    SelipError
        If none of these leads to the project.
    """
    if os.environ.get("SELIP_ROOT"):
        return expanded(os.environ["SELIP_ROOT"]).resolve()
    # The package comes first, so that code and results always belong to the same clone.
    for start in (Path(__file__).resolve(), Path.cwd() / "_"):
        for folder in start.parents:
            if _is_root(folder):
                return folder
    raise SelipError("the SeLIP project folder was not found: start from within the clone, or set SELIP_ROOT to it")


def notebooks_dir() -> Path:
    """Return the folder of the numbered notebooks."""
    return project_root() / "notebooks"


def data_dir() -> Path:
    """Return the folder for cohorts, which git ignores."""
    return project_root() / "data"


def results_dir(profile: str, notebook: str | None = None) -> Path:
    """Return ``results/<profile>`` or ``results/<profile>/<notebook>``; the folder need not exist yet."""
    folder = project_root() / "results" / profile
    return folder / notebook if notebook else folder


def cohort_dir(cohort: str, patients: int, frequencies: str, seed: int) -> Path:
    """Return where a cohort lies: the user's folder, or the place of the embedded cohort of these settings.

    Raises
    ------
    SelipError
        If the user's folder is none.
    """
    if cohort == "embedded":
        return data_dir() / "synthetic" / f"{patients}_patients_{frequencies}_seed{seed}"
    return users_folder(cohort, "cohort")


def brats_dir(brats: str, patients: tuple[int, int], seed: int) -> Path:
    """Return where a BraTS folder lies: the user's, or the place of the embedded one of these settings.

    Raises
    ------
    SelipError
        If the user's folder is none.
    """
    if brats == "embedded":
        return data_dir() / "synthetic_brats" / f"{patients[0]}_HGG_{patients[1]}_LGG_seed{seed}"
    return users_folder(brats, "BraTS")


def users_folder(given: str, what: str) -> Path:
    """Return a user's folder of data, absolute; `what` it is called, ``cohort`` or ``BraTS``.

    Raises
    ------
    SelipError
        If it is none.
    """
    folder = expanded(given)
    if not os.path.isdir(folder):  # in a folder that may not be entered too, where Path's raises
        raise SelipError(f"{what} folder {given} {what_is_there(folder, wanted='folder')}: give the one {_HOLDS[what]}")
    return folder.resolve()


def given_path(given: str, name: str) -> Path | None:
    """Return where published data lie that a run was given, absolute; None where none were. `name` is of `GIVEN`.

    Raises
    ------
    SelipError
        If nothing is there, or a file where a folder should be, or the other way round.
    """
    if given == NOT_GIVEN:
        return None
    path = expanded(given)
    wanted = "folder" if GIVEN[name].endswith("folder") else "file"
    if not os.path.exists(path) or path.is_dir() != (wanted == "folder"):
        wrong = what_is_there(path, wanted=wanted)
        raise SelipError(f"{GIVEN[name]} {given} {wrong}: data/README.md says where it is published")
    return path.resolve()
