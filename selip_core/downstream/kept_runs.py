"""Results of downstream trainings, kept until their notebook has finished: an interrupted one goes on where it was."""

import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selip_core._utils.files import replacing
from selip_core._utils.hashing import digest, file_digest
from selip_core.errors import SelipError


class KeptRuns:
    """A folder of results, one file a training.

    Parameters
    ----------
    folder : Path
        Of one notebook with one code, settings and data: a result is looked up by its training alone.
    """

    def __init__(self, folder: Path):
        self.folder, self._asked, self._models = folder, Counter(), {}

    def places(self, task: str, budget: object, runs: Sequence[tuple]) -> list[Path]:
        """Return where the result of each training lies, or will lie; asked for twice, it is another training.

        Parameters
        ----------
        task : str
        budget : anything whose ``repr`` says all of it
        runs : sequence of tuples
            Of arrays, of model folders, which their weights tell apart, and of what ``str`` does.
        """
        return [self._place(task, repr(budget), run) for run in runs]

    def _place(self, task: str, budget: str, run: tuple) -> Path:
        name = digest(task, budget, *map(self._told, run))
        self._asked[name] += 1
        return self.folder / f"{name}_{self._asked[name]}.npz"

    def _told(self, part: object) -> str | bytes:
        if isinstance(part, np.ndarray):
            return part.tobytes()
        if isinstance(part, Path) and part not in self._models:
            self._models[part] = digest(str(part), *(file_digest(path) for path in sorted(part.glob("*.safetensors"))))
        return self._models[part] if isinstance(part, Path) else str(part)


def read_kept(place: Path) -> np.ndarray | None:
    """Return the result that was kept; None where there is none, or half of one."""
    try:
        with np.load(place, allow_pickle=False) as file:
            return file["result"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def keep(place: Path, result: np.ndarray) -> None:
    """Write a result, whole or not at all; where it cannot be written that is warned of, and ends nothing."""
    try:
        with replacing(place) as partial:
            np.savez_compressed(partial, result=result)  # masks, mostly empty
    except SelipError as error:
        warnings.warn(f"a finished training is not kept for the case of an interruption: {error}", stacklevel=2)
