"""Faults put into the smoke study, and whether its end state is that of an undisturbed run: ``python -m tests.faults``.

It works in scratch copies of the project, half an hour on two processors: processes are killed, the disk fills up,
permissions go, two runs meet, and the same command is given again. Exit status 1 where an end state differs.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selip_core._utils.files import read_json
from selip_core._utils.tables import read_saved_table
from tests.helpers.places import ROOT

BOUND = ["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
"""Before a command of root: permissions then bind it as they do any other user."""
MOST_KILLS = 3  # of one notebook, which could else never come to its end
_OF_TIME = re.compile(r"time|seconds|minutes|duration|_s$|memory", re.IGNORECASE)


class Study:
    """A scratch copy of the project, and the pipeline in it."""

    def __init__(self, folder: Path, start: Path | None = None, only: str = "", bound: bool = False) -> None:
        """Copy the project; `start` is a study whose data and results it begins from, but for the notebook `only`."""
        self.folder, self.only, self.bound = folder, only, bound
        for name in ("selip_core", "notebooks"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        for name in ("data", "results"):
            if start:
                shutil.copytree(start / name, folder / name)
            (folder / name).mkdir(exist_ok=True)
        for path in (folder / "results").glob(f"smoke/{only or '-'}_*"):
            shutil.rmtree(path)

    def start(self) -> subprocess.Popen:
        """Start the pipeline; standard output and error go to files of the study's folder."""
        command = [*BOUND * self.bound, sys.executable, "-m", "selip_core.pipeline", "--profile", "smoke"]
        command += ["--device", "cpu", *(["--only", self.only] if self.only else [])]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SELIP_")}
        env = kept | {"PYTHONPATH": str(self.folder), "HOME": str(self.folder), "PYTHONUNBUFFERED": "1"}
        with open(self.folder / "out.txt", "w") as out, open(self.folder / "err.txt", "w") as err:
            return subprocess.Popen(command, cwd=self.folder, env=env, stdout=out, stderr=err, start_new_session=True)

    def said(self) -> str:
        """Return what the user was told last on standard error, else on standard output."""
        texts = [(self.folder / name).read_text().strip().splitlines() for name in ("err.txt", "out.txt")]
        return next((text[-1] for text in texts if text), "nothing")

    def traceback(self) -> bool:
        return any("Traceback (most" in (self.folder / name).read_text() for name in ("err.txt", "out.txt"))

    def state(self) -> dict[str, object]:
        """Return the metrics and tables of the notebook, or of all, apart from what is of time."""
        results, state = self.folder / "results" / "smoke", {}
        for folder in sorted(results.glob(f"{self.only or '[0-9][0-9]'}_*")):
            found = (read_json(folder / "metrics.json") or {}).get("metrics", {})
            state[folder.name] = {name: value for name, value in found.items() if not _OF_TIME.search(name)}
            for path in sorted([*folder.glob("*.csv"), *folder.glob("tables/*.csv")]):
                table = read_saved_table(path)
                kept = table.drop(columns=[name for name in table if _OF_TIME.search(name)])
                state[str(path.relative_to(results))] = kept.to_csv(index=False)
        return state

    def compared(self, expected: dict) -> str:
        """Return ``same``, or what differs from the undisturbed run."""
        found, expected = self.state(), {key: value for key, value in expected.items() if key.startswith(self.only)}
        other = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
        return f"DIFFERS: {', '.join(other[:5])}" if other else "same"

    def again(self, expected: dict) -> str:
        """Give the same command again, and compare."""
        return self.compared(expected) if self.start().wait() == 0 else f"FAILED: {self.said()}"

    def at(self) -> str:
        """Return the notebooks under way, of which standard output says that they run and not that they have ended."""
        told = re.findall(r"\] (\d\d_\w+) +(running|done|failed)", (self.folder / "out.txt").read_text())
        ended = {name for name, state in told if state != "running"}
        return " and ".join(name for name, state in told if state == "running" and name not in ended) or "start"


