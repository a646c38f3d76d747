"""Long work item by item: what is done is logged at once, so that an interrupted call goes on where it was."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from tqdm.auto import tqdm

from selip_core._utils.cluster import Cluster
from selip_core._utils.files import replacing, writing
from selip_core._utils.parallel import in_processes, processors


class DoneLog:
    """What is done, a line of JSON each in a file that only grows: ``[key, result, proof]``.

    A line that a kill has cut off, or that is no such line, is passed over; of two lines with one key the later counts.
    The file is not locked: two calls that write to it may do an item twice and lose none.

    Parameters
    ----------
    path : Path
        Made, with its folder, when the first item is done.

    Attributes
    ----------
    found : dict
        Of each key ``(result, proof)``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, tuple[Any, Any]] = {}
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        self._cut = bool(text) and not text.endswith("\n")
        for line in text.split("\n"):  # splitlines would part a text at U+2028 too
            try:
                key, result, proof = json.loads(line)
                self.found[key] = result, proof
            except (ValueError, TypeError, RecursionError):  # no JSON, not three, no key, brackets without end
                continue

    def add(self, key: str, result: Any, proof: Any = None) -> None:
        """Write that an item is done, with what JSON can hold of its result.

        Raises
        ------
        SelipError
            If the file cannot be written; the message names it.
        """
        line = json.dumps([key, result, proof], ensure_ascii=False) + "\n"
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a", encoding="utf-8") as file:
                file.write("\n" * self._cut + line)
        self._cut = False
        self.found[key] = result, proof


def resumable_map(
    job: Callable[[Any], Any],
    items: Mapping[str, Any],
    log: Path,
    *,
    keep: Callable[[str, Any], Any] = lambda key, made: made,
    proof: Callable[[str], Any] = lambda key: None,
    workers: int | None = None,
    least_per_worker: int = 1,
    cluster: Cluster | None = None,
    desc: str = "",
    unit: str = "it",
    progress: bool = True,
) -> dict[str, Any]:
    """Return ``job(item)`` of every item; what an earlier call has logged, and its proof bears out, is not done again.

    Parameters
    ----------
    job : callable
        Can be pickled.
    items : mapping
        By keys that change with whatever the result depends on: an item of a new key is done anew.
    log : Path
        See `DoneLog`.
    keep : callable
        ``keep(key, made)`` puts away in this process what a job has made; what it returns is the result, logged and
        returned, and must be of JSON.
    proof : callable
        ``proof(key)`` of an item that is done, of JSON: a checksum or size of what was put away. Where it has changed
        since, after a power failure say, the item is done again.
    workers : int, optional
        Processes; as many as there are processors where left out, and fewer where there is little to do.
    least_per_worker : int
        Items that are worth a process.
    cluster : Cluster, optional
        Its workers do the items, in the place of processes.

    Returns
    -------
    dict
        In the order of `items`.

    Raises
    ------
    SelipError
        If the log cannot be written, or a process is killed. Of a cluster, see `selip_core._utils.cluster.on_cluster`.
    """
    known = DoneLog(log)
    done = {key: known.found[key][0] for key in items if key in known.found and known.found[key][1] == proof(key)}
    todo = [key for key in items if key not in done]
    workers = min(workers or processors(), max(len(todo) // least_per_worker, 1))
    made = in_processes(job, [items[key] for key in todo], workers, cluster=cluster)
    bar = tqdm(total=len(items), initial=len(done), desc=desc, unit=unit, disable=not progress)
    with bar:
        for key, result in zip(todo, made, strict=True):
            done[key] = keep(key, result)
            known.add(key, done[key], proof(key))
            bar.update()
    return {key: done[key] for key in items}


def kept_arrays(
    path: Path, key: str, make: Callable[[], dict[str, np.ndarray]], *, compress: bool = False
) -> dict[str, np.ndarray]:
    """Return the arrays that a file keeps under a key; else make and keep them in its place.

    ``joblib.Memory`` would do the same by pickle: a file that someone else has written could then run code.

    Parameters
    ----------
    path : Path
        ``.npz``; a file that is cut off, or of another key, is made anew.
    key : str
        Changes with whatever the arrays depend on.

    Raises
    ------
    SelipError
        If the file cannot be written: a folder that is none is told before anything is made.
    """
    kept = _read_arrays(path)
    if str(kept.pop("key", "")) == key:
        return kept
    with replacing(path) as partial:
        arrays = make()
        (np.savez_compressed if compress else np.savez)(partial, key=np.array(key), **arrays)
    return arrays


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):  # missing, or cut off
        return {}
