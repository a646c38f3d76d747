"""Work spread over the workers of a Dask cluster, in order and bounded, as `selip_core._utils.parallel` does at home.

Nothing of a person may stand in a log that others read. Dask logs what it gives to a worker and what goes wrong there,
so what goes over the wire says nothing when it is shown, and a failure comes back as a result.
"""

import asyncio
import functools
import importlib.metadata
import json
import logging
import os
import platform
import socket
import sys
import traceback
import uuid
import warnings
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from selip_core._utils.extras import needs
from selip_core._utils.hashing import code_fingerprint, digest
from selip_core.errors import SelipError

if TYPE_CHECKING:
    from distributed import Client, Future

VARIABLE = "SELIP_DASK"
"""Of the environment: by it `run_all.sh --dask` tells the notebooks where the cluster is."""
CONNECT_SECONDS = 5
"""How long a scheduler may take to answer."""
_PATIENCE_SECONDS = 30
_READ_FIRST = 2**16
_PACKAGES = ("numpy", "scipy", "nibabel", "pydicom", "dcm2niix", "pillow")
_FILE = "file "
_TALKATIVE = ("nibabel.global", "pydicom")


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster whose workers see the same files as this process, at the same paths.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:8786``, or the path of its scheduler file.
    sees : tuple of Path
        Files by which a worker is known to see the same disks: one of each that the work reads or writes.
    writes : Path, optional
        A folder that the workers write to.
    """

    address: str
    sees: tuple[Path, ...] = ()
    writes: Path | None = None


def reach(address: str | None) -> None:
    """Ask a scheduler, where one is given, who it is, so that a wrong address is told before any work.

    Raises
    ------
    SelipError
        If there is no scheduler, or Dask is not installed.
    """
    if not address:
        return
    needs("--dask", "cluster", "distributed")
    # not by a client, which goes on trying for ten seconds, and complains, when it is thrown away. In a thread, for a
    # notebook has a loop of its own
    with ThreadPoolExecutor(1) as thread:
        try:
            found = thread.submit(asyncio.run, _asked_who(_scheduler(address))).result()
        except SelipError:
            raise
        except Exception as error:  # of the system, of TLS, or of whatever else answers there
            found = type(error).__name__
    if found != "Scheduler":
        raise SelipError(
            f"no Dask scheduler answers at {address} ({found}): start one (`dask scheduler --scheduler-file FILE`) and "
            "give its address or that file"
        )


def on_cluster(job: Callable, items: Iterable, cluster: Cluster, *, chunk: int, ahead: int) -> Iterator:
    """Yield ``job(item)`` of every item in order; what a worker that dies had in hand is done by another.

    Parameters
    ----------
    job : callable
        Can be pickled, and be done twice without harm.
    chunk, ahead : int
        Items a task, and tasks that are given for each thread of the cluster before a result is taken.

    Raises
    ------
    SelipError
        If the scheduler is not reached or lost, workers die of one task again and again, or a worker has other code,
        other versions or other files than this process.
    """
    remaining = iter(items)
    pieces = iter(lambda: list(islice(remaining, chunk)), [])
    first = next(pieces, None)
    if first is None:  # a cluster that may not be there is not asked for nothing
        return
    module = _module_of(job)
    wanted = _state(module, cluster, code_fingerprint)
    name, waiting = f"selip-{uuid.uuid4().hex}", deque()
    with _connected(cluster.address) as client:
        try:
            for number, piece in enumerate(chain([first], pieces)):
                with _failures():
                    work = _Sent((job, piece, module, cluster, wanted))
                    waiting.append(client.submit(_do, work, key=f"{name}-{number}", pure=False))
                    full = len(waiting) >= ahead * max(sum(client.nthreads().values()), 1)
                if full:
                    yield from _taken(waiting.popleft(), client)
            while waiting:
                yield from _taken(waiting.popleft(), client)
        finally:
            for future in waiting:
                future.release()


class _Sent:
    """Anything, in a wrapper that says nothing when it is shown: as a task's argument and result it may be logged."""

    def __init__(self, content: object) -> None:
        self.content = content

    def __repr__(self) -> str:
        return "<of selip>"


def _module_of(job: Callable) -> str:
    """Return the module of this package that a job is defined in, as `code_fingerprint` names it; "" for others."""
    while isinstance(job, functools.partial):
        job = job.func
    package, _, module = (getattr(job, "__module__", None) or "").partition(".")
    return module if package == __name__.partition(".")[0] else ""


