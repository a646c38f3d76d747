"""Execute notebooks through papermill: the traps caught, the progress shown, a failure in three lines."""

import ast
import html
import json
import logging
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from selip_core._utils.files import CHECK_THE_DISK, OF_THE_DISK
from selip_core.errors import SelipError

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TAG = re.compile(r"<[^>]+>")
_ERRNO = re.compile(r"\[Errno (\d+)\] (.*)", re.DOTALL)
_HEARTBEAT_S = 60


class NotebookFailure(SelipError):
    """A notebook did not come to its end; the message is the three lines that the user reads."""

    def __init__(self, notebook: str, executed: Path, cell: str, cause: str) -> None:
        cause = " ".join(_ANSI.sub("", cause).split()) or "no message"
        super().__init__(f"notebook: {notebook} (executed copy: {executed})\ncell:     {cell}\ncause:    {cause}")


def check_parameters(path: Path, parameters: dict[str, str | int]) -> int:
    """Refuse a notebook in which papermill would silently run the defaults.

    Returns
    -------
    int
        Index of the parameters cell.

    Raises
    ------
    NotebookFailure
        If not exactly one cell is tagged ``parameters``, if it holds anything but literals, or if a parameter is
        unknown there or of another type.
    """

    def refuse(cell: str, cause: str) -> None:
        raise NotebookFailure(path.stem, path, cell, cause)

    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception as error:  # nbformat raises many types for what is not a notebook
        refuse("none", f"{path.name} is not a readable notebook: {error}")
    tagged = [i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        refuse("none" if not tagged else str(tagged[1] + 1), f"{len(tagged)} cells are tagged 'parameters', not one")
    place = f"{tagged[0] + 1} of {len(cells)}"
    try:
        assigned = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in ast.parse(cells[tagged[0]].source).body
            if isinstance(node, ast.Assign)
        }
    except (SyntaxError, ValueError, AttributeError):
        refuse(place, "the parameters cell may only assign literals")
    for name, value in parameters.items():
        if name not in assigned:
            refuse(place, f"unknown parameter {name!r}: the parameters cell defines {', '.join(assigned) or 'none'}")
        if type(assigned[name]) is not type(value):
            refuse(place, f"parameter {name!r} is {type(assigned[name]).__name__} there, {type(value).__name__} here")
    return tagged[0]


def takes_parameter(path: Path, name: str) -> bool:
    """Return whether the parameters cell of a notebook defines a name; False where there is no such cell."""
    with suppress(Exception):  # what is wrong with the notebook is told when it is run
        cells = nbformat.read(path, as_version=4).cells
        cell = next(cell for cell in cells if "parameters" in cell.metadata.get("tags", []))
        return any(isinstance(n, ast.Assign) and n.targets[0].id == name for n in ast.parse(cell.source).body)
    return False


class _Progress:
    """What the watching thread shows: the cell under way, and the last line of progress that it wrote."""

    def __init__(self, cells: int, parameters_at: int, log: Path) -> None:
        self.cells, self.parameters_at, self.cell, self.detail = cells, parameters_at, 0, ""
        self.log, self.client = log, None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("", encoding="utf-8")

    def write(self, text: str) -> None:
        with open(self.log, "a", encoding="utf-8") as file:
            file.write(_ANSI.sub("", text))

    def number(self, index: int) -> int:
        """Return which cell of the committed notebook this is, from 1: papermill has added one after the parameters."""
        return index + 1 - (index > self.parameters_at)

    def start_cell(self, index: int, source: str) -> None:
        self.cell, self.detail = self.number(index), ""
        first = source.strip().splitlines()[0] if source.strip() else ""
        self.write(f"\n[{time.strftime('%H:%M:%S')}] cell {self.cell} of {self.cells}: {first}\n")

    def see(self, message: dict) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self.write(content["text"])
            self._show(content["text"])
        elif kind == "error":
            self.write("\n".join(content["traceback"]) + "\n")
        elif kind == "comm_msg":  # tqdm's bar in a notebook is a widget: its text is the widget's value
            value = content.get("data", {}).get("state", {}).get("value")
            if isinstance(value, str):
                self._show(html.unescape(_TAG.sub("", value)))

    def _show(self, text: str) -> None:
        lines = [line.strip() for line in re.split(r"[\r\n]", _ANSI.sub("", text)) if line.strip()]
        if lines:
            self.detail = lines[-1]


class _Client(PapermillNotebookClient):
    def __init__(self, nb_man: object, progress: _Progress, **options: object) -> None:
        super().__init__(nb_man, **options)
        self.progress = progress
        progress.client = self

    def execute_cell(self, cell: nbformat.NotebookNode, cell_index: int, **options: object) -> nbformat.NotebookNode:
        self.progress.start_cell(cell_index, cell.source)
        return super().execute_cell(cell, cell_index, **options)

    def process_message(self, message: dict, cell: nbformat.NotebookNode, cell_index: int) -> object:
        self.progress.see(message)
        return super().process_message(message, cell, cell_index)


class _Engine(NBClientEngine):
    @classmethod
    def execute_managed_notebook(cls, nb_man: object, kernel_name: str, progress: _Progress, **options: object) -> None:
        # a run that has finished has written its files: the kernel need not clean up, which takes one to three seconds
        _Client(
            nb_man, progress, kernel_name=kernel_name, timeout=None, startup_timeout=options.get("start_timeout", 60),
            shutdown_kernel="immediate",
        ).execute()  # fmt: skip


papermill_engines.register("selip", _Engine)


