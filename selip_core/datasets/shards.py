"""Where the volumes of a cache lie, in files of a few gigabytes, and how they are read: as one array."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

SHARD_BYTES = 4 * 10**9
"""Choice: one core fills it in minutes, which a cluster may lose; a million studies are some thousand files."""
_MOST_OPEN = 256
"""Of a process; a system may allow it as few as 1,024 files."""


@dataclass(frozen=True)
class Shard:
    """One file of a cache.

    Parameters
    ----------
    number : int
        From 0.
    volumes : Path
        ``.npy`` of the volumes (n, 1, D, H, W).
    log : Path
        What is done of it, while it is not finished.
    outcomes : Path
        What came of each of its series; there once it is finished.
    rows : range
        Of the cache.
    """

    number: int
    volumes: Path
    log: Path
    outcomes: Path
    rows: range


def volumes_a_file(shape: tuple[int, int, int]) -> int:
    """Return how many volumes (D, H, W) float16 a file holds."""
    return max(SHARD_BYTES // volume_bytes(shape), 1)


def volume_bytes(shape: tuple[int, ...]) -> int:
    """Return how many bytes a volume float16 takes."""
    return int(np.prod(shape)) * np.dtype(np.float16).itemsize


def shards_of(directory: Path, series: int, volumes_a_file: int | None) -> list[Shard]:
    """Return the files that the volumes of a cache lie in.

    Parameters
    ----------
    series, volumes_a_file : int
        Volumes of the cache and of each file. Without the second all lie in one, as caches were before shards.
    """
    if volumes_a_file is None:
        names, size = [""], series
    else:
        names, size = [f"-{i:05d}" for i in range(-(-series // volumes_a_file))], volumes_a_file
    return [
        Shard(i, directory / f"volumes{name}.npy", directory / f"done{name}.jsonl",
              directory / f"outcomes{name}.json", range(i * size, min((i + 1) * size, series)))
        for i, name in enumerate(names)
    ]  # fmt: skip


class MappedVolumes:
    """The volumes (N, 1, D, H, W) of a cache, mapped from its files, which are opened when they are read.

    It is indexed by a row, a slice or an array of rows, and by integers or slices of the other axes behind that, as a
    mapped array is. Another process that it is sent to maps the files itself.

    Parameters
    ----------
    directory, series, volumes_a_file
        As `shards_of` takes them.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    files : list of str

    Raises
    ------
    OSError, ValueError
        If the first file is not there or is none.
    """

    def __init__(self, directory: Path, series: int, volumes_a_file: int | None) -> None:
        self._made_of = (directory, series, volumes_a_file)
        self.files = [str(shard.volumes) for shard in shards_of(directory, series, volumes_a_file)]
        self._volumes_a_file = volumes_a_file or series
        self._open = lru_cache(_MOST_OPEN)(self._map)
        first = self._open(0)
        self.shape, self.dtype = (series, *first.shape[1:]), first.dtype

    def __reduce__(self) -> tuple:
        return MappedVolumes, self._made_of

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, picked: object) -> np.ndarray:
        if len(self.files) == 1:
            return self._open(0)[picked]
        rows, *rest = picked if isinstance(picked, tuple) else (picked,)
        if isinstance(rows, int | np.integer):
            shard, row = divmod(int(self._checked(np.array([rows]))[0]), self._volumes_a_file)
            return self._open(shard)[(row, *rest)]
        rows = self._checked(np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows))
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for at in np.argsort(rows, kind="stable"):  # each file once, from its beginning to its end
            shard, row = divmod(int(rows[at]), self._volumes_a_file)
            found[at] = self._open(shard)[row]
        return found[(slice(None), *rest)]

    def _map(self, shard: int) -> np.memmap:
        return np.load(self.files[shard], mmap_mode="r", allow_pickle=False)

    def _checked(self, rows: np.ndarray) -> np.ndarray:
        """Return rows (n,) counted from the beginning; raise IndexError for what no array takes as such."""
        if rows.dtype == bool and rows.shape == self.shape[:1]:
            return np.flatnonzero(rows)
        if rows.ndim != 1 or not (rows.size == 0 or np.issubdtype(rows.dtype, np.integer)):
            raise IndexError(f"rows must be integers (n,), not {rows.dtype} {rows.shape}")
        outside = rows[(rows < -len(self)) | (rows >= len(self))]
        if outside.size:
            raise IndexError(f"row {outside[0]} is out of bounds for {len(self)} volumes")
        return np.where(rows < 0, rows + len(self), rows).astype(int)