def processes_below(pid: int) -> dict[str, list[int]]:
    """Return the living processes of a pipeline by what they are: ``kernel`` and ``worker``."""
    found, parents = {"kernel": [], "worker": []}, {pid}
    pairs = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in pairs.splitlines()]
    for _ in range(3):  # pipeline, kernel, worker
        parents |= {int(row[0]) for row in rows if int(row[1]) in parents}
    for child, _, *words in rows:
        if int(child) in parents - {pid} and words:
            if "ipykernel_launcher" in words[0]:
                found["kernel"].append(int(child))
            elif "spawn_main" in words[0]:
                found["worker"].append(int(child))
    return found


def kill_one(process: subprocess.Popen, rng: random.Random) -> str:
    """Kill the kernel, the pipeline or a worker process; return which."""
    alive = {"pipeline": [process.pid], **processes_below(process.pid)}
    kind = rng.choice(sorted(kind for kind, pids in alive.items() if pids))
    kind = "worker" if alive["worker"] else kind
    os.kill(rng.choice(alive[kind]), signal.SIGKILL)
    return kind


def kill(scratch: Path, reference: Path, expected: dict, options: argparse.Namespace) -> Iterator[tuple]:
    """Kill until the study has come to its end in spite of it, then begin anew, until all kills are spent."""
    rng, done, turn = random.Random(options.seed), 0, 0
    while done < options.kills:
        turn, start = turn + 1, reference if options.only not in ("", "01") else None
        study, rows, at = Study(_new(scratch, f"kills{turn}"), start, options.only), [], Counter()
        while True:
            process, working = study.start(), 0.0
            wait = rng.uniform(3, 15) if rng.random() < 0.7 else rng.uniform(15, 60)
            while process.poll() is None and (working < wait or done == options.kills):
                time.sleep(0.25)
                working += 0.25 * (at[study.at()] < MOST_KILLS)  # else a notebook may come to its end
                if done < options.kills and not at["worker"] and processes_below(process.pid)["worker"]:
                    break  # they live for a moment only
            if process.poll() is not None:
                break
            point, kind = study.at(), kill_one(process, rng)
            code, done = process.wait(), done + 1
            at.update([point, kind])
            shown = "TRACEBACK " * (study.traceback() and kind != "pipeline")
            rows.append((f"kill -9 {kind}", f"{point}, after {working:.0f} s", f"({code}) {study.said()}", shown))
            print("  ", *rows[-1], flush=True)
        end = study.compared(expected) if process.returncode == 0 else f"FAILED: {study.said()}"
        yield from ((*row[:3], f"{row[3]}{end}") for row in rows)
        if process.returncode:
            return


def _new(scratch: Path, name: str) -> Path:
    shutil.rmtree(scratch / name, ignore_errors=True)
    (scratch / name).mkdir()
    return scratch / name


@contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[None]:
    """Put a folder with what it holds on a disk of its own, of some megabytes more; after the block there is room."""
    kept = folder.with_name("kept")
    folder.rename(kept)
    folder.mkdir()
    used = sum(-(-path.stat().st_size // 4096) * 4096 for path in kept.rglob("*") if path.is_file())
    size = int(used + megabytes * 2**20)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    shutil.copytree(kept, folder, dirs_exist_ok=True, symlinks=True)
    yield
    subprocess.run(["mount", "-o", "remount,size=4g", str(folder)], check=True)


def disk_full(scratch: Path, reference: Path, expected: dict, _: argparse.Namespace) -> Iterator[tuple]:
    """Fill the disk of results/ or data/ while a notebook works."""
    for where, only, room in (("results", "03", 0), ("results", "03", 0.3), ("results", "04", 1), ("data", "01", 1)):
        point = f"{where}/, {room} MB left, {only}"
        if os.geteuid() != 0:
            yield "disk full", point, "skipped: only root may mount a small disk", "not tried"
            continue
        study = Study(_new(scratch, "full"), reference if where == "results" else None, only)
        try:
            with small_disk(study.folder / where, room):
                code = study.start().wait()
                said, bad = f"({code}) {study.said()}", study.traceback()
            end = study.again(expected)
        finally:
            subprocess.run(["umount", str(study.folder / where)], check=False)
        yield "disk full", point, said, f"{'TRACEBACK ' * bad}{end}"


def no_permission(scratch: Path, reference: Path, expected: dict, _: argparse.Namespace) -> Iterator[tuple]:
    """Take the right to write away before the run, and in the middle of it."""
    for where, only, cell in (("results", "03", 0), ("results", "03", 7), ("data", "01", 0), ("data", "01", 5)):
        point = f"{where}/, {f'in cell {cell}' if cell else 'from the start'}, {only}"
        if (bound := os.geteuid() == 0) and shutil.which("setpriv") is None:
            yield "no permission", point, "skipped: root may do everything, and there is no setpriv", "not tried"
            continue
        study = Study(_new(scratch, "permission"), reference if where == "results" else None, only, bound)
        process = study.start() if cell else None
        logs = (study.folder / "results").glob
        while process and process.poll() is None and not any(
            f"cell {cell} of" in log.read_text() for log in logs(f"smoke/{only}_*/log.txt")
        ):  # fmt: skip
            time.sleep(0.1)
        time.sleep(bool(cell))
        subprocess.run(["chmod", "-R", "a-w", str(study.folder / where)], check=True)
        code = (process or study.start()).wait()
        said, bad = f"({code}) {study.said()}", study.traceback()
        subprocess.run(["chmod", "-R", "u+w", str(study.folder / where)], check=True)
        yield "no permission", point, said, f"{'TRACEBACK ' * bad}{study.again(expected)}"


def two_at_once(scratch: Path, reference: Path, expected: dict, _: argparse.Namespace) -> Iterator[tuple]:
    """Start the same command twice on one results folder."""
    for only, apart in (("01", 0), ("03", 12)):
        study = Study(_new(scratch, "two"), reference if only == "03" else None, only)
        first = study.start()
        time.sleep(apart)
        for name in ("out.txt", "err.txt"):  # the second writes files of its own
            os.rename(study.folder / name, study.folder / f"first_{name}")
        codes = [study.start().wait(), first.wait()]
        texts = [study.said(), (study.folder / "first_err.txt").read_text().strip()]
        said, bad = f"({codes[0]}, {codes[1]}) {'; '.join(filter(None, texts))}", study.traceback()
        yield "two runs at once", f"{apart} s apart, {only}", said, f"{'TRACEBACK ' * bad}{study.again(expected)}"


def main() -> int:
    """Print a row a fault; return 1 where one is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--only", default="", metavar="NN", help="the notebook in which to kill; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scratch", type=Path, help="kept afterwards; an undisturbed run that lies there is used")
    parser.add_argument("--skip", default="", help="names of faults, comma between: " + ", ".join(FAULTS))
    options = parser.parse_args()
    scratch = options.scratch or Path(tempfile.mkdtemp())
    scratch.mkdir(exist_ok=True)
    if not ((reference := scratch / "reference") / "results" / "smoke" / "report.html").exists():
        print("undisturbed run", flush=True)
        if Study(_new(scratch, "reference")).start().wait():
            return print("it fails") or 1
    expected, bad = Study(_new(scratch, "compared"), reference).state(), 0
    print("| fault | point | what was said | end state |\n|---|---|---|---|", flush=True)
    for name, fault in FAULTS.items():
        for row in fault(scratch, reference, expected, options) if name not in options.skip.split(",") else ():
            bad += row[3] not in ("same", "not tried")
            print("| " + " | ".join(str(cell).replace("|", "/")[:200] for cell in row) + " |", flush=True)
    if not options.scratch:
        shutil.rmtree(scratch, ignore_errors=True)
    return int(bad > 0)


FAULTS = {"kills": kill, "disk": disk_full, "permission": no_permission, "two": two_at_once}

if __name__ == "__main__":
    sys.exit(main())