@contextmanager
def own_kernels(folder: Path, *, threads: int | None = None) -> Iterator[None]:
    """Within the block, start kernels of this very interpreter and package, and in `folder`, whatever is installed.

    With `threads` each computes with so many, unless OMP_NUM_THREADS says otherwise.
    """
    before, here = os.environ.get("JUPYTER_PATH"), os.getcwd()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # after a failure it complains of what waits for the kernel
    with tempfile.TemporaryDirectory() as temporary:
        _write_kernel(Path(temporary), threads)
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [temporary, before]))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)
            os.environ.pop("JUPYTER_PATH") if before is None else os.environ.update(JUPYTER_PATH=before)


def _write_kernel(folder: Path, threads: int | None) -> None:
    place = folder / "kernels" / "python3"
    place.mkdir(parents=True)
    # level 40: no warning about loopback connections in front of the user's lines
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--IPKernelApp.log_level=40"]
    # and of this very package: it works in another folder, where a relative PYTHONPATH leads nowhere
    here = str(Path(__file__).resolve().parents[2])
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))}
    if threads and not os.environ.get("OMP_NUM_THREADS"):
        environment["OMP_NUM_THREADS"] = str(threads)
    spec = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python", "env": environment}
    (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


class Execution:
    """A notebook that is being executed; its copy and a log are kept in `folder`.

    It begins at once, within `own_kernels`, in a thread of its own, so that Ctrl-C stays with the main one.

    Parameters
    ----------
    path : Path
    folder : Path
    parameters : dict
    label : str
        Stands before what is said of it.

    Raises
    ------
    NotebookFailure
        If its parameters would be ignored.
    """

    def __init__(self, path: Path, folder: Path, parameters: dict[str, str | int], label: str) -> None:
        parameters_at = check_parameters(path, parameters)
        self.notebook, self.executed, self.label = path.stem, folder / "executed.ipynb", label
        folder.mkdir(parents=True, exist_ok=True)
        n_cells = len(nbformat.read(path, as_version=4).cells)
        self.progress = _Progress(n_cells, parameters_at, folder / "log.txt")
        self.begun = self.told = time.monotonic()
        self._seconds, self._error = 0.0, None
        self._thread = threading.Thread(target=self._work, args=(path, parameters), daemon=True)
        self._thread.start()

    def _work(self, path: Path, parameters: dict[str, str | int]) -> None:
        try:
            papermill.execute_notebook(
                path, self.executed, parameters=parameters, engine_name="selip", kernel_name="python3",
                language="python", progress_bar=False, start_timeout=120, progress=self.progress,
            )  # fmt: skip
        except BaseException as error:  # handed to the main thread, which judges it
            self._error = error
        self._seconds = time.monotonic() - self.begun

    def ended(self, wait_s: float = 0.0) -> bool:
        """Return whether it has come to its end, after waiting for that at most so many seconds."""
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def line(self) -> str:
        """Return how far it is."""
        clocked = clock(time.monotonic() - self.begun)
        return f"{self.label}  cell {self.progress.cell}/{self.progress.cells}  {clocked}  {self.progress.detail}"

    def result(self) -> float:
        """Return how many seconds it took.

        Raises
        ------
        NotebookFailure
            If a cell raised, or the kernel died.
        """
        if self._error is not None:
            raise _failure(self.notebook, self.executed, self.progress, self._error) from None
        return self._seconds


def watch(executions: Sequence[Execution]) -> None:
    """Show how far notebooks are until one of them has come to its end."""
    live = sys.stdout.isatty()
    while not any(one.ended(0.5 / len(executions)) for one in executions):
        if live:
            share = os.get_terminal_size().columns // len(executions) - 1
            print("\r\x1b[K" + " ".join(one.line()[:share].ljust(share) for one in executions), end="", flush=True)
            continue
        for one in executions:
            if time.monotonic() - one.told >= _HEARTBEAT_S:
                print(one.line(), flush=True)
                one.told = time.monotonic()
    if live:
        print("\r\x1b[K", end="", flush=True)


def stop(executions: Sequence[Execution]) -> None:
    """End the kernels of notebooks, all of them before the first is waited for."""
    for one in executions:
        _end_kernel(one.progress)
    for one in executions:
        one.ended(10)


def _end_kernel(progress: _Progress) -> None:
    provisioner = getattr(getattr(progress.client, "km", None), "provisioner", None)
    pid = getattr(provisioner, "pid", None)
    if pid:
        with suppress(ProcessLookupError, PermissionError):  # gone already
            os.killpg(pid, signal.SIGKILL)  # a kernel leads a process group of its own, with its workers


def _failure(notebook: str, executed: Path, progress: _Progress, error: BaseException) -> NotebookFailure:
    place = f"{progress.cell} of {progress.cells}"
    if isinstance(error, PapermillExecutionError):
        source = " ".join(error.source.split())
        place = f"{progress.number(error.cell_index)} of {progress.cells}: {source[:80]}"
        return NotebookFailure(notebook, executed, place, _cause(error.ename, error.evalue))
    if isinstance(error, DeadKernelError) or str(error).startswith("Kernel died"):  # in its work, or as it starts
        cause = "the kernel died, most often for lack of memory: close other programs, or use a smaller profile"
        return NotebookFailure(notebook, executed, place, cause)
    return NotebookFailure(notebook, executed, place, _cause(type(error).__name__, str(error)))


def _cause(name: str, text: str) -> str:
    """Return what an error says, and of one of the disk what to do."""
    of_system = _ERRNO.match(text)
    if of_system and int(of_system[1]) in OF_THE_DISK:
        return f"{of_system[2]}; {CHECK_THE_DISK}"
    return f"{name}: {text}"


def clock(seconds: float) -> str:
    """Return minutes and seconds, with hours where there are any: ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
