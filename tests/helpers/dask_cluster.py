"""A Dask scheduler and workers on this machine, each a process of its own that can be killed, and what they log."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.helpers.places import ROOT

WAIT_SECONDS = 120


class SmallCluster:
    """Started from the command line, as a user would: ``dask scheduler``, ``dask worker``.

    A task that two workers died of is given up, not one that four did, as by default.

    Parameters
    ----------
    folder : Path
        For the scheduler file, the logs and what workers write; they do not work in the folder of the tests.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.file, self.workers = folder, folder / "scheduler.json", []
        quiet = ("--scheduler-file", str(self.file), "--no-dashboard")
        self.scheduler = self._start("scheduler", *quiet, "--host", "127.0.0.1", "--port", "0")
        self._until(self.file.exists)

    def fill(self, count: int) -> None:
        """Have so many workers at work."""
        while len(self.alive()) < count:
            self.workers.append(self._start(
                "worker", "--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny", "--no-dashboard",
                "--memory-limit", "0", "--death-timeout", "60", "--local-directory", str(self.folder),
            ))  # fmt: skip
        self._until(lambda: self.logs().count("Registered to:") == len(self.workers))

    def alive(self) -> list[subprocess.Popen]:
        """Return the workers that were not killed."""
        return [worker for worker in self.workers if worker.poll() is None]

    def kill_one(self) -> None:
        """End a worker as the system does where memory runs out."""
        worker = self.alive()[0]
        worker.kill()
        worker.wait()

    def logs(self) -> str:
        """Return all that scheduler and workers have said."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        """Kill all of it."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, *words: str) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
                       "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",  # 30 s, where one waits for a killed worker
                       "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}  # fmt: skip
        number = len(list(self.folder.glob("*.log")))
        with open(self.folder / f"{number}-{words[0]}.log", "wb") as log:
            command = [sys.executable, "-m", "dask", *words]
            return subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)

    def _until(self, ready) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not ready():
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.02)