def _state(module: str, cluster: Cluster, fingerprint: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """Return what decides the results of a job in this process, name and version each, and what it sees of files."""
    found = {"Python": platform.python_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "none"
    if module:
        found[f"code of {module}"] = fingerprint(module)
    return tuple(found.items()) + tuple((f"{_FILE}{i}", _beginning(path)) for i, path in enumerate(cluster.sees))


def _beginning(path: Path) -> str:
    """Return what tells a file from others, "" where it cannot be read: its size, and how it begins."""
    try:
        with open(path, "rb") as file:
            return digest(str(os.fstat(file.fileno()).st_size), file.read(_READ_FIRST))
    except OSError:
        return ""


_FIRST_SEEN: dict[str, float] = {}
"""When the file of a module that this process has loaded was written, as it was first found."""
_code_at_first = functools.cache(code_fingerprint)
"""What a worker works by is what it has loaded, whatever was written over it since."""


def _changed() -> list[str]:
    """Return the modules of this package that this process has loaded and whose files are others by now."""
    package = __name__.partition(".")[0]
    loaded = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    own = {name: file for name, file in loaded.items() if file and name.partition(".")[0] == package}
    now = {name: os.stat(file).st_mtime if os.path.exists(file) else 0.0 for name, file in own.items()}
    return sorted(name for name, written in now.items() if _FIRST_SEEN.setdefault(name, written) != written)


@functools.cache  # an error is not kept: what is right is asked once a process
def _check(module: str, cluster: Cluster, wanted: tuple[tuple[str, str], ...]) -> None:
    """Raise SelipError, without a path in it, where this worker is not as the process that gives it work."""
    name, here = socket.gethostname(), dict(_state(module, cluster, _code_at_first))
    if changed := _changed():
        raise SelipError(
            f"the Dask worker on {name} has loaded code that was changed since ({changed[0]}): start the workers again"
        )
    other = {key: value for key, value in wanted if here[key] != value}
    if any(key.startswith(_FILE) for key in other):
        raise SelipError(
            f"the Dask worker on {name} does not see the files that this process sees: the workers need the same disk, "
            "mounted at the same path"
        )
    if other:
        told = "; ".join(f"{key} {here[key]} there, {value} here" for key, value in other.items())
        raise SelipError(
            f"the Dask worker on {name} has other software, which could give other results ({told}): start the workers "
            "from the environment and the checkout of this process"
        )
    if cluster.writes and not os.access(cluster.writes, os.W_OK):
        raise SelipError(f"the Dask worker on {name} may not write to the folder of the results: start it as this user")
    warnings.simplefilter("ignore")  # they quote files and headers, and what a worker prints becomes its log
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(logging.CRITICAL + 1)


def _do(work: _Sent) -> _Sent:
    """Return the results of a task and None, or nothing and the error: one that was raised here would be logged."""
    job, items, *place = work.content
    try:
        _check(*place)
        done = [job(item) for item in items]
        _changed()  # what the job has loaded is noted before anything is written over it
        return _Sent((done, None))
    except Exception as error:
        if not isinstance(error, SelipError):
            error.add_note(f"On a Dask worker:\n{traceback.format_exc()}")
        return _Sent(([], error))


def _taken(future: "Future", client: "Client") -> list:
    """Return the results of a task, waiting as long as it takes; where no worker is there, that is said."""
    told, done = False, None
    with _failures():
        while done is None:
            try:
                done = future.result(timeout=_PATIENCE_SECONDS)
            except TimeoutError:
                if not told and not client.nthreads():
                    print("no Dask worker is there: waiting for one", file=sys.stderr, flush=True)
                    told = True
    results, error = done.content
    if error is not None:
        raise error
    return results


@contextmanager
def _failures() -> Iterator[None]:
    """Make of what Dask itself raises a sentence for the user."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    try:
        yield
    except KilledWorker:
        raise SelipError(
            "Dask workers died of the same work again and again, perhaps for want of memory: give each worker more of "
            "it, then run again"
        ) from None
    except (FutureCancelledError, CommClosedError, TimeoutError):
        raise SelipError("the Dask scheduler has gone: start it and its workers, then run again") from None
    except Exception as error:  # before the work had begun, or on its way back
        raise SelipError(
            f"a Dask worker could not take the work ({type(error).__name__}: {error}): start the workers from the "
            "environment and the checkout of this process"
        ) from None


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    reach(address)
    from distributed import Client

    # results come from the workers themselves, where they can be reached: the scheduler would have to hold them
    with Client(_scheduler(address), timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=True) as client:
        yield client


async def _asked_who(address: str) -> str:
    """Return what answers at an address, as it calls itself."""
    from distributed.core import rpc
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    async with rpc(address, timeout=CONNECT_SECONDS, connection_args=arguments) as there:
        return (await asyncio.wait_for(there.identity(), CONNECT_SECONDS))["type"]


def _scheduler(address: str) -> str:
    """Return the address of a scheduler, which may be given by its scheduler file."""
    path = Path(address)
    if not path.is_file() and ":" in address:
        return address
    if not path.is_file():
        raise SelipError(
            f"{address} is neither the address of a Dask scheduler (tcp://host:8786) nor its scheduler file, which is "
            "there once it has started"
        )
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError):
        raise SelipError(f"{address} is no Dask scheduler file: `dask scheduler --scheduler-file` writes one") from None
