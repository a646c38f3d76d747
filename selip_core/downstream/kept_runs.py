"""Results of downstream trainings, kept until their notebook has finished: an interrupted one goes on where it was."""

import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selip_core._utils.files import replacing
from selip_core._utils.hashing import digest


class KeptRuns:
    """A folder of results, one file a training.

    Parameters
    ----------
    folder : Path
        Of one notebook with one code, settings and data: a result is looked up by its training alone.
    """

    def __init__(self, folder: Path):
        self.folder, self._asked = folder, Counter()

    def places(self, task: str, budget: object, runs: Sequence[tuple]) -> list[Path]:
        """Return where the result of each training lies, or will lie; asked for twice, it is another training.

        Parameters
        ----------
        task : str
        budget : anything whose ``repr`` says all of it
        runs : sequence of tuples
            Of arrays, and of what ``str`` tells apart.
        """
        return [self._place(task, repr(budget), run) for run in runs]

    def _place(self, task: str, budget: str, run: tuple) -> Path:
        name = digest(task, budget, *(part.tobytes() if isinstance(part, np.ndarray) else str(part) for part in run))
        self._asked[name] += 1
        return self.folder / f"{name}_{self._asked[name]}.npz"


def read_kept(place: Path) -> np.ndarray | None:
    """Return the result that was kept; None where there is none, or half of one."""
    try:
        with np.load(place, allow_pickle=False) as file:
            return file["result"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def keep(place: Path, result: np.ndarray) -> None:
    """Write a result, whole or not at all.

    Raises
    ------
    SelipError
        If it cannot be written.
    """
    with replacing(place) as partial:
        np.savez_compressed(partial, result=result)  # masks, mostly empty
